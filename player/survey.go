package player

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
)

// survey is a player's first look at a presentation: every media playlist, then
// some segments of each, one after the other; those of what will be played are
// kept. Or it is a probe: only some segments of the first playlist.
type survey struct {
	lists    []*m3u8.Media // by rendition; nil = not loaded, or failed
	from     []uint64      // by rendition: sequence number of the next segment to try; 0 = wherever playback begins
	loadedAt time.Duration // when the last of the playlists was
	samples  int           // segments to load of each
	reloads  int           // of a playlist none of whose segments can be loaded
	twice    bool          // a playlist that fails after another was loaded is asked for once more
	asked    bool          // it was
	next     int           // what to visit; stops from len(lists) on are for segments, from 2*len(lists) on for one more of each
	rounds   int           // of these
	analyze  time.Duration // a rendition that begins later is passed over
	joined   time.Duration // where playback begins
	loaded   int           // segments loaded there
	init     bool          // the initialization section was

	// Where no segment could be loaded yet:
	passes int           // failed segments and loads of the playlist
	late   time.Duration // how much later than the others it begins
	again  time.Duration // when the playlist may be loaded again
	at     time.Duration // when that is waited for; 0 = something else is

	probes []*m3u8.Segment // the first one together with its initialization section
	failed []failedProbe
}

// failedProbe is what a probe could not load.
type failedProbe struct {
	of    flight
	tries int
	at    time.Duration // when it is asked for again; 0 = it is in flight
}

// probe begins a look into the first playlist (Shaka hls_parser
// getBasicInfoFromSegments_, for captions that are not announced).
func (p *Player) probe(m *m3u8.Media) {
	if p.ladder.Captions || len(m.Segments) == 0 {
		return
	}
	last := len(m.Segments) - 1
	middle := 0
	if !m.EndList {
		middle = last / 2
	}
	for middle < last && m.Segments[middle].Gap {
		middle++
	}
	t := &survey{probes: []*m3u8.Segment{&m.Segments[middle]}}
	if m.Segments[middle].Map != nil {
		more := [2]int{last / 2, last}
		if !m.EndList {
			more = [2]int{last * 3 / 4, last / 4}
		}
		for _, i := range more {
			if s := &m.Segments[i]; s != t.probes[0] && !s.Gap {
				t.probes = append(t.probes, s)
			}
		}
	}
	p.survey = t
}

// pumpProbe asks for the next segment to look into, and for playlists that are not
// loaded yet. None is loaded again meanwhile: updates begin with the manifest.
func (p *Player) pumpProbe() {
	t, main := p.survey, &p.main
	for i := range p.tracks() {
		if tr := p.track(i); !tr.listed() {
			p.pumpList(i, tr)
		}
	}
	if !main.listed() {
		p.survey = nil
		return
	}
	if p.probeAgain() || p.chain(MainTrack) != nil {
		return
	}
	if t.next == len(t.probes) {
		p.survey = nil
		p.clock().probed(p)
		p.pump()
		return
	}
	s := t.probes[t.next]
	t.next++
	if main.needsInit(s) {
		p.fetch(m3u8.KindInit, MainTrack, main.rendition, s.Map.URL, s.Map.ByteRange, p.now).seg = s
	}
	p.fetchSegment(MainTrack, main, s)
}

// probeFailed has a rule of the start decide about a failed fetch of a probe. Without one
// there are others to look into.
func (p *Player) probeFailed(f *flight, failure Failure, status int) {
	r := p.rule(f, failure, status)
	if !r.AtStart {
		return
	}
	t := p.survey
	i := slices.IndexFunc(t.failed, func(b failedProbe) bool { return b.of.kind == f.kind && b.of.seg == f.seg })
	if i < 0 {
		i = len(t.failed)
		t.failed = append(t.failed, failedProbe{of: *f})
	}
	b := &t.failed[i]
	d, ok := r.retry(p, b.tries)
	if b.tries++; ok {
		b.at = p.now + d
		return
	}
	p.judge(f, r.Then, failure, b.tries-1)
}

