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
	if news && p.putsAside(old, m, !first) {
		p.aside(f, t, m)
		return
	}
	if !first && old != m && !p.cfg.Profile.Playlist.KeepMismatch && contradicts(old, m) {
		t.media, t.changedAt, t.base = m, p.now, p.place(m, old, oldBase, true)
		p.clock().schedule(p, f.load(), t, true)
		p.trouble(f, Mismatch, 0, "a media sequence number changed its URI")
		return
	}
	t.loadTook = p.now - f.sent
	if f.update {
		p.clock().took(t, t.loadTook)
	}
	if t.joint == errorJoint && p.now-p.switched > time.Duration(p.cfg.Profile.Buffer.Tick)/2 {
		t.joint = choiceJoint // hls.js looked for a segment meanwhile, and forgot where it was
	}
	more := news && t.state == exhausted
	t.loaded(news)
	t.mediaOf, t.loadedAt = t.rendition, p.now
	if p.loader().initAgain() && t.using != nil {
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
			t.segAt = p.loader().look(p, t)
		}
	} else {
		t.media = m // its URLs may be signed anew
		t.misses++
	}
	p.clock().schedule(p, f.load(), t, news)
	if a := p.audio; f.track == MainTrack && a != nil && a.active() && !a.listed() && a.listAt == Never && p.flight(AudioTrack, m3u8.KindMedia) == nil {
		a.reloadAt(p.now) // it has waited for this one
	}
	if f.track == MainTrack && old == nil {
		p.joinAt(t)
		p.cfg.Profile.Startup.Playlists.Is.listed(p, m)
	}
	if f.track == MainTrack {
		p.abandonStarting()
	}
	if !news {
		p.stale(f, t, false)
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
	return p.cfg.Profile.Playlist.ByText && last >= 0 && old.Segments[last].URI != m.Segments[last].URI
}

// contradicts reports whether a segment that both versions list changed its URI,
// which its query does not count for (hls.js utils/level-helper
// mapFragmentIntersection).
func contradicts(old, m *m3u8.Media) bool {
	if old == nil {
		return false
	}
	first, listed := m.MediaSequence, m.Segments
	for i := range old.Segments {
		s := &old.Segments[i]
		at := s.Sequence - first // wraps around for what is listed no more
		if at < uint64(len(listed)) && s.URI != listed[at].URI && !samePath(s.URI, listed[at].URI) {
			return true
		}
	}
	return false
}

// samePath reports whether two URIs differ in their queries at most.
func samePath(a, b string) bool { return withoutQuery(a) == withoutQuery(b) }

// lastDuration is that of the last segment. One without a duration is nothing to
// go by: the target duration stands for it.
func lastDuration(m *m3u8.Media) time.Duration {
	if d := m.Segments[len(m.Segments)-1].Duration; d > 0 {
		return d
	}
	return m.TargetDuration
}

// pumpLists asks for the playlists that are due.
func (p *Player) pumpLists() {
	p.pumpList(MainTrack, &p.main)
	if p.audio != nil {
		p.pumpList(AudioTrack, p.audio)
	}
}

func (p *Player) pumpList(tr Track, t *track) {
	due := t.listAt
	if due > p.now || p.listDue(tr, t) > p.now || !t.active() {
		return
	}
	t.reloadAt(Never)
	p.fetch(m3u8.KindMedia, tr, t.rendition, p.ladder.Renditions[t.rendition].URL, nil, due).update = t.listed()
}
