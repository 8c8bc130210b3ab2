package scenarios

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/player/audience"
	"hlsload/player/units"
	"hlsload/reports/expect"
)

// Rehearsal is what the scenario of a rehearsal has in place of what the scenario of its event
// has. All else stays as it is written there, with its comments.
type Rehearsal struct {
	Name        string
	Description string
	Head        []string // the lines of the comment above everything
	// Remarks are comments above keys, by path, as in fleet.arrive; one above a key that is not there is left out.
	Remarks  map[string]string
	Duration time.Duration
	Curve    []audience.Point  // as fleet.arrive.curve
	Session  time.Duration     // the mean; 0 = viewers stay
	Regions  []audience.Region // with POPs; the network is that of the scenario's region of the same name
	Faults   []RehearsalFault  // in the order of the scenario's
	// Dir is the directory of the event's scenario, without which its file names mean nothing
	// elsewhere; "" = they stay as they are.
	Dir string
}

// RehearsalFault is when a fault comes, and how many players it brings.
type RehearsalFault struct {
	At      time.Duration
	Players int // 0 = not said
}

// Rehearse writes the scenario of a rehearsal. The error is a [Problems] when the scenario that
// results is not valid.
func (e *Event) Rehearse(r *Rehearsal) ([]byte, error) {
	root := newDecoder(e.watched, scenarioFile).document(e.watched.Data)
	if root == nil || root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("write a rehearsal of event %s: its scenario cannot be read again (want the file as it was)", e.Name)
	}
	unanchored(root)
	if len(root.Content) > 0 {
		root.Content[0].HeadComment = "" // it is about the scenario, and says how to run that
	}
	r.itself(root)
	fleet := mapping(root, "fleet")
	fleet.Style = 0 // one line has no room for a curve and comments
	if cohorts := child(fleet, "cohorts"); cohorts != nil {
		cohorts.Style = 0
	}
	for _, c := range items(fleet, "cohorts") {
		r.files(c, e.watched.Getenv)
	}
	r.audience(fleet, e.watched.Getenv)
	drop(fleet, "players") // the peak of the curve
	if rig := child(child(root, "target"), "rig"); rig != nil {
		drop(child(rig, "edge"), "pops") // those of the regions
	}
	for i, f := range items(root, "chaos") {
		if i < len(r.Faults) {
			r.fault(f, r.Faults[i])
		}
	}
	keep(root, "stop", e.Scenario.Stop)
	keep(root, "expect", e.Scenario.Expect)
	keep(root, "known", e.Scenario.Known)
	for at, text := range r.Remarks {
		remark(root, at, text)
	}
	return r.written(root, e)
}

func (r *Rehearsal) itself(root *yaml.Node) {
	put(root, "name", text(r.Name))
	for _, key := range []string{"duration", "description"} { // after the name
		if at := mappingIndex(root, "name"); child(root, key) == nil {
			root.Content = slices.Insert(root.Content, at+1, text(key), plain(""))
		}
	}
	put(root, "description", text(r.Description))
	put(root, "duration", plain(units.FormatDuration(r.Duration)))
}

// audience is the curve, how long viewers stay and where they watch.
func (r *Rehearsal) audience(fleet *yaml.Node, getenv func(string) (string, bool)) {
	curve := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range r.Curve {
		point := flow()
		put(point, "at", plain(units.FormatDuration(p.At)))
		put(point, "players", plain(strconv.Itoa(p.Players)))
		curve.Content = append(curve.Content, point)
	}
	arrive := &yaml.Node{Kind: yaml.MappingNode}
	put(arrive, "curve", curve)
	put(fleet, "arrive", arrive)
	session := mapping(fleet, "session")
	if drop(session, "mean"); r.Session > 0 {
		put(session, "mean", plain(units.FormatDuration(r.Session)))
	}
	if len(session.Content) == 0 {
		drop(fleet, "session")
	}
	networks := map[string]*yaml.Node{}
	for _, of := range items(fleet, "regions") {
		if name, network := child(of, "name"), child(of, "network"); name != nil && network != nil {
			r.files(of, getenv)
			networks[name.Value] = network
		}
	}
	regions := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range r.Regions {
		of := &r.Regions[i]
		const least = 1e-6 // as shares are written
		item := flow()
		put(item, "name", text(of.Name))
		put(item, "share", plain(units.FormatShare(max(of.Share, least))))
		put(item, "pops", plain(strconv.Itoa(of.Pops)))
		if n := networks[of.Name]; n != nil {
			put(item, "network", n)
		}
		regions.Content = append(regions.Content, item)
	}
	put(fleet, "regions", regions)
}

