package chaos

import (
	"cmp"
	"slices"
	"time"
)

// Entry is one item of a scenario's chaos list: a fault, and how it repeats.
type Entry struct {
	Fault
	Every time.Duration // from one start to the next; 0 = once

	// Given are the keys of the entry as written. It lets [Check] tell a key
	// that is missing from one that is zero; nil = guess from the values.
	Given []string
}

// Bounds of an entry.
const (
	MaxEntries     = 64                 // a [Marks] has a bit for each
	MaxOccurrences = 10_000             // of one entry
	MinEvery       = time.Second        // shortest repetition
	MaxErrorTTL    = time.Hour          // of edge.error_ttl: real viewers get what is kept after the end
	MaxWindow      = 7 * 24 * time.Hour // longest `at`, `for`, `by`, `over`
)

// Fill sets what the entry leaves open: via, the words with a default, and the
// status of a refusal.
// What has no default, and an unknown kind, it leaves to [Check].
func (e *Entry) Fill(onURL bool) {
	s := Lookup(e.Kind)
	if s == nil {
		return
	}
	if e.Via == "" {
		e.Via = s.Default(onURL)
	}
	if code := s.Field("code"); code != nil && !code.Required && e.Code == 0 && !slices.Contains(e.Given, "code") {
		e.Code = refused
	}
	if e.Kind == Manual && e.Within == 0 && !slices.Contains(e.Given, "within") {
		e.Within = min(maxWithin, e.For)
	}
	for i := range s.Params {
		p := &s.Params[i]
		if word, ok := p.Of(&e.Fault).(*string); ok && *word == "" && p.takes(e.Via) {
			*word = p.Default
		}
	}
}

// Expand turns entries into occurrences, by their start. An entry occurs first
// at its `at`; repetitions whose window would not end within duration are left
// out. Rule becomes the index of the entry.
func Expand(entries []Entry, duration time.Duration) []Fault {
	var all []Fault
	for i := range entries {
		e := &entries[i]
		f := e.Fault
		f.Rule = i
		for n := 1; n <= MaxOccurrences; n++ {
			f.Occurrence = n
			all = append(all, f)
			if e.Every <= 0 || e.Every > duration-f.For-f.At {
				break
			}
			f.At += e.Every
		}
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return all
}