// probeAgain asks again for what failed in a probe. It reports whether something waits
// for that.
func (p *Player) probeAgain() bool {
	t := p.survey
	t.at = 0
	for i := range t.failed {
		switch b := &t.failed[i]; {
		case b.at > p.now:
			if t.at == 0 || b.at < t.at {
				t.at = b.at
			}
		case b.at > 0:
			b.at = 0
			url, r := b.of.seg.URL, b.of.seg.ByteRange
			if b.of.kind == m3u8.KindInit {
				url, r = b.of.seg.Map.URL, b.of.seg.Map.ByteRange
			}
			f := p.fetch(b.of.kind, b.of.track, b.of.rendition, url, r, p.now)
			f.seg, f.start = b.of.seg, b.of.start
		}
	}
	return t.at > 0
}

// probed takes a segment that was looked into. It is kept if it is played.
func (p *Player) probed(f *flight, bytes int64) {
	if s := f.seg; f.start+s.Duration <= p.anchor-p.loader().leadIn() {
		p.sampleTransfer(f, bytes)
		return
	}
	k := p.slot()
	*k = *f
	k.ahead, k.held, k.bytes, k.moved = true, true, bytes, p.now
}

// leave goes on to the next stop.
func (t *survey) leave() {
	t.next++
	t.loaded, t.init, t.asked = 0, false, false
	t.passes, t.late, t.again, t.at = 0, 0, 0, 0
}

// stop is the rendition visited at a stop: audio is listed before the variants.
func (p *Player) stop(i int) int {
	n := len(p.ladder.Renditions)
	audio := 0
	for audio < n && p.ladder.Renditions[n-1-audio].Track == AudioTrack {
		audio++
	}
	return (i + n - audio) % n
}

// pumpSurvey asks for the next thing to visit, or ends the survey.
func (p *Player) pumpSurvey() {
	t := p.survey
	if t.probes != nil {
		p.pumpProbe()
		return
	}
	if p.occupied() {
		return
	}
	n := len(t.lists)
	for ; t.next < (2+t.rounds)*n; t.leave() {
		r := p.stop(t.next % n)
		if t.next < n {
			p.fetch(m3u8.KindMedia, MainTrack, int16(r), p.ladder.Renditions[r].URL, nil, p.now)
			return
		}
		if !p.main.active() {
			if t.loadedAt = p.now; !p.chooseSurveyed() {
				p.finish(Fatal, "media: no playlist could be loaded")
				return
			}
		}
		if p.look(r) {
			return
		}
		if t.late > t.analyze && t.analyze > 0 {
			p.passOver(r)
		}
	}
	p.survey = nil
	p.tryPlay()
	p.pump()
}

// look asks for the next segment of a rendition to look at, if there is one.
func (p *Player) look(r int) bool {
	t := p.survey
	m := t.lists[r]
	samples := t.samples
	if t.next >= 2*len(t.lists) {
		samples = 1
	}
	if t.loaded >= samples || m == nil || len(m.Segments) == 0 {
		return false
	}
	t.at = 0
	for i := range p.tracks() {
		tr := p.track(i)
		if !tr.active() || int(tr.rendition) != r {
			continue
		}
		if p.pumpList(i, tr); !p.occupied() {
			p.pumpSegment(i, tr)
		}
		if !p.occupied() && t.passes > 0 && t.loaded == 0 && tr.listAt != Never {
			t.at = tr.listAt
			return true
		}
		return p.occupied()
	}
	i := t.loaded
	switch {
	case t.from[r] > 0:
		if i = int(min(t.from[r]-min(t.from[r], m.MediaSequence), uint64(len(m.Segments)))); i == len(m.Segments) {
			return t.passes > 0 && t.loaded == 0 && p.lookLater(r, m)
		}
	case !m.EndList:
		i += p.segmentAt(m, m.Duration-p.cfg.Profile.Live.HoldBack.Of(m.TargetDuration, m.Segments[len(m.Segments)-1].Duration))
	}
	if i >= len(m.Segments) {
		return false
	}
	s := &m.Segments[i]
	t.from[r] = s.Sequence
	if t.next < 2*len(t.lists) && t.loaded == 0 && t.passes == 0 && !t.asked && !m.EndList && p.now-t.loadedAt >= p.clock().interval(true).Of(m.TargetDuration, lastDuration(m)) {
		t.asked = true // the survey has taken so long that the playlist is loaded again
		p.fetch(m3u8.KindMedia, MainTrack, int16(r), p.ladder.Renditions[r].URL, nil, p.now)
		return true
	}
	if s.Map != nil && !t.init && t.next < 2*len(t.lists) {
		p.fetch(m3u8.KindInit, MainTrack, int16(r), s.Map.URL, s.Map.ByteRange, p.now).seg = s
		return true
	}
	f := p.fetch(m3u8.KindSegment, MainTrack, int16(r), s.URL, s.ByteRange, p.now)
	f.seg = s
	return true
}

