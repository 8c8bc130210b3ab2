package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problem is one thing wrong with an entry.
type Problem struct {
	Field string // key of the entry; when it was not written, the entry itself is to blame
	Msg   string // what is wrong (got …; want …)
}

// Target is what the entries are checked against. Its zero value is a rig of
// which nothing else is known; what is not known is not checked.
type Target struct {
	URL        bool
	VOD        bool          // a rig that is not written to any more
	Pipelines  int           // of a rig
	Pops       int           // of a rig
	Renditions []string      // names, in listed order
	Cohorts    []string      // names
	Duration   time.Duration // of the run
	AWS        *AWS          // nil = there is no account to touch
}

func (t *Target) String() string {
	if t.URL {
		return "a URL"
	}
	return "a rig"
}

// Check returns everything that is wrong with one entry. An entry that went
// through [Entry.Fill] before is checked with its defaults.
func Check(e *Entry, t *Target) []Problem {
	c := checker{e: e, t: t}
	c.name()
	c.spec = Lookup(e.Kind)
	if c.spec == nil {
		c.unknownKind()
		return c.problems
	}
	c.applier()
	c.window()
	c.keys()
	c.selectors()
	c.params()
	c.realisable()
	return c.problems
}

type checker struct {
	e        *Entry
	t        *Target
	spec     *Spec
	via      Via // what would apply it; "" when nothing can
	problems []Problem
}

func (c *checker) add(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
}

func (c *checker) name() {
	switch name := c.e.Name; {
	case name == "":
		c.add("name", "name is missing (got nothing; want a short word such as kill-0)")
	case len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
	}):
		c.add("name", "name cannot be used as a label (got %.80q; want at most 64 letters, digits, - _ .)", name)
	}
}

func (c *checker) unknownKind() {
	if c.e.Kind == "" {
		c.add("fault", "fault is missing (got nothing; want one of `hlsload list faults`)")
		return
	}
	want := "one of `hlsload list faults`"
	if near := Nearest(string(c.e.Kind), KindNames()); near != "" {
		want = near
	}
	c.add("fault", "unknown fault (got %.80s; want %s)", c.e.Kind, want)
}

// applier checks what is to apply the fault, and whether anything can.
func (c *checker) applier() {
	possible := c.t.possible(c.spec)
	if len(possible) == 0 {
		if c.t.URL && c.t.AWS == nil && slices.Contains(c.spec.Vias, ViaAWS) {
			c.add("fault", "%s can be applied to %s only via aws, which needs a section aws (got none; want aws: {account: …, region: …}, or one of %s)", c.e.Kind, c.t, strings.Join(c.t.applicable(), ", "))
			return
		}
		c.add("fault", "%s cannot be applied to %s (got %s; want one of %s)", c.e.Kind, c.t, c.e.Kind, strings.Join(c.t.applicable(), ", "))
		return
	}
	via := c.e.Via
	if via == "" {
		via = c.spec.Default(c.t.URL)
	}
	switch {
	case c.t.VOD && via == ViaRig && c.spec.NeedsWriter:
		names := slices.DeleteFunc(c.t.applicable(), func(name string) bool { return Kind(name).Spec().NeedsWriter })
		c.add("fault", "%s cannot be applied to a VOD, which is not written any more (got %s; want one of %s)", c.e.Kind, c.e.Kind, strings.Join(names, ", "))
	case slices.Contains(possible, via):
		c.via = via
	case via == ViaAWS && slices.Contains(c.spec.Vias, via) && !c.t.URL:
		c.add("via", "the embedded channel is not on AWS (got aws; want %s)", join(possible))
	case via == ViaAWS && slices.Contains(c.spec.Vias, via):
		c.add("via", "faults via aws need a section aws (got none; want aws: {account: …, region: …}, or via %s)", join(possible))
	case via == ViaAWS:
		c.add("via", "%s cannot be made on AWS (got aws; want %s; AWS can make %s)", c.e.Kind, join(possible), strings.Join(KindsVia(ViaAWS), ", "))
	case !slices.Contains([]Via{ViaRig, ViaViewer, ViaAWS, ViaCommand, ViaManual}, via):
		c.add("via", "unknown applier (got %.80s; want %s)", via, join(possible))
	default:
		c.add("via", "%s cannot be applied to %s via %s (got %s; want %s)", c.e.Kind, c.t, via, via, join(possible))
	}
}

