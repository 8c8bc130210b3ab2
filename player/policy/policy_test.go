package policy_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// A seam of a profile that reads letters.
type reader interface {
	read(letters int) time.Duration
}

type steady struct {
	Each  units.Duration `yaml:"each"`
	Pause units.Span     `yaml:"pause"`
}

func (s *steady) read(letters int) time.Duration {
	return time.Duration(letters) * time.Duration(s.Each)
}

func (s *steady) Limits(l *policy.Limits) {
	l.Duration("each", &s.Each, time.Millisecond, time.Second)
	l.Span("pause", &s.Pause, time.Second, time.Minute)
}

type skimming struct {
	Share  float64                 `yaml:"share"`
	Aloud  string                  `yaml:"aloud"`
	Within policy.Choice[reader]   `yaml:"within"`
	Then   []policy.Choice[reader] `yaml:"then"`
}

func (s *skimming) read(letters int) time.Duration {
	return s.Within.Is.read(int(s.Share * float64(letters)))
}

func (s *skimming) Limits(l *policy.Limits) {
	policy.Within(l, "share", &s.Share, 0, 1)
	policy.OneOf(l, "aloud", &s.Aloud, "", "yes")
	l.In("within", &s.Within)
	policy.List(l, "then", &s.Then, 0, 2)
}

type none struct{}

func (*none) read(int) time.Duration { return 0 }

var _ = policy.Register("read", policy.Offers[reader]{
	"steady":   &steady{Each: units.Duration(time.Millisecond), Pause: units.Span{Target: 1}},
	"skimming": &skimming{Share: 0.5},
	"none":     &none{},
})

type book struct {
	Title string                `yaml:"title"`
	Read  policy.Choice[reader] `yaml:"read"`
}

func (b *book) Limits(l *policy.Limits) { l.In("read", &b.Read) }

func load(t *testing.T, b *book, text string) {
	t.Helper()
	if err := yaml.Load([]byte(text), b, yaml.WithKnownFields()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestReadOverAnother proves that the same policy keeps what is not given, that
// another one replaces it, and that what was registered stays as it was.
func TestReadOverAnother(t *testing.T) {
	var b book
	for _, c := range []struct{ text, want string }{
		{"read: steady", "read: steady"},
		{"read: {steady: {each: 5ms}}", "read: {steady: {each: 5ms, pause: 1td}}"},
		{"read: {steady: {pause: 2s}}", "read: {steady: {each: 5ms, pause: 2s}}"},
		{"read: steady", "read: {steady: {each: 5ms, pause: 2s}}"},
		{"title: x", "read: {steady: {each: 5ms, pause: 2s}}"},
		{"read: none", "read: none"},
		{"read: steady", "read: steady"},
		{"read: {skimming: {within: none, then: [none, {steady: {each: 3ms}}]}}", "read: {skimming: {share: 0.5, aloud: '', within: none, then: [none, {steady: {each: 3ms, pause: 1td}}]}}"},
		{"read: {skimming: {then: [{steady: {each: 2ms}}]}}", "read: {skimming: {share: 0.5, aloud: '', within: none, then: [{steady: {each: 2ms, pause: 1td}}]}}"},
	} {
		load(t, &b, c.text)
		written, err := yaml.Dump(&b)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if yaml.Load(written, &got) != nil || yaml.Load([]byte(c.want), &want) != nil || !reflect.DeepEqual(got["read"], want["read"]) {
			t.Errorf("after %s: got\n%s\nwant %s", c.text, written, c.want)
		}
		var again book
		load(t, &again, string(written))
		if !reflect.DeepEqual(again, b) {
			t.Errorf("%s is read back as %+v", written, again)
		}
	}
}

// TestMistakesHaveAPosition wants the line and column of what is wrong.
func TestMistakesHaveAPosition(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"title: x\nread: stedy", "2:7: unknown policy (got \"stedy\"; want one of none, skimming, steady)"},
		{"read:\n  stedy: {each: 1s}", "2:3: unknown policy"},
		{"read:\n  steady:\n    eech: 1s", "3:5: field eech not found"},
		{"read:\n  steady:\n    each: 1 day", "3:11: bad duration"},
		{"read: {none: {each: 1s}}", "1:15: field each not found"},
		{"read: {none: {}, steady: {}}", "1:7: not one policy"},
		{"read: [none]", "1:7: not one policy"},
		{"read: {skimming: {then: [none, {skiming: {}}]}}", "1:33: unknown policy"},
		{"read: {steady: 5}", "1:16: not the parameters of steady (want {each: …, pause: …})"},
	} {
		var b book
		err := yaml.Load([]byte(c.text), &b, yaml.WithKnownFields())
		got, ok := err.(*yaml.LoadErrors)
		if !ok || len(got.Errors) != 1 {
			t.Errorf("%s: %v; want one error", c.text, err)
			continue
		}
		e := got.Errors[0]
		if s := fmt.Sprintf("%d:%d: %s", e.Mark.Line, e.Mark.Column, strings.TrimPrefix(e.Message, "yaml: ")); !strings.HasPrefix(s, c.want) {
			t.Errorf("%s: %s; want %s", c.text, s, c.want)
		}
	}
}

