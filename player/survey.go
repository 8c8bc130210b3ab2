package player

import (
	"time"

	"hlsload/player/m3u8"
)

// survey is a player's first look at a presentation: every media playlist, then
// some segments of each, one after the other; those of what will be played are
// kept. Or it is a probe: only some segments of the first playlist.
type survey struct {
	lists   []*m3u8.Media // by rendition; nil = not loaded, or failed
	samples int           // segments to load of each
	reloads int           // of a playlist none of whose segments can be loaded
	next    int           // what to visit; stops from len(lists) on are for segments
	loaded  int           // segments loaded there
	init    bool          // the initialization section was

	// Where no segment could be loaded yet:
	from   uint64        // sequence number of the next one to try; 0 = wherever playback begins
	passes int           // failed segments and loads of the playlist
	again  time.Duration // when the playlist may be loaded again
	at     time.Duration // when that is waited for; 0 = something else is

	probes []*m3u8.Segment // the first one together with its initialization section
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

// pumpProbe asks for the next segment to look into.
func (p *Player) pumpProbe() {
	t, main := p.survey, &p.main
	for i := range p.tracks() {
		if t := p.track(i); t.active() {
			p.pumpList(i, t)
		}
	}
	if !main.listed() {
		p.survey = nil
		return
	}
	if p.chain(MainTrack) != nil {
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
	t.loaded, t.init = 0, false
	t.from, t.passes, t.again, t.at = 0, 0, 0, 0
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
	for ; t.next < 2*n; t.leave() {
		r := p.stop(t.next % n)
		if t.next < n {
			p.fetch(m3u8.KindMedia, MainTrack, int16(r), p.ladder.Renditions[r].URL, nil, p.now)
			return
		}
		if !p.main.active() && !p.chooseSurveyed() {
			p.finish(Fatal, "media: no playlist could be loaded")
			return
		}
		if p.look(r) {
			return
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
	if t.loaded >= t.samples || m == nil || len(m.Segments) == 0 {
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
	case t.from > 0:
		if i = int(min(t.from-min(t.from, m.MediaSequence), uint64(len(m.Segments)))); i == len(m.Segments) {
			return p.lookLater(r, m)
		}
	case !m.EndList:
		i += p.segmentAt(m, m.Duration-p.cfg.Profile.Live.HoldBack.Of(m.TargetDuration, m.Segments[len(m.Segments)-1].Duration))
	}
	if i >= len(m.Segments) {
		return false
	}
	s := &m.Segments[i]
	if s.Map != nil && !t.init {
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

// missed deals with what could not be loaded. A playlist is left out. Where no
// segment could be loaded the player stays: the next one, the playlist again, and
// so on, until it gives up (FFmpeg read_data within avformat_open_input, max_reload;
// twice, because avio_feof reads once more).
func (p *Player) missed(f *flight, failure Failure) {
	t, most := p.survey, 2*p.survey.reloads
	if t.next < len(t.lists) || t.loaded > 0 || most == 0 || f.kind == m3u8.KindKey {
		t.leave()
		return
	}
	if t.passes++; f.kind != m3u8.KindSegment || t.passes >= most {
		p.finish(Fatal, f.kind.String()+": "+reasonOf(failure, int(f.status)))
		return
	}
	if t.from = f.seg.Sequence + 1; t.again <= p.now {
		t.again = p.now + p.clock().interval(false).Of(p.surveyTarget(f), f.seg.Duration)
	}
	if tr := p.track(f.track); tr.active() && tr.rendition == f.rendition {
		p.skip(tr, f.seg)
		tr.tries[1] = 0
	}
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

// visit takes an answer of the survey. It reports whether that is all there is to
// it: what will be played goes its usual way.
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
		if tr := p.track(i); tr.active() {
			tr.reloadAt(Never)
			p.playlist(&flight{kind: m3u8.KindMedia, track: i, rendition: tr.rendition, sent: p.now}, t.lists[tr.rendition])
		}
	}
	return true
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
