package answer

import (
	"errors"
	"fmt"
	"math"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/reports/figure"
	"hlsload/scenarios"
)

// Schema names the form of capacity.json.
const Schema = "hlsload.capacity/v1"

// Question is what an answer is made from.
type Question struct {
	Event    *scenarios.Event
	Plan     *capacity.Plan // [PlanOf] the event
	Kernel   *kernel.Kernel
	Forecast *capacity.Forecast // of the plan with the kernel
	Errors   *capacity.Errors   // of the model, by a simulation that it has not seen
	Machine  Machine            // that a rehearsal would run on; zero = [DefaultMachine]
	Now      time.Time          // by which figures are old
}

// Answer is capacity.json. Times are in seconds after the start of the event, rates a second. Head-room is
// 1 − peak × margin ÷ limit: 0.2 = a fifth of the limit is left, negative = too little.
type Answer struct {
	Schema   string  `json:"schema"`
	Event    string  `json:"event"`
	Scenario string  `json:"scenario"`
	Starts   string  `json:"starts,omitempty"`
	Answered string  `json:"answered,omitempty"` // the day
	Margin   float64 `json:"margin"`
	// First says what breaks first, when, by how much, and what would prevent it: the headline, its
	// reason and the ways to prevent it in one.
	First    string   `json:"first"`
	Headline string   `json:"headline"`
	Reason   string   `json:"reason"`
	Prevents []string `json:"prevents"`
	Notes    []string `json:"notes"` // what is not in the figures
	// Warnings are what makes the figures doubtful: quotas and prices that were read long ago.
	Warnings []string `json:"warnings"`

	Minutes []Minute `json:"minutes"`
	Worst   []Worst  `json:"worst"`
	// Of these there is nothing when the model refuses.
	Quotas      []Quota       `json:"quotas"`
	Cost        *Cost         `json:"cost"`
	Mistakes    *Mistakes     `json:"mistakes"`
	Sensitivity []Sensitivity `json:"sensitivity"`
	Largest     []Largest     `json:"largest"`
	Rehearsal   *Rehearsal    `json:"rehearsal"`
	Model       Model         `json:"model"`
}

// Minute is the mean of a minute.
type Minute struct {
	T         float64  `json:"t_s"`
	Viewers   float64  `json:"viewers"`
	EdgeRPS   float64  `json:"edge_rps"`
	EdgeBPS   float64  `json:"edge_bps"`
	OriginRPS float64  `json:"origin_rps"`
	HitRatio  float64  `json:"hit_ratio"`
	ByRegion  []Region `json:"by_region"`
}

// Region is what is asked for in one region.
type Region struct {
	Name    string  `json:"name"`
	Viewers float64 `json:"viewers"`
	EdgeRPS float64 `json:"edge_rps"`
	EdgeBPS float64 `json:"edge_bps"`
}

// Worst is a fault. The rates at the edge and at the origin are the highest over a target duration;
// those by prefix are of the origin's busiest second.
type Worst struct {
	Fault          string             `json:"fault"`
	At             float64            `json:"at_s"`
	Viewers        float64            `json:"viewers"`
	Affected       float64            `json:"affected"` // share of the viewers
	EdgeRPS        float64            `json:"edge_rps"`
	EdgeBPS        float64            `json:"edge_bps"`
	OriginRPS      float64            `json:"origin_rps"`
	Before         Before             `json:"before"`
	OriginByPrefix map[string]float64 `json:"origin_by_prefix"`
	Lasts          float64            `json:"lasts_s"`
}

// Before is the load without the fault.
type Before struct {
	EdgeRPS   float64 `json:"edge_rps"`
	EdgeBPS   float64 `json:"edge_bps"`
	OriginRPS float64 `json:"origin_rps"`
}

// Model is how far the model is from a simulation that it has not seen: 0.1 = a tenth too much. null = it
// predicted requests where there were none.
type Model struct {
	EdgeError   *float64 `json:"edge_error"`
	OriginError *float64 `json:"origin_error"`
	PeakError   *float64 `json:"peak_error"`
	Refused     string   `json:"refused"` // why nothing is extrapolated; "" = it is
}

