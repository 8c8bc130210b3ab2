package link

import (
	"math"
	"sort"
	"time"

	"hlsload/player/draw"
)

// The downlink is shared by processor sharing with equal shares. So one
// number, served, is what every flowing transfer has got since some instant;
// a transfer that began at served = s and has n bytes is complete at s + n.

// rate is the downlink now, in bytes a nanosecond, and until when it holds.
func (l *Link) rate(now time.Duration) (bytesPerNano float64, until time.Duration) {
	if l.cut {
		return 0, Never
	}
	bps, until := float64(l.cfg.Down)*l.scale, Never
	if len(l.cfg.Trace) > 0 {
		down, end := l.traced(now)
		bps, until = float64(down)*l.scale, end
	} else if l.cfg.Down == 0 {
		bps = math.Inf(1)
	}
	if l.fault != nil && l.fault.limit > 0 {
		bps = min(bps, float64(l.fault.limit))
	}
	return bps / 8e9, until
}

// traced is the trace's rate now and the instant of its next step.
func (l *Link) traced(now time.Duration) (int64, time.Duration) {
	trace := l.cfg.Trace
	if len(trace) == 1 {
		return trace[0].Down, Never
	}
	period := periodOf(trace)
	at := (now + phaseOf(trace, l.seed)) % period
	i := sort.Search(len(trace), func(i int) bool { return trace[i].At > at }) - 1
	end := period
	if i+1 < len(trace) {
		end = trace[i+1].At
	}
	return trace[i].Down, now + end - at
}

func periodOf(trace []TracePoint) time.Duration {
	n := len(trace)
	return 2*trace[n-1].At - trace[n-2].At
}

func phaseOf(trace []TracePoint, seed draw.Seed) time.Duration {
	return time.Duration(seed.Uniform(rulePhase, 0) * float64(periodOf(trace)))
}

// perTransfer is what each of n flowing transfers gets.
func (l *Link) perTransfer(rate float64, n int) float64 {
	return min(rate/float64(n), l.bound())
}

// after is when a flowing transfer will have got left more bytes.
func (l *Link) after(left, each float64) time.Duration {
	switch {
	case left <= 0 || math.IsInf(each, 1):
		return l.at
	case each <= 0:
		return Never
	}
	d := math.Ceil(left / each)
	if d >= float64(Never-l.at) {
		return Never
	}
	return l.at + time.Duration(d)
}

// foresee finds out what happens if nothing else does, if that is not known. It is
// not known any more when a transfer changes, or what the flowing ones have got.
func (l *Link) foresee() {
	if !l.known {
		l.look()
	}
}

func (l *Link) look() {
	l.known, l.due, l.next, l.each = true, false, Never, 0
	n, least := 0, math.Inf(1)
	all := l.transfers()
	for i := range all {
		t := &all[i]
		if t.flags&(reachDue|headDue) != 0 {
			l.due = true
		}
		switch t.state {
		case arriving:
			l.next = min(l.next, t.at)
		case leaving:
			if !l.cut {
				l.next = min(l.next, t.done)
			}
		case flowing:
			n++
			least = min(least, t.end-l.served)
		case complete:
			l.due = true
		}
	}
	if n == 0 {
		return
	}
	rate, until := l.rate(l.at)
	l.each = l.perTransfer(rate, n)
	l.next = min(l.next, until, l.after(least, l.each))
}

// advance brings the model to now. An instant before the last one counts as
// the last one.
func (l *Link) advance(now time.Duration) {
	now = max(now, l.at)
	for {
		l.foresee()
		at := l.next
		to := min(max(at, l.at), now)
		if l.each > 0 && to > l.at && !math.IsInf(l.each, 1) {
			l.served += float64(l.each * float64(to-l.at)) // the conversion keeps it from being fused with the addition
			l.known = false
		}
		l.at = to
		if at > now {
			return
		}
		l.happen()
	}
}

// happen lets what is due at l.at happen.
func (l *Link) happen() {
	l.known = false
	all := l.transfers()
	for i := range all {
		t := &all[i]
		if t.state == flowing && l.after(t.end-l.served, l.each) <= l.at {
			l.delivered(t)
		}
	}
	for i := range all {
		t := &all[i]
		if t.state == arriving && t.at <= l.at || t.state == leaving && t.done <= l.at && !l.cut {
			t.flags |= headDue
			t.at = l.at
			if t.size == 0 {
				l.delivered(t)
				continue
			}
			l.flow(t, t.size)
		}
	}
}

// flow puts a transfer with n more bytes on the link.
func (l *Link) flow(t *transfer, n int64) {
	if !l.flows() {
		l.served = 0 // keeps the sums small and so exact
	}
	t.state = flowing
	t.end = l.served + float64(n)
}

func (l *Link) flows() bool {
	all := l.transfers()
	for i := range all {
		if all[i].state == flowing {
			return true
		}
	}
	return false
}

// delivered notes that all bytes there are have arrived.
func (l *Link) delivered(t *transfer) {
	if t.flags&open != 0 {
		t.state = starved
		return
	}
	t.state = complete
	t.done = l.at
	l.release(t)
}
