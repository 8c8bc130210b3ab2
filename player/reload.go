package player

import (
	"time"

	"hlsload/player/m3u8"
)

// playlist takes a media playlist.
func (p *Player) playlist(f *flight, m *m3u8.Media) {
	t := p.track(f.track)
	if f.rendition != t.rendition {
		p.triedOut(f, m)
		return
	}
	p.errs.lists = 0
	t.tries[0] = 0
	first := !t.listed()
	old, oldBase := t.media, t.base
	news := first || p.changed(old, m)
	if news && p.setsAside(old, m, !first) {
		p.aside(f, t, m)
		return
	}
	if !first && old != m && !p.cfg.Profile.Reload.KeepMismatch && contradicts(old, m) {
		t.media, t.changedAt, t.base = m, p.now, p.place(m, old, oldBase, true)
		p.schedule(f, t, true)
		p.trouble(f, Mismatch, 0, "a media sequence number changed its URI")
		return
	}
	t.loadTook = p.now - f.sent
	if h := p.cfg.Profile.Reload.MinusLoad; h > 0 && (f.update || !p.cfg.Profile.Reload.Together) {
		t.load.Add(h, 1, t.loadTook.Seconds())
	}
	if t.joint == errorJoint && p.now-p.switched > time.Duration(p.cfg.Profile.Buffer.Tick)/2 {
		t.joint = choiceJoint // hls.js looked for a segment meanwhile, and forgot where it was
	}
	more := news && t.state == exhausted
	t.loaded(news)
	t.mediaOf, t.loadedAt = t.rendition, p.now
	if p.cfg.Profile.Reload.InitAgain && t.using != nil {
		t.using.init = ""
	}
	if news {
		switch {
		case old != nil:
			t.base = p.place(m, old, oldBase, !first)
			t.placeGuessed = t.placeGuessed || first || !overlap(old, m)
		case f.track == AudioTrack && p.main.media != nil:
			main := &p.main
			t.base = p.place(m, main.media, main.base, false)
		}
		t.media, t.changedAt, t.misses, t.evidenceSent, t.stalePending, t.numbersLower = m, p.now, 0, false, false, false
		if more {
			t.segAt = p.nextLook(t)
		}
	} else {
		t.media = m // its URLs may be signed anew
		t.misses++
	}
	p.schedule(f, t, news)
	if a := p.audio; f.track == MainTrack && a != nil && a.active() && !a.listed() && a.listAt == Never && p.flight(AudioTrack, m3u8.KindMedia) == nil {
		a.reloadAt(p.now) // it has waited for this one
	}
	if f.track == MainTrack && old == nil {
		p.joinAt(t)
		p.cfg.Profile.Startup.Playlists.Is.listed(p, m)
	}
	if !news {
		p.stale(f, t)
		return
	}
	if p.state == stalled && p.finished() {
		p.finish(Ended, "") // the end of what was waited for
		return
	}
	if p.state != over && len(m.Segments) > 0 {
		p.behind(t)
	}
}

// changed reports whether a reload brought anything new. Players go by the numbers
// of what is listed (hls.js level-details reloaded, VHS isPlaylistUnchanged, media3
// isNewerThan), so that new signatures are none; some go by the text.
func (p *Player) changed(old, m *m3u8.Media) bool {
	if old == m {
		return false
	}
	if old == nil || m == nil || old.MediaSequence != m.MediaSequence || len(old.Segments) != len(m.Segments) || old.EndList != m.EndList {
		return true
	}
	last := len(m.Segments) - 1
	return p.cfg.Profile.Reload.ByText && last >= 0 && old.Segments[last].URI != m.Segments[last].URI
}

// contradicts reports whether a segment that both versions list changed its URI,
// which its query does not count for (hls.js utils/level-helper
// mapFragmentIntersection).
func contradicts(old, m *m3u8.Media) bool {
	if old == nil {
		return false
	}
	for i := range old.Segments {
		s := &old.Segments[i]
		at := s.Sequence - m.MediaSequence // wraps around for what is listed no more
		if at < uint64(len(m.Segments)) && !samePath(s.URI, m.Segments[at].URI) {
			return true
		}
	}
	return false
}

