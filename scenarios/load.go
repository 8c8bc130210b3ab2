package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/scenarios/redact"
)

// Source is a scenario before it is decoded.
type Source struct {
	File string // for messages and summaries
	Data []byte

	// Getenv looks up ${NAME}; nil means that nothing is set.
	Getenv func(name string) (string, bool)
	// ReadFile reads a file that the scenario refers to, by the name it has in
	// the scenario; nil = the scenario cannot refer to files.
	ReadFile func(name string) ([]byte, error)
	// Overrides are applied in this order: environment first, then flags.
	Overrides []Override
	// Now is the day on which consent must not have expired; nil = time.Now.
	Now func() time.Time
}

func (s *Source) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Defaults of the top level.
const (
	defaultSeed     = 1
	defaultDuration = 100 * time.Second
	defaultRecovery = 30 * time.Second
	defaultLagLimit = 100 * time.Millisecond
)

// Load decodes and checks a scenario. The error is a [Problems] with
// everything that is wrong.
func Load(src Source) (*Scenario, error) {
	d := newDecoder(src)
	root := d.document(src.Data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	for _, o := range src.Overrides {
		d.override(root, o)
	}
	sum := sha256.Sum256(src.Data)
	sc := &Scenario{File: src.File, SHA256: hex.EncodeToString(sum[:]), secrets: &redact.Secrets{}, references: d.references}
	d.scenario(value{d: d, n: root}, sc)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	sc.learn()
	return sc, nil
}

// Keys that a later version will give a meaning to.
var reserved = []string{"targets"}

func (d *decoder) scenario(v value, sc *Scenario) {
	s, ok := v.section("a mapping with version, name, target, fleet and chaos")
	if !ok {
		return
	}
	if !v.given() {
		v.problem("%s", emptyScenario)
		return
	}
	d.version(s, v)
	nameAt := s.at("name")
	if sc.Name = nameAt.name(""); !nameAt.given() {
		v.problem("name is missing (want a name such as pipeline-kill)")
	}
	if at := s.at("description"); at.given() {
		sc.Description, _ = at.text("a text")
	}
	sc.Seed = uint64(s.at("seed").integer(defaultSeed, 0, 1<<53))
	sc.Recovery = s.at("recovery").duration(defaultRecovery, 0, maxDuration)
	sc.Target = d.target(s.at("target"))
	sc.AWS = d.aws(s.at("aws"))
	chaosAt := s.at("chaos")
	sc.Duration = s.at("duration").duration(max(defaultDuration, timelineEnd(chaosAt)+sc.Recovery), time.Second, maxDuration)
	d.fleet(s.at("fleet"), sc)
	sc.Chaos = d.chaos(chaosAt, sc)
	d.crowded(chaosAt, sc)
	d.tagged(s.at("aws"), sc)
	sc.Stop = d.expectations(s.at("stop"), sc, true)
	sc.Expect = d.expectations(s.at("expect"), sc, false)
	d.undisturbed(s.at("fleet"), sc)
	d.limits(s.at("limits"), sc)
	d.authorized(s.at("authorized"), s.at("target"), sc)
	for _, key := range reserved {
		s.forbid(key, "reserved for a later version (leave this key out)")
	}
	s.done()
}

func (d *decoder) version(s *section, v value) {
	at := s.at("version")
	if !at.given() {
		v.problem("version is missing (want version: 1)")
		return
	}
	switch {
	case at.n.Kind != yaml.ScalarNode || at.n.ShortTag() != "!!int":
		at.wrong("wrong type", "the number 1")
	case at.n.Value != "1":
		at.wrong("unknown version of the format", "1")
	}
}

// timelineEnd is the end of the last window, as far as it can be read: the
// default duration follows from it. Problems are reported later.
func timelineEnd(list value) time.Duration {
	var end time.Duration
	if !list.given() || list.n.Kind != yaml.SequenceNode {
		return 0
	}
	length := func(n *yaml.Node, key string) time.Duration {
		if i := mappingIndex(n, key); i >= 0 {
			if d, ok := parseDuration(n.Content[i].Value); ok {
				return min(d, maxDuration)
			}
		}
		return 0
	}
	for _, n := range list.n.Content {
		end = max(end, length(n, "at")+length(n, "for"))
	}
	return end
}

// undisturbed checks that a cohort without faults can be kept free of them.
func (d *decoder) undisturbed(fleet value, sc *Scenario) {
	for i, c := range sc.Fleet.Audience.Cohorts {
		if !c.FaultsNone {
			continue
		}
		for _, e := range sc.Chaos {
			if via := e.Via; via == chaos.ViaAWS || via == chaos.ViaCommand {
				at, _ := fleet.below(fmt.Sprintf("cohorts.%d.faults", i))
				at.path = "fleet.cohorts." + c.Name + ".faults"
				at.problem("fault %s affects every viewer, since it is applied via %s (got faults: none; want faults: all, or a fault via rig or viewer)", e.Name, via)
				break
			}
		}
	}
}
