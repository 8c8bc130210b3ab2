package player

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// track is one kind of media: what is wanted, known and buffered of it.
type track struct {
	active    bool
	fresh     bool     // media belongs to rendition
	filled    bool     // something was appended since the join or the last seek
	waiting   bool     // the next segment waits for a reload
	told      bool     // the current staleness was recorded as evidence
	patient   bool     // the fetch at hand is repeated until playback runs dry
	stuck     bool     // the current staleness ends the patience of a dry player
	repeated  bool     // the last segment appended was in the buffer before
	lower     bool     // the last answer had lower numbers than all known, which ends a dry player
	guessed   bool     // where media lies was not seen by a timestamp of it yet
	dry       bool     // everything listed is loaded; since segAt, for players that look again later
	joint     joint    // the next segment is the first one of this rendition
	tries     [2]uint8 // failed fetches of the URL at hand: of the playlist, of the segment chain
	level     int16    // main track
	rendition int16    // wanted; -1 = none
	shown     int16    // of the last segment appended
	held      int16    // that media is of
	misses    int32    // unchanged reloads in a row

	media     *m3u8.Media
	base      time.Duration // media time of media.Segments[0]
	changedAt time.Duration // when it last changed
	loadedAt  time.Duration // when it was last loaded
	scheduled time.Duration // the reload clock; -1 = starts with the next load
	load      ewma          // duration of loads, in seconds
	loadTook  time.Duration // of the last load

	listAt time.Duration // when the playlist is due; Never = not
	segAt  time.Duration // the segment chain is not asked for before

	end   time.Duration // buffered end
	using *using        // nil until there is something
	clock clock         // of the timestamps of its segments

	verdict *verdict // a ladder that is climbed after a pause; nil = none
}

// joint is between the segments of two renditions, by what made the switch.
type joint uint8

const (
	noJoint joint = iota
	errorJoint
	choiceJoint // of bandwidth
)

// using is what segments of a track are decoded with.
type using struct {
	init      string // URL of the initialization section
	initRange m3u8.Range
	scales    mediatime.Scales // of the initialization section
	key       string           // URL of the key
}

// uses is what the track's segments are decoded with.
func (t *track) uses() using {
	if t.using == nil {
		return using{}
	}
	return *t.using
}

// use notes that something of it was loaded.
func (t *track) use(u using) { t.using = &u }

// live tells whether the playlist may still change.
func (t *track) live() bool {
	return t.media == nil || !t.media.EndList && t.media.Type != "VOD"
}

func (t *track) reset() {
	*t = track{rendition: -1, shown: -1, held: -1, scheduled: -1, listAt: Never, end: 0}
}

// join takes the multivariant playlist: chooses a level and asks for its
// playlists.
func (p *Player) join(l *Ladder) {
	p.ladder, p.start = l, 0
	p.pathway = int16(l.Renditions[0].Pathway)
	switch p.cfg.Profile.Startup.Playlists {
	case PlaylistsAll:
		p.tour = &tour{lists: make([]*m3u8.Media, len(l.Renditions))}
		return
	case PlaylistsFirstListed:
		p.setLevel(l.FirstLevel, true, "start")
	default:
		p.setLevel(p.firstLevel(), true, "start")
	}
	p.switched = 0 // the first choice after it is free
}

// offered tells whether a level can be chosen on the current pathway.
func (p *Player) offered(level int) bool { return p.renditionOf(level) >= 0 }

// renditionOf is the media playlist of a level here and now, -1 if it is not
// offered or penalised.
func (p *Player) renditionOf(level int) int16 {
	l := &p.ladder.Levels[level]
	if p.cfg.Profile.Grouping.Redundant == GroupLocation {
		r := p.location(l.ByPathway, p.main.rendition)
		if r >= 0 && p.cfg.Profile.Penalty.Of == OfRendition && p.mute(l) {
			return -1
		}
		return r
	}
	r := l.ByPathway[p.pathway]
	if r < 0 || p.errs.penalised(r, p.now) {
		return -1
	}
	if p.cfg.Profile.Penalty.Of == OfRendition {
		if a := l.AudioByPathway[p.pathway]; a >= 0 && p.errs.penalised(a, p.now) {
			return -1
		}
	}
	return r
}

