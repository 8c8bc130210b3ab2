package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/capacity/tariff"
	"hlsload/player/units"
)

// EventPoint is the number of viewers at one time after the start of the event, or before
// it. Between points the number changes in a straight line. Before the first point there
// are none; after the last the number stays.
type EventPoint struct {
	At      time.Duration
	Viewers int
}

// EventRegion is where a part of the viewers watches.
type EventRegion struct {
	Name  string
	Share float64 // of the viewers; all add up to 1
	// Weights are the parts of the region's viewers that its POPs serve; they add up to 1.
	Weights []float64
	Pops    int
	Price   string // region of the price list; "" = not known
}

// Defaults of a region.
const (
	defaultRegion = "all"
	defaultPops   = 60 // a tenth of CloudFront's
)

var eventCurveKey = key{name: "curve", required: true, example: "[{at: -30m, viewers: 0}, {at: 0s, viewers: 600k}, {at: 12m, viewers: 1M}, {at: 2h, viewers: 1M}, {at: 2h5m, viewers: 50k}]",
	doc: "the number of viewers over time, in straight lines between points; before the first point there are none, after the last it stays; at most 1000 points",
	items: &key{example: "{at: 12m, viewers: 1M}", keys: []key{
		{name: "at", form: ofOffset, least: -int64(maxEvent), most: int64(maxEvent), required: true, example: "-30m", doc: "time after the start of the event, or before it with a minus sign; later than that of the point before"},
		{name: "viewers", form: ofCount, most: MaxViewers, required: true, example: "600k", doc: "viewers at that time"},
	}}}

var eventRegionsKey = key{name: "regions", without: "one, of 60 POPs", example: "[{name: eu, share: 70%, pops: 60, price: us-eu}, {name: in, share: 30%, pops: 20, price: india}]",
	doc: "where the viewers watch; the shares add up to 100%; at most 64",
	items: &key{example: "{name: eu, share: 70%, pops: 60, price: us-eu}", keys: []key{
		{name: "name", form: ofName, required: true, example: "eu", doc: "name in every output"},
		{name: "share", form: ofShare, without: "an equal part of what the others leave", example: "70%", doc: "share of the viewers"},
		{name: "pops", form: ofInteger, least: 1, most: maxEventPops, without: "60, or as many as weights", example: "60", doc: "POPs that serve its viewers"},
		{name: "weights", items: &eventWeightKey, without: "by rank: the nth POP serves 1/n^0.7 of what the first does", example: "[5, 3, 1]", doc: "how many viewers each of its POPs serves, compared with the others"},
		{name: "price", form: ofName, without: "not known: costs are a range over all regions", example: "us-eu", doc: "its region in the price list"},
	}}}

var eventWeightKey = key{form: ofNumber, example: "3", doc: "a number of more than 0"}

// Span is from the first viewer to the end of the event, or to the last point of the curve
// if that is later.
func (e *Event) Span() (from, to time.Duration) {
	if len(e.Curve) == 0 {
		return 0, e.Duration
	}
	return e.Curve[0].At, max(e.Duration, e.Curve[len(e.Curve)-1].At)
}

// Peak is the greatest number of viewers, and the first time at which there are so many.
func (e *Event) Peak() (peak EventPoint) {
	for _, p := range e.Curve {
		if p.Viewers > peak.Viewers {
			peak = p
		}
	}
	return peak
}

func (d *decoder) eventAudience(v, whole value, e *Event) {
	s, ok := v.section()
	if !ok {
		return
	}
	curveAt, sessionAt, regionsAt := s.at("curve"), s.at("session"), s.at("regions")
	s.done()
	switch {
	case !v.given():
		whole.problem("audience is missing (want audience: {curve: [{at: 0s, viewers: 1M}]})")
	case !curveAt.given():
		v.problem("curve is missing (want the viewers over time, such as curve: [{at: 0s, viewers: 1M}])")
	default:
		d.eventCurve(curveAt, e)
	}
	if s, ok := sessionAt.section(); ok {
		mean := s.at("mean")
		s.done()
		if e.Session = mean.duration(0); e.Session != 0 && e.Session < time.Second {
			mean.wrong("out of range", "0s for viewers that stay, or at least 1s")
		}
	}
	d.eventRegions(regionsAt, e)
}

