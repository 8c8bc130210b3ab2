package player

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// Recovery is a list of steps, tried in order until one can be taken.
type Recovery = []policy.Choice[RecoveryStep]

// RecoveryStep is one way out of an error.
type RecoveryStep interface {
	// take takes the step, if it can be taken. n is how many failures of the kind
	// there were before.
	take(p *Player, f *flight, failure Failure, n int) (Decision, bool)
}

var _ = policy.Register("step", policy.Offers[RecoveryStep]{
	"level":         &stepLevel{},
	"pathway":       &stepPathway{For: units.Duration(300 * time.Second)},
	"location":      &stepLocation{For: units.Duration(300 * time.Second)},
	"spared":        &stepSpared{},
	"reselect":      &stepReselect{},
	"ban":           &stepBan{},
	"clear":         &stepClear{},
	"retry":         &stepRetry{},
	"reload":        &stepReload{},
	"round":         &stepRound{},
	"until_starved": &stepUntilStarved{},
	"while_others":  &stepWhileOthers{},
	"due":           &stepDue{},
	"restore":       &stepRestore{},
	"wait":          &stepWait{},
	"skip":          &stepSkip{},
	"drop":          &stepDrop{},
	"idle":          &stepIdle{},
	"fatal":         &stepFatal{},
})

// early is a step that can be taken while there is no multivariant playlist, and
// so nothing to choose from.
type early interface{ early() }

// limitSteps takes the parameters of a list of steps.
func limitSteps(l *policy.Limits, then *Recovery) { policy.List(l, "then", then, 1, 16) }

// recover takes the first step that can be taken. n is how many failures of the
// kind there were before.
func (p *Player) recover(f *flight, steps Recovery, failure Failure, n int) bool {
	if f.kind != m3u8.KindMultivariant {
		r := p.errs.of(p.main.rendition)
		r.recoveries = bump(r.recoveries)
	}
	for i := range steps {
		step := &steps[i]
		if _, ok := step.Is.(early); !ok && p.ladder == nil {
			continue
		}
		before := len(p.cfg.work.out)
		d, ok := step.Is.take(p, f, failure, n)
		if !ok {
			continue
		}
		if d != NoDecision { // it comes before what it led to
			out := &p.cfg.work.out
			*out = slices.Insert(*out, before, Action{Type: Note, Sample: Sample{At: p.now, Type: Detected, Decision: d,
				Kind: f.kind, Track: f.track, Rendition: f.rendition, Pipeline: p.pipelineOf(int(f.rendition)),
				Failure: failure, Reason: step.Name()}})
		}
		return true
	}
	return false
}
