package player

import (
	"time"

	"hlsload/player/m3u8"
)

// orphan is a reload that was in flight, or was to be tried again, when the player
// switched away. Shaka lets it finish, tries it again as if nothing had happened,
// and penalises the rendition if it fails (hls_parser updateStream_).
type orphan struct {
	of    flight
	at    time.Duration // when it is tried again; Never = it is in flight
	tries uint8         // that failed
	holds bool          // the clock of reloads waits for it
	after time.Duration // from its failure to the next reload of what is played
	next  *orphan
}

// orphan keeps the reload of a playlist that is being left.
func (p *Player) orphan(tr Track, t *track, afterError time.Duration) {
	if !t.listed() {
		return
	}
	s := orphan{after: afterError, at: Never, tries: t.tries[0], holds: p.main.scheduled <= p.now, next: p.orphans}
	switch f := p.flight(tr, m3u8.KindMedia); {
	case f != nil && f.update:
		f.orphan = true
		s.of = *f
	case f == nil && t.tries[0] > 0:
		s.of = flight{kind: m3u8.KindMedia, track: tr, rendition: t.rendition, level: t.level, update: true, orphan: true}
		s.at = t.listAt
	default:
		return
	}
	if s.holds {
		p.main.scheduled = Never
	}
	p.orphans = &s
}

// reloadOrphans tries the orphan reloads again that are due.
func (p *Player) reloadOrphans() {
	for s := p.orphans; s != nil && p.state != over; s = s.next {
		if s.at > p.now {
			continue
		}
		f := p.fetch(m3u8.KindMedia, s.of.track, s.of.rendition, p.ladder.Renditions[s.of.rendition].URL, nil, s.at)
		f.update, f.orphan = true, true
		s.of, s.at = *f, Never
	}
}

// orphanEnded takes the end of such a reload.
func (p *Player) orphanEnded(f *flight, failure Failure) {
	at := &p.orphans
	for *at != nil && (*at).of.id != f.id {
		at = &(*at).next
	}
	s := *at
	if s == nil {
		return
	}
	wait := p.betweenLoads(true)
	if failure != NoFailure {
		r := p.rule(f, failure, int(f.status))
		if d, ok := r.retry(p, int(s.tries)); ok {
			s.at, s.tries = p.now+d, bump(s.tries)
			return
		}
		wait = s.after
		p.errs.penalise(f.rendition, p.until(p.penalty().lasts()))
	}
	*at = s.next
	if s.holds {
		p.main.scheduled = p.now + wait
		for i := range p.tracks() {
			if t := p.track(i); t.active() && t.listed() {
				t.reloadAt(p.main.scheduled)
			}
		}
	}
	if p.main.active() && p.renditionOf(int(p.main.level)) < 0 {
		p.reselect(f, failure, false)
	}
}
