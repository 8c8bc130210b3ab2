package link

import (
	"math"
	"time"

	"hlsload/player/draw"
)

var (
	ruleSpread    = draw.NewRule("link.spread")
	rulePhase     = draw.NewRule("link.phase")
	ruleJitter    = draw.NewRule("link.jitter")
	ruleUp        = draw.NewRule("link.up")
	ruleDown      = draw.NewRule("link.down")
	ruleHandshake = draw.NewRule("link.handshake")
)

const (
	requestBits = 600 * 8 // a GET with a browser's headers
	segmentSize = 1460    // bytes of payload in a packet
)

// extra is what a fault adds to every round trip.
func (l *Link) extra() time.Duration {
	if l.fault == nil {
		return 0
	}
	return l.fault.extra
}

// roundTrip is that of request id.
func (l *Link) roundTrip(id uint32) time.Duration {
	rtt := l.cfg.RTT + l.extra()
	if l.cfg.Jitter > 0 {
		rtt += time.Duration(float64(l.cfg.Jitter) * (2*l.seed.Uniform(ruleJitter, uint64(id)) - 1))
	}
	return max(rtt, 0)
}

// upward is how long request id takes to the server.
func (l *Link) upward(id uint32) time.Duration {
	rtt := l.roundTrip(id)
	d := rtt/2 + l.retransmit(ruleUp, id, rtt)
	if l.cfg.Up > 0 {
		d += time.Duration(requestBits * 1e9 / (float64(l.cfg.Up) * l.scale))
	}
	return d
}

// downward is how long the first byte of its answer takes back.
func (l *Link) downward(id uint32) time.Duration {
	rtt := l.roundTrip(id)
	return rtt/2 + l.retransmit(ruleDown, id, rtt)
}

// handshake is what a new connection costs before request id can leave: one
// round trip for TCP, one more for TLS 1.3 (RFC 8446 2). A lost SYN waits a
// second (RFC 6298 2.1).
func (l *Link) handshake(id uint32) time.Duration {
	n := time.Duration(1)
	if l.transport.TLS {
		n = 2
	}
	d := n * l.roundTrip(id)
	if k := l.losses(ruleHandshake, id); k > 0 {
		d += time.Second * (1<<k - 1)
	}
	return d
}

// retransmit is the delay by losses of a single packet: a tail loss probe after
// two round trips (RFC 8985 7.2), at least 200 ms as in Linux, doubled by every
// further loss.
func (l *Link) retransmit(rule draw.Rule, id uint32, rtt time.Duration) time.Duration {
	k := l.losses(rule, id)
	if k == 0 {
		return 0
	}
	return max(2*rtt, 200*time.Millisecond) * (1<<k - 1)
}

// losses is how often in a row the packet is lost; at most 6.
func (l *Link) losses(rule draw.Rule, id uint32) (k uint) {
	if l.cfg.Loss == 0 {
		return 0
	}
	for u := l.seed.Uniform(rule, uint64(id)); u < l.cfg.Loss && k < 6; k++ {
		u /= l.cfg.Loss
	}
	return k
}

// bound is the most that loss leaves to one transfer, in bytes a nanosecond
// (Mathis, Semke, Mahdavi, Ott 1997: MSS/RTT · sqrt(3/2)/sqrt(loss)).
func (l *Link) bound() float64 {
	rtt := l.cfg.RTT + l.extra()
	if l.cfg.Loss == 0 || rtt == 0 {
		return math.Inf(1)
	}
	return segmentSize / float64(rtt) * math.Sqrt(1.5/l.cfg.Loss)
}

// scaleOf is the factor of one viewer's rates. The normal draw is cut at ±3 so
// that no viewer is out of this world.
func scaleOf(spread float64, seed draw.Seed) float64 {
	if spread == 0 {
		return 1
	}
	sigma := math.Sqrt(math.Log1p(spread * spread))
	return math.Exp(sigma * min(3, max(-3, seed.Normal(ruleSpread, 0))))
}
