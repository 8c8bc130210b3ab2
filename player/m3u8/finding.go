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

// The codes; what they stand for is in kinds. A name is stable: profiles list it.
const (
	ByteOrderMark Code = iota
	UTF16
	LateHeader
	NoHeader
	HeaderSpace
	HeaderText
	LongerHeader
	SecondHeader
	LoneReturns
	LongLine
	OtherKind
	TagTwice
	TagAgain
	LateSequence
	LateTag
	BadVersion
	BadSequence
	BadTag
	BadDate
	OddDate
	BadRange
	NoOffset
	IncompleteTag
	IncompleteDateRange
	KeyMethod
	UnknownValue
	UnknownRequirement
	AttributeSyntax
	NoEquals
	EmptyAttribute
	BadAttribute
	ShortIV
	DecimalNumber
	OddNumber
	NoTargetDuration
	SmallTargetDuration
	NoEXTINF
	BadEXTINF
	NoDuration
	EXTINFSpace
	EXTINFTwice
	BadURI
	StrayURI
	NoURILine
	NoBandwidth
	NoGroupID
	NoName
	NoType
	UnknownType
	IncompleteVariant
	NoServerURI
	Variables
	UnknownVariable
	UnknownInRendition
	DefineTwice
	NoImport
	NoQueryParameter
	BadDefine
	TooMany
	codes
)

// kinds say what each code stands for, and what is done with it.
var kinds = [codes]struct{ name, about string }{
	ByteOrderMark:       {"byte-order-mark", "a byte order mark before the first tag"},
	UTF16:               {"utf-16", "UTF-16, which is read as such"},
	LateHeader:          {"late-header", "blank lines before #EXTM3U"},
	NoHeader:            {"no-header", "the first line is another tag, or a comment"},
	HeaderSpace:         {"header-space", "spaces after #EXTM3U"},
	HeaderText:          {"header-text", "more on the line of #EXTM3U, as in \"#EXTM3U x-tvg-url=…\""},
	LongerHeader:        {"longer-header", "a longer name, as in #EXTM3U8"},
	SecondHeader:        {"second-header", "#EXTM3U once more"},
	LoneReturns:         {"lone-returns", "lines that end with a carriage return alone"},
	LongLine:            {"long-line", "a tag that is too long to read, left out"},
	OtherKind:           {"other-kind", "a tag of the other kind of playlist, left out"},
	TagTwice:            {"tag-twice", "a tag that may be there once and says something else now"},
	TagAgain:            {"tag-again", "a tag that may be there once, again"},
	LateSequence:        {"late-sequence", "EXT-X-MEDIA-SEQUENCE after a segment"},
	LateTag:             {"late-tag", "another tag that belongs before what it follows"},
	BadVersion:          {"bad-version", "EXT-X-VERSION that is no number, left out"},
	BadSequence:         {"bad-sequence", "a sequence number that is none, left out"},
	BadTag:              {"bad-tag", "another tag with a value that is of no use, left out"},
	BadDate:             {"bad-date", "a date that cannot be read, left out"},
	OddDate:             {"odd-date", "a date in another form, read as browsers do"},
	BadRange:            {"bad-range", "a byte range that is none, left out"},
	NoOffset:            {"no-offset", "a byte range without an offset and without a range before it"},
	IncompleteTag:       {"incomplete-tag", "a tag of a media playlist without what it must have, left out"},
	IncompleteDateRange: {"incomplete-daterange", "EXT-X-DATERANGE without ID or with odd values"},
	KeyMethod:           {"key-method", "a key with an unknown METHOD, left out"},
	UnknownValue:        {"unknown-value", "a value that is not known, left out"},
	UnknownRequirement:  {"unknown-requirement", "an attribute REQ-… that is not known"},
	AttributeSyntax:     {"attribute-syntax", "quotes in an attribute list where they do not belong, or an attribute twice"},
	NoEquals:            {"no-equals", "an attribute without an equals sign, or text after a quote, left out"},
	EmptyAttribute:      {"empty-attribute", "a comma at the end of an attribute list"},
	BadAttribute:        {"bad-attribute", "an attribute with a value that is of no use, left out"},
	ShortIV:             {"short-iv", "an IV of less than 8 hexadecimal digits"},
	DecimalNumber:       {"decimal-number", "decimals where an integer belongs, cut off"},
	OddNumber:           {"odd-number", "text after a number, cut off"},
	NoTargetDuration:    {"no-target-duration", "no EXT-X-TARGETDURATION; the longest segment's duration is taken"},
	SmallTargetDuration: {"small-target-duration", "a target duration below 1 s, read as 1 s"},
	NoEXTINF:            {"no-extinf", "a URI line without EXTINF: a segment of no duration"},
	BadEXTINF:           {"bad-extinf", "EXTINF with something else than a number"},
	NoDuration:          {"no-duration", "EXTINF without a number"},
	EXTINFSpace:         {"extinf-space", "a space between EXTINF's number and the comma"},
	EXTINFTwice:         {"extinf-twice", "EXTINF without a URI line, replaced by the next"},
	BadURI:              {"bad-uri", "a URI that is none"},
	StrayURI:            {"stray-uri", "a URI line that belongs to no tag, left out"},
	NoURILine:           {"no-uri-line", "EXT-X-STREAM-INF without a URI line, left out"},
	NoBandwidth:         {"no-bandwidth", "EXT-X-STREAM-INF without a usable BANDWIDTH"},
	NoGroupID:           {"no-group-id", "EXT-X-MEDIA without GROUP-ID, left out"},
	NoName:              {"no-name", "EXT-X-MEDIA without NAME"},
	NoType:              {"no-type", "EXT-X-MEDIA without TYPE, left out"},
	UnknownType:         {"unknown-type", "EXT-X-MEDIA with an unknown TYPE, left out"},
	IncompleteVariant:   {"incomplete-variant", "a variant, a session's data or its key without what it must have, left out"},
	NoServerURI:         {"no-server-uri", "EXT-X-CONTENT-STEERING without SERVER-URI, left out"},
	Variables:           {"variables", "a reference to a variable, replaced by its value"},
	UnknownVariable:     {"unknown-variable", "a reference to a variable that is not defined, kept as text"},
	UnknownInRendition:  {"unknown-in-rendition", "a reference to a variable that is not defined, in EXT-X-MEDIA, kept as text"},
	DefineTwice:         {"define-twice", "EXT-X-DEFINE of a name that is defined; the first counts"},
	NoImport:            {"no-import", "EXT-X-DEFINE:IMPORT of what the multivariant playlist does not define"},
	NoQueryParameter:    {"no-query-parameter", "EXT-X-DEFINE:QUERYPARAM that the URL does not have"},
	BadDefine:           {"bad-define", "another EXT-X-DEFINE that defines nothing"},
	TooMany:             {"too-many", "more unknown tags than are kept"},
}

// AllCodes returns all there are.
func AllCodes() []Code {
	all := make([]Code, codes)
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

// About says what is odd, and what is done with it.
func (c Code) About() string {
	if c < codes {
		return kinds[c].about
	}
	return ""
}

func (c Code) String() string {
	if c < codes {
		return kinds[c].name
	}
	return fmt.Sprintf("code(%d)", uint8(c))
}

// ParseCode is the inverse of [Code.String].
func ParseCode(s string) (Code, bool) {
	for i := range kinds {
		if kinds[i].name == s {
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

const maxPerCode = 5 // findings that are kept one by one

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

// more reports whether a finding of this code is put into words; if not, it is
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

// tells notes something odd, and reports whether it is put into words. Words
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
