package estimate

// last is the throughput of the last segment.
type last struct {
	// ZeroOnTimeout sets the estimate to 1 bit/s when a segment times out, until
	// the next one was loaded.
	ZeroOnTimeout bool `yaml:"zero_on_timeout"`
}

func (l *last) Start(first float64, _ bool) Estimate {
	return &lastState{plain: plain{first: first}, policy: l}
}

type lastState struct {
	plain
	policy *last
	rate   float64
}

func (l *lastState) Add(t Transfer) {
	if t.Bytes > 0 {
		l.rate, _ = rate(seconds(t.Took), t.Bytes)
		l.bytes += t.Bytes
	}
}

func (l *lastState) Rate() float64 {
	if l.bytes == 0 {
		return l.first
	}
	return l.rate
}

func (l *lastState) TimedOut() bool {
	if l.policy.ZeroOnTimeout {
		l.rate, l.bytes = 1, 1
	}
	return l.policy.ZeroOnTimeout
}

func (l *lastState) Restart(first float64) {
	*l = lastState{plain: plain{first: first}, policy: l.policy}
}
