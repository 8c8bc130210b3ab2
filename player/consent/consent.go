package consent

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hlsload/player/units"
)

// Handful is how many players need no consent: fewer than a household.
const Handful = 5

// Path is where the operator of a host keeps what it allows.
const Path = "/.well-known/hlsload.txt"

// shared is RFC 6598's address space between carriers and their customers. It
// is not reachable from the internet; clusters number their pods from it.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Local reports whether an address is reachable only from this machine or within
// its own networks: loopback, unspecified (which is loopback when dialled),
// RFC 1918, ULA, link-local, and RFC 6598. Addresses that embed an IPv4 address
// are what that one is when mapped (::ffff:0:0/96), and foreign otherwise: NAT64
// and 6to4 lead out.
func Local(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || a.IsUnspecified() || a.IsPrivate() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

// Covers reports whether a pattern stands for a host: the same name, or
// *.example.com for any name below example.com.
func Covers(pattern, host string) bool {
	pattern, host = canonical(pattern), canonical(host)
	if below, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(host, "."+below) && len(host) > len(below)+1
	}
	return pattern == host && host != ""
}

func canonical(host string) string {
	return strings.Trim(strings.ToLower(strings.TrimSuffix(host, ".")), "[]")
}

// ValidPattern reports whether [Covers] can be asked about a pattern. *.com would
// be the consent of others.
func ValidPattern(p string) bool {
	below, star := strings.CutPrefix(p, "*.")
	if _, err := netip.ParseAddr(strings.Trim(p, "[]")); err == nil {
		return true
	}
	if star && !strings.Contains(below, ".") || len(below) > 253 {
		return false
	}
	for label := range strings.SplitSeq(below, ".") {
		if label == "" || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// ValidTester reports whether a name or mail address may stand for who tests: it
// goes into a header and into error messages.
func ValidTester(s string) bool {
	return s != "" && len(s) <= 100 && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`()"\;<>#`, r) })
}

// Terms are what an operator allows. Zero limits are none.
type Terms struct {
	Testers   []string
	Until     time.Time // the first instant at which it is over
	Players   int
	Requests  int64 // a second
	Bandwidth int64 // bit/s
}

// Bounds of the file.
const (
	MaxBytes   = 4 << 10
	maxTesters = 50
)

// Unclear is the error of a file that is about this program, and cannot be
// understood: its author has something to say about load tests.
type Unclear struct{ Err error }

func (e *Unclear) Error() string { return e.Err.Error() }
func (e *Unclear) Unwrap() error { return e.Err }

// Parse reads the file: "key: value" lines, comments after #, the first key
// being "hlsload: 1", so that no page for humans is taken for consent. Unknown
// keys are errors: one may be a limit that this version does not know. Once the
// first key is there, errors are [Unclear].
func Parse(data []byte) (*Terms, error) {
	t, ours, err := parse(data)
	if err != nil && ours {
		return nil, &Unclear{err}
	}
	return t, err
}

func parse(data []byte) (t *Terms, ours bool, err error) {
	if len(data) > MaxBytes {
		return nil, false, fmt.Errorf("too long (want at most %d bytes)", MaxBytes)
	}
	if !utf8.Valid(data) {
		return nil, false, errors.New("not a text in UTF-8")
	}
	t = &Terms{}
	var seen []string
	for i, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case len(seen) == 0 && (key != "hlsload" || value != "1"):
			return nil, key == "hlsload", fmt.Errorf("line %d: not a permission for hlsload (got %.40q; want hlsload: 1)", i+1, line)
		case !ok:
			return nil, true, fmt.Errorf("line %d: no key (got %.40q; want key: value)", i+1, line)
		case key != "tester" && slices.Contains(seen, key):
			return nil, true, fmt.Errorf("line %d: %.40q is there twice", i+1, key)
		}
		seen = append(seen, key)
		if err := t.set(key, value); err != nil {
			return nil, true, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	switch {
	case len(seen) == 0:
		return nil, false, errors.New("empty (want hlsload: 1)")
	case len(t.Testers) == 0:
		return nil, true, errors.New("no tester is named (want tester: NAME)")
	case t.Until.IsZero():
		return nil, true, errors.New("no end (want until: 2026-12-31)")
	}
	return t, true, nil
}

func (t *Terms) set(key, value string) error {
	number := func(what, s string, most int64) (int64, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1 || n > most {
			return 0, fmt.Errorf("bad %s (got %.40q; want %s)", key, value, what)
		}
		return n, nil
	}
	var err error
	switch key {
	case "hlsload":
	case "tester":
		if !ValidTester(value) || len(t.Testers) == maxTesters {
			return fmt.Errorf("bad tester (got %.40q; want a name or mail address, at most %d of them)", value, maxTesters)
		}
		t.Testers = append(t.Testers, value)
	case "until":
		if t.Until, err = Until(value); err != nil {
			return err
		}
	case "players":
		var n int64
		n, err = number("a number", value, 1e9)
		t.Players = int(n)
	case "requests":
		s, _ := strings.CutSuffix(value, "/s")
		t.Requests, err = number("a rate such as 20000/s", s, 1e9)
	case "bandwidth":
		var ok bool
		if t.Bandwidth, ok = units.ParseRate(value); ok && t.Bandwidth > 0 {
			return nil
		}
		return fmt.Errorf("bad bandwidth (got %.40q; want a rate such as 5Gbps)", value)
	default:
		return fmt.Errorf("unknown key (got %.40q; want tester, until, players, requests or bandwidth)", key)
	}
	return err
}

// Until reads the last day of a permission; the result is the end of that day
// in UTC.
func Until(day string) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, fmt.Errorf("not a day (got %.40q; want one such as 2026-12-31)", day)
	}
	return d.AddDate(0, 0, 1), nil
}

// Check says why the terms do not allow a tester so many players until the end
// of a run, nil = they do.
func (t *Terms) Check(tester string, end time.Time, players int) error {
	switch {
	case tester == "":
		return errors.New("it names its testers, and the scenario does not say who tests (want authorized: {by: NAME})")
	case !slices.ContainsFunc(t.Testers, func(s string) bool { return strings.EqualFold(s, tester) }):
		return fmt.Errorf("it does not name the tester (got %q; want a line tester: %s)", tester, tester)
	case !end.Before(t.Until):
		return fmt.Errorf("it ends with %s, before the run does", t.Until.AddDate(0, 0, -1).Format(time.DateOnly))
	case t.Players > 0 && players > t.Players:
		return fmt.Errorf("it allows %d players (got %d)", t.Players, players)
	}
	return nil
}
