package answer

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
	"hlsload/rig/media"
)

// Sensitivity is what the tightest head-room becomes when one input changes.
type Sensitivity struct {
	Input          string  `json:"input"`
	Change         float64 `json:"change"`          // 0.2 = a fifth more
	HeadroomChange float64 `json:"headroom_change"` // of the tightest quota, which may be another one then
	Tightest       string  `json:"tightest"`
	// OriginChange is by what part the origin's highest rate changes, in the busiest minute or a fault: what
	// the caches decide shows here first.
	OriginChange float64 `json:"origin_change"`
}

// input is one that can be changed: set makes a plan, and a kernel where it takes another one; false = the
// plan does not have it. Change is what it really is: numbers of caches are whole.
type input struct {
	name string
	set  func(p *capacity.Plan, k *kernel.Kernel, by float64) (change float64, of *kernel.Kernel, ok bool)
}

var inputs = []input{
	{"viewers", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		p.Curve = scaled(p, by).Curve
		return by - 1, k, true
	}},
	{"segment length", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		was := p.Channel.Segment
		p.Channel.Segment = media.Grid * time.Duration(around(int(was/media.Grid), by))
		by = float64(p.Channel.Segment) / float64(was)
		return by - 1, paced(k, by), by != 1
	}},
	{"playlist TTL", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		p.Channel.Edge.PlaylistTTL = time.Duration(float64(p.Channel.Edge.PlaylistTTL) * by)
		return by - 1, k, p.Channel.Edge.PlaylistTTL > 0
	}},
	{"POPs", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		was, is := 0, 0
		p.Regions = slices.Clone(p.Regions)
		for i := range p.Regions {
			r := &p.Regions[i]
			was += r.Pops
			r.Pops = around(r.Pops, by)
			r.Weights = spread(r.Weights, r.Pops)
			is += r.Pops
		}
		return float64(is)/float64(was) - 1, k, is != was
	}},
	{"nodes", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		was := max(p.Regions[0].Nodes, 1)
		is := around(was, by)
		p.Regions = slices.Clone(p.Regions)
		for i := range p.Regions {
			r := &p.Regions[i]
			r.Nodes, r.Regional = is, r.Regional/was*is
		}
		p.Shields = is
		return float64(is)/float64(was) - 1, k, is != was
	}},
	{"session", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		p.Session = time.Duration(float64(p.Session) * by)
		return by - 1, k, p.Session > 0
	}},
	{"bit rate", func(p *capacity.Plan, k *kernel.Kernel, by float64) (float64, *kernel.Kernel, bool) {
		return by - 1, varied(k, func(c kernel.Class) (float64, float64) {
			if c.Kind == m3u8.KindSegment {
				return 1, by
			}
			return 1, 1
		}), true
	}},
}

// around is a whole number that is so many times as many, and another one where there is one.
func around(n int, by float64) int {
	to := int(math.Round(float64(n) * by))
	if to == n && by > 1 {
		to++
	}
	if to == n && by < 1 {
		to--
	}
	return min(max(to, 1), 1000)
}

// spread is the weights of another number of POPs, of the same shape; nil stays.
func spread(weights []float64, n int) []float64 {
	if weights == nil {
		return nil
	}
	out, sum := make([]float64, n), 0.0
	for i := range out {
		out[i] = weights[i*len(weights)/n]
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// paced is what viewers ask for with segments of another length: fewer requests, each for more, and in a
// fault everything later in proportion, because players act when they reload. That is no simulation: that
// players hold other buffers is not in it.
func paced(k *kernel.Kernel, by float64) *kernel.Kernel {
	out := varied(k, func(c kernel.Class) (float64, float64) {
		if c.Kind == m3u8.KindSegment || c.Kind == m3u8.KindMedia {
			return 1 / by, 1
		}
		return 1, 1
	})
	for i := range out.Faults {
		f := &out.Faults[i]
		for c := range f.Cohorts {
			f.Cohorts[c].Excess = stretched(f.Cohorts[c].Excess, by)
		}
		f.Herd, f.Fresh = stretched(f.Herd, by), stretched(f.Fresh, by)
		f.Rush = slices.Clone(f.Rush)
		for c := range f.Rush {
			f.Rush[c].At = int(float64(f.Rush[c].At) * by)
		}
		for t := range f.Fresh {
			f.Fresh[t] = slices.Clone(f.Fresh[t])
			for class := range f.Fresh[t] {
				f.Fresh[t][class] /= by
			}
		}
	}
	return out
}

// stretched is a series that takes so many times as long.
func stretched[T any](slots []T, by float64) []T {
	var out []T
	for t := range int(math.Round(float64(len(slots)) * by)) {
		out = append(out, slots[min(int(float64(t)/by), len(slots)-1)])
	}
	return out
}

// varied is a kernel with so many times the requests and bytes, by class.
func varied(k *kernel.Kernel, times func(kernel.Class) (requests, bytes float64)) *kernel.Kernel {
	out := *k
	rates := func(of []kernel.Rate) []kernel.Rate {
		of = slices.Clone(of)
		for i := range of {
			r, b := times(k.Classes[i])
			of[i].Requests *= r
			of[i].Yields *= r
			of[i].Bytes *= b
		}
		return of
	}
	slots := func(of [][]kernel.Rate) [][]kernel.Rate {
		of = slices.Clone(of)
		for t := range of {
			of[t] = rates(of[t])
		}
		return of
	}
	out.Cohorts = slices.Clone(k.Cohorts)
	for i := range out.Cohorts {
		c := &out.Cohorts[i]
		c.Steady, c.Join = rates(c.Steady), slots(c.Join)
	}
	out.Faults = slices.Clone(k.Faults)
	for i := range out.Faults {
		f := &out.Faults[i]
		f.Cohorts = slices.Clone(f.Cohorts)
		for c := range f.Cohorts {
			f.Cohorts[c].Excess = slots(f.Cohorts[c].Excess)
		}
	}
	return &out
}

// sensitivity changes each input by a fifth up and down; the largest effect is first.
func (v *variants) sensitivity() ([]Sensitivity, error) {
	f, quotas, err := v.predict(v.busy, v.Kernel)
	if err != nil {
		return nil, err
	}
	_, was := tightest(quotas)
	origin := highestOrigin(f)
	out := []Sensitivity{}
	for _, in := range inputs {
		for _, by := range []float64{1.2, 0.8} {
			p := *v.busy
			change, k, ok := in.set(&p, v.Kernel, by)
			if !ok || p.Check() != nil {
				continue // as a session of viewers who stay
			}
			f, quotas, err := v.predict(&p, k)
			if err != nil {
				return nil, err
			}
			name, is := tightest(quotas)
			out = append(out, Sensitivity{in.name, tidy(change), tidy(is - was), name, tidy(highestOrigin(f)/max(origin, 1e-9) - 1)})
		}
	}
	slices.SortStableFunc(out, func(a, b Sensitivity) int {
		return cmp.Or(cmp.Compare(math.Abs(b.HeadroomChange), math.Abs(a.HeadroomChange)), cmp.Compare(math.Abs(b.OriginChange), math.Abs(a.OriginChange)))
	})
	return out, nil
}

// highestOrigin is the origin's highest rate.
func highestOrigin(f *capacity.Forecast) float64 {
	most := f.Minutes[f.Busiest].Origin
	for i := range f.Worst {
		most = max(most, f.Worst[i].Origin)
	}
	return most
}
