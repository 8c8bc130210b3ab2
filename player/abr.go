package player

import (
	"cmp"
	"math"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/units"
)

// ewma is an exponentially weighted moving average with a correction for its
// empty start (hls.js and Shaka utils/ewma).
type ewma struct{ value, weight float64 }

func (e *ewma) add(halfLife, weight, v float64) {
	a := math.Exp2(-weight / halfLife)
	e.value = v*(1-a) + a*e.value
	e.weight += weight
}

func (e *ewma) get(halfLife float64) float64 {
	if z := 1 - math.Exp2(-e.weight/halfLife); z > 0 {
		return e.value / z
	}
	return e.value
}

// estimator estimates throughput in bit/s.
type estimator struct {
	rules      *ABR
	initial    float64
	fast, slow ewma // or, for mean3, unused
	ttfb       ewma
	last       [3]float64 // the newest samples first
	total      int64      // bytes sampled
	window     *window    // of the median; nil until there is a sample
}

// window holds the latest samples of a sliding median, oldest first.
type window struct {
	n       int
	took    float64 // seconds of transfer in all
	samples [maxWindow]struct{ weight, value float64 }
}

// maxWindow bounds the samples of a median; a window of √bytes holds fewer of
// ordinary segments.
const maxWindow = 32

func (w *window) add(limit, weight, v float64) {
	if w.n == maxWindow {
		copy(w.samples[:], w.samples[1:])
		w.n--
	}
	w.samples[w.n].weight, w.samples[w.n].value = weight, v
	w.n++
	sum := 0.0
	for i := range w.n {
		sum += w.samples[i].weight
	}
	// What exceeds the limit goes, oldest first and in parts (media3
	// SlidingPercentile).
	for sum > limit {
		if over := sum - limit; w.samples[0].weight <= over {
			sum -= w.samples[0].weight
			copy(w.samples[:], w.samples[1:w.n])
			w.n--
		} else {
			w.samples[0].weight -= over
			sum = limit
		}
	}
}

// median is the value at which half of the weight is reached.
func (w *window) median() float64 {
	sorted := w.samples
	s := sorted[:w.n]
	sum := 0.0
	for i := range s {
		sum += s[i].weight
		for j := i; j > 0 && s[j].value < s[j-1].value; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
	half := sum / 2
	for i := range s {
		if half -= s[i].weight; half <= 0 {
			return s[i].value
		}
	}
	return 0
}

func (e *estimator) reset(rules *ABR, initial float64) {
	*e = estimator{rules: rules, initial: initial}
}

// minWeight is the transfer time, in seconds, from which averages count
// (hls.js EwmaBandWidthEstimator minWeight_).
const minWeight = 0.001

// ready tells whether anything was measured.
func (e *estimator) ready() bool {
	if e.total == 0 || e.rules.Estimator == EstimateNone {
		return false
	}
	if e.total < e.rules.MinTotal && (e.rules.MinTime == 0 || e.window == nil || e.window.took < seconds(e.rules.MinTime)) {
		return false
	}
	return e.rules.Estimator != EstimateDualEWMA || e.fast.weight >= minWeight
}

// estimate is the throughput to reckon with.
func (e *estimator) estimate() float64 {
	v := e.measured()
	if c := float64(e.rules.Ceiling); c > 0 && v > c {
		return max(c, e.last[0])
	}
	return v
}

func (e *estimator) measured() float64 {
	if !e.ready() {
		return e.initial
	}
	switch e.rules.Estimator {
	case EstimateDualEWMA:
		return min(e.fast.get(seconds(e.rules.Fast)), e.slow.get(seconds(e.rules.Slow)))
	case EstimateLast:
		return e.last[0]
	case EstimateMean:
		sum, n := 0.0, 0.0
		for _, v := range e.last {
			if v > 0 {
				sum, n = sum+v, n+1
			}
		}
		return min(e.last[0], sum/n)
	case EstimateMedian:
		if e.window != nil {
			return e.window.median()
		}
	}
	return e.initial
}

// timeToFirstByte is its estimate, in seconds; 0 when the player keeps none.
func (e *estimator) timeToFirstByte() float64 {
	if !e.rules.TTFB {
		return 0
	}
	if e.ttfb.weight >= minWeight {
		return e.ttfb.get(seconds(e.rules.TTFBHalfLife))
	}
	return seconds(e.rules.TTFBInitial)
}

// sampleTTFB takes a time to first byte in seconds. Long ones weigh less (hls.js
// EwmaBandWidthEstimator sampleTTFB).
func (e *estimator) sampleTTFB(s float64) {
	if e.rules.TTFB {
		e.ttfb.add(seconds(e.rules.TTFBHalfLife), math.Sqrt2*math.Exp(-s*s/2), max(s, 0.005))
	}
}

// sample takes a transfer of n bytes in s seconds.
func (e *estimator) sample(s float64, n int64) {
	if n <= 0 || n < e.rules.MinBytes {
		return
	}
	s = max(s, min(0.05, float64(n)/1e8)) // hls.js minDelayMs_: 50 ms or a hundredth of a microsecond a byte
	v := 8 * float64(n) / s
	e.total += n
	if e.rules.Estimator == EstimateDualEWMA {
		e.fast.add(seconds(e.rules.Fast), s, v)
		e.slow.add(seconds(e.rules.Slow), s, v)
	}
	if e.rules.Estimator == EstimateMedian {
		if e.window == nil {
			e.window = new(window)
		}
		e.window.took += s
		e.window.add(e.rules.Window, math.Sqrt(float64(n)), v)
	}
	e.last[2], e.last[1], e.last[0] = e.last[1], e.last[0], v
}

// zero makes the estimate next to nothing until the next sample.
func (e *estimator) zero() {
	e.reset(e.rules, 1)
	e.last[0], e.total = 1, max(e.rules.MinTotal, 1)
}

func seconds(d units.Duration) float64 { return time.Duration(d).Seconds() }

var firstNoise = draw.NewRule("player/first estimate")

// firstEstimate is what throughput is reckoned with before anything was
// measured.
func (p *Player) firstEstimate() float64 {
	s := &p.cfg.Profile.Startup
	v := float64(s.Bandwidth)
	if (s.PrivateBandwidth > 0 || p.cfg.Profile.ABR.OfBrowser) && !p.cfg.Public && private(p.cfg.URL) {
		v = float64(cmp.Or(s.PrivateBandwidth, s.Bandwidth))
		p.estimatorOff = p.cfg.Profile.ABR.OfBrowser
	}
	if s.Noise > 0 {
		v *= 1 + s.Noise*(2*p.seed.Uniform(firstNoise, 0)-1)
	}
	return v
}

// private tells whether a URL's host is an address that is not of the Internet.
func private(u string) bool {
	at, err := url.Parse(u)
	if err != nil {
		return false
	}
	host := at.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast())
}

