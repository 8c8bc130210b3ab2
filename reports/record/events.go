package record

import (
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/reports"
	"hlsload/reports/figure"
)

// EventLog writes events.ndjson: a line for each thing that happened to a
// player, with `t_ms player cohort profile event` first. In a run, events wait
// in memory, bounded by a limit, until [EventLog.Flush]; those that do not fit
// are counted and dropped, so that a slow disk cannot slow the players down. In
// a simulation nothing is dropped.
type EventLog struct {
	w     io.Writer
	limit int
	cfg   *Config

	mu       sync.Mutex
	buf      []byte
	line     []byte
	dropped  int64
	of       uint64        // of so many players, one is written; 0 = all
	since    time.Duration // when that began
	last     time.Duration // of the events
	writing  sync.Mutex    // held while a buffer is written; taken before mu
	spare    []byte
	writeErr error
}

const defaultEventBuffer = 64 << 20

// NewEventLog returns a log that writes to w and keeps at most limit bytes in
// memory; 0 = 64 MiB. Hand it over in [Config] and flush it every second or so,
// and at the end.
func NewEventLog(w io.Writer, limit int) *EventLog {
	if limit <= 0 {
		limit = defaultEventBuffer
	}
	return &EventLog{w: w, limit: limit}
}

// Flush writes what waits. It returns the first error that any write had;
// nothing is written after one.
func (e *EventLog) Flush() error {
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	full := e.buf
	e.buf = e.spare[:0]
	e.mu.Unlock()
	if e.writeErr == nil && len(full) > 0 {
		_, e.writeErr = e.w.Write(full)
	}
	e.spare = full
	return e.writeErr
}

// Dropped is how many events did not fit.
func (e *EventLog) Dropped() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dropped
}

// Sample makes the log take all events of one in so many players from now on, by number, and
// none of the others.
func (e *EventLog) Sample(of uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if of > 1 && e.of <= 1 {
		e.since = e.last
	}
	e.of = of
}

// Sampled is of how many players one is written, 1 = all are, and since when not all.
func (e *EventLog) Sampled() (of uint64, since time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(e.of, 1), e.since
}

// event writes one line; fields appends to it.
func (e *EventLog) event(s *Session, at time.Duration, name string, fields func(*fieldWriter)) {
	e.mu.Lock()
	e.last = max(e.last, at)
	if e.of > 1 && draw.Mix(s.player)%e.of != 0 {
		e.mu.Unlock()
		return
	}
	f := fieldWriter{append(e.line[:0], `{"t_ms":`...)}
	f.b = appendMs(f.b, at)
	f.b = strconv.AppendUint(append(f.b, `,"player":`...), s.player, 10)
	cohort := &e.cfg.Cohorts[s.Group.Key.Cohort]
	f.text("cohort", cohort.Name)
	f.text("profile", cohort.Profile)
	f.text("event", name)
	if fields != nil {
		fields(&f)
	}
	e.line = append(f.b, '}', '\n')
	full := len(e.buf)+len(e.line) > e.limit
	if full && e.cfg.Mode == reports.ModeRun {
		e.dropped++
		e.mu.Unlock()
		return
	}
	e.buf = append(e.buf, e.line...)
	e.mu.Unlock()
	if full {
		e.Flush() // its error is kept and returned by the last Flush
	}
}

func (e *EventLog) joined(s *Session, at time.Duration) {
	e.event(s, at, "join", func(f *fieldWriter) { f.flag("rejoin", s.rejoin) })
}

