package estimate

// mean3 is the lower one of the last segment's throughput and the mean of the
// last three.
type mean3 struct{}

func (*mean3) Start(first float64, _ bool) Estimate {
	return &mean3State{plain: plain{first: first}}
}

type mean3State struct {
	plain
	last [3]float64 // the newest first
}

func (m *mean3State) Add(t Transfer) {
	if t.Bytes > 0 {
		v, _ := rate(seconds(t.Took), t.Bytes)
		m.last[2], m.last[1], m.last[0] = m.last[1], m.last[0], v
		m.bytes += t.Bytes
	}
}

func (m *mean3State) Rate() float64 {
	if m.bytes == 0 {
		return m.first
	}
	sum, n := 0.0, 0.0
	for _, v := range m.last {
		if v > 0 {
			sum, n = sum+v, n+1
		}
	}
	return min(m.last[0], sum/n)
}

func (m *mean3State) Restart(first float64) { *m = mean3State{plain: plain{first: first}} }
