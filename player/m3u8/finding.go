package m3u8

import (
	"fmt"
	"math/bits"
	"strconv"
)

// Code is a kind of oddity that the parser puts up with: what is odd, and what
// was done with it. Which players refuse a playlist because of it is not the
// parser's to know: see hlsload/player/profile.
type Code uint8

// The kinds. A name is stable: profiles list it.
const (
	ByteOrderMark       Code = iota // a byte order mark before the first tag
	UTF16                           // UTF-16, which is read as such
	LateHeader                      // blank lines before #EXTM3U
	NoHeader                        // the first line is another tag, or a comment
	HeaderSpace                     // spaces after #EXTM3U
	HeaderText                      // more on the line of #EXTM3U, as in "#EXTM3U x-tvg-url=…"
	LongerHeader                    // a longer name, as in #EXTM3U8
	SecondHeader                    // #EXTM3U once more
	LoneReturns                     // lines that end with a carriage return alone
	LongLine                        // a tag that is too long to read, left out
	OtherKind                       // a tag of the other kind of playlist, left out
	TagTwice                        // a tag that may be there once and says something else now
	TagAgain                        // a tag that may be there once, again
	LateSequence                    // EXT-X-MEDIA-SEQUENCE after a segment
	LateTag                         // another tag that belongs before what it follows
	BadVersion                      // EXT-X-VERSION that is no number, left out
	BadSequence                     // a sequence number that is none, left out
	BadTag                          // another tag with a value that is of no use, left out
	BadDate                         // a date that cannot be read, left out
	OddDate                         // a date in another form, read as browsers do
	BadRange                        // a byte range that is none, left out
	NoOffset                        // a byte range without an offset and without a range before it
	IncompleteTag                   // a tag of a media playlist without what it must have, left out
	IncompleteDateRange             // EXT-X-DATERANGE without ID or with odd values
	KeyMethod                       // a key with an unknown METHOD, left out
	UnknownValue                    // a value that is not known, left out
	UnknownRequirement              // an attribute REQ-… that is not known
	AttributeSyntax                 // an attribute list that is not NAME=value,…
	BadAttribute                    // an attribute with a value that is of no use, left out
	DecimalNumber                   // decimals where an integer belongs, cut off
	OddNumber                       // text after a number, cut off
	NoTargetDuration                // no EXT-X-TARGETDURATION; the longest segment's duration is taken
	SmallTargetDuration             // a target duration below 1 s, read as 1 s
	NoEXTINF                        // a URI line without EXTINF: a segment of no duration
	BadEXTINF                       // EXTINF with something else than a number
	NoDuration                      // EXTINF without a number
	EXTINFSpace                     // a space between EXTINF's number and the comma
	EXTINFTwice                     // EXTINF without a URI line, replaced by the next
	BadURI                          // a URI that is none
	StrayURI                        // a URI line that belongs to no tag, left out
	NoURILine                       // EXT-X-STREAM-INF without a URI line, left out
	NoBandwidth                     // EXT-X-STREAM-INF without a usable BANDWIDTH
	NoGroupID                       // EXT-X-MEDIA without GROUP-ID, left out
	NoName                          // EXT-X-MEDIA without NAME
	NoType                          // EXT-X-MEDIA without a known TYPE, left out
	IncompleteVariant               // a variant, a session's data or its key without what it must have, left out
	NoServerURI                     // EXT-X-CONTENT-STEERING without SERVER-URI, left out
	Variables                       // a reference to a variable, replaced by its value
	UnknownVariable                 // a reference to a variable that is not defined, kept as text
	DefineTwice                     // EXT-X-DEFINE of a name that is defined; the first counts
	NoImport                        // EXT-X-DEFINE:IMPORT of what the multivariant playlist does not define
	NoQueryParameter                // EXT-X-DEFINE:QUERYPARAM that the URL does not have
	BadDefine                       // another EXT-X-DEFINE that defines nothing
	TooMany                         // more unknown tags than are kept
	codes
)