// sample writes a player's sample.
func (e *EventLog) sample(s *Session, sm *player.Sample, m *Meta) {
	e.event(s, sm.At, sm.Type.String(), func(f *fieldWriter) {
		switch sm.Type {
		case player.Started, player.StallEnd:
			f.ms("duration_ms", sm.Duration)
		case player.Requested, player.Withheld:
			f.thing(sm)
		case player.Answered:
			f.thing(sm)
			f.number("status", int64(sm.Status))
			f.texts("failure", sm.Failure.String())
			f.number("bytes", sm.Bytes)
			f.ms("due_ms", sm.Due)
			f.ms("sent_ms", sm.Sent)
			if sm.FirstByte > 0 {
				f.ms("first_byte_ms", sm.FirstByte)
			}
			if sm.Unchanged > 0 {
				f.ms("unchanged_ms", sm.Unchanged)
			}
			f.meta(s, m)
		case player.Appended:
			f.text("track", sm.Track.String())
			f.place("pipeline", int64(sm.Pipeline))
			f.place("rendition", int64(sm.Rendition))
			f.number("sequence", int64(sm.Sequence))
			f.ms("media_start_ms", sm.MediaStart)
			f.ms("media_ms", sm.MediaDuration)
			f.number("bitrate_bps", sm.Bitrate)
			if sm.Latency >= 0 {
				f.ms("latency_ms", sm.Latency)
			}
			if sm.Skipped > 0 {
				f.ms("skipped_ms", sm.Skipped)
			}
			if sm.Repeated > 0 {
				f.ms("repeated_ms", sm.Repeated)
			}
		case player.Switched:
			f.text("track", sm.Track.String())
			f.place("from_pipeline", int64(sm.FromPipeline))
			f.place("from_rendition", int64(sm.FromRendition))
			f.place("pipeline", int64(sm.Pipeline))
			f.place("rendition", int64(sm.Rendition))
			f.flag("abr", sm.Abr)
			f.texts("reason", sm.Reason)
		case player.Evidence, player.Detected, player.Fatal:
			f.thing(sm)
			f.texts("decision", sm.Decision.String())
			f.texts("failure", sm.Failure.String())
			f.texts("reason", sm.Reason)
		}
	})
}

func (e *EventLog) failover(s *Session, o *Occurrence, sm *player.Sample, t *faultRecord) {
	e.event(s, sm.At, "failover", func(f *fieldWriter) {
		f.text("fault", o.Fault.Name)
		f.number("occurrence", int64(o.Fault.Occurrence))
		f.place("pipeline", int64(sm.Pipeline))
		f.ms("after_ms", sm.At-t.since)
	})
}

func (e *EventLog) recovered(s *Session, at time.Duration, fault string, t *faultRecord) {
	e.event(s, at, "recovered", func(f *fieldWriter) {
		f.text("fault", fault)
		how := "failed_over"
		if t.healed() {
			how = "healed"
		}
		f.text("outcome", how)
	})
}

// fieldWriter appends the fields of one line.
type fieldWriter struct{ b []byte }

func (f *fieldWriter) key(name string) {
	f.b = append(append(append(f.b, ',', '"'), name...), '"', ':')
}

const maxText = 400 // bytes of a text from outside

func (f *fieldWriter) text(name, s string) {
	if len(s) > maxText {
		s = s[:maxText]
	}
	f.key(name)
	q, _ := json.Marshal(s) // a string always marshals
	f.b = append(f.b, q...)
}

// texts writes a text that is not empty.
func (f *fieldWriter) texts(name, s string) {
	if s != "" {
		f.text(name, s)
	}
}

func (f *fieldWriter) number(name string, n int64) {
	f.key(name)
	f.b = strconv.AppendInt(f.b, n, 10)
}

// place writes an index that is known.
func (f *fieldWriter) place(name string, n int64) {
	if n >= 0 {
		f.number(name, n)
	}
}

func (f *fieldWriter) flag(name string, v bool) {
	if v {
		f.key(name)
		f.b = append(f.b, "true"...)
	}
}

func (f *fieldWriter) ms(name string, d time.Duration) {
	f.key(name)
	f.b = appendMs(f.b, d)
}

func appendMs(b []byte, d time.Duration) []byte {
	return strconv.AppendFloat(b, figure.Round(float64(d)/1e6, 3), 'f', -1, 64)
}

// thing writes what a request is for.
func (f *fieldWriter) thing(sm *player.Sample) {
	f.text("kind", sm.Kind.String())
	f.text("track", sm.Track.String())
	f.place("pipeline", int64(sm.Pipeline))
	f.place("rendition", int64(sm.Rendition))
}

var cacheNames = [...]string{"", "hit", "joined", "revalidated", "miss"}

func (f *fieldWriter) meta(s *Session, m *Meta) {
	if m == nil {
		return
	}
	f.texts("pop", m.Pop)
	if int(m.Cache) < len(cacheNames) {
		f.texts("cache", cacheNames[m.Cache])
	}
	if m.Marks == 0 {
		return
	}
	f.key("faults")
	f.b = append(f.b, '[')
	seen := 0
	for rule := range chaos.MaxEntries {
		if !m.Marks.Has(rule) {
			continue
		}
		for i := range s.shard.c.cfg.Faults {
			if x := &s.shard.c.cfg.Faults[i]; x.Rule == rule {
				if seen > 0 {
					f.b = append(f.b, ',')
				}
				seen++
				q, _ := json.Marshal(x.Name)
				f.b = append(f.b, q...)
				break
			}
		}
	}
	f.b = append(f.b, ']')
}