// possible is what can apply a fault to the target.
func (t *Target) possible(s *Spec) []Via {
	return slices.DeleteFunc(s.Possible(t.URL), func(v Via) bool { return v == ViaAWS && (t.AWS == nil || !t.URL) })
}

// applicable names the faults that can be applied to the target.
func (t *Target) applicable() []string {
	return namesOf(func(s *Spec) bool { return len(t.possible(s)) > 0 })
}

func join(vias []Via) string {
	words := make([]string, len(vias))
	for i, v := range vias {
		words[i] = string(v)
	}
	return strings.Join(words, " or ")
}

// window checks at, for and every.
func (c *checker) window() {
	e := c.e
	if e.At < 0 || e.At > MaxWindow {
		c.add("at", "start out of range (got %v; want 0s to %v)", e.At, MaxWindow)
		return
	}
	switch {
	case c.spec.Instant && e.For != 0:
		c.add("for", "%s is instantaneous and takes no length (got %v; want no `for`)", e.Kind, e.For)
		return
	case !c.spec.Instant && e.For == 0:
		c.add("for", "for is missing (got nothing; want how long the fault holds, such as 30s)")
		return
	case e.For < 0 || e.For > MaxWindow:
		c.add("for", "length out of range (got %v; want more than 0s, at most %v)", e.For, MaxWindow)
		return
	}
	if d := c.t.Duration; d > 0 && e.At+e.For > d {
		field := "for"
		if e.For == 0 || e.At >= d {
			field = "at"
		}
		c.add(field, "the window does not fit the run (got an end at %v; want at most the duration, %v)", e.At+e.For, d)
	}
	c.repetition()
}

func (c *checker) repetition() {
	e := c.e
	switch {
	case e.Every == 0 && !slices.Contains(e.Given, "every"):
	case e.Every < MinEvery || e.Every > MaxWindow:
		c.add("every", "repetition out of range (got %v; want %v to %v)", e.Every, MinEvery, MaxWindow)
	case e.Every <= e.For:
		c.add("every", "a repetition would begin before the last one ended (got %v; want more than `for`, %v)", e.Every, e.For)
	case c.t.Duration/e.Every > MaxOccurrences:
		c.add("every", "too many repetitions (got %d; want at most %d)", c.t.Duration/e.Every, MaxOccurrences)
	}
}

// given reports whether the entry has that key.
func (c *checker) given(f *Field) bool {
	if c.e.Given != nil {
		return slices.Contains(c.e.Given, f.Name)
	}
	return f.Given(&c.e.Fault)
}