// lookLater loads the playlist again after a while, for none of its segments
// could be loaded. It reports whether there will be others.
func (p *Player) lookLater(r int, m *m3u8.Media) bool {
	t := p.survey
	if m.EndList {
		return false
	}
	if t.again > p.now {
		t.at = t.again
		return true
	}
	p.fetch(m3u8.KindMedia, MainTrack, int16(r), p.ladder.Renditions[r].URL, nil, p.now)
	return true
}

// missed deals with what could not be loaded. A playlist is left out, after a second
// try on a new connection if there was an old one (FFmpeg open_url_keepalive). Where no
// segment could be loaded the player stays: the next one, the playlist again, and
// so on, until it gives up (FFmpeg read_data within avformat_open_input, max_reload;
// twice, because avio_feof reads once more).
func (p *Player) missed(f *flight, failure Failure) {
	t, most := p.survey, 2*p.survey.reloads
	if t.twice && !t.asked && failure == BadStatus && t.next < len(t.lists) && t.any() {
		t.asked = true
		return
	}
	if t.next < len(t.lists) || t.next >= 2*len(t.lists) || t.loaded > 0 || most == 0 || f.kind == m3u8.KindKey {
		t.leave()
		return
	}
	if t.passes++; f.kind != m3u8.KindSegment || t.passes >= most {
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
		return
	}
	t.late += f.seg.Duration
	if t.from[f.rendition] = f.seg.Sequence + 1; t.again <= p.now {
		t.again = p.now + p.clock().interval(false).Of(p.surveyTarget(f), f.seg.Duration)
	}
	if tr := p.track(f.track); tr.active() && tr.rendition == f.rendition {
		p.skip(tr, f.seg)
		tr.tries[1] = 0
	}
}

// any reports whether a playlist was loaded.
func (t *survey) any() bool {
	return slices.ContainsFunc(t.lists, func(m *m3u8.Media) bool { return m != nil })
}

// surveyTarget is the target duration of what a fetch belongs to.
func (p *Player) surveyTarget(f *flight) time.Duration {
	if m := p.survey.lists[f.rendition]; m != nil && m.TargetDuration > 0 {
		return m.TargetDuration
	}
	return p.targetDuration(f.track)
}

// segmentAt is which segment covers an instant of a playlist with segments.
func (p *Player) segmentAt(m *m3u8.Media, at time.Duration) int {
	i := 0
	for i < len(m.Segments)-1 && m.Segments[i].Start+m.Segments[i].Duration <= at {
		i++
	}
	return i
}

// visit takes an answer of the survey. It reports whether the answer is used up:
// what will be played goes its usual way.
func (p *Player) visit(f *flight, m *m3u8.Media) bool {
	t := p.survey
	switch f.kind {
	case m3u8.KindMedia:
		t.lists[f.rendition] = m
		if t.next < len(t.lists) {
			t.leave()
			return true
		}
		t.passes++ // none of its segments could be loaded before
		t.again = p.now + p.clock().interval(false).Of(p.surveyTarget(f), 0)
	case m3u8.KindInit:
		t.init = true
	case m3u8.KindSegment:
		t.loaded++
		t.from[f.rendition] = f.seg.Sequence + 1
	}
	tr := p.track(f.track)
	return !tr.active() || tr.rendition != f.rendition
}