func (r *Rehearsal) fault(entry *yaml.Node, f RehearsalFault) {
	put(entry, "at", plain(units.FormatDuration(f.At)))
	drop(entry, "every")
	if f.Players > 0 {
		put(entry, "players", plain(strconv.Itoa(f.Players)))
	}
}

// files makes the names of files that a cohort or region has absolute.
func (r *Rehearsal) files(of *yaml.Node, getenv func(string) (string, bool)) {
	absolute := func(n *yaml.Node) {
		if n == nil || n.Kind != yaml.ScalarNode || r.Dir == "" {
			return
		}
		if name, err := ExpandEnv(n.Value, getenv); err == nil && !path.IsAbs(name) {
			n.Value = strings.ReplaceAll(r.Dir, "${", "$${") + "/" + strings.TrimPrefix(n.Value, "./")
		}
	}
	absolute(child(child(of, "network"), "trace"))
	profile := child(of, "profile")
	for _, n := range []*yaml.Node{profile, child(profile, "base")} {
		if n != nil && n.Kind == yaml.ScalarNode && isProfileFile(n.Value) {
			absolute(n)
		}
	}
}

// keep leaves out the conditions that depend on how many viewers there are.
func keep(root *yaml.Node, list string, of []*expect.Expectation) {
	n := child(root, list)
	if n == nil || n.Kind != yaml.SequenceNode || len(n.Content) != len(of) {
		return
	}
	left := n.Content[:0]
	for i, item := range n.Content {
		if !of[i].Grows() {
			left = append(left, item)
		}
	}
	if n.Content = left; len(left) == 0 {
		drop(root, list)
	}
}

// written is the file, checked.
func (r *Rehearsal) written(root *yaml.Node, e *Event) ([]byte, error) {
	data, err := yaml.Dump(root, yaml.WithV4Defaults(), yaml.WithLineWidth(-1), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return nil, fmt.Errorf("write a rehearsal of event %s: %w", e.Name, err)
	}
	var b strings.Builder
	for _, line := range r.Head {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	indented := false
	for line := range strings.Lines(string(data)) {
		if now := strings.HasPrefix(line, " "); indented && !now && line != "\n" {
			b.WriteString("\n")
			indented = false
		} else {
			indented = now
		}
		b.WriteString(line)
	}
	src := e.watched
	src.Data, src.File, src.Note = []byte(b.String()), r.Name+".yaml", ""
	if _, err := Load(src); err != nil {
		return nil, err
	}
	return src.Data, nil
}

// unanchored removes the anchors, whose aliases are expanded.
func unanchored(n *yaml.Node) {
	n.Anchor = ""
	for _, c := range n.Content {
		unanchored(c)
	}
}

// child is the value of a key; nil = there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	if i := mappingIndex(n, key); i >= 0 {
		return n.Content[i]
	}
	return nil
}

// mapping is the mapping under a key, made where there is none.
func mapping(n *yaml.Node, key string) *yaml.Node {
	m := child(n, key)
	if m == nil || m.Kind != yaml.MappingNode {
		m = &yaml.Node{Kind: yaml.MappingNode}
		put(n, key, m)
	}
	return m
}

func items(n *yaml.Node, key string) []*yaml.Node {
	if list := child(n, key); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}

// put replaces the value of a key, or adds it.
func put(n *yaml.Node, key string, v *yaml.Node) {
	if i := mappingIndex(n, key); i >= 0 {
		n.Content[i-1].HeadComment, n.Content[i-1].LineComment = "", "" // of the old value
		n.Content[i] = v
		return
	}
	n.Content = append(n.Content, text(key), v)
}

func drop(n *yaml.Node, key string) {
	if n == nil {
		return
	}
	if i := mappingIndex(n, key); i >= 0 {
		n.Content = slices.Delete(n.Content, i-1, i+1)
	}
}

// remark puts a comment above a key.
func remark(root *yaml.Node, at, words string) {
	n, keys := root, strings.Split(at, ".")
	for _, key := range keys[:len(keys)-1] {
		if n = child(n, key); n == nil {
			return
		}
	}
	i := mappingIndex(n, keys[len(keys)-1])
	if i < 0 {
		return
	}
	k := n.Content[i-1]
	k.HeadComment = strings.TrimRight("# "+strings.ReplaceAll(words, "\n", "\n# ")+"\n"+k.HeadComment, "\n")
}

func plain(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// flow is a mapping on one line.
func flow() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle} }
