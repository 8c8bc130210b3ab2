package scenarios

import (
	"encoding/json"

	"hlsload/chaos"
)

// DecodeFault reads a fault that is given to a running rig: a chaos entry in
// JSON, without `at` and `every`, since it starts now; without `for` it stays
// until it is cleared. It takes only what the rig itself can apply. The error
// is a [Problems].
func DecodeFault(data []byte, t Target) (chaos.Fault, error) {
	d := newDecoder(Source{File: "fault", Data: data}, scenarioFile)
	if len(data) <= MaxBytes && !json.Valid(data) {
		d.report("", 1, 1, "not valid JSON (want a chaos entry such as {\"name\": \"kill-0\", \"fault\": \"pipeline.kill\", \"pipeline\": 0})")
		return chaos.Fault{}, d.problems
	}
	root := d.document(data)
	if root == nil {
		return chaos.Fault{}, d.problems.sorted()
	}
	e := d.fault(value{d: d, n: root, key: scenarioKey.find("chaos").items}, t)
	if len(d.problems) > 0 {
		return chaos.Fault{}, d.problems.sorted()
	}
	return e.Fault, nil
}

func (d *decoder) fault(v value, t Target) chaos.Entry {
	s, ok := v.section()
	if !ok {
		return chaos.Entry{}
	}
	for _, key := range []string{"at", "every"} {
		s.forbid(key, "a fault sent to a running rig starts at once and does not repeat (leave this key out)")
	}
	e := d.entryOf(s, t)
	target := (&Scenario{Target: t}).chaosTarget()
	open := e
	if spec := chaos.Lookup(e.Kind); spec != nil && !spec.Instant && !s.at("for").given() {
		open.For = chaos.MinEvery // any length will do: it stays until it is cleared
	}
	d.check(s, &open, target)
	e.Via, e.Resume, e.Children, e.Then = open.Via, open.Resume, open.Children, open.Then
	if len(d.problems) == 0 && e.Via != chaos.ViaRig {
		s.at("fault").problem("%s cannot be applied by the rig itself (got via %s; want a fault with via rig)", e.Kind, e.Via)
	}
	return e
}
