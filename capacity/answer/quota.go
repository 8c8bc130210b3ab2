package answer

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/capacity/tariff"
	"hlsload/player/m3u8"
	"hlsload/rig"
	"hlsload/scenarios"
)

// Quota is how near a limit is.
type Quota struct {
	Name     string  `json:"name"`
	What     string  `json:"what"`
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit"` // of all partitions of a prefix
	Peak     float64 `json:"peak"`
	PeakAt   float64 `json:"peak_at_s"`
	By       string  `json:"by"`               // the fault that makes the peak; "" = the audience alone
	Prefix   string  `json:"prefix,omitempty"` // of S3, with the peak
	Headroom float64 `json:"headroom"`
	// ExceededAt is when peak × margin is above the limit at first; null = never.
	ExceededAt *float64 `json:"exceeded_at_s"`
	ExceededBy string   `json:"exceeded_by"` // the fault at that time; "" = the audience alone
	Adjustable string   `json:"adjustable"`  // yes | no | support
	Scope      string   `json:"scope"`       // what each has the whole of it
	Granted    bool     `json:"granted"`     // the event file or Service Quotas has the value; else it is the default
	Source     string   `json:"source"`      // of the limit: the event file, the account that it was granted to, or "default: …"
	Seen       string   `json:"seen"`        // the day; "" = the event file's
	Unsure     bool     `json:"unsure"`
	Old        bool     `json:"old"` // read more than 180 days ago
	Note       string   `json:"note"`
}

// judged is a quota that the model can judge.
type judged struct {
	name   string
	times  int // partitions
	prefix string
	of     func(*capacity.Load) float64
	// peak is the highest rate in a fault; nil = that of its busiest second. S3 counts seconds, and
	// what traffic CloudFront lets pass for a second is not said.
	peak func(*capacity.Worst) float64
}

// judges are the quotas that the model can judge, one for each prefix of S3.
func judges(e *scenarios.Event, p *capacity.Plan, classes []kernel.Class) []judged {
	out := []judged{
		{name: "cloudfront.bps", of: func(l *capacity.Load) float64 { return l.Bits }, peak: func(w *capacity.Worst) float64 { return w.Bits }},
		{name: "cloudfront.rps", of: func(l *capacity.Load) float64 { return l.Edge }, peak: func(w *capacity.Worst) float64 { return w.Edge }},
	}
	constant := func(rate float64) func(*capacity.Load) float64 { return func(*capacity.Load) float64 { return rate } }
	if e.Origin.MediaPackage {
		manifests := func(c kernel.Class) string {
			if c.Kind == m3u8.KindMultivariant || c.Kind == m3u8.KindMedia {
				return "manifests"
			}
			return "media"
		}
		by := groups(classes, manifests)
		return append(out,
			judged{name: "mediapackage.manifest_rps", of: func(l *capacity.Load) float64 { return by.rate("manifests", l) }},
			judged{name: "mediapackage.media_rps", of: func(l *capacity.Load) float64 { return by.rate("media", l) }},
			judged{name: "mediapackage.ingest_rps", of: constant(writes(&p.Channel))})
	}
	by := prefixesOf(e, classes)
	for _, name := range by.names() {
		out = append(out, judged{name: "s3.get_rps", times: e.Origin.Partitions, prefix: name, of: func(l *capacity.Load) float64 { return by.rate(name, l) }})
	}
	return append(out, judged{name: "s3.put_rps", times: e.Origin.Partitions, of: constant(writes(&p.Channel) / writers(e, &p.Channel))})
}

// Judged names the quotas that the answer to an event has rows of.
func Judged(e *scenarios.Event) (names []string) {
	p := PlanOf(e)
	for _, j := range judges(e, &p, []kernel.Class{{Kind: m3u8.KindSegment}}) {
		if !slices.Contains(names, j.name) {
			names = append(names, j.name)
		}
	}
	return names
}