// mute reports whether a level's sound comes by itself and all copies of it are
// penalised.
func (p *Player) mute(l *Level) bool {
	return slices.ContainsFunc(l.AudioByPathway, func(r int16) bool { return r >= 0 }) && p.location(l.AudioByPathway, -1) < 0
}

// location is the first of redundant copies that is not penalised, the current
// one if that is among them; -1 if all are.
func (p *Player) location(copies []int16, current int16) int16 {
	best := int16(-1)
	for _, r := range copies {
		if r < 0 || p.errs.penalised(r, p.now) {
			continue
		}
		if r == current {
			return r
		}
		if best < 0 {
			best = r
		}
	}
	return best
}

// setLevel is the transition to another level or to the same level elsewhere.
func (p *Player) setLevel(level int, abr bool, reason string) {
	to := p.renditionOf(level)
	if to < 0 {
		// Everything of this level is penalised; there is nothing better.
		to = p.ladder.Levels[level].ByPathway[p.pathway]
		if to < 0 {
			return
		}
	}
	t := &p.main
	if p.tryOut(level, to) {
		return
	}
	t.level = int16(level)
	p.setRendition(MainTrack, to, abr, reason)
	audio := p.ladder.Levels[level].AudioByPathway[p.ladder.Renditions[to].Pathway]
	if audio >= 0 && p.cfg.Profile.Grouping.Redundant == GroupLocation {
		current := int16(-1)
		if p.audio != nil {
			current = p.audio.rendition
		}
		if r := p.location(p.ladder.Levels[level].AudioByPathway, current); r >= 0 {
			audio = r
		}
	}
	if audio >= 0 {
		p.setRendition(AudioTrack, audio, abr, reason)
	} else if a := p.audio; a != nil && a.active {
		p.dropSegment(AudioTrack)
		if f := p.flight(AudioTrack, m3u8.KindMedia); f != nil {
			p.drop(f)
		}
		a.reset()
	}
	p.switched = p.now
}

// setRendition is the transition of one track to another media playlist.
func (p *Player) setRendition(tr Track, to int16, abr bool, reason string) {
	t := p.track(tr)
	if t.active && t.rendition == to {
		return
	}
	if t.active {
		p.note(&Sample{Type: Switched, Track: tr, Abr: abr, Reason: reason,
			FromRendition: t.rendition, FromPipeline: p.pipelineOf(int(t.rendition)),
			Rendition: to, Pipeline: p.pipelineOf(int(to))})
		if t.fresh && t.rendition < 64 {
			p.visited |= 1 << t.rendition
		}
		p.leave(tr, t)
		if f := p.flight(tr, m3u8.KindMedia); f != nil {
			p.drop(f)
		}
		p.dropSegment(tr)
	} else {
		t.active = true
		t.end = p.anchor
	}
	t.rendition, t.fresh, t.joint = to, false, errorJoint
	if abr {
		t.joint = choiceJoint
	}
	t.listAt = p.noticed(t)
	if tr == AudioTrack && p.cfg.Profile.Reload.AudioAfter && !p.main.fresh {
		t.listAt = Never
	}
	t.segAt, t.waiting, t.dry, t.verdict = min(t.segAt, p.now), false, false, nil
	t.misses, t.told, t.stuck, t.lower, t.patient, t.tries = 0, false, false, false, false, [2]uint8{}
	if !p.cfg.Profile.Reload.Together {
		t.scheduled = -1
		if p.overdue(to) {
			t.scheduled = 0
		}
	}
}

// noticed is when a change of rendition is acted on: players that look for
// segments from time to time see it at the next look, unless they are busy with
// one.
func (p *Player) noticed(t *track) time.Duration {
	switch {
	case p.cfg.Profile.Buffer.Poll.Zero():
	case t.dry:
		return p.nextLook(t)
	case t.fresh && t.segAt > p.now && t.tries[1] == 0:
		return t.segAt
	}
	return p.now
}

// overdue tells whether the clock of a rendition's playlist went on while
// others were loaded. Switches within a target duration do not leave it behind.
func (p *Player) overdue(to int16) bool {
	return p.cfg.Profile.Reload.Overdue && to < 64 && p.visited&(1<<to) != 0 && p.now-p.switched > p.targetDuration(MainTrack)
}