func (d *decoder) eventCurve(v value, e *Event) {
	items := v.list()
	if v.n.Kind == yaml.SequenceNode && (len(items) == 0 || len(items) > maxEventPoints) {
		v.problem("bad curve (got %d points; want 1 to %d)", len(items), maxEventPoints)
		return
	}
	before := len(d.problems)
	for _, item := range items {
		s, ok := item.section()
		if !ok {
			continue
		}
		at, viewersAt := s.at("at"), s.at("viewers")
		s.done()
		if !at.given() || !viewersAt.given() {
			item.problem("incomplete point (want {at: 12m, viewers: 1M})")
			continue
		}
		p := EventPoint{at.offset(0), viewersAt.count(0)}
		if d.bad[at.n] {
			continue
		}
		if n := len(e.Curve); n > 0 && p.At <= e.Curve[n-1].At {
			at.problem("the curve goes backwards in time (got %s after %s; want each point later than the one before)", units.FormatDuration(p.At), units.FormatDuration(e.Curve[n-1].At))
			continue
		}
		e.Curve = append(e.Curve, p)
	}
	switch {
	case len(d.problems) > before || len(e.Curve) == 0:
	case e.Peak().Viewers == 0:
		v.problem("the curve has no viewers (got 0 at every point; want 1 or more at one of them at least)")
	case e.Duration > 0 && e.Curve[0].At >= e.Duration:
		v.problem("the curve begins when the event is over (got %s; want less than the duration, %s)", units.FormatDuration(e.Curve[0].At), units.FormatDuration(e.Duration))
	}
}

func (d *decoder) eventRegions(v value, e *Event) {
	items := v.list()
	if v.given() && v.n.Kind == yaml.SequenceNode && (len(items) == 0 || len(items) > maxEventRegions) {
		v.problem("bad regions (got %d; want 1 to %d, or leave the key out)", len(items), maxEventRegions)
		return
	}
	if len(items) == 0 {
		e.Regions = []EventRegion{{Name: defaultRegion, Share: 1, Pops: defaultPops, Weights: byRank(defaultPops)}}
		return
	}
	e.Regions = make([]EventRegion, len(items))
	shares := make([]*float64, len(items))
	names := map[string]bool{}
	for i, item := range items {
		r := &e.Regions[i]
		*r = d.eventRegion(item)
		if shares[i] = &r.Share; r.Name != "" && names[r.Name] {
			nameValue(item).wrong("duplicate name", "a unique name")
		}
		names[r.Name] = true
	}
	d.shares(v, "regions", shares)
}

// eventRegion decodes one item. Its share is 0 when it is not given.
func (d *decoder) eventRegion(v value) EventRegion {
	s, ok := v.section()
	if !ok {
		return EventRegion{Share: unreadable}
	}
	var r EventRegion
	nameAt := s.at("name")
	if r.Name = nameAt.name(""); !nameAt.given() {
		v.problem("name is missing (want a name for every region)")
	} else if r.Name != "" {
		d.rename(s, v, r.Name)
	}
	shareAt, popsAt, weightsAt, priceAt := s.at("share"), s.at("pops"), s.at("weights"), s.at("price")
	s.done()
	if r.Share = shareAt.share(0); shareAt.given() && r.Share == 0 {
		r.Share = unreadable
	}
	r.Price = priceAt.name("")
	r.Weights = eventWeights(weightsAt)
	if r.Pops = popsAt.count(defaultPops); r.Weights == nil {
		r.Weights = byRank(r.Pops)
	} else if n := len(r.Weights); popsAt.given() && !d.bad[popsAt.n] && n != r.Pops {
		weightsAt.problem("not one for each POP (got %d for %d POPs; want as many as pops, or leave pops out)", n, r.Pops)
	}
	r.Pops = len(r.Weights)
	return r
}

// eventWeights reads the weights of a region and makes their sum 1; nil = there are none.
func eventWeights(v value) []float64 {
	items := v.list()
	if v.given() && v.n.Kind == yaml.SequenceNode && (len(items) == 0 || len(items) > maxEventPops) {
		v.problem("bad weights (got %d; want 1 to %d)", len(items), maxEventPops)
		return nil
	}
	var weights []float64
	for _, item := range items {
		const most = 1e9
		w := item.number(1)
		if !(w > 0 && w <= most) {
			item.wrong("out of range", "more than 0, at most 1000000000")
			w = 1
		}
		weights = append(weights, w)
	}
	return sumToOne(weights)
}

// byRank shares viewers out to n POPs by Zipf's law with exponent 0.7, a guess: few POPs
// serve most of the viewers of a region.
func byRank(n int) []float64 {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -0.7)
	}
	return sumToOne(weights)
}

func sumToOne(weights []float64) []float64 {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// eventPriceRegions checks the regions against the prices, which may be the user's.
func (d *decoder) eventPriceRegions(audience value, e *Event) {
	known := e.Prices.Regions(tariff.Out)
	for i, r := range e.Regions {
		if r.Price == "" || slices.Contains(known, r.Price) {
			continue
		}
		at, _ := audience.below(fmt.Sprintf("regions.%d.price", i))
		at.path = "audience.regions." + r.Name + ".price"
		at.wrong("no prices of this region", nearOf(r.Price, known))
	}
}
