package chaos

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"hlsload/player/m3u8"
)

// Field is a key of an entry that a kind takes: how it is written, where its
// value is kept, and what may be wrong with that.
type Field struct {
	Name     string
	Type     string   // for people: "duration", "count", "status", …
	Words    []string // the possible values, when they are words
	Default  string   // for people; "" = none
	Required bool
	Vias     []Via // only with these; nil = with any
	Doc      string
	// Least and Most bound what can be written for a count or a duration; a Most
	// of 0 = as for others of its type.
	Least, Most int64
	// Says is how a plan puts it into words, with %s for the value; "" = not at all.
	Says string

	of    func(*Fault) any
	wrong func(*Fault) string // with the value; "" = nothing
}

// Of returns a pointer to where a fault keeps the value: *int, *int64 (a rate),
// *float64 (a share), *bool, *string, *time.Duration, *[]string or *[]m3u8.Kind.
func (f *Field) Of(fault *Fault) any { return f.of(fault) }

// takes reports whether the field may be used with via.
func (f *Field) takes(via Via) bool { return len(f.Vias) == 0 || slices.Contains(f.Vias, via) }

// Given reports whether the fault's value differs from that of a fault in which
// nothing was set. A share of 0 counts as not set.
func (f *Field) Given(fault *Fault) bool {
	if share, ok := f.of(fault).(*float64); ok && *share == 0 {
		return false
	}
	blank := NewFault("", "")
	return !reflect.DeepEqual(f.of(fault), f.of(&blank))
}

// problem says what is wrong with the value that a fault has, "" = nothing.
func (f *Field) problem(fault *Fault) string {
	if word, ok := f.of(fault).(*string); ok && f.Words != nil && !slices.Contains(f.Words, *word) {
		return fmt.Sprintf("unknown word (got %.80s; want %s)", *word, strings.Join(f.Words, " or "))
	}
	if f.wrong == nil {
		return ""
	}
	return f.wrong(fault)
}

// Field finds a selector or parameter of the kind by its key, nil for none.
func (s *Spec) Field(name string) *Field {
	for _, list := range [...][]Field{s.Selectors, s.Params} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// Fields has one field for each key that any kind takes: selectors, then
// parameters.
func Fields() []*Field {
	var all []*Field
	add := func(list []Field) {
		for i := range list {
			if !slices.ContainsFunc(all, func(f *Field) bool { return f.Name == list[i].Name }) {
				all = append(all, &list[i])
			}
		}
	}
	for i := range Kinds {
		add(Kinds[i].Selectors)
	}
	for i := range Kinds {
		add(Kinds[i].Params)
	}
	return all
}

func fields(f ...Field) []Field { return f }

// The selectors.
var (
	byPipeline  = Field{Name: "pipeline", Type: "number", Default: "all", Doc: "index of the pipeline", of: func(f *Fault) any { return &f.Pipeline }}
	byRendition = Field{Name: "rendition", Type: "name, height, index, lowest or highest", Default: "all", Doc: "which rendition: 1280x720 or 720p, its index in listed order, lowest or highest", of: func(f *Fault) any { return &f.Rendition }}
	byPop       = Field{Name: "pop", Type: "number", Default: "all", Doc: "index of the edge", of: func(f *Fault) any { return &f.Pop }}
	byCohort    = Field{Name: "cohort", Type: "name", Default: "all", Doc: "only viewers of this cohort", Vias: viewer, of: func(f *Fault) any { return &f.Cohort }}
	byShare     = Field{Name: "share", Type: "share", Default: "100%", Doc: "share of viewers, chosen by a stable hash of the player number", Vias: viewer, of: func(f *Fault) any { return &f.Share }}

	anyRequest  = byRequest("which kind of request", "all of these", allRequests...)
	anyDownload = byRequest("which kind of request", "segment", m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
)

func byRequest(doc, otherwise string, kinds ...m3u8.Kind) Field {
	var words []string
	for _, k := range kinds {
		words = append(words, k.String())
	}
	return Field{Name: "kind", Type: "one or a list", Words: words, Default: otherwise, Doc: doc, of: func(f *Fault) any { return &f.Kinds }}
}

// Parameters that several families share.
var (
	code = Field{Name: "code", Type: "status", Required: true, Doc: "HTTP status of the answers, 200 to 599", Says: "code %s",
		of: func(f *Fault) any { return &f.Code },
		wrong: func(f *Fault) string {
			return unless(f.Code >= 200 && f.Code <= 599, "not a final HTTP status (got %d; want 200 to 599)", f.Code)
		}}
	start = program("start", "runs %s", "program and arguments run at the window's start", func(f *Fault) *[]string { return &f.StartCommand })
	stop  = program("stop", "", "program and arguments run at its end; [\"true\"] when nothing needs undoing", func(f *Fault) *[]string { return &f.StopCommand })
)

func by(doc string) Field {
	return Field{Name: "by", Type: "duration", Required: true, Doc: doc, Says: "by %s",
		of: func(f *Fault) any { return &f.By },
		wrong: func(f *Fault) string {
			return unless(f.By > 0 && f.By <= MaxWindow, "duration out of range (got %v; want more than 0s, at most %v)", f.By, MaxWindow)
		}}
}

func program(name, says, doc string, of func(*Fault) *[]string) Field {
	return Field{Name: name, Type: "program", Required: true, Vias: []Via{ViaCommand}, Doc: doc, Says: says,
		of: func(f *Fault) any { return of(f) },
		wrong: func(f *Fault) string {
			argv := *of(f)
			return unless(len(argv) > 0 && argv[0] != "", "no program (got an empty list; want a program and its arguments)")
		}}
}

// unless is the text of a problem when something does not hold.
func unless(ok bool, format string, args ...any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