// chooseSurveyed chooses what to play among what was loaded: a playlist that could not
// be is not asked for again (FFmpeg marks it as broken).
func (p *Player) chooseSurveyed() bool {
	t := p.survey
	p.switched = p.now
	if level := p.bestLoaded(); level >= 0 {
		p.main.level = int16(level)
		p.setRendition(MainTrack, p.renditionOf(level), true, "start")
		if sound := p.loadedSound(level); sound >= 0 {
			p.setRendition(AudioTrack, sound, true, "start")
		}
	} else if sound := p.firstLoaded(); sound >= 0 {
		p.setRendition(MainTrack, sound, true, "start") // sound alone
	} else {
		return false
	}
	for i := range p.tracks() {
		if tr := p.track(i); tr.active() && tr.media == nil {
			tr.reloadAt(Never)
			p.playlist(&flight{kind: m3u8.KindMedia, track: i, rendition: tr.rendition, sent: p.now}, t.lists[tr.rendition])
		}
	}
	p.survey.joined = p.anchor
	return true
}

// passOver leaves out a rendition that begins too late to be seen when streams are
// chosen (FFmpeg: none of its packets was read by avformat_find_stream_info), unless there
// is no other. Until then the player has read that much of the others.
func (p *Player) passOver(r int) {
	t := p.survey
	m := t.lists[r]
	if t.lists[r] = nil; !t.any() {
		t.lists[r] = m
		return
	}
	if len(m.Segments) > 0 {
		d := lastDuration(m)
		t.rounds = max(int((t.analyze+d-1)/d)+1-t.samples, 0)
	}
	p.anchor, p.began = t.joined, t.joined
	for i := range p.tracks() {
		if tr := p.track(i); tr.active() && int(tr.rendition) == r {
			p.dropSegment(i)
			tr.reset()
		}
	}
	sound := time.Duration(0)
	if p.audio != nil && p.audio.active() {
		sound = p.audio.end
	}
	p.chooseSurveyed()
	for i := range p.tracks() {
		if tr := p.track(i); tr.active() && !tr.filled && len(tr.media.Segments) > 0 {
			tr.scheduled = min(tr.scheduled, t.loadedAt+p.clock().interval(true).Of(tr.media.TargetDuration, lastDuration(tr.media)))
		}
	}
	if sound > 0 {
		p.audio.end = sound
	}
}

// bestLoaded is the level to play: the one that the player would choose, else
// the best whose playlist was loaded, the first listed of equals; -1 if there is
// none.
func (p *Player) bestLoaded() int {
	loaded := func(level int) bool {
		r := p.renditionOf(level)
		return r >= 0 && p.survey.lists[r] != nil
	}
	if first := p.firstLevel(); loaded(first) {
		return first
	}
	best, l := -1, p.ladder.Levels
	for i := range l {
		if loaded(i) && (best < 0 || l[i].Bandwidth != l[best].Bandwidth || l[i].Height != l[best].Height) {
			best = i
		}
	}
	return best
}

// loadedSound is what the sound of a level comes from, -1 if its pictures carry
// it or there is none.
func (p *Player) loadedSound(level int) int16 {
	pictures := p.renditionOf(level)
	if sound := p.firstLoaded(); sound != pictures {
		return sound
	}
	return -1
}

// firstLoaded is the first rendition in the order of the survey that was loaded
// and carries sound; -1 if none does.
func (p *Player) firstLoaded() int16 {
	for i := range p.survey.lists {
		r := p.stop(i)
		if p.survey.lists[r] != nil && !p.ladder.silent(r) {
			return int16(r)
		}
	}
	return -1
}
