package rehearsal

import (
	"math"
	"slices"
	"time"

	"hlsload/capacity"
)

// How a curve is made shorter.
const (
	longest  = time.Hour       // of a rehearsal, if that is possible
	each     = 5 * time.Minute // in which a part of the peak comes
	settling = 2 * time.Minute // what is left of a stretch without changes
	calm     = 0.95            // of the viewers at the worst minute are as good as all
)

// slopes are which part of the peak may come in 5 minutes where time passes faster. The first one counts
// with which a rehearsal is no longer than an hour. AWS asks for tests that grow by the last two.
var slopes = []float64{0.01, 0.02, 0.05, 0.1, 0.2}

// steepest is the last one: by it come those who are there from the beginning.
var steepest = slopes[len(slopes)-1]

// piece is a straight line of the curve.
type piece struct {
	lasts    time.Duration
	from, to float64 // viewers
	worst    bool    // of the worst minute
	hold     bool    // not of the event: it waits for the faults
	cut      bool    // it does not end at a point of the curve
}

// pieces cuts the curve of an event at its points and at the worst minute.
func pieces(p *capacity.Plan, worst time.Duration) []piece {
	first, last := p.Curve[0], p.Curve[len(p.Curve)-1].At
	at := []time.Duration{worst, min(worst+time.Minute, last)}
	for _, point := range p.Curve {
		at = append(at, point.At)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	var out []piece
	if first.Viewers > 0 {
		out = append(out, piece{lasts: after(first.Viewers/peak(p), steepest), to: first.Viewers})
	}
	for i := range at[1:] {
		point := slices.ContainsFunc(p.Curve, func(c capacity.Point) bool { return c.At == at[i+1] })
		out = append(out, piece{lasts: at[i+1] - at[i], from: p.Viewers(at[i]), to: p.Viewers(at[i+1]), worst: at[i] >= worst && at[i] < worst+time.Minute, cut: !point})
	}
	return out
}

func peak(p *capacity.Plan) (n float64) {
	for _, at := range p.Curve {
		n = max(n, at.Viewers)
	}
	return n
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

// after is how long a change of a part of the peak takes.
func after(change, slope float64) time.Duration { return seconds(change / slope * each.Seconds()) }

func length(all []piece) (d time.Duration) {
	for i := range all {
		d += all[i].lasts
	}
	return d
}

// change is how much of the peak a piece adds or takes away.
func (p *piece) change(peak float64) float64 { return math.Abs(p.to-p.from) / peak }

func (p *piece) slow(peak, slope float64) bool {
	return !p.worst && !p.hold && after(p.change(peak), slope) < p.lasts
}

// shorter lets time pass faster in each stretch of slow pieces: until the change is as fast as may be, and
// not below what players need to settle.
func shorter(all []piece, peak, slope float64) []piece {
	out := slices.Clone(all)
	for i := 0; i < len(out); i++ {
		from, whole := i, time.Duration(0)
		for ; i < len(out) && out[i].slow(peak, slope); i++ {
			whole += out[i].lasts
		}
		for k := from; k < i; k++ {
			p := &out[k]
			least := seconds(min(1, settling.Seconds()/whole.Seconds()) * p.lasts.Seconds())
			p.lasts = max(after(p.change(peak), slope), least)
		}
	}
	return out
}

// held waits after the worst minute until so much time has passed since it began. That the audience is
// about as large by itself counts.
func held(all []piece, need time.Duration) []piece {
	end := 0
	for i := range all {
		if all[i].worst {
			end, need = i+1, need-all[i].lasts
		}
	}
	if end == 0 {
		return all
	}
	viewers := all[end-1].to
	for i := end; i < len(all) && min(all[i].from, all[i].to) >= calm*viewers; i++ {
		need -= all[i].lasts
	}
	if end == len(all) || need <= 0 { // after its last point a curve stays as it is
		return all
	}
	return slices.Insert(slices.Clone(all), end, piece{lasts: need, from: viewers, to: viewers, hold: true, cut: true})
}
