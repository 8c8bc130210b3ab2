package player

import (
	"time"

	"hlsload/player/m3u8"
)

// errorBook is what a player remembers of failures: counters that rules share,
// marks on renditions, and penalties with their end.
type errorBook struct {
	renditions []record // of those where anything failed
	pasts      *past    // of some of them
	pathways   *pathway // that were penalised
	jitters    uint32   // delays of retries drawn so far
	lists      uint8    // failed playlists since one succeeded or a level was left
	idled      bool     // it idles, or did
	broken     bool     // a segment failed for good and none has arrived since
}

// any reports whether anything failed so far.
func (b *errorBook) any() bool { return b.renditions != nil || b.pathways != nil }

// record is kept for a rendition once anything failed.
type record struct {
	rendition int16
	// recoveries is how many steps were looked for because of it, until its media
	// is buffered.
	recoveries uint8
	segments   uint8 // failed fetches of its segments, until one succeeded
	wasStale   bool
	known      bool // its playlist was loaded once
}

// past is what only some players remember of a rendition.
type past struct {
	rendition int16
	until     time.Duration // end of its penalty
	asked     time.Duration // when its playlist was last asked for, as far as it failed
	stale     *m3u8.Media   // what it listed when it was left for being stale; nil = it was not
	next      *past
}

// pathway is one that was penalised.
type pathway struct {
	next  *pathway
	until time.Duration
	index int16
}

// was is the past of a rendition.
func (b *errorBook) was(rendition int16) past {
	for t := b.pasts; t != nil; t = t.next {
		if t.rendition == rendition {
			return *t
		}
	}
	return past{}
}

// remember is the past of a rendition, to be added to.
func (b *errorBook) remember(rendition int16) *past {
	b.of(rendition)
	at := &b.pasts
	for ; *at != nil; at = &(*at).next {
		if (*at).rendition == rendition {
			return *at
		}
	}
	*at = &past{rendition: rendition}
	return *at
}

// forgive forgets what keeps from a rendition, not what is known of it.
func (b *errorBook) forgive(r *record) {
	r.recoveries, r.segments = 0, 0
	for t := b.pasts; t != nil; t = t.next {
		if t.rendition == r.rendition {
			t.until = 0
		}
	}
}

// restore lifts all penalties but those for ever.
func (b *errorBook) restore() {
	for i := range b.renditions {
		if r := &b.renditions[i]; b.was(r.rendition).until != Never {
			b.forgive(r)
		}
	}
	for t := b.pathways; t != nil; t = t.next {
		t.until = 0
	}
}

// find returns the record of a rendition, nil if there is none.
func (b *errorBook) find(rendition int16) *record {
	for i := range b.renditions {
		if r := &b.renditions[i]; r.rendition == rendition {
			return r
		}
	}
	return nil
}

// of returns the record of a rendition; it is valid until the next one is made.
func (b *errorBook) of(rendition int16) *record {
	if r := b.find(rendition); r != nil {
		return r
	}
	if n := len(b.renditions); n == cap(b.renditions) {
		// There are few; doubling would waste more than it saves.
		b.renditions = append(make([]record, 0, n+2), b.renditions...)
	}
	b.renditions = append(b.renditions, record{rendition: rendition})
	return &b.renditions[len(b.renditions)-1]
}

// recoveries is how many steps were looked for because of a rendition.
func (b *errorBook) recoveries(rendition int16) uint8 {
	if r := b.find(rendition); r != nil {
		return r.recoveries
	}
	return 0
}

// appended clears what media of a rendition disproves.
func (b *errorBook) appended(rendition int16) {
	b.broken = false
	if r := b.find(rendition); r != nil {
		r.recoveries, r.segments = 0, 0
	}
}

// segmentErrors is the shared count of failed segments on the current pathway.
func (p *Player) segmentErrors() int {
	n := 0
	for i := range p.errs.renditions {
		r := &p.errs.renditions[i]
		if p.ladder.Renditions[r.rendition].Pathway == int(p.pathway) {
			n += int(r.segments)
		}
	}
	return n
}
