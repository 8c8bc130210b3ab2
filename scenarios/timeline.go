package scenarios

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/rig"
	"hlsload/scenarios/redact"
)

// chaosKeys are those of every fault, then selectors and parameters.
var chaosKeys = faultKeys()

func faultKeys() []key {
	keys := []key{
		{name: "name", form: ofName, without: "that of the fault, with - for .", example: "kill-0", doc: "name in results and in the label fault"},
		{name: "fault", form: ofName, word: chaos.KindNames(), required: true, example: "pipeline.kill", doc: "the kind of fault"},
		{name: "at", form: ofDuration, required: true, example: "30s", doc: "start of its window, from the first arrival"},
		{name: "for", form: ofDuration, without: "required, except for instants", example: "40s", doc: "length of its window"},
		{name: "every", form: ofDuration, without: "once", example: "20m", doc: "repeat at this interval, at least 1s, while the window fits into the run"},
		{name: "via", form: ofWord, word: []string{string(chaos.ViaRig), string(chaos.ViaViewer), string(chaos.ViaAWS), string(chaos.ViaCommand), string(chaos.ViaManual)},
			without: "the first one that the fault has; for a URL the first of viewer, aws, command, manual", example: "viewer", doc: "what applies the fault: the embedded channel, the players' own connections, AWS, programs of yours, or a person"},
	}
	for _, f := range chaos.Fields() {
		keys = append(keys, ofField(f))
	}
	return keys
}

func (d *decoder) chaos(v value, sc *Scenario) []chaos.Entry {
	items := v.list()
	if len(items) > chaos.MaxEntries {
		v.problem("too many faults (got %d; want at most %d)", len(items), chaos.MaxEntries)
		return nil
	}
	target := sc.chaosTarget()
	var entries []chaos.Entry
	names := map[string]bool{}
	for _, item := range items {
		s, ok := item.section()
		if !ok {
			continue
		}
		e := d.entryOf(s, sc.Target)
		e.Rule = len(entries)
		d.check(s, &e, target)
		if !s.at("at").given() {
			s.problem("at is missing (got nothing; want the start of the fault, such as at: 30s)")
		}
		if nameAt := s.at("name"); names[e.Name] && nameAt.given() && !d.bad[nameAt.n] {
			nameAt.wrong("duplicate name", "a unique name")
		} else if names[e.Name] {
			e.Name = unused(e.Name, names)
		}
		d.takesFaults(s.at("cohort"), &e, sc)
		names[e.Name] = true
		entries = append(entries, e)
	}
	tooMany(v, entries, sc)
	return entries
}

// Bounds of a scenario: each occurrence of a fault is measured for each cohort, which takes
// some 2 kB of memory.
const (
	mostOccurrences = 20_000
	mostMeasured    = 500_000 // occurrences times cohorts
)

// tooMany notes that the faults occur more often than can be measured.
func tooMany(v value, entries []chaos.Entry, sc *Scenario) {
	n := 0
	for i := range entries {
		e := &entries[i]
		n++
		if left := sc.Duration - e.For - e.At; e.Every > 0 && left > 0 {
			n += int(min(left/e.Every, chaos.MaxOccurrences))
		}
	}
	cohorts := len(sc.Fleet.Audience.Cohorts)
	switch {
	case n > mostOccurrences:
		v.problem("too many occurrences of faults in all (got %d; want at most %d: a longer every, or a shorter run)", n, mostOccurrences)
	case n*cohorts > mostMeasured:
		v.problem("too many occurrences of faults for so many cohorts (got %d of %d; want at most %d in all: each takes some 2 kB of memory)", n, cohorts, mostMeasured)
	}
}

// chaosTarget is what entries are checked against.
func (sc *Scenario) chaosTarget() *chaos.Target {
	t := &chaos.Target{URL: sc.Target.Rig == nil, Duration: sc.Duration, AWS: sc.AWS}
	if c := sc.Target.Rig; c != nil {
		t.VOD = c.Playlist == rig.VOD
		t.Pipelines, t.Pops, t.Renditions = c.Pipelines, c.Edge.Pops, renditionNames(c)
	} else if n := max(len(sc.Target.URLs), len(sc.Target.Pipelines)); n > 1 {
		t.Pipelines = n
	}
	for _, c := range sc.Fleet.Audience.Cohorts {
		t.Cohorts = append(t.Cohorts, c.Name)
	}
	return t
}

// takesFaults checks that a fault does not select a cohort without faults.
func (d *decoder) takesFaults(v value, e *chaos.Entry, sc *Scenario) {
	for _, c := range sc.Fleet.Audience.Cohorts {
		if v.given() && c.Name == e.Cohort && c.FaultsNone {
			v.wrong("this cohort is kept free of faults", "a cohort with faults: all")
		}
	}
}

// nameless is the name of a fault without one.
func nameless(kind string) string { return strings.ReplaceAll(kind, ".", "-") }