// TestLimits proves that each range is checked, with the path of the parameter.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"title: x", "read: missing (want one of none, skimming, steady)"},
		{"read: none", ""},
		{"read: steady", ""},
		{"read: {steady: {each: 2s, pause: 0s}}", "read.steady.each: out of range (got 2s; want 1ms to 1s)\nread.steady.pause: missing (want a span such as 10s or 1td)"},
		{"read: {steady: {pause: 2m}}", "read.steady.pause: out of range (got 2m; want 1s to 1m)"},
		{"read: {skimming: {share: .nan, aloud: no, within: none}}", "read.skimming.share: out of range (got NaN; want 0 to 1)\nread.skimming.aloud: unknown value (got \"no\"; want one of , yes)"},
		{"read: {skimming: {within: none, then: [none, {steady: {each: 0s}}]}}", "read.skimming.then.1.steady.each: out of range (got 0s; want 1ms to 1s)"},
		{"read: {skimming: {within: none, then: [none, none, none]}}", "read.skimming.then: too many or too few (got 3; want 0 to 2)"},
	} {
		var b book
		load(t, &b, c.text)
		got := ""
		if err := policy.Validate(&b); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q; want %q", c.text, got, c.want)
		}
	}
}

func TestWalk(t *testing.T) {
	var b book
	load(t, &b, "read: {skimming: {within: steady}}")
	var got []string
	policy.Walk(&b, func(p policy.Parameter) {
		got = append(got, p.Path)
		if c, ok := p.Value.(*policy.Choice[reader]); ok && p.Path == "read.skimming.within" {
			c.Choose("none") // what is not walked into any more
		}
	})
	if want := []string{"read", "read.skimming.share", "read.skimming.aloud", "read.skimming.within", "read.skimming.then"}; !slices.Equal(got, want) {
		t.Errorf("walked through %q; want %q", got, want)
	}
	if s := policy.Seams(); len(s) != 1 || s[0].Name != "read" || s[0].Policies["skimming"].(*skimming).Share != 0.5 {
		t.Errorf("seams are %+v", s)
	}
}

func TestHas(t *testing.T) {
	for path, want := range map[string]bool{
		"title": true, "read": true, "read.steady": true, "read.steady.each": true, "read.skimming.within.none": true,
		"read.other": false, "read.steady.share": false, "read.each": false, "title.x": false, "": false,
	} {
		if got := policy.Has(reflect.TypeFor[book](), path); got != want {
			t.Errorf("%q: %v; want %v", path, got, want)
		}
	}
}

func TestParameters(t *testing.T) {
	var b book
	load(t, &b, "read: steady")
	var got []string
	for _, name := range []string{"none", "steady", "skimming"} {
		for _, p := range b.Read.Seam().Parameters(name) {
			got = append(got, name+"."+p.Path+": "+p.Range())
		}
	}
	want := []string{"steady.each: 1ms to 1s", "steady.pause: 1s to 1m", "skimming.share: 0 to 1", "skimming.aloud: , yes",
		"skimming.within: none, skimming, steady", "skimming.then: "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}
