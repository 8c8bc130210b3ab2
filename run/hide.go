package run

import (
	"sync"
	"sync/atomic"
	"time"

	"hlsload/reports/record"
	"hlsload/stage"
)

// redacted takes secrets out of what progress is told, if there is any.
type redacted struct {
	to stage.Progress
	f  func(string) string
}

func (r redacted) Mark(now time.Duration, text string) {
	if r.to != nil {
		r.to.Mark(now, r.f(text))
	}
}

func (r redacted) Show(now time.Duration, l *record.Live) {
	if r.to != nil {
		r.to.Show(now, l)
	}
}

// memo remembers what a function made of the few texts that come again and
// again. It is safe for concurrent use.
type memo struct {
	f     func(string) string
	known sync.Map
	n     atomic.Int64
}

// maxMemo bounds what is remembered.
const maxMemo = 4096

func (m *memo) of(s string) string {
	if s == "" {
		return ""
	}
	if v, ok := m.known.Load(s); ok {
		return v.(string)
	}
	v := m.f(s)
	if m.n.Add(1) <= maxMemo {
		m.known.Store(s, v)
	}
	return v
}