// firstLevel chooses the level to begin with.
func (p *Player) firstLevel() int {
	s := &p.cfg.Profile.Startup
	first := p.ladder.FirstLevel
	switch s.Level {
	case StartLowest:
		return 0
	case StartHighest:
		return p.firstOf(len(p.ladder.Levels) - 1)
	case StartFirstListed:
		return first
	}
	if s.RaiseTo > 0 {
		p.abr.initial = max(p.abr.initial, min(float64(p.ladder.Levels[first].Bandwidth), float64(s.RaiseTo)))
	}
	share := 1.0
	if s.Share > 0 {
		share = s.Share
	}
	best := -1
	for i := range p.ladder.Levels {
		if float64(p.ladder.Levels[i].Bandwidth) <= share*p.abr.initial && p.offered(i) {
			best = i
		}
	}
	switch {
	case best < 0 && s.RaiseTo > 0:
		return first
	case best < 0:
		return p.firstOf(p.lowestLevel())
	}
	if l := p.screened(func(i int) bool { return p.offered(i) && float64(p.ladder.Levels[i].Bandwidth) <= share*p.abr.initial }); l >= 0 {
		return l
	}
	return p.firstOf(best)
}

// screened is, of the levels that fit, the best one of the screen's size, else
// the best one of the smallest size that is larger; -1 if there is none
// (video.js playlist-selectors simpleSelector).
func (p *Player) screened(fits func(level int) bool) int {
	s := p.cfg.Profile.ABR.Screen
	best := -1
	if s.Width == 0 {
		return best
	}
	exact := func(l *Level) bool { return l.Width == s.Width && l.Height == s.Height }
	for i := range p.ladder.Levels {
		l := &p.ladder.Levels[i]
		if !exact(l) && l.Width <= s.Width && l.Height <= s.Height || l.Width == 0 || !fits(i) {
			continue
		}
		if best >= 0 {
			b := &p.ladder.Levels[best]
			switch {
			case exact(l) != exact(b):
				if exact(b) {
					continue
				}
			case l.Width != b.Width:
				if l.Width > b.Width {
					continue
				}
			case l.Height != b.Height || l.Bandwidth <= b.Bandwidth:
				continue
			}
		}
		best = i
	}
	return best
}

// firstOf is the first listed of the levels with the bandwidth of a level,
// which comes last of them.
func (p *Player) firstOf(level int) int {
	l := p.ladder.Levels
	for i := level; i > 0 && l[i-1].Bandwidth == l[level].Bandwidth && l[i-1].Height == l[level].Height; i-- {
		if p.offered(i - 1) {
			level = i - 1
		}
	}
	return level
}

