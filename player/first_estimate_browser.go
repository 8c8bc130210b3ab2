package player

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// browserEstimate is what the browser says of the network at first. Browsers do not
// learn from private addresses, and blur what they say.
type browserEstimate struct {
	Public  units.Rate `yaml:"public"`  // for a stream from the Internet
	Private units.Rate `yaml:"private"` // for one from a private address (loopback, 10/8 …)
	Noise   float64    `yaml:"noise"`   // share by which it varies from player to player
}

func (b *browserEstimate) Limits(l *policy.Limits) {
	policy.Within(l, "public", &b.Public, 1, 1e12)
	policy.Within(l, "private", &b.Private, 1, 1e12)
	policy.Within(l, "noise", &b.Noise, 0, 1)
}

func (b *browserEstimate) rate(p *Player, private bool) float64 {
	v := float64(b.Public)
	if private {
		v = float64(b.Private)
	}
	if b.Noise > 0 {
		v *= 1 + b.Noise*(2*p.seed.Uniform(firstNoise, 0)-1)
	}
	return v
}
