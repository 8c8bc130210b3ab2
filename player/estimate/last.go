package estimate

import "hlsload/player/policy"

// Last is the throughput of the last segment.
type Last struct {
	// ZeroOnTimeout sets the estimate to 1 bit/s when a segment times out, until
	// the next one was loaded.
	ZeroOnTimeout bool `yaml:"zero_on_timeout"`
}

func (*Last) Limits(*policy.Limits) {}

func (l *Last) Start(first float64, _ bool) Estimate {
	return &last{plain: plain{first: first}, policy: l}
}

type last struct {
	plain
	policy *Last
	rate   float64
}

func (l *last) Add(t Transfer) {
	if t.Bytes > 0 {
		l.rate, _ = rate(seconds(t.Took), t.Bytes)
		l.bytes += t.Bytes
	}
}

func (l *last) Rate() float64 {
	if l.bytes == 0 {
		return l.first
	}
	return l.rate
}

func (l *last) TimedOut() bool {
	if l.policy.ZeroOnTimeout {
		l.rate, l.bytes = 1, 1
	}
	return l.policy.ZeroOnTimeout
}

func (l *last) Restart(first float64) { *l = last{plain: plain{first: first}, policy: l.policy} }
