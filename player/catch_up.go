package player

import (
	"time"

	"hlsload/player/policy"
)

// CatchUp is the playback rate that keeps the latency, for playlists that state HOLD-BACK
// and carry date-times.
type CatchUp interface {
	// rate is that of playback, less 1, for a player that is so far behind its target.
	rate(behind time.Duration) float64
}

var _ = policy.Register("live.catch_up", policy.Offers[CatchUp]{
	"never": new(catchUpNever),
	"rate":  new(catchUpRate),
})

// catchUp sets the playback rate by the distance to the target latency.
func (p *Player) catchUp() {
	if p.state != playing || p.pdt == noPDT {
		return
	}
	m := p.main.media
	if m == nil || m.ServerControl == nil || m.ServerControl.HoldBack == 0 || m.EndList {
		return
	}
	latency := p.now - time.Duration(p.pdt+int64(p.position(p.now))-p.cfg.Epoch)
	if r := float32(p.cfg.Profile.Live.CatchUp.Is.rate(latency - p.holdBack(&p.main))); r != p.rate {
		p.anchor, p.anchorAt = p.position(p.now), p.now
		p.rate = r
	}
}
