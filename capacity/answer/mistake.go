package answer

import (
	"fmt"
	"time"

	"hlsload/capacity"
)

// Mistakes are both numbers: what reaches the origin as the plan is, without a mistake, and with each of
// them alone.
type Mistakes struct {
	AsIs  Case      `json:"as_is"`
	Right Case      `json:"right"` // the plan without those that it has
	Each  []Mistake `json:"each"`  // added to the right plan
}

// Case is what reaches the origin, a second.
type Case struct {
	OriginRPS float64 `json:"origin_rps"` // in the busiest minute
	FaultRPS  float64 `json:"fault_rps"`  // the highest over a target duration in any fault
	Fault     string  `json:"fault"`      // that one; "" = there is no fault
	HitRatio  float64 `json:"hit_ratio"`
	// Cost is what the whole event costs; Extra what of that the right plan does not.
	Cost  Range `json:"cost"`
	Extra Range `json:"extra"`
	// Tightest is the quota with the least head-room.
	Tightest string  `json:"tightest"`
	Headroom float64 `json:"headroom"`
}

// Mistake is one that is easily made.
type Mistake struct {
	Name string `json:"name"`
	What string `json:"what"`
	Fix  string `json:"fix"`
	Has  bool   `json:"has"` // the plan has it
	Case
}

// mistake is how a plan gets one, and rid of it.
type mistake struct {
	name, what, fix string
	has             func(*capacity.Plan) bool
	make, mend      func(*capacity.Plan)
}

// common are the mistakes of which the model has the formulas.
var common = []mistake{
	{"uncached errors", "a dead playlist is answered with 403, which CloudFront does not keep", "answer 404 (allow s3:ListBucket), with an error TTL of 1 s or more",
		func(p *capacity.Plan) bool { return p.Channel.Origin.Missing == 403 || p.Channel.Edge.ErrorTTL <= 0 },
		func(p *capacity.Plan) { p.Channel.Origin.Missing = 403 },
		func(p *capacity.Plan) {
			p.Channel.Origin.Missing, p.Channel.Edge.ErrorTTL = 404, max(p.Channel.Edge.ErrorTTL, time.Second)
		}},
	{"per-viewer cache key", "a token, CMCD or a cookie in the cache key gives each viewer copies of their own", "keep what is of the viewer out of the cache key",
		func(p *capacity.Plan) bool { return p.PerViewer },
		func(p *capacity.Plan) { p.PerViewer = true },
		func(p *capacity.Plan) { p.PerViewer = false }},
	{"no collapsing", "requests for what is being fetched are all passed on, as with TTL 0 or forwarded cookies", "let requests for the same object wait for one fetch",
		func(p *capacity.Plan) bool { return !p.Channel.Edge.Collapse },
		func(p *capacity.Plan) { p.Channel.Edge.Collapse = false },
		func(p *capacity.Plan) { p.Channel.Edge.Collapse = true }},
	{"no shield", "each regional cache, or each POP, asks the origin itself", "turn on Origin Shield in the region of the origin",
		func(p *capacity.Plan) bool { return !p.Channel.Edge.Shield },
		func(p *capacity.Plan) { p.Channel.Edge.Shield = false },
		func(p *capacity.Plan) { p.Channel.Edge.Shield = true }},
	{"playlist TTL 0", "playlists are not kept: each reload that meets no fetch under way goes to the origin", "keep playlists for 1 s",
		func(p *capacity.Plan) bool { return max(p.Channel.Edge.PlaylistTTL, p.Channel.Edge.MinTTL) <= 0 },
		func(p *capacity.Plan) { p.Channel.Edge.PlaylistTTL, p.Channel.Edge.MinTTL = 0, 0 },
		func(p *capacity.Plan) { p.Channel.Edge.PlaylistTTL = max(p.Channel.Edge.PlaylistTTL, time.Second) }},
}

// mended is a plan without any of the mistakes.
func mended(p *capacity.Plan) *capacity.Plan {
	q := *p
	for _, m := range common {
		if m.has(&q) {
			m.mend(&q)
		}
	}
	return &q
}

func (v *variants) mistakes() (*Mistakes, error) {
	right, err := v.one(mended(v.Plan), nil)
	if err != nil {
		return nil, err
	}
	asIs, err := v.one(v.Plan, right)
	if err != nil {
		return nil, err
	}
	out := &Mistakes{AsIs: *asIs, Right: *right}
	for _, m := range common {
		p := mended(v.Plan)
		m.make(p)
		c, err := v.one(p, right)
		if err != nil {
			return nil, err
		}
		out.Each = append(out.Each, Mistake{m.name, m.what, m.fix, m.has(v.Plan), *c})
	}
	return out, nil
}

// one is what a plan comes to, beside the right one: the rates from around the busiest minute, the cost
// from the whole event without its faults.
func (v *variants) one(p *capacity.Plan, right *Case) (*Case, error) {
	whole := *p
	whole.Faults, whole.Onset = nil, nil
	f, err := capacity.Predict(&whole, v.Kernel)
	if err != nil {
		return nil, fmt.Errorf("predict a mistake: %w", err)
	}
	cost := v.cost(p, f)
	c := &Case{Cost: Range{cost.Low, cost.High}}
	if right != nil {
		c.Extra = Range{money(cost.Low - right.Cost.Low), money(cost.High - right.Cost.High)}
	}
	short := *p
	short.Curve = v.busy.Curve
	f, quotas, err := v.predict(&short, v.Kernel)
	if err != nil {
		return nil, err
	}
	top := &f.Minutes[f.Busiest]
	c.OriginRPS, c.HitRatio = tidy(top.Origin), top.HitRatio()
	for i := range f.Worst {
		if w := &f.Worst[i]; w.Origin > c.FaultRPS {
			c.FaultRPS, c.Fault = w.Origin, w.Fault
		}
	}
	c.FaultRPS = tidy(c.FaultRPS)
	c.Tightest, c.Headroom = tightest(quotas)
	return c, nil
}