// entryOf reads the keys of an entry; whether they fit its kind is checked
// afterwards. Keys whose value could not be read count as not given.
func (d *decoder) entryOf(s *section, t Target) chaos.Entry {
	e := chaos.Entry{Fault: chaos.NewFault("", chaos.Kind(s.at("fault").known("", "fault"))), Given: []string{}}
	e.Occurrence = 1
	nameAt := s.at("name")
	e.Name = nameAt.name(nameless(string(e.Kind)))
	if e.Name != "" {
		d.rename(s, s.value, e.Name)
	}
	e.At = s.at("at").duration(0)
	e.For = s.at("for").duration(0)
	e.Every = s.at("every").duration(0)
	e.Via = chaos.Via(s.at("via").choice(""))
	for _, known := range chaos.Fields() {
		field := cmp.Or(e.Kind.Spec().Field(known.Name), known)
		d.param(s.at(field.Name), field, &e.Fault)
	}
	d.plainSecrets(s.at("stop"))
	s.done()
	for _, entry := range s.entries {
		if entry.val.given() {
			e.Given = append(e.Given, entry.key.Value)
		}
	}
	if d.replaced && e.Via == chaos.ViaRig { // --url: viewers see what the rig would have done
		if e.Kind.Spec().Default(true) == chaos.ViaViewer {
			e.Via = chaos.ViaViewer
		}
	}
	return e
}

// check reports what does not fit the kind of fault or the target. Fields
// that already have a problem are not blamed twice.
func (d *decoder) check(s *section, e *chaos.Entry, t *chaos.Target) {
	e.Fill(t.URL)
	if e.Kind == "" && s.at("fault").given() {
		return // already reported
	}
	for _, p := range chaos.Check(e, t) {
		at := s.at(p.Field)
		switch {
		case d.blamed(at.n):
		case p.Field == "for" && at.given() && e.For == 0:
			at.wrong("empty window", "more than 0s")
		case at.n == nil:
			s.problem("%s", p.Msg)
		default:
			at.foreign(p.Msg)
		}
	}
}

// unused numbers a name.
func unused(name string, names map[string]bool) string {
	for i := 2; ; i++ {
		if n := fmt.Sprintf("%s-%d", name, i); !names[n] {
			return n
		}
	}
}

// blamed reports whether a value already has a problem.
func (d *decoder) blamed(n *yaml.Node) bool { return n != nil && d.bad[n] }

// param reads a selector or parameter into where the fault keeps it.
func (d *decoder) param(v value, f *chaos.Field, fault *chaos.Fault) {
	of := ofField(f)
	v.key = &of
	switch to := f.Of(fault).(type) {
	case *int:
		*to = v.count(*to)
	case *int64:
		*to = v.rate(*to)
	case *float64:
		*to = v.share(*to)
	case *bool:
		*to = v.boolean(*to)
	case *time.Duration:
		*to = v.duration(*to)
	case *string:
		switch {
		case f.Words != nil:
			*to = v.choice("")
		case to != &fault.Rendition:
			*to = v.name("")
		case v.given():
			name, _ := v.secret()
			*to = strings.TrimPrefix(name.Value, "index_") // a file's name means the same
		}
	case *[]string:
		switch {
		case f.Words == nil:
			*to = d.program(v)
		case v.given():
			*to = words(v.list())
		}
	case *[]m3u8.Kind:
		*to = d.kinds(v)
	}
}

// words reads the items that are one of them.
func words(items []value) []string {
	read := []string{}
	for _, item := range items {
		if word := item.choice(""); word != "" {
			read = append(read, word)
		}
	}
	return read
}

func kindNames() (names []string) {
	for k := range m3u8.Kinds {
		names = append(names, k.String())
	}
	return names
}

func (d *decoder) kinds(v value) []m3u8.Kind {
	if !v.given() {
		return nil
	}
	kinds := []m3u8.Kind{}
	for _, name := range words(v.list()) {
		k, _ := m3u8.ParseKind(name)
		kinds = append(kinds, k)
	}
	return kinds
}

// plainSecrets reports secrets in plain text in a program that undoes a fault:
// the journal stores its arguments as written, to run it after a crash.
func (d *decoder) plainSecrets(v value) {
	before := ""
	for _, item := range v.list() {
		if item.n.Kind != yaml.ScalarNode {
			continue
		}
		if redact.Credential(before, item.n.Value) {
			item.problem("a secret in plain text, which the journal would store (want ${NAME} from the environment in its place)")
		}
		before = item.n.Value
	}
}

// program reads a list of program and arguments, or a line for the shell.
func (d *decoder) program(v value) []string {
	if !v.given() {
		return nil
	}
	const want = "a program with its arguments as a list, or a line for sh -c"
	if v.n.Kind == yaml.ScalarNode {
		t, ok := v.secret()
		if !ok {
			return nil
		}
		if strings.TrimSpace(t.Value) == "" {
			v.wrong("empty command", want)
		}
		return []string{"/bin/sh", "-c", t.Value}
	}
	argv := []string{}
	for _, item := range v.list() {
		if t, ok := item.secret(); ok {
			argv = append(argv, t.Value)
		}
	}
	return argv
}