// writes is how many objects the encoders write a second: a segment and a playlist for each rendition.
func writes(c *rig.Config) float64 {
	renditions := len(c.Ladder)
	if c.Audio == "demuxed" {
		renditions++
	}
	return float64(2*renditions*c.Pipelines) / c.Segment.Seconds()
}

// writers is over how many prefixes of S3 writes are spread.
func writers(e *scenarios.Event, c *rig.Config) float64 {
	switch e.Origin.PrefixesBy {
	case "rendition":
		return float64(len(c.Ladder))
	case "pipeline":
		return float64(c.Pipelines)
	}
	return 1
}

// quotas are the rows of a forecast, the tightest first. Of the prefixes of S3, there is the tightest.
func (q *Question) quotas(p *capacity.Plan, f *capacity.Forecast) []Quota {
	var out []Quota
	for _, j := range judges(q.Event, p, f.Classes) {
		of := q.Event.Quotas.Find(j.name)
		if of == nil {
			continue
		}
		x := q.quota(of, &j, f)
		i := slices.IndexFunc(out, func(o Quota) bool { return o.Name == x.Name })
		switch {
		case i < 0:
			out = append(out, x)
		case x.Headroom < out[i].Headroom:
			out[i] = x
		}
	}
	slices.SortStableFunc(out, func(a, b Quota) int { return cmp.Compare(a.Headroom, b.Headroom) })
	return out
}

func (q *Question) quota(of *tariff.Quota, j *judged, f *capacity.Forecast) Quota {
	limit, margin := of.Value*float64(max(j.times, 1)), q.Event.Margin
	x := Quota{Name: of.Name, What: of.What, Unit: string(of.Unit), Limit: limit, Prefix: j.prefix, Adjustable: of.Adjustable, Scope: of.Scope, Granted: of.Granted,
		Source: of.Source, Unsure: of.Unsure, Old: of.Old(q.Now), Note: of.Note}
	if !of.Granted {
		x.Source = "default: " + of.Source
	}
	if !of.Seen.IsZero() {
		x.Seen = of.Seen.Format(time.DateOnly)
	}
	exceeded := func(rate float64, at time.Duration, by string) {
		if t := seconds(at); rate*margin > limit && (x.ExceededAt == nil || t < *x.ExceededAt) {
			x.ExceededAt, x.ExceededBy = &t, by
		}
	}
	peak := func(rate float64, at time.Duration, by string) {
		if rate > x.Peak {
			x.Peak, x.PeakAt, x.By = rate, seconds(at), by
		}
	}
	for i := range f.Minutes {
		m := &f.Minutes[i]
		rate := j.of(&m.Load)
		exceeded(rate, m.At, "")
		peak(rate, m.At, "")
	}
	for i := range f.Worst {
		w := &f.Worst[i]
		most, at := j.most(w)
		if j.peak != nil {
			most = j.peak(w)
		}
		first := at
		for t := range w.Slots {
			if rate := j.of(&w.Slots[t]); rate*margin > limit {
				first = w.At + time.Duration(t)*time.Second
				break
			}
		}
		exceeded(most, min(first, at), w.Fault)
		peak(most, at, w.Fault)
	}
	x.Headroom = tidy(1 - x.Peak*margin/limit)
	x.Peak = tidy(x.Peak)
	return x
}

// most is the busiest second of a fault. The origin's may be in another simulation than the slots.
func (j *judged) most(w *capacity.Worst) (rate float64, at time.Duration) {
	rate, at = math.Inf(-1), w.At
	for t := range w.Slots {
		if r := j.of(&w.Slots[t]); r > rate {
			rate, at = r, w.At+time.Duration(t)*time.Second
		}
	}
	return max(rate, j.of(&w.AtPeak), 0), at
}

// Below reports whether a quota has less head-room than that.
func (a *Answer) Below(headroom float64) bool {
	_, least := tightest(a.Quotas)
	return least < headroom
}

// tightest is the quota with the least head-room; the list is sorted.
func tightest(list []Quota) (name string, headroom float64) {
	if len(list) == 0 {
		return "", 1
	}
	return list[0].Name, list[0].Headroom
}
