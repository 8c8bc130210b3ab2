package player

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"hlsload/player/units"
)

// MarshalYAML is the inverse of UnmarshalYAML.
func (r Rung) MarshalYAML() (any, error) {
	if len(r.Delays) > 0 {
		return map[string][]units.Duration{r.Step: r.Delays}, nil
	}
	return r.Step, nil
}

// UnmarshalYAML reads a step name, or one with delays as in {retry: [1s, 2s]}.
func (r *Rung) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		r.Step = n.Value
		r.Delays = nil
		return nil
	}
	var m struct {
		Retry        []units.Duration `yaml:"retry"`
		Reload       []units.Duration `yaml:"reload"`
		Round        []units.Duration `yaml:"round"`
		UntilStarved []units.Duration `yaml:"until_starved"`
		WhileOthers  []units.Duration `yaml:"while_others"`
	}
	if err := n.Decode(&m); err != nil {
		return err
	}
	switch {
	case len(n.Content) != 2 || len(m.Retry)+len(m.Reload)+len(m.Round)+len(m.UntilStarved)+len(m.WhileOthers) == 0:
		return fmt.Errorf("line %d: bad step (want a name such as pathway, {retry: [1s, 2s]} or {until_starved: [0s, 1s]})", n.Line)
	case len(m.Retry) > 0:
		r.Step, r.Delays = StepRetry, m.Retry
	case len(m.Reload) > 0:
		r.Step, r.Delays = StepReload, m.Reload
	case len(m.Round) > 0:
		r.Step, r.Delays = StepRound, m.Round
	case len(m.WhileOthers) > 0:
		r.Step, r.Delays = StepWhileOthers, m.WhileOthers
	default:
		r.Step, r.Delays = StepUntilStarved, m.UntilStarved
	}
	return nil
}
