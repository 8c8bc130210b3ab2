package run

import (
	"sync"
	"sync/atomic"
	"time"

	"hlsload/reports/record"
	"hlsload/stage"
)

// redacted is a progress that shows no secrets; it shows nothing without one.
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

// redactor takes secrets out of texts and caches the results, because the same few
// texts recur. It is safe for concurrent use.
type redactor struct {
	f     func(string) string
	known sync.Map
	n     atomic.Int64
}

// maxRedacted bounds the texts that are cached.
const maxRedacted = 4096

func (m *redactor) of(s string) string {
	if s == "" {
		return ""
	}
	if v, ok := m.known.Load(s); ok {
		return v.(string)
	}
	v := m.f(s)
	if m.n.Add(1) <= maxRedacted {
		m.known.Store(s, v)
	}
	return v
}