// bestLevel is the highest level that fits in its share of the throughput; the
// lowest one if none does, -1 if there is no usable level at all.
func (p *Player) bestLevel(rate, down, up float64, ahead time.Duration) int {
	r := &p.cfg.Profile.ABR
	base := int(p.lastLevel)
	if base < 0 {
		base = p.ladder.FirstLevel
	}
	average := r.UseAverage && ahead >= 2*p.segmentDuration()
	usable := func(i int) bool {
		return p.offered(i) && (i == int(p.lastLevel) || !p.errs.blamed(p, i))
	}
	fits := func(i int) bool {
		l := &p.ladder.Levels[i]
		need := float64(l.Bandwidth)
		if average {
			need = float64(l.Average)
		}
		if i > base {
			return ahead >= p.upMinBuffer() && up*rate >= need
		}
		return down*rate >= need
	}
	if l := p.screened(func(i int) bool { return usable(i) && fits(i) }); l >= 0 {
		return l
	}
	lowest := -1
	for i := len(p.ladder.Levels) - 1; i >= 0; i-- {
		if !usable(i) {
			continue
		}
		lowest = i
		l := &p.ladder.Levels[i]
		if fits(i) {
			// Of equals, the first listed.
			for i > 0 && p.ladder.Levels[i-1].Bandwidth == l.Bandwidth && p.offered(i-1) && !p.errs.blamed(p, i-1) {
				i--
			}
			return i
		}
	}
	return lowest
}

// upMinBuffer is the buffer from which a higher level may be chosen.
func (p *Player) upMinBuffer() time.Duration {
	r := &p.cfg.Profile.ABR
	need := time.Duration(r.UpMinBuffer)
	if t := &p.main; r.UpEdgeShare > 0 && t.media != nil && t.live() {
		edge := t.base + t.media.Duration - p.position(p.now) - p.segmentDuration()
		need = min(need, time.Duration(r.UpEdgeShare*float64(edge)))
	}
	return need
}

// chooseLevel is the level that the next segment should come from.
func (p *Player) chooseLevel() int {
	cur := int(p.main.level)
	if p.forced >= 0 {
		return int(p.forced)
	}
	if !p.undecided || p.lastLevel < 0 || len(p.ladder.Levels) == 1 {
		return cur
	}
	p.undecided = false
	r := &p.cfg.Profile.ABR
	if !p.abr.ready() && !p.estimatorOff {
		return cur
	}
	if r.ChoiceInterval > 0 {
		if p.switched > 0 && p.now-p.switched < time.Duration(r.ChoiceInterval) {
			return cur
		}
		p.switched = p.now
	}
	ahead := p.ahead(&p.main)
	best := p.bestLevel(p.abr.estimate(), r.Down, r.Up, ahead)
	switch {
	case best < 0:
		return cur
	case best < cur && r.DownMaxBuffer > 0 && ahead >= time.Duration(r.DownMaxBuffer):
		return cur
	case best != cur && r.SwitchInterval > 0 && p.switched > 0 && p.now-p.switched < time.Duration(r.SwitchInterval):
		p.undecided = true
		return cur
	}
	return best
}

func (p *Player) segmentDuration() time.Duration {
	if m := p.main.media; m != nil && len(m.Segments) > 0 {
		return lastDuration(m)
	}
	return 0
}

