package scenarios

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/player/audience"
	"hlsload/player/m3u8"
	"hlsload/rig"
	"hlsload/scenarios/redact"
)

const chaosEntry = "a mapping such as {name: kill-0, fault: pipeline.kill, at: 30s, for: 40s, pipeline: 0}"

func (d *decoder) chaos(v value, sc *Scenario) []chaos.Entry {
	items := v.list(false, "a list of mappings such as {name: kill-0, fault: pipeline.kill, at: 30s, for: 40s, pipeline: 0}")
	if len(items) > chaos.MaxEntries {
		v.problem("too many faults (got %d; want at most %d)", len(items), chaos.MaxEntries)
		return nil
	}
	target := sc.chaosTarget()
	var entries []chaos.Entry
	names := map[string]bool{}
	for _, item := range items {
		s, ok := item.section(chaosEntry)
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
			nameAt.wrong("duplicate name", "a name of its own for every fault")
		} else if names[e.Name] {
			e.Name = unused(e.Name, names)
		}
		d.takesFaults(s.at("cohort"), &e, sc)
		names[e.Name] = true
		entries = append(entries, e)
	}
	return entries
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

// takesFaults checks that a selected cohort can be hit at all.
func (d *decoder) takesFaults(v value, e *chaos.Entry, sc *Scenario) {
	for _, c := range sc.Fleet.Audience.Cohorts {
		if v.given() && c.Name == e.Cohort && c.FaultsNone {
			v.wrong("the cohort takes no faults", "a cohort without faults: none")
		}
	}
}

// entryOf reads the keys of an entry; whether they fit its kind is checked
// afterwards. Keys whose value could not be read count as not given.
func (d *decoder) entryOf(s *section, t Target) chaos.Entry {
	e := chaos.Entry{Fault: chaos.Fault{Occurrence: 1, Pipeline: chaos.Any, Pop: chaos.Any, Share: 1}, Given: []string{}}
	e.Kind = chaos.Kind(s.at("fault").known("", "fault", chaos.KindNames()))
	nameAt := s.at("name")
	e.Name = nameAt.name(strings.ReplaceAll(string(e.Kind), ".", "-"))
	if e.Name != "" {
		d.rename(s, s.value, e.Name)
	}
	e.At = s.at("at").duration(0, 0, chaos.MaxWindow)
	e.For = s.at("for").duration(0, 0, chaos.MaxWindow)
	e.Every = s.at("every").duration(0, 0, chaos.MaxWindow)
	e.Via = chaos.Via(s.at("via").choice("", string(chaos.ViaRig), string(chaos.ViaViewer), string(chaos.ViaAWS), string(chaos.ViaCommand)))
	e.Pipeline = int(s.at("pipeline").integer(chaos.Any, 0, 1e6))
	if at := s.at("rendition"); at.given() {
		name, _ := at.secret("a rendition's name, its index, lowest or highest")
		e.Rendition = strings.TrimPrefix(name.Value, "index_") // a file's name means the same
	}
	e.Pop = int(s.at("pop").integer(chaos.Any, 0, 1e6))
	e.Cohort = s.at("cohort").name("")
	e.Share = s.at("share").share(1)
	e.Kinds = d.kinds(s.at("kind"))

	e.Code = int(s.at("code").integer(0, 0, 1e6))
	if by := s.at("by"); e.Kind == chaos.PlaylistRollback {
		e.Segments = int(by.integer(0, 1, 1000))
	} else {
		e.By = by.duration(0, 0, chaos.MaxWindow)
	}
	e.TTL = s.at("ttl").duration(0, 0, chaos.MaxErrorTTL)
	e.Resume = s.at("resume").choice("", "continue", "restart")
	e.Children = s.at("children").choice("", "delete", "stale")
	e.Then = s.at("then").choice("", "emit", "pause")
	e.Once = s.at("once").boolean(false)
	e.Down = s.at("down").rate(0, 0, 1e12)
	e.Players = int(s.at("players").integer(0, 0, audience.MaxPlayers))
	e.Over = s.at("over").duration(0, 0, chaos.MaxWindow)
	e.Concurrency = int(s.at("concurrency").integer(0, 0, 1e6))
	if at := s.at("conditions"); at.given() {
		e.Conditions = []string{}
		for _, item := range at.list(false, "a list of conditions, or [] for none: "+orList(chaos.PackagerConditions)) {
			if word := item.choice("", chaos.PackagerConditions...); word != "" {
				e.Conditions = append(e.Conditions, word)
			}
		}
	}
	e.StartCommand = d.program(s.at("start"))
	e.StopCommand = d.program(s.at("stop"))
	d.plainSecrets(s.at("stop"))
	s.done()
	for _, entry := range s.entries {
		if entry.val.given() {
			e.Given = append(e.Given, entry.key.Value)
		}
	}
	if d.replaced && e.Via == chaos.ViaRig { // --url: viewers see what the rig would have done
		if k := chaos.Lookup(e.Kind); k != nil && k.Default(true) == chaos.ViaViewer {
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
		return // an unknown fault was reported
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

// blamed tells whether a value already has a problem.
func (d *decoder) blamed(n *yaml.Node) bool { return n != nil && d.bad[n] }

func (d *decoder) kinds(v value) []m3u8.Kind {
	if !v.given() {
		return nil
	}
	var names []string
	for k := range m3u8.Kinds {
		names = append(names, k.String())
	}
	kinds := []m3u8.Kind{}
	for _, item := range v.list(true, "a kind of request, or a list of them: "+orList(names)) {
		if k, ok := m3u8.ParseKind(item.choice("", names...)); ok {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// program reads a list of program and arguments, or a line for the shell.
// plainSecrets reports secrets written out in a program that undoes: the journal
// keeps its arguments as they stand here, to run it after a crash.
func (d *decoder) plainSecrets(v value) {
	before := ""
	for _, item := range v.list(true, "") {
		if item.n.Kind != yaml.ScalarNode {
			continue
		}
		if redact.Credential(before, item.n.Value) {
			item.problem("a secret is written out, and the journal would hold it (want ${NAME} of the environment in its place)")
		}
		before = item.n.Value
	}
}

func (d *decoder) program(v value) []string {
	if !v.given() {
		return nil
	}
	const want = "a program with its arguments as a list, or a line for sh -c"
	if v.n.Kind == yaml.ScalarNode {
		t, ok := v.secret(want)
		if !ok {
			return nil
		}
		if strings.TrimSpace(t.Value) == "" {
			v.wrong("empty command", want)
		}
		return []string{"/bin/sh", "-c", t.Value}
	}
	argv := []string{}
	for _, item := range v.list(false, want) {
		if t, ok := item.secret("an argument"); ok {
			argv = append(argv, t.Value)
		}
	}
	return argv
}