// Of answers. A model that is too far off ([capacity.Errors.Refuse]) gives an answer without quotas and
// costs, and is no error.
func Of(q *Question) (*Answer, error) {
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("capacity: %w", err)
	}
	e, f := q.Event, q.Forecast
	a := &Answer{Schema: Schema, Event: e.Name, Scenario: e.Scenario.Name, Margin: e.Margin, Notes: notesOf(e), Model: modelOf(q.Errors), Prevents: []string{}, Warnings: []string{},
		Worst: []Worst{}, Quotas: []Quota{}, Sensitivity: []Sensitivity{}, Largest: []Largest{}}
	if !e.Starts.IsZero() {
		a.Starts = e.Starts.UTC().Format(time.RFC3339)
	}
	if !q.Now.IsZero() {
		a.Answered = q.Now.UTC().Format(time.DateOnly)
	}
	for i := range f.Minutes {
		a.Minutes = append(a.Minutes, minuteOf(&f.Minutes[i]))
	}
	prefixes := prefixesOf(e, f.Classes)
	for i := range f.Worst {
		a.Worst = append(a.Worst, worstOf(&f.Worst[i], prefixes))
	}
	if a.Model.Refused != "" {
		a.Headline, a.Reason = refusal(q.Errors)
		a.first()
		return a, nil
	}
	a.Quotas = q.quotas(q.Plan, f)
	cost := q.cost(q.Plan, f)
	a.Cost, a.Rehearsal = &cost, q.rehearsal()
	a.Warnings = a.stale()
	v := q.variants()
	var err error
	if a.Mistakes, err = v.mistakes(); err != nil {
		return nil, err
	}
	if a.Sensitivity, err = v.sensitivity(); err != nil {
		return nil, err
	}
	if a.Largest, err = v.largest(a.Quotas); err != nil {
		return nil, err
	}
	a.conclude(e.Origin.Partitions)
	return a, nil
}

func (q *Question) check() error {
	switch {
	case q.Event == nil || q.Plan == nil || q.Kernel == nil || q.Forecast == nil || q.Errors == nil:
		return errors.New("an answer needs an event, a plan, a kernel, a forecast and the errors of the model")
	case len(q.Forecast.Minutes) == 0 || q.Forecast.Busiest >= len(q.Forecast.Minutes):
		return errors.New("a forecast without a minute (want that of a plan)")
	case len(q.Event.Curve) == 0 || len(q.Event.Regions) != len(q.Plan.Regions):
		return fmt.Errorf("an event of %d points and %d regions for a plan of %d regions (want its own plan)", len(q.Event.Curve), len(q.Event.Regions), len(q.Plan.Regions))
	}
	if q.Machine == (Machine{}) {
		q.Machine = DefaultMachine
	}
	if err := q.Machine.Check(); err != nil {
		return err
	}
	return q.Plan.Check()
}

func minuteOf(m *capacity.Minute) Minute {
	out := Minute{T: seconds(m.At), Viewers: tidy(m.Viewers), EdgeRPS: tidy(m.Edge), EdgeBPS: tidy(m.Bits), OriginRPS: tidy(m.Origin), HitRatio: figure.Round(m.HitRatio(), 9)}
	for _, r := range m.Regions {
		out.ByRegion = append(out.ByRegion, Region{Name: r.Name, Viewers: tidy(r.Viewers), EdgeRPS: tidy(r.Edge), EdgeBPS: tidy(r.Bits)})
	}
	return out
}

func worstOf(w *capacity.Worst, by prefixes) Worst {
	out := Worst{Fault: w.Fault, At: seconds(w.At), Viewers: tidy(w.Viewers), Affected: tidy(w.Affected), EdgeRPS: tidy(w.Edge), EdgeBPS: tidy(w.Bits), OriginRPS: tidy(w.Origin),
		Before: Before{tidy(w.Before.Edge), tidy(w.Before.Bits), tidy(w.Before.Origin)}, OriginByPrefix: map[string]float64{}, Lasts: seconds(w.Lasts)}
	for name, rate := range by.rates(&w.AtPeak) {
		out.OriginByPrefix[name] = tidy(rate)
	}
	return out
}

func modelOf(e *capacity.Errors) Model {
	m := Model{EdgeError: worse(e.Edge, e.Bits), OriginError: worse(e.Origin), PeakError: worse(e.PeakEdge, e.PeakOrigin)}
	if err := e.Refuse(); err != nil {
		m.Refused = err.Error()
	}
	return m
}

// refusal says why a model refuses.
func refusal(e *capacity.Errors) (headline, reason string) {
	var r *capacity.Refusal
	if err := e.Refuse(); !errors.As(err, &r) {
		return fmt.Sprintf("The model refuses to answer: %v.", err), ""
	}
	return fmt.Sprintf("The model refuses to answer: its %s is wrong by %+.0f %%.", r.What, r.By*100),
		fmt.Sprintf("It was compared with a simulation that it has not seen, and may be wrong by at most %.0f %%: the load below is a guess.", capacity.Limit*100)
}

// worse is the error that is furthest from 0.
func worse(of ...float64) *float64 {
	most := 0.0
	for _, x := range of {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
		if math.Abs(x) > math.Abs(most) {
			most = x
		}
	}
	most = tidy(most)
	return &most
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// tidy rounds to six digits: the model has fewer.
func tidy(x float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	digits := 5 - int(math.Floor(math.Log10(math.Abs(x))))
	if digits > 0 {
		scale := math.Pow(10, float64(min(digits, 300)))
		return math.Round(x*scale) / scale
	}
	scale := math.Pow(10, float64(-digits))
	return math.Round(x/scale) * scale
}