// samePath reports whether two URIs differ in their queries at most.
func samePath(a, b string) bool { return a == b || withoutQuery(a) == withoutQuery(b) }

// schedule sets the reload clock after a load.
func (p *Player) schedule(f *flight, t *track, news bool) {
	m := t.media
	r := &p.cfg.Profile.Reload
	if !t.live() && !r.Together {
		t.reloadAt(Never)
		return
	}
	target, last := p.targetDuration(f.track), p.targetDuration(f.track)
	if len(m.Segments) > 0 {
		last = lastDuration(m)
	}
	if r.Together {
		for i := range p.tracks() {
			if o := p.track(i); o.active() && o.media != nil && len(o.media.Segments) > 0 {
				last = min(last, lastDuration(o.media))
			}
		}
	}
	wait := r.Unchanged.Of(target, last)
	// A player that has nothing left asks at the shorter interval until something comes.
	starving := r.OnDemand && (p.state == stalled && p.ahead(t) == 0 || p.survey != nil && p.survey.passes > 0)
	if news && !starving {
		wait = r.Changed.Of(target, last)
		near := r.NearEdge.Of(target, last)
		if near > 0 && t.base+m.Duration-p.position(p.now) < near && last < wait && last > 0 {
			wait = last
		}
	}
	if r.MinusLoad > 0 {
		wait -= time.Duration(t.load.Get(r.MinusLoad) * float64(time.Second))
	}
	// A playlist whose segments are announced shorter than they are must not
	// make a busy loop.
	wait = max(wait, 50*time.Millisecond)
	if r.OnDemand {
		t.scheduled = p.now + wait
		t.reloadAt(Never)
		return
	}
	if r.Together {
		p.scheduleTogether(f, t, wait)
		return
	}
	switch r.From {
	case FromResponse:
		t.reloadAt(p.now + wait)
		return
	case FromSent:
		t.reloadAt(max(f.sent+wait, p.now))
		return
	}
	if t.scheduled < 0 {
		t.scheduled = f.sent
	}
	t.scheduled = max(t.scheduled+wait, p.now)
	t.reloadAt(t.scheduled)
}

// scheduleTogether sets the clock that all active tracks share, from when the
// last of their playlists has arrived. A playlist loaded in between, because of
// a change of level, leaves it as it is; what came due meanwhile found nothing
// to reload.
func (p *Player) scheduleTogether(f *flight, t *track, wait time.Duration) {
	main := &p.main
	if main.scheduled > 0 && !f.update {
		for main.scheduled <= p.now {
			main.scheduled += wait
		}
	}
	if main.scheduled > p.now {
		t.reloadWithOthers(main.scheduled)
		return
	}
	for i := range p.tracks() {
		if o := p.track(i); o != t && o.active() && (p.flight(i, m3u8.KindMedia) != nil || !o.listed() || o.tries[0] > 0) {
			t.reloadAt(Never)
			return
		}
	}
	main.scheduled = p.now + wait
	for i := range p.tracks() {
		if o := p.track(i); o.active() {
			o.reloadWithOthers(main.scheduled)
		}
	}
}

// reloadWithOthers is reloadAt for a clock that all tracks share: what has ended leaves
// it to the others.
func (t *track) reloadWithOthers(at time.Duration) {
	if !t.live() {
		at = Never
	}
	t.reloadAt(at)
}

// lastDuration is that of the last segment. One without a duration is nothing to
// go by: the target duration stands for it.
func lastDuration(m *m3u8.Media) time.Duration {
	if d := m.Segments[len(m.Segments)-1].Duration; d > 0 {
		return d
	}
	return m.TargetDuration
}

func (p *Player) pumpList(tr Track, t *track) {
	due := p.listDue(tr, t)
	if due > p.now {
		return
	}
	t.reloadAt(Never)
	p.fetch(m3u8.KindMedia, tr, t.rendition, p.ladder.Renditions[t.rendition].URL, nil, due).update = t.listed()
}
