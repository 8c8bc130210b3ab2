package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/player/audience"
	"hlsload/player/units"
)

// maxStages bounds the stages of an audience, and the points of its curve.
const maxStages = 1000

var arriveKey = key{name: "arrive", without: "linear, over 15s", example: "{over: 15s, shape: linear}", doc: "how players arrive: over and shape, or stages, or a curve", keys: []key{
	{name: "over", form: ofDuration, without: "15s, or the duration if that is shorter", example: "1m", doc: "time in which all players arrive"},
	{name: "shape", form: ofWord, word: []string{string(audience.Linear), string(audience.Burst), string(audience.Poisson)}, def: "linear", example: "burst", doc: "at equal distances, as a crowd of which half comes in the first seventh of the time, or independently of each other"},
	{name: "stages", without: "none", example: "[{to: 1000, over: 20s}, {to: 1000, over: 1m}]", doc: "a ramp: the number of viewers moves to each value in turn, in the time given",
		items: &key{example: "{to: 1000, over: 1m}", keys: []key{
			{name: "to", form: ofCount, most: audience.MaxPlayers, required: true, example: "1000", doc: "viewers at the end of the stage"},
			{name: "over", form: ofDuration, required: true, example: "1m", doc: "length of the stage; 0s is a jump"},
		}}},
	{name: "curve", without: "none", example: "[{at: 0s, players: 0}, {at: 20s, players: 1k}, {at: 1m, players: 200}]", doc: "the number of viewers over time, in straight lines between points; after the last one it stays",
		items: &key{example: "{at: 10m, players: 600k}", keys: []key{
			{name: "at", form: ofDuration, required: true, example: "0s", doc: "instant of the run, later than that of the point before; the first point is at 0s"},
			{name: "players", form: ofCount, most: audience.MaxPlayers, required: true, example: "600k", doc: "viewers at that instant; where the number falls, those leave first that came first"},
		}}},
}}

func (d *decoder) arrive(v, playersAt value, a *audience.Config, duration time.Duration) {
	a.Arrive = audience.Arrive{Shape: audience.Linear, Over: min(15*time.Second, duration)}
	s, ok := v.section()
	if !ok {
		return
	}
	shapeAt, overAt, stagesAt, curveAt := s.at("shape"), s.at("over"), s.at("stages"), s.at("curve")
	s.done()
	a.Arrive.Shape = audience.Shape(shapeAt.choice("linear"))
	a.Arrive.Over = overAt.duration(a.Arrive.Over)
	if a.Arrive.Over > duration {
		overAt.wrong("arrivals would end after the run", "at most the duration, "+units.FormatDuration(duration))
	}
	planAt, plan := stagesAt, "stages"
	switch {
	case curveAt.given() && stagesAt.given():
		curveAt.problem("conflicts with stages (got both; want one of them)")
		return
	case curveAt.given():
		planAt, plan = curveAt, "curve"
	case !stagesAt.given():
		return
	}
	for _, at := range []value{shapeAt, overAt} {
		if at.given() {
			at.problem("conflicts with %s (got both; want either %[1]s, or over and shape)", plan)
		}
	}
	a.Arrive.Shape, a.Arrive.Over = "", 0
	if plan == "stages" {
		a.Arrive.Stages = d.stages(stagesAt, duration)
	} else {
		a.Arrive.Stages = d.curve(curveAt, duration)
	}
	d.peak(planAt, playersAt, plan, a)
}

// listed is the items of the plan of an audience; none when there are too few or too many.
func (d *decoder) listed(v value, what string) []value {
	items := v.list()
	if v.n.Kind == yaml.SequenceNode && (len(items) == 0 || len(items) > maxStages) {
		v.problem("bad %s (got %d; want 1 to %d)", what, len(items), maxStages)
		return nil
	}
	return items
}

func (d *decoder) stages(v value, duration time.Duration) (stages []audience.Stage) {
	var length time.Duration
	for _, item := range d.listed(v, "stages") {
		s, ok := item.section()
		if !ok {
			continue
		}
		toAt, overAt := s.at("to"), s.at("over")
		s.done()
		if !toAt.given() || !overAt.given() {
			item.problem("incomplete stage (want {to: 1000, over: 1m})")
			continue
		}
		st := audience.Stage{To: toAt.count(0), Over: overAt.duration(0)}
		length += st.Over
		stages = append(stages, st)
	}
	if length > duration {
		v.problem("stages would end after the run (got %s in all; want at most the duration, %s)", units.FormatDuration(length), units.FormatDuration(duration))
	}
	return stages
}

// curve reads the points of a curve, as stages. With a problem in one of them there is none.
func (d *decoder) curve(v value, duration time.Duration) []audience.Stage {
	var points []audience.Point
	before := len(d.problems)
	for i, item := range d.listed(v, "curve") {
		s, ok := item.section()
		if !ok {
			continue
		}
		atAt, playersAt := s.at("at"), s.at("players")
		s.done()
		if !atAt.given() || !playersAt.given() {
			item.problem("incomplete point (want {at: 10m, players: 600k})")
			continue
		}
		p := audience.Point{At: atAt.duration(0), Players: playersAt.count(0)}
		switch {
		case d.bad[atAt.n]:
			continue
		case i == 0 && p.At != 0:
			atAt.wrong("the first point is not at the start", "0s, with players: 0 where the audience grows from nothing")
		case len(points) > 0 && p.At <= points[len(points)-1].At:
			atAt.wrong("not after the point before", "more than "+units.FormatDuration(points[len(points)-1].At))
			continue
		case p.At > duration:
			atAt.wrong("after the end of the run", "at most the duration, "+units.FormatDuration(duration))
		}
		points = append(points, p)
	}
	if len(d.problems) > before {
		return nil
	}
	if !slices.ContainsFunc(points, func(p audience.Point) bool { return p.Players > 0 }) {
		v.problem("the curve has no players (got players: 0 in every point; want 1 or more in at least one)")
		return nil
	}
	return audience.Curve(points)
}

// peak makes fleet.players and the highest number of a plan the same.
func (d *decoder) peak(v, playersAt value, plan string, a *audience.Config) {
	switch peak := a.Peak(); {
	case len(a.Arrive.Stages) == 0:
	case peak == 0:
		v.problem("the stages have no players (got to: 0 in every stage; want 1 or more in at least one)")
	case !playersAt.given():
		a.Players = peak
	case d.from[playersAt.n] != "": // an override scales the shape
		for i := range a.Arrive.Stages {
			st := &a.Arrive.Stages[i]
			st.To = int(math.Round(float64(st.To) * float64(a.Players) / float64(peak)))
		}
	case a.Players != peak:
		playersAt.wrong("not the peak of the "+plan, fmt.Sprintf("%d, the peak, or leave the key out", peak))
	}
	if n := a.Arrivals(); n > audience.MaxPlayers {
		v.problem("too many viewers arrive in all (got %d; want at most %d)", n, audience.MaxPlayers)
	}
}