// tryOut asks for the playlist of a rendition that was left for being stale,
// without leaving the current one. It tells whether that is called for.
func (p *Player) tryOut(level int, to int16) bool {
	t := &p.main
	r := p.errs.find(to)
	if r == nil || r.was().stale == nil || !t.fresh || to == t.rendition {
		return false
	}
	if f := p.flight(MainTrack, m3u8.KindMedia); f != nil {
		if f.rendition == to {
			return true
		}
		p.drop(f)
	}
	t.listAt = Never
	f := p.fetch(m3u8.KindMedia, MainTrack, to, p.ladder.Renditions[to].URL, nil, p.now)
	f.level = int16(level)
	return true
}

// triedOut takes the playlist of such a rendition.
func (p *Player) triedOut(f *flight, m *m3u8.Media) {
	r := p.errs.find(f.rendition)
	t := &p.main
	if r != nil && r.was().stale != nil && !p.changed(r.was().stale, m) {
		t.listAt = p.now + p.cfg.Profile.Reload.Unchanged.Of(p.targetDuration(MainTrack), p.segmentDuration())
		return
	}
	if r != nil {
		r.remember().stale = nil
	}
	p.setLevel(int(f.level), true, "no longer stale")
	if t.rendition == f.rendition {
		t.listAt = Never
		p.playlist(f, m)
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

// playlist takes a media playlist.
func (p *Player) playlist(f *flight, m *m3u8.Media) {
	t := p.track(f.track)
	if f.rendition != t.rendition {
		p.triedOut(f, m)
		return
	}
	p.errs.lists = 0
	t.tries[0] = 0
	first := !t.fresh
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
		t.load.add(h, 1, t.loadTook.Seconds())
	}
	if t.joint == errorJoint && p.now-p.switched > time.Duration(p.cfg.Profile.Buffer.Tick)/2 {
		t.joint = choiceJoint // hls.js looked for a segment meanwhile, and forgot where it was
	}
	t.fresh, t.waiting, t.held, t.loadedAt = true, false, t.rendition, p.now
	if p.cfg.Profile.Reload.InitAgain && t.using != nil {
		t.using.init = ""
	}
	if news {
		switch {
		case old != nil:
			t.base = p.place(m, old, oldBase, !first)
			t.guessed = t.guessed || first || !overlap(old, m)
		case f.track == AudioTrack && p.main.media != nil:
			main := &p.main
			t.base = p.place(m, main.media, main.base, false)
		}
		t.media, t.changedAt, t.misses, t.told, t.stuck, t.lower = m, p.now, 0, false, false, false
		if t.dry {
			t.segAt, t.dry = p.nextLook(t), false
		}
	} else {
		t.media = m // its URLs may be signed anew
		t.misses++
	}
	p.schedule(f, t, news)
	if a := p.audio; f.track == MainTrack && a != nil && a.active && !a.fresh && a.listAt == Never && p.flight(AudioTrack, m3u8.KindMedia) == nil {
		a.listAt = p.now // it has waited for this one
	}
	if f.track == MainTrack && old == nil {
		p.joinAt(t)
		p.probe(m)
	}
	if old == nil && f.track == MainTrack && p.cfg.Profile.Startup.Playlists == PlaylistsFirstListed {
		p.setLevel(p.firstLevel(), true, "start")
		p.switched = 0
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
		t.listAt = Never
		return
	}
	target, last := p.targetDuration(f.track), p.targetDuration(f.track)
	if len(m.Segments) > 0 {
		last = lastDuration(m)
	}
	if r.Together {
		for i := range p.tracks() {
			if o := p.track(i); o.active && o.media != nil && len(o.media.Segments) > 0 {
				last = min(last, lastDuration(o.media))
			}
		}
	}
	wait := r.Unchanged.Of(target, last)
	// Who has nothing left asks at the shorter interval until something comes.
	starving := r.OnDemand && (p.state == stalled && p.ahead(t) == 0 || p.tour != nil && p.tour.passes > 0)
	if news && !starving {
		wait = r.Changed.Of(target, last)
		near := r.NearEdge.Of(target, last)
		if near > 0 && t.base+m.Duration-p.position(p.now) < near && last < wait && last > 0 {
			wait = last
		}
	}
	if r.MinusLoad > 0 {
		wait -= time.Duration(t.load.get(r.MinusLoad) * float64(time.Second))
	}
	// A playlist whose segments are announced shorter than they are must not
	// make a busy loop.
	wait = max(wait, 50*time.Millisecond)
	if r.OnDemand {
		t.scheduled, t.listAt = p.now+wait, Never
		return
	}
	if r.Together {
		p.scheduleTogether(f, t, wait)
		return
	}
	switch r.From {
	case FromResponse:
		t.listAt = p.now + wait
		return
	case FromSent:
		t.listAt = max(f.sent+wait, p.now)
		return
	}
	if t.scheduled < 0 {
		t.scheduled = f.sent
	}
	t.scheduled = max(t.scheduled+wait, p.now)
	t.listAt = t.scheduled
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
		if t.listAt = main.scheduled; !t.live() {
			t.listAt = Never
		}
		return
	}
	for i := range p.tracks() {
		if o := p.track(i); o != t && o.active && (p.flight(i, m3u8.KindMedia) != nil || !o.fresh || o.tries[0] > 0) {
			t.listAt = Never
			return
		}
	}
	main.scheduled = p.now + wait
	for i := range p.tracks() {
		if o := p.track(i); o.active {
			if o.listAt = main.scheduled; !o.live() {
				o.listAt = Never // what has ended leaves the clock to the others
			}
		}
	}
}