var codeNames = [codes]string{
	"byte-order-mark", "utf-16", "late-header", "no-header", "header-space", "header-text", "longer-header", "second-header", "lone-returns", "long-line",
	"other-kind", "tag-twice", "tag-again", "late-sequence", "late-tag", "bad-version", "bad-sequence", "bad-tag", "bad-date", "odd-date", "bad-range",
	"no-offset", "incomplete-tag", "incomplete-daterange", "key-method", "unknown-value", "unknown-requirement", "attribute-syntax", "bad-attribute",
	"decimal-number", "odd-number", "no-target-duration", "small-target-duration", "no-extinf", "bad-extinf", "no-duration", "extinf-space", "extinf-twice", "bad-uri", "stray-uri",
	"no-uri-line", "no-bandwidth", "no-group-id", "no-name", "no-type", "incomplete-variant", "no-server-uri", "variables", "unknown-variable", "define-twice",
	"no-import", "no-query-parameter", "bad-define", "too-many",
}

func (c Code) String() string {
	if c < codes {
		return codeNames[c]
	}
	return fmt.Sprintf("code(%d)", uint8(c))
}

// ParseCode is the inverse of [Code.String].
func ParseCode(s string) (Code, bool) {
	for i, n := range codeNames {
		if n == s {
			return Code(i), true
		}
	}
	return 0, false
}

// Codes is a set of codes.
type Codes uint64

// With returns the set with c in it.
func (s Codes) With(c Code) Codes { return s | 1<<c }

// Has reports whether c is in the set.
func (s Codes) Has(c Code) bool { return s&(1<<c) != 0 }

// First returns the lowest code of a set that is not empty.
func (s Codes) First() Code { return Code(bits.TrailingZeros64(uint64(s))) }

// Finding is something odd that the parser put up with.
type Finding struct {
	Code  Code
	Line  int    // counted from 1
	Msg   string // the tag, what it says, what would be right and what was done
	Times int    // how often it was so; more than 1 stands for later lines as well
}

func (f *Finding) String() string {
	s := "line " + strconv.Itoa(f.Line) + ": " + f.Msg
	if f.Times > 1 {
		s += fmt.Sprintf(" (and %d more such)", f.Times-1)
	}
	return s
}

// Findings is what was put up with in one playlist: the first few of each
// code, and how many more there were.
type Findings []Finding

const maxPerCode = 5 // findings that are told one by one

// Codes returns the codes of the findings.
func (f Findings) Codes() Codes {
	var s Codes
	for i := range f {
		s = s.With(f[i].Code)
	}
	return s
}

// Of returns the first finding of a code in the set, or nil.
func (f Findings) Of(s Codes) *Finding {
	for i := range f {
		if s.Has(f[i].Code) {
			return &f[i]
		}
	}
	return nil
}

// noted counts findings by code.
type noted struct {
	findings Findings
	times    [codes]uint32
	last     [codes]uint16 // index of the last one in findings
}

// more reports whether a finding of this code is told in words; if not, it is
// counted.
func (n *noted) more(c Code) bool {
	n.times[c]++
	if n.times[c] <= maxPerCode {
		return true
	}
	n.findings[n.last[c]].Times++
	return false
}

func (n *noted) add(c Code, line int, msg string) {
	n.last[c] = uint16(len(n.findings))
	n.findings = append(n.findings, Finding{c, line, msg, 1})
}

// tells notes something odd, and reports whether it is told in words. Words
// are only made then.
func (p *parser) tells(c Code) bool {
	if p.odd == nil {
		p.odd = new(noted)
	}
	return p.odd.more(c)
}

// find notes something odd on this line.
func (p *parser) find(c Code, msg string) {
	if p.tells(c) {
		p.odd.add(c, p.line, msg)
	}
}

// wrong notes a value that is not as it should be, and what was done with it.
func (p *parser) wrong(c Code, got, want, done string) {
	if p.tells(c) {
		p.odd.add(c, p.line, p.what()+": got "+shown(got)+"; want "+want+": "+done)
	}
}

// misplaced is wrong in words instead of a value.
func (p *parser) misplaced(c Code, got, want, done string) {
	if p.tells(c) {
		p.odd.add(c, p.line, p.what()+": got "+got+"; want "+want+": "+done)
	}
}

// what is the tag and attribute at hand.
func (p *parser) what() string {
	if p.name != "" {
		return shownName(p.tag) + ": " + shownName(p.name)
	}
	return shownName(p.tag)
}
