package units

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a duration written with its unit, or "never".
type Duration time.Duration

// UnmarshalText reads "250ms", "0s" or "never".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := parseDuration(string(b))
	*d = Duration(v)
	return err
}

// MarshalText is the inverse of UnmarshalText.
func (d Duration) MarshalText() ([]byte, error) {
	if time.Duration(d) == Never {
		return []byte("never"), nil
	}
	return []byte(FormatDuration(time.Duration(d))), nil
}

func parseDuration(s string) (time.Duration, error) {
	if s == "never" {
		return Never, nil
	}
	v, ok := ParseDuration(s)
	if !ok {
		return 0, fmt.Errorf("bad duration (got %q; want something like 250ms, 10s or never)", s)
	}
	return v, nil
}

// Rate is a bit rate written with its unit.
type Rate int64

// UnmarshalText reads "800kbps" or "20Mbps".
func (r *Rate) UnmarshalText(b []byte) error {
	v, ok := ParseRate(string(b))
	if !ok {
		return fmt.Errorf("bad rate (got %q; want something like 800kbps or 20Mbps)", b)
	}
	*r = Rate(v)
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (r Rate) MarshalText() ([]byte, error) { return []byte(FormatRate(int64(r))), nil }

// Size is a width and a height in pixels, written "1280x720".
type Size struct{ Width, Height int }

// UnmarshalText reads "1280x720" or "none".
func (s *Size) UnmarshalText(b []byte) error {
	*s = Size{}
	if string(b) == "none" {
		return nil
	}
	w, h, ok := strings.Cut(string(b), "x")
	width, err1 := strconv.ParseUint(w, 10, 16)
	height, err2 := strconv.ParseUint(h, 10, 16)
	if !ok || err1 != nil || err2 != nil || width == 0 || height == 0 {
		return fmt.Errorf("bad size (got %q; want something like 1280x720, or none)", b)
	}
	*s = Size{int(width), int(height)}
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (s Size) MarshalText() ([]byte, error) {
	if s == (Size{}) {
		return []byte("none"), nil
	}
	return fmt.Appendf(nil, "%dx%d", s.Width, s.Height), nil
}

// Span is a duration that may depend on the playlist: a fixed time ("10s"), a
// multiple of the target duration ("1.5td") or of the last segment's duration
// ("1d").
type Span struct {
	Fixed  time.Duration
	Target float64
	Last   float64
}

// UnmarshalText reads "10s", "1.5td", "0.5d" or "never".
func (s *Span) UnmarshalText(b []byte) error {
	*s = Span{}
	t := string(b)
	for _, u := range []struct {
		suffix string
		to     *float64
	}{{"td", &s.Target}, {"d", &s.Last}} {
		if n, ok := strings.CutSuffix(t, u.suffix); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
			if err != nil || !(v > 0 && v < 1e6) {
				return fmt.Errorf("bad span (got %q; want something like 10s, 1.5td or 0.5d)", t)
			}
			*u.to = v
			return nil
		}
	}
	v, err := parseDuration(t)
	if err != nil {
		return fmt.Errorf("bad span (got %q; want something like 10s, 1.5td or 0.5d)", t)
	}
	s.Fixed = v
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (s Span) MarshalText() ([]byte, error) {
	switch {
	case s.Target > 0:
		return []byte(strconv.FormatFloat(s.Target, 'g', -1, 64) + "td"), nil
	case s.Last > 0:
		return []byte(strconv.FormatFloat(s.Last, 'g', -1, 64) + "d"), nil
	}
	return Duration(s.Fixed).MarshalText()
}

// Zero reports whether nothing was given.
func (s Span) Zero() bool { return s == Span{} }

// Of evaluates the span for a target duration and a last segment's duration.
func (s Span) Of(target, last time.Duration) time.Duration {
	switch {
	case s.Target > 0:
		return time.Duration(s.Target * float64(target))
	case s.Last > 0:
		return time.Duration(s.Last * float64(last))
	}
	return s.Fixed
}

// Never is the length of what does not end.
const Never = time.Duration(1<<63 - 1)
