package estimate

import (
	"hlsload/player/policy"
	"hlsload/player/units"
)

// browser is what the browser says of the network: a slow median of what was
// loaded from public addresses. It goes on whatever the player does.
type browser struct {
	Window float64 `yaml:"window"` // the weight that is kept, in roots of bytes
	// Ceiling bounds the estimate while the last transfer was not faster either.
	Ceiling units.Rate `yaml:"ceiling"`
}

func (b *browser) Limits(l *policy.Limits) {
	policy.Within(l, "window", &b.Window, 1, 1e6)
	policy.Within(l, "ceiling", &b.Ceiling, 1, 1e12)
}

func (b *browser) Start(first float64, private bool) Estimate {
	return &browserState{plain: plain{first: first}, policy: b, private: private}
}

type browserState struct {
	plain
	policy  *browser
	window  *window // nil until there is a transfer
	private bool
}

func (b *browserState) Add(t Transfer) {
	if t.Bytes <= 0 || b.private {
		return
	}
	if b.window == nil {
		b.window = new(window)
	}
	b.window.add(b.policy.Window, t)
	b.bytes += t.Bytes
}

func (b *browserState) Decides() bool { return b.private || b.Measured() }

func (b *browserState) Rate() float64 {
	v, latest := b.first, 0.0
	if b.window != nil {
		v, latest = b.window.median(), b.window.latest()
	}
	if c := float64(b.policy.Ceiling); v > c {
		return max(c, latest)
	}
	return v
}

func (b *browserState) Restart(float64) {}
