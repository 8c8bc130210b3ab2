package chaos

import (
	"bytes"
	"slices"
	"time"
)

// version is one version of a media playlist.
type version struct {
	at   time.Duration // first seen, or when it held
	body []byte
}

// memory is what is remembered of one media playlist URL.
type memory struct {
	versions []version     // oldest first
	seen     time.Duration // when the last one was last seen
	pins     []pin
	edited   edited
	bytes    int // of all that, as counted last
}

// pin is the playlist of the instant at which a fault began, kept for as long
// as the fault holds, so that all players see the same.
type pin struct {
	fault *Fault
	version
	first  []byte // the first real body since then; nil = none yet
	healed bool   // the real playlist was written since then
}

// edited is the last edited text, so that players share it and its parse.
type edited struct {
	from, to []byte
	edits
}

// latest returns the last version, nil when there is none.
func (m *memory) latest() *version {
	if len(m.versions) == 0 {
		return nil
	}
	return &m.versions[len(m.versions)-1]
}

// asOf returns the version that held at that instant, as far as was seen; nil
// when none was seen by then.
func (m *memory) asOf(at time.Duration) *version {
	for i := len(m.versions) - 1; i >= 0; i-- {
		if m.versions[i].at <= at {
			return &m.versions[i]
		}
	}
	return nil
}

// remember takes a body that was seen at now and reports whether it is a new
// version. Versions that were superseded before the horizon are forgotten. It
// keeps a copy.
func (m *memory) remember(now time.Duration, body []byte, horizon time.Duration) (fresh bool) {
	m.seen = now
	if last := m.latest(); last != nil && bytes.Equal(last.body, body) {
		return false
	}
	for len(m.versions) > 0 && (horizon <= 0 || len(m.versions) > 1 && m.versions[1].at <= now-horizon || len(m.versions) >= maxVersions) {
		m.versions = slices.Delete(m.versions, 0, 1)
	}
	m.versions = append(m.versions, version{now, bytes.Clone(body)})
	return true
}

// count counts the bytes it holds and returns by how many they grew. What
// several share is counted for each.
func (m *memory) count() (grown int) {
	n := len(m.edited.from) + len(m.edited.to)
	for i := range m.versions {
		n += len(m.versions[i].body)
	}
	for i := range m.pins {
		n += len(m.pins[i].body) + len(m.pins[i].first)
	}
	grown, m.bytes = n-m.bytes, n
	return grown
}

// pinned returns the pin of a fault, nil when there is none.
func (m *memory) pinned(f *Fault) *pin {
	for i := range m.pins {
		if m.pins[i].fault == f {
			return &m.pins[i]
		}
	}
	return nil
}

// pin keeps the playlist of the instant at which w began: the last one seen
// before, unless no player had asked for it for over a target duration; else what is
// real now, without what was listed since. real is nil when there is none.
func (m *memory) pin(w *Window, now time.Duration, real []byte) {
	if last := m.latest(); last != nil && m.seen >= w.From-orTarget(last.body) {
		m.pins = append(m.pins, pin{fault: w.Fault, version: *last})
		return
	}
	if real != nil {
		since := now - w.From
		if w.Fault.Kind.Spec().older {
			since = min(since, w.Fault.By)
		}
		m.pins = append(m.pins, pin{fault: w.Fault, version: version{w.From, before(bytes.Clone(real), since)}})
	}
}

// touch passes the real playlist to the pins, so that a playlist which was deleted
// once heals with the next write.
func (m *memory) touch(real []byte) {
	for i := range m.pins {
		switch p := &m.pins[i]; {
		case !p.fault.Once || p.healed:
		case p.first == nil:
			p.first = bytes.Clone(real)
		case !bytes.Equal(p.first, real):
			p.healed = true
		}
	}
}

// edit returns the body without its last segments, and ended.
func (m *memory) edit(body []byte, changes edits) []byte {
	if e := &m.edited; e.edits == changes && bytes.Equal(e.from, body) {
		return e.to
	}
	to := body
	if changes.drop > 0 {
		to = dropLast(to, changes.drop)
	}
	if changes.end {
		to = endlist(to)
	}
	from := bytes.Clone(body)
	if bytes.Equal(to, body) {
		to = from
	} else {
		to = bytes.Clone(to)
	}
	m.edited = edited{from, to, changes}
	return to
}

// orTarget is the target duration of a playlist, 6 s when it has none.
func orTarget(body []byte) time.Duration {
	if d := targetOf(body); d > 0 {
		return d
	}
	return 6 * time.Second
}