// lastDuration is that of the last segment. One without a duration is nothing to
// go by: the target duration stands for it.
func lastDuration(m *m3u8.Media) time.Duration {
	if d := m.Segments[len(m.Segments)-1].Duration; d > 0 {
		return d
	}
	return m.TargetDuration
}

// holdBack is the distance from the live edge at which to play.
func (p *Player) holdBack(t *track) time.Duration {
	m, l := t.media, &p.cfg.Profile.Live
	target, last := m.TargetDuration, m.TargetDuration
	if len(m.Segments) > 0 {
		last = lastDuration(m)
	}
	d := l.HoldBack.Of(target, last)
	if m.ServerControl != nil && m.ServerControl.HoldBack > 0 {
		d = m.ServerControl.HoldBack
	}
	grown := time.Duration(p.stalls) * time.Duration(l.LatencyOnStall)
	return d + min(grown, l.LatencyOnStallMax.Of(target, last))
}

// livePosition is where a viewer who joins or catches up should be.
func (p *Player) livePosition(t *track) time.Duration {
	m, l := t.media, &p.cfg.Profile.Live
	edge := t.base + m.Duration
	last := m.TargetDuration
	if n := len(m.Segments); n > 0 {
		last = m.Segments[n-1].Duration
	}
	age := min(p.now-t.changedAt, 3*m.TargetDuration)
	pos := edge + age - p.holdBack(t)
	pos = min(max(pos, t.base), max(edge-l.MinFromEdge.Of(m.TargetDuration, last), t.base))
	if l.SnapSegment {
		for i := range m.Segments {
			s := &m.Segments[i]
			if at := t.base + s.Start; pos < at+s.Duration {
				return at
			}
		}
	}
	return pos
}

// joinAt chooses the position to begin with.
func (p *Player) joinAt(t *track) {
	m := t.media
	pos := t.base
	start := m.Start
	if p.ladder.Start != nil {
		start = p.ladder.Start
	}
	if p.cfg.Profile.Startup.IgnoreStart {
		start = nil
	}
	switch {
	case start != nil && start.TimeOffset >= 0:
		pos = t.base + min(start.TimeOffset, m.Duration)
	case start != nil:
		pos = max(t.base, t.base+m.Duration+start.TimeOffset)
	case !m.EndList && m.Type != "VOD":
		pos = p.livePosition(t)
	}
	p.anchor, p.began = pos, pos
	for i := range p.tracks() {
		p.track(i).end = pos
	}
	if a := p.audio; a != nil && a.active && a.media != nil {
		a.base = p.place(a.media, m, t.base, false)
	}
}

