package answer

import (
	"math"

	"hlsload/scenarios"
)

// Largest is the largest audience, at its peak, with which a quota keeps its margin: the curve is scaled.
type Largest struct {
	Quota   string   `json:"quota"`
	Viewers *float64 `json:"viewers"` // null = as many as an event may have
}

// largest looks for the scale of the curve at which the head-room of each quota becomes 0: by bisection,
// down to 0.2 %. Caches let less through than in proportion, so that the scale by proportion is enough to
// begin with.
func (v *variants) largest(of []Quota) ([]Largest, error) {
	peak := 0.0
	for _, at := range v.Plan.Curve {
		peak = max(peak, at.Viewers)
	}
	seen := map[float64]map[string]float64{}
	headrooms := func(scale float64) (map[string]float64, error) {
		if had, ok := seen[scale]; ok {
			return had, nil
		}
		_, quotas, err := v.predict(scaled(v.busy, scale), v.Kernel)
		if err != nil {
			return nil, err
		}
		seen[scale] = map[string]float64{}
		for _, x := range quotas {
			seen[scale][x.Name] = x.Headroom
		}
		return seen[scale], nil
	}
	most := scenarios.MaxViewers / peak
	out := []Largest{}
	for _, x := range of {
		scale, err := v.scale(x.Name, x.Limit/(max(x.Peak, 1e-9)*v.Event.Margin), most, headrooms)
		if err != nil {
			return nil, err
		}
		l := Largest{Quota: x.Name}
		if scale < most {
			n := floor(scale * peak)
			l.Viewers = &n
		}
		out = append(out, l)
	}
	return out, nil
}

// scale is the largest one with head-room: it gallops from the guess, and halves what is left; 0 = there
// is none.
func (v *variants) scale(quota string, guess, most float64, headrooms func(float64) (map[string]float64, error)) (float64, error) {
	const fine, least = 1.002, 1e-10
	var failed error
	holds := func(scale float64) bool {
		h, err := headrooms(scale)
		if err != nil {
			failed = err
		}
		return err == nil && h[quota] >= 0
	}
	if holds(most) || failed != nil {
		return most, failed
	}
	low, high := min(guess*0.999, most), most
	for ; low > least && !holds(low); low /= 2 {
		if high = low; failed != nil {
			return 0, failed
		}
	}
	if low <= least {
		return 0, failed
	}
	for step := fine; low*step < high; step *= step {
		if !holds(low * step) {
			high = low * step
			break
		}
		low *= step
	}
	for high/low > fine*1.0001 && failed == nil {
		if mid := math.Sqrt(low * high); holds(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return low, failed
}

// floor keeps three digits, rounded down: a planner must not read more than there is.
func floor(x float64) float64 {
	if !(x >= 1) {
		return 0
	}
	unit := math.Pow(10, max(0, math.Floor(math.Log10(x))-2))
	return math.Floor(x/unit*(1+1e-9)) * unit
}