// keys checks that the entry has what the kind needs and nothing that it does
// not take.
func (c *checker) keys() {
	for _, known := range Fields() {
		key, field := known.Name, c.spec.Field(known.Name)
		given := c.given(cmp.Or(field, known))
		switch {
		case field == nil && given:
			c.add(key, "%s takes no %s (got %s; want %s)", c.e.Kind, key, key, c.taken())
		case field == nil || c.via == "":
		case given && !field.takes(c.via):
			c.add(key, "%s cannot be used via %s (got via %s; want via %s)", key, c.via, c.via, join(field.Vias))
		case !given && field.Required && field.takes(c.via):
			c.add(key, "%s needs %s (got nothing; want %s: %s)", c.e.Kind, key, article(field.Type), field.Doc)
		}
	}
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// taken lists the keys that the kind takes.
func (c *checker) taken() string {
	var names []string
	for _, list := range [...][]Field{c.spec.Selectors, c.spec.Params} {
		for i := range list {
			if c.via == "" || list[i].takes(c.via) {
				names = append(names, list[i].Name)
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checked reports whether a key is there and belongs there.
func (c *checker) checked(key string) bool {
	f := c.spec.Field(key)
	return f != nil && c.given(f)
}

func (c *checker) selectors() {
	e, t := c.e, c.t
	if c.checked("pipeline") && !within(e.Pipeline, t.Pipelines) {
		c.add("pipeline", "no such pipeline (got %d; want %s)", e.Pipeline, upTo(t.Pipelines))
	}
	if c.checked("pop") {
		if t.URL {
			c.add("pop", "the edges of a URL cannot be distinguished (got pop %d; want no pop)", e.Pop)
		} else if !within(e.Pop, t.Pops) {
			c.add("pop", "no such edge (got %d; want %s)", e.Pop, upTo(t.Pops))
		}
	}
	if c.checked("rendition") {
		c.rendition()
	}
	if c.checked("cohort") && t.Cohorts != nil && !slices.Contains(t.Cohorts, e.Cohort) {
		want := "one of " + strings.Join(t.Cohorts, ", ")
		if near := Nearest(e.Cohort, t.Cohorts); near != "" {
			want = near
		}
		c.add("cohort", "unknown cohort (got %.80s; want %s)", e.Cohort, want)
	}
	if c.checked("share") && !(e.Share > 0 && e.Share <= 1) {
		c.add("share", "share out of range (got %v%%; want more than 0%%, at most 100%%)", 100*e.Share)
	}
	if c.checked("kind") {
		words := c.spec.Field("kind").Words
		if len(e.Kinds) == 0 {
			c.add("kind", "no kind of request (got an empty list; want %s)", strings.Join(words, ", "))
		}
		for _, k := range e.Kinds {
			if !slices.Contains(words, k.String()) {
				c.add("kind", "%s does not touch such requests (got %s; want %s)", e.Kind, k, strings.Join(words, ", "))
			}
		}
	}
}

func (c *checker) rendition() {
	name, known := c.e.Rendition, c.t.Renditions
	if name == "" {
		c.add("rendition", "rendition is empty (got nothing; want a name, an index, lowest or highest)")
		return
	}
	if known == nil || name == "lowest" || name == "highest" || slices.Contains(known, name) || slices.ContainsFunc(known, func(n string) bool { return ofHeight(name, n) }) {
		return
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(known) {
		return
	}
	c.add("rendition", "no such rendition (got %.80s; want lowest, highest, %s, a height such as 720p, or an index, %s)", name, strings.Join(known, ", "), upTo(len(known)))
}

// within reports whether i is an index of n things; n = 0 is unknown.
func within(i, n int) bool { return i >= 0 && (n <= 0 || i < n) }

func upTo(n int) string {
	switch {
	case n <= 0:
		return "0 or more"
	case n == 1:
		return "0"
	}
	return fmt.Sprintf("0 to %d", n-1)
}

func (c *checker) params() {
	for i := range c.spec.Params {
		p := &c.spec.Params[i]
		if !c.given(p) {
			continue
		}
		if wrong := p.problem(&c.e.Fault); wrong != "" {
			c.add(p.Name, "%s", wrong)
		}
	}
}

// realisable checks for what viewers cannot be shown, and for what the account on
// AWS cannot do, or must not.
func (c *checker) realisable() {
	switch {
	case c.via == ViaAWS:
		if field, why := c.t.AWS.Realises(&c.e.Fault); field != "" {
			c.add(field, "%s", why)
		}
		if longest := c.t.AWS.Longest(); c.e.For > longest {
			c.add("for", "longer than aws.max_duration allows (got %v; want at most %v)", c.e.For, longest)
		}
	case c.via == ViaViewer && c.spec.viewerCannot != nil:
		if o := c.spec.viewerCannot(&c.e.Fault); o.field != "" {
			c.add(o.field, "%s", o.why)
		}
	}
}