// leaves is when a player that stands still falls out of a window that moves
// with the clock; Never for others.
func (p *Player) leaves() time.Duration {
	t := &p.main
	if !p.cfg.Profile.Live.Sliding || p.state != stalled || t.media == nil || !t.live() {
		return Never
	}
	return t.changedAt + max(p.anchor-t.base, 0) + time.Millisecond
}

// slide deals with having fallen out of such a window.
func (p *Player) slide() {
	if p.now < p.leaves() {
		return
	}
	t := &p.main
	// Whether anything is listed there does not matter.
	p.seek(t.base + p.now - t.changedAt + time.Duration(p.cfg.Profile.Live.BehindOffset))
}

// behind deals with a position that has left the window.
func (p *Player) behind(t *track) {
	if t != &p.main || t.media.EndList {
		return
	}
	pos := p.position(p.now)
	if pos >= t.base-250*time.Millisecond && pos <= t.base+t.media.Duration {
		return
	}
	if p.state == playing && p.ahead(t) > touching {
		return // what is buffered is played first
	}
	l := &p.cfg.Profile.Live
	if l.BehindOnce && !t.filled {
		return
	}
	switch l.Behind {
	case BehindSeekLive:
		if to := p.livePosition(t); to >= 0 || !p.cfg.Profile.Timeline.Origin {
			p.seek(to)
		}
	case BehindWindowStart:
		p.seek(min(t.base+time.Duration(l.BehindOffset), t.base+t.media.Duration))
	case BehindFatal:
		if p.state == stalled {
			p.finish(Fatal, "behind the live window")
		}
	case BehindNext:
		// One who reads everything itself goes by what it has read.
		if pos < t.base && p.cfg.Profile.Buffer.Blocks == 0 {
			p.seek(t.base)
		}
	}
}

// stale looks at a playlist that a reload found unchanged.
func (p *Player) stale(f *flight, t *track) {
	if t.media.EndList {
		return
	}
	p.noteStale(f, t)
	since := p.now - t.changedAt
	r := &p.cfg.Profile.Stale
	after := r.After.Of(p.targetDuration(f.track), p.segmentDuration())
	var found bool
	switch r.Detect {
	case StaleMisses:
		found = r.Misses > 0 && int(t.misses) >= r.Misses
	case StaleSince:
		found = since >= after
	case StaleStarved:
		t.stuck = since >= after
		found = t.stuck && p.state == stalled
	case StaleBufferEnd:
		edge := t.base + t.media.Duration
		found = p.state != loading && p.ahead(t) <= touching && t.end >= edge-touching
	}
	if !found {
		return
	}
	if r.Once || r.Trial {
		rec := p.errs.of(f.rendition)
		if r.Once && rec.wasStale {
			return
		}
		rec.wasStale = true
		if r.Trial {
			rec.remember().stale = t.media
		}
	}
	p.climb(f, r.Then, Stale, 0)
}

// noteStale records the first sign that a playlist no longer brings anything new.
func (p *Player) noteStale(f *flight, t *track) {
	since := p.now - t.changedAt
	if !t.told && since > p.targetDuration(f.track)*3/2 {
		t.told = true
		p.note(&Sample{Type: Evidence, Kind: m3u8.KindMedia, Track: f.track, Rendition: f.rendition,
			Pipeline: p.pipelineOf(int(f.rendition)), Failure: Stale, Unchanged: since})
	}
}

// slideWake is when that is to be looked at.
func (p *Player) slideWake() time.Duration { return max(p.leaves(), p.now) }

// trackWake is when a track wants something.
func (p *Player) trackWake(i Track, t *track) time.Duration {
	at := Never
	if p.flight(i, m3u8.KindMedia) == nil {
		at = t.listAt
	}
	if t.verdict != nil {
		at = min(at, t.verdict.at)
	} else if p.chain(i) == nil && t.fresh && !t.waiting && !t.dry {
		if t.segAt > p.now {
			at = min(at, t.segAt)
		} else if room := p.roomAt(t); room > p.now && (p.next(t) != nil || p.cfg.Profile.Reload.OnDemand && t.live()) {
			at = min(at, room)
		}
	}
	return max(at, p.now)
}