// abandon drops a main segment that will not arrive before the buffer runs dry
// if a lower level would (hls.js abr-controller _abandonRulesCheck).
func (p *Player) abandon() {
	r := &p.cfg.Profile.ABR.Abandon
	f := p.chain(MainTrack)
	if !r.Enabled || f == nil || f.waits || f.kind != m3u8.KindSegment || p.state == loading || p.now < f.look {
		return
	}
	f.look = p.now + time.Duration(r.Every)
	if r.Exclude > 0 {
		p.abort(f)
		return
	}
	lowest := p.lowestLevel()
	if int(f.level) <= lowest {
		f.look = Never
		return
	}
	loading := (p.now - f.sent).Seconds()
	ttfb := p.abr.timeToFirstByte()
	dur := f.seg.Duration.Seconds()
	if loading <= max(ttfb, dur*r.After) {
		return
	}
	buffer := p.ahead(&p.main).Seconds()
	var bytes int64
	if p.cfg.Progress != nil && f.firstByte > 0 {
		bytes = p.cfg.Progress(f.id)
	}
	expected := max(float64(bytes), dur*float64(p.ladder.Levels[f.level].Average)/8)
	if f.size > 0 {
		expected = float64(f.size)
	}
	rate, need := 0.0, expected*8/p.abr.estimate()+ttfb
	if bytes > 0 {
		rate = float64(bytes) / max((p.now-f.firstByte).Seconds(), 1e-3)
		need = (expected - float64(bytes)) / rate
	}
	if need <= buffer {
		return
	}
	throughput := p.abr.estimate()
	if rate > 0 {
		throughput = 8 * rate
	}
	// The largest lower level that arrives in time; the lowest is taken
	// without being timed itself.
	to, alternative := int(f.level)-1, math.Inf(1)
	for ; to > lowest; to-- {
		// A new level costs its playlist first.
		alternative = 2*ttfb + p.main.loadTook.Seconds() + dur*float64(p.ladder.Levels[to].Bandwidth)/throughput
		if alternative < min(buffer, dur+ttfb) {
			break
		}
	}
	if alternative >= need || alternative > 10*dur {
		return
	}
	if bytes > 0 {
		p.abr.sample(loading-min(ttfb, (f.firstByte-f.sent).Seconds()), bytes)
	} else {
		p.abr.sampleTTFB(loading)
	}
	target := float64(p.ladder.Levels[to].Bandwidth)
	if p.abr.estimate()*p.cfg.Profile.ABR.Up > target {
		p.abr.reset(&p.cfg.Profile.ABR, target)
	}
	if r.Lowest {
		to = lowest
		p.abr.reset(&p.cfg.Profile.ABR, float64(p.ladder.Levels[to].Bandwidth))
	} else if best := p.bestLevel(target, 1, 1, p.ahead(&p.main)); best >= 0 && best <= to {
		to = best
	}
	p.note(&Sample{Type: Detected, Decision: AbandonFetch, Kind: m3u8.KindSegment, Pipeline: p.pipelineOf(int(f.rendition)), Rendition: f.rendition, Reason: "too slow"})
	p.drop(f)
	p.forced = int16(to)
	p.setLevel(to, true, "segment abandoned")
}

// abort drops a main segment that will not arrive in time and penalises its
// level, if another one would do better (video.js segment-loader
// earlyAbortWhenNeeded_).
func (p *Player) abort(f *flight) {
	r := &p.cfg.Profile.ABR.Abandon
	if f.firstByte == 0 || p.now-f.firstByte < time.Duration(r.Settle) || p.cfg.Progress == nil {
		return
	}
	own := float64(p.ladder.Levels[f.level].Bandwidth)
	if own <= float64(p.ladder.Levels[p.lowestLevel()].Bandwidth) {
		return
	}
	bytes := p.cfg.Progress(f.id)
	if bytes <= f.bytes {
		return
	}
	f.bytes, f.moved = bytes, p.now
	dur, got := f.seg.Duration.Seconds(), float64(bytes)*8
	rate := got / (p.now - f.sent).Seconds()
	left := (p.ahead(&p.main) - time.Duration(r.Margin)).Seconds()
	need := (dur*own-got)/rate - left
	if need <= 0 {
		return
	}
	to, least := -1, math.Inf(1)
	for i := range p.ladder.Levels {
		rendition := p.renditionOf(i)
		if rendition < 0 {
			continue
		}
		n := 2.0 // requests: a playlist that was never there must be loaded first
		if rendition == p.main.rendition || rendition < 64 && p.visited&(1<<rendition) != 0 {
			n = 1
		}
		impact := n*dur*float64(p.ladder.Levels[i].Bandwidth)/rate - left
		better := impact < least
		if impact <= 0 {
			better = least > 0 || p.ladder.Levels[i].Bandwidth > p.ladder.Levels[to].Bandwidth
		}
		if better {
			to, least = i, impact
		}
	}
	saves := seconds(r.Saves)
	if left <= 1.0/30 {
		saves *= 2
	}
	if to < 0 || to == int(f.level) || need-least < saves {
		return
	}
	if !p.cfg.Profile.ABR.OfBrowser {
		p.abr.reset(&p.cfg.Profile.ABR, float64(p.ladder.Levels[to].Bandwidth)/p.cfg.Profile.ABR.Up+1)
	}
	dropped := *f
	p.note(&Sample{Type: Detected, Decision: AbandonFetch, Kind: m3u8.KindSegment, Pipeline: p.pipelineOf(int(f.rendition)), Rendition: f.rendition, Reason: "too slow"})
	p.drop(f)
	p.errs.penalise(p.main.rendition, p.until(r.Exclude))
	p.reselect(&dropped, NoFailure, false)
}

// lowestLevel is the lowest level that is offered here.
func (p *Player) lowestLevel() int {
	for i := range p.ladder.Levels {
		if p.offered(i) {
			return i
		}
	}
	return 0
}
