package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/chaos"
	"hlsload/player/units"
	"hlsload/scenarios/redact"
)

// Source is a scenario before it is decoded.
type Source struct {
	File string // for messages and summaries
	// Argument names the scenario on the command line; "" = File does.
	Argument string
	Data     []byte
	Note     string // for people: why this is not the file that was asked for; "" = it is

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
	d := newDecoder(src, scenarioFile)
	root := d.document(src.Data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	if at := ofEvent(root); at != nil {
		d.report("", at.Line, at.Column, "this is an event, not a scenario (got the key %s; hlsload validate checks both)", at.Value)
		return nil, d.problems
	}
	for _, o := range src.Overrides {
		d.override(root, o)
	}
	sum := sha256.Sum256(src.Data)
	sc := &Scenario{File: src.File, Argument: src.Argument, overrides: src.Overrides, SHA256: hex.EncodeToString(sum[:]), secrets: &redact.Secrets{}, references: d.references}
	d.scenario(value{d: d, n: root, key: &scenarioKey}, sc)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	sc.learn()
	sc.settings, sc.profiled = d.settled(root, sc), d.profiled
	return sc, nil
}

// Keys that a later version will give a meaning to.
var reserved = []string{"targets"}

// scenarioKey is a whole file.
var scenarioKey = key{example: "{version: 1, name: my-first, target: {rig: {}}}", keys: []key{
	{name: "version", form: ofInteger, least: 1, most: 1, required: true, example: "1", doc: "version of the format"},
	{name: "name", form: ofName, required: true, example: "pipeline-kill", doc: "name of the scenario in every output"},
	{name: "description", form: ofText, without: "nothing", example: "Pipeline 0 crashes.", doc: "what the scenario shows, for people; the first sentence stands in lists"},
	{name: "seed", form: ofInteger, most: 1 << 53, def: "1", example: "7", doc: "seed of everything that is random; the same seed gives the same players, arrivals and draws"},
	{name: "duration", form: ofDuration, least: int64(time.Second), most: int64(maxDuration), without: "the end of the timeline and its recovery, at least 100s", example: "2m", doc: "length of the run from the first arrival; it must hold the whole timeline"},
	{name: "recovery", form: ofDuration, def: "30s", example: "45s", doc: "how long the recovery phase lasts after the end of a fault"},
	targetKey,
	fleetKey,
	{name: "chaos", items: &key{example: "{name: kill-0, fault: pipeline.kill, at: 30s, for: 40s, pipeline: 0}", keys: chaosKeys}, without: "no faults",
		example: "[{name: kill-0, fault: pipeline.kill, at: 30s, for: 40s, pipeline: 0}]", doc: "the faults of the run, at most 64"},
	{name: "stop", items: &conditionKey, without: "none", example: "[stalled_now > 90% for 20s]", doc: "conditions that end the run early, with all faults undone; they look at the last 5 s, or hold for a time"},
	{name: "expect", items: &conditionKey, without: "only viewers_served", example: `["failed_over{fault=kill-0} >= 99%"]`, doc: "what the service owes its viewers; all of it must hold for the verdict PASS"},
	{name: "known", items: &conditionKey, without: "none", example: `["failed_over{fault=kill-0} == 0%"]`, doc: "what players are known to do, good or bad; an entry that does not hold is a finding in the report and changes neither the verdict nor the exit code"},
	limitsKey,
	authorizedKey,
	awsKey,
}}

// conditionKey is an item of stop, expect and known.
var conditionKey = key{form: ofCondition, example: "failed_over{fault=kill-0} >= 99%", doc: "a condition"}

func (d *decoder) scenario(v value, sc *Scenario) {
	s, ok := v.section()
	if !ok {
		return
	}
	if !v.given() {
		v.problem("%s", d.kind.empty())
		return
	}
	d.version(s, v)
	nameAt := s.at("name")
	if sc.Name = nameAt.name(""); !nameAt.given() {
		v.problem("name is missing (want a name such as pipeline-kill)")
	}
	if at := s.at("description"); at.given() {
		sc.Description, _ = at.text()
	}
	sc.Seed = uint64(s.at("seed").integer(defaultSeed))
	sc.Recovery = s.at("recovery").duration(defaultRecovery)
	sc.Target = d.target(s.at("target"))
	sc.AWS = d.aws(s.at("aws"))
	chaosAt := s.at("chaos")
	sc.Duration = s.at("duration").duration(max(defaultDuration, timelineEnd(chaosAt)+sc.Recovery))
	d.fleet(s.at("fleet"), s.at("target"), sc)
	sc.Chaos = d.chaos(chaosAt, sc)
	d.crowded(chaosAt, sc)
	d.tagged(s.at("aws"), sc)
	sc.Stop = d.expectations(s.at("stop"), sc, true)
	sc.Expect = d.expectations(s.at("expect"), sc, false)
	sc.Known = d.expectations(s.at("known"), sc, false)
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
			if d, ok := units.ParseDuration(n.Content[i].Value); ok {
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
			if via := e.Via; via == chaos.ViaAWS || via == chaos.ViaCommand || via == chaos.ViaManual {
				at, _ := fleet.below(fmt.Sprintf("cohorts.%d.faults", i))
				at.path = "fleet.cohorts." + c.Name + ".faults"
				at.problem("fault %s affects every viewer, since it is applied via %s (got faults: none; want faults: all, or a fault via rig or viewer)", e.Name, via)
				break
			}
		}
	}
}
