package sim

import (
	"net/url"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// reach lets a request arrive at its edge.
func (s *sim) reach(ref uint32, f *flight) {
	step := s.rigOf(s.seats[f.seat]).Advance(s.now, &f.rig)
	if step.Hang {
		f.answer = seen{hang: true, marks: f.rig.Answer.Marks}
		return // until the player gives up
	}
	if step.Wait <= 0 {
		s.answer(ref, f)
		return
	}
	s.schedule(s.now+step.Wait, answer, ref, f.gen)
}

// answer lets the edge's answer set out for the viewer.
func (s *sim) answer(ref uint32, f *flight) {
	st := s.seats[f.seat]
	if f.answer.status == 0 && f.answer.failure == player.NoFailure && !f.answer.hang {
		if wait := s.see(st, f); wait > 0 {
			s.schedule(s.now+wait, answer, ref, f.gen)
			return
		}
	}
	a := &f.answer
	if a.hang {
		return
	}
	st.link.Answer(s.now, uint32(f.id), a.bytes, a.failure != player.NoFailure)
	if w := st.link.Wake(); w <= s.now {
		s.attend(st)
		return
	}
	s.settle(st)
}

// see makes of the edge's answer what the player gets to see, and returns by
// how much that is delayed.
func (s *sim) see(st *seat, f *flight) time.Duration {
	real := &f.rig.Answer
	a := &f.answer
	a.status, a.size, a.bytes, a.marks = real.Status, real.Length, real.Bytes, real.Marks
	if real.Truncate {
		a.failure = player.Truncated
	}
	var body []byte
	if real.Object != nil && (f.kind == m3u8.KindMultivariant || f.kind == m3u8.KindMedia) {
		body = real.Object.Text()
	}
	var delay time.Duration
	same := true
	if !st.control && (!s.plan.Quiet() || s.rewriter.Watching()) {
		out, e := s.rewriter.Rewrite(s.now, s.plan, s.thing(st, f), f.url, chaos.Answer{Status: real.Status, Body: body})
		a.marks |= e.Marks
		s.bitten |= e.Marks
		delay = e.Delay
		same = out.Status == a.status && len(out.Body) == len(body) && (len(body) == 0 || &out.Body[0] == &body[0])
		if !same {
			a.status, body = out.Status, out.Body
			a.size = int64(len(body))
			a.bytes = a.size
		}
		switch {
		case e.Hang:
			a.hang = true
			return 0
		case e.Reset:
			a.failure, a.bytes = player.Reset, 0
			return delay
		case e.Truncate:
			a.failure, a.bytes = player.Truncated, a.bytes/2
		}
	}
	if a.status/100 == 2 && a.failure == player.NoFailure {
		s.read(st, f, body, same)
	}
	return delay
}

// thing describes a request to the plan.
func (s *sim) thing(st *seat, f *flight) *chaos.Thing {
	t := chaos.Thing{Kind: f.kind, Pipeline: f.rig.Answer.Pipeline, Rendition: chaos.Any, Rank: chaos.Any, Pop: chaos.Any,
		Cohort: f.rig.Cohort, Viewer: f.rig.Viewer, HasViewer: true}
	if id, ok := s.rig.Parse(f.rig.Path); ok && id.Rendition >= 0 {
		names := s.rig.Renditions()
		t.Rendition, t.Renditions, t.Name = id.Rendition, s.ranks(), names[id.Rendition]
		t.Rank = s.rank(id.Rendition)
	}
	f.thing = t
	return &f.thing
}

// rank is that of a rendition's rate, 0 = lowest.
func (s *sim) rank(rendition int) int {
	if rendition >= len(s.cfg.Rig.Ladder) {
		return chaos.Any // audio
	}
	rank := 0
	for _, r := range s.cfg.Rig.Ladder {
		if r.Rate < s.cfg.Rig.Ladder[rendition].Rate {
			rank++
		}
	}
	return rank
}

// ranks is how many different rates the ladder has.
func (s *sim) ranks() int {
	n := 0
	for i := range s.cfg.Rig.Ladder {
		n = max(n, s.rank(i)+1)
	}
	return n
}

// parses keeps what became of playlists, so that every version is read once.
type parses struct {
	media map[uint64]*m3u8.Media
	multi map[uint64]*m3u8.Multivariant
	bases map[string]*url.URL
}

// maxParses bounds what is kept; versions that nobody asks for any more make
// room.
const maxParses = 4096

type ladderKey struct {
	profile *profile.Profile
	version uint64
}

// read turns the body of a playlist into what the player works with.
func (s *sim) read(st *seat, f *flight, body []byte, same bool) {
	if f.kind != m3u8.KindMedia && f.kind != m3u8.KindMultivariant {
		return
	}
	version := uint64(0)
	if same && f.rig.Answer.Object != nil {
		version = f.rig.Answer.Object.Version
	}
	if version == 0 {
		version = fnv(f.rig.Path, body)
	}
	p := &s.lists
	if p.media == nil {
		p.media, p.multi, p.bases = map[uint64]*m3u8.Media{}, map[uint64]*m3u8.Multivariant{}, map[string]*url.URL{}
	}
	base := p.bases[f.rig.Path]
	if base == nil {
		base = baseURL(f.rig.Path)
		p.bases[f.rig.Path] = base
	}
	var err error
	if f.kind == m3u8.KindMedia {
		m := p.media[version]
		if m == nil {
			if m, err = m3u8.ParseMedia(body, m3u8.Options{Base: base}); err != nil {
				f.answer.problem = err.Error()
				return
			}
			if len(p.media) >= maxParses {
				clear(p.media)
			}
			p.media[version] = m
		}
		f.answer.media = m
		return
	}
	key := ladderKey{s.cfg.Profiles[st.arrival.Cohort], version}
	l := s.ladders[key]
	if l == nil {
		mv, err := m3u8.ParseMultivariant(body, m3u8.Options{Base: base})
		if err == nil {
			l, err = player.NewLadder(mv, key.profile, s.classify)
		}
		if err != nil {
			f.answer.problem = err.Error()
			return
		}
		s.ladders[key] = l
	}
	f.answer.ladder = l
}

// classify tells the pipeline of a media playlist.
func (s *sim) classify(u string) int {
	if id, ok := s.rig.Parse(u[min(len(host), len(u)):]); ok {
		return id.Pipeline
	}
	return -1
}

// fnv hashes what a path answered (FNV-1a): two runs must agree on it.
func fnv(path string, body []byte) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 1099511628211
	}
	for _, b := range body {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// rewriting configures what viewers are shown.
func rewriting(cfg *Config) chaos.RewriterConfig {
	c := chaos.RewriterConfig{Faults: cfg.Faults, StaleAfter: cfg.Rig.Origin.StaleAfter, Missing: cfg.Rig.Origin.Missing}
	if cfg.Rig.Origin.Stale == "none" {
		c.StaleAfter = chaos.NeverStale
	}
	return c
}
