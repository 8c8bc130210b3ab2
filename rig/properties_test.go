package rig

import (
	"flag"
	"fmt"
	"path"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

func init() { flag.Set("rapid.checks", "400") }

// TestWhatMayBeAnswered: whatever the channel, the faults and the requests, these
// hold.
func TestWhatMayBeAnswered(t *testing.T) {
	properties := []struct {
		name  string
		check func(*world, *request) string // what is wrong with a request of that world
	}{
		{"sequence numbers only go back under a fault that takes them back", (*world).goesBack},
		{"what a fresh playlist lists is served", (*world).notServed},
		{"a miss has what the origin has", (*world).notOfOrigin},
		{"an answer out of a cache is fresh", (*world).notFresh},
		{"the origin is not asked for what a cache has, or waits for", (*world).askedTwice},
		{"the origin answers no more than its limit", (*world).overLimit},
		{"faults at an edge decide its answers", (*world).notOfEdge},
		{"marks name faults that have begun and hit the request", (*world).wronglyMarked},
	}
	rapid.Check(t, func(t *rapid.T) {
		w := play(t)
		for _, p := range properties {
			for _, r := range w.asked {
				if wrong := p.check(w, r); wrong != "" {
					t.Errorf("%s: %s\n%s", p.name, wrong, w.story(r))
					break
				}
			}
		}
		if wrong := w.miscounted(); wrong != "" {
			t.Errorf("what the edges asked for is what the origin counts: %s", wrong)
		}
		if wrong := w.notRecovered(); wrong != "" {
			t.Errorf("after all faults everything is as if they had never been: %s", wrong)
		}
	})
}

// story is a request with what happened before.
func (w *world) story(r *request) string {
	s := fmt.Sprintf("%v %s %q pop %d %s: %d after %v, stale %v, collapsed %v, cached %v, age %v, fresh %v, marks %b, origin %d\n", r.now, r.flight.Method, r.flight.Path, r.flight.Pop,
		r.flight.Range, r.flight.Answer.Status, r.step, r.flight.Answer.Stale, r.flight.Answer.Collapsed, r.flight.Answer.Cached, r.flight.Answer.Age, r.flight.Answer.Fresh, r.flight.Answer.Marks, r.status)
	for _, c := range w.copies {
		if (c.key == r.key || c.key == r.whole) && c.at <= r.now {
			s += fmt.Sprintf("  copy %+v\n", *c)
		}
	}
	for _, v := range w.windows {
		if v.From <= r.now {
			f := v.Fault
			s += fmt.Sprintf("  %v-%v %s pipeline %d rendition %q pop %d code %d by %v ttl %v once %v %s %s %s\n", v.From, v.To, f.Kind, f.Pipeline, f.Rendition, f.Pop, f.Code, f.By, f.TTL, f.Once, f.Resume, f.Children, f.Then)
		}
	}
	return s
}

// cached reports whether an edge answers from its cache or from behind.
func (r *request) cached() bool {
	return r.flight.Pop >= 0 && !r.step.Hang && r.edge.status == 0 && r.flight.Method != "PUT"
}

func (w *world) goesBack(r *request) string {
	list := playlistOf(r)
	if list == nil || r.flight.Pop >= 0 && (!w.cfg.Edge.Collapse || max(w.cfg.Edge.PlaylistTTL, w.cfg.Edge.MinTTL) == 0) {
		return "" // answers may overtake each other
	}
	for i := range w.windows {
		if f := w.windows[i].Fault; f.Kind == chaos.PlaylistRollback && r.flight.Answer.Marks.Has(f.Rule) {
			return ""
		}
	}
	if w.restarted(r) {
		return ""
	}
	for _, before := range w.asked {
		if before == r {
			return ""
		}
		if before.key != r.key || before.flight.Pop != r.flight.Pop {
			continue
		}
		if b := playlistOf(before); b != nil && (b.MediaSequence > list.MediaSequence || last(b) > last(list)) {
			return fmt.Sprintf("%d to %d after %d to %d", list.MediaSequence, last(list), b.MediaSequence, last(b))
		}
	}
	return ""
}

// restarted reports whether the numbers of what is asked for have begun anew.
func (w *world) restarted(r *request) bool {
	return slices.ContainsFunc(w.windows, func(v chaos.Window) bool {
		return v.Fault.Resume == "restart" && v.From <= r.now && w.hits(v.Fault, r)
	})
}

func playlistOf(r *request) *m3u8.Media {
	a := &r.flight.Answer
	if !r.ours || r.id.Kind != m3u8.KindMedia || a.Object == nil {
		return nil
	}
	m, err := m3u8.ParseMedia(a.Object.Text(), m3u8.Options{})
	if err != nil {
		return nil
	}
	return m
}

func last(m *m3u8.Media) uint64 { return m.MediaSequence + uint64(len(m.Segments)) }

// notServed looks at requests for what a playlist lists.
func (w *world) notServed(r *request) string {
	a := &r.flight.Answer
	if r.listed == nil || r.step.Hang || a.Marks != 0 {
		return ""
	}
	var first, last int64
	if n, _ := fmt.Sscanf(r.flight.Range, "bytes=%d-%d", &first, &last); whole(a.Status) == 200 && n == 2 && a.Length != last-first+1 {
		return fmt.Sprintf("%d bytes of the range", a.Length)
	}
	if whole(a.Status) == 200 || a.Status == 416 && w.restarted(r) { // another resource has that name now
		return ""
	}
	for _, c := range append(w.copies[:r.known:r.known], r.copy) {
		if c != nil && c.key == r.key && c.status == a.Status && (c.busy || c.at < r.listed.since || c.at >= r.listed.until) {
			return "" // from before it was listed, or after it was removed
		}
	}
	return fmt.Sprintf("status %d; listed from %v to %v", a.Status, r.listed.since, r.listed.until)
}

func (w *world) notOfOrigin(r *request) string {
	a := &r.flight.Answer
	if r.status == 0 || r.step.Hang || a.Stale {
		return ""
	}
	want, tag := whole(r.truth.Status), uint64(0)
	if r.copy != nil {
		want, tag = r.copy.status, r.copy.tag
	} else if r.status == 503 {
		want = 503
	}
	switch status := whole(a.Status); {
	case a.Status == 412, a.Status == 416:
	case status != want:
		return fmt.Sprintf("status %d; the origin has %d", a.Status, want)
	case r.copy != nil && r.now+r.step.Wait != r.copy.arrives+w.cfg.Edge.Latency+r.edge.delay:
		return fmt.Sprintf("answered at %v; the origin's answer arrives at %v", r.now+r.step.Wait, r.copy.arrives)
	case status == 200 && a.Object != nil && tag != 0 && a.Object.ETag != tag:
		return fmt.Sprintf("%x; the origin has %x", a.Object.ETag, tag)
	}
	return ""
}

// notFresh looks for the copy from which an answer may be.
func (w *world) notFresh(r *request) string {
	if !r.cached() || r.status != 0 {
		return ""
	}
	for _, c := range w.copies[:r.known] {
		if w.from(r, c) {
			return ""
		}
	}
	if a := &r.flight.Answer; a.Stale && r.known < len(w.copies) && w.from(r, &copied{key: r.key, pop: chaos.Any, arrives: chaos.Open, joined: true, old: true}) && w.failed(r) {
		return ""
	}
	return "it is no copy that is fresh, or on its way"
}

// failed reports whether what is behind an edge has a failure in its cache.
func (w *world) failed(r *request) bool {
	return slices.ContainsFunc(w.copies[:r.known], func(c *copied) bool {
		return c.key == r.key && c.status >= 500 && r.now < max(c.until, c.arrives)
	})
}

// from reports whether an answer may be that copy.
func (w *world) from(r *request, c *copied) bool {
	a, ready := &r.flight.Answer, r.now+r.step.Wait
	until := c.until
	if a.Collapsed {
		until += c.arrives - c.ready // it was fresh when the shield was asked for it
	}
	fresh := c.stored && c.ready <= r.now && r.now < until
	switch {
	case c.key != r.key && (c.key != r.whole || !c.whole), c.pop != chaos.Any && c.pop != r.flight.Pop:
		return false
	case !fresh && !(c.joined && r.now < c.arrives), w.flushed(c, c.arrives, r.now):
		return false
	case c.old:
		return a.Object == nil || slices.ContainsFunc(w.copies[:r.known], func(d *copied) bool { return d.key == r.key && d.status == 200 && d.tag == a.Object.ETag })
	case c.status == 200 && (a.Status == 412 || a.Status == 416):
		return true
	case whole(a.Status) != c.status || c.status == 200 && a.Object != nil && a.Object.ETag != c.tag:
		return false
	case a.Age != max(0, ready-c.ready):
		return false
	}
	return !c.stored || a.Fresh == c.until-ready
}

// flushed reports whether a copy that came at an instant was lost before another.
func (w *world) flushed(c *copied, came, now time.Duration) bool {
	return slices.ContainsFunc(w.windows, func(v chaos.Window) bool {
		return v.Fault.Kind == chaos.EdgeFlush && (v.Fault.Pop == chaos.Any || v.Fault.Pop == c.pop) && came <= v.From && v.From <= now
	})
}

func (w *world) askedTwice(r *request) string {
	if r.copy == nil {
		return ""
	}
	for _, c := range w.copies[:r.known] {
		part := c.key == r.whole && c.whole && whole(r.truth.Status) == 200 && !w.cfg.ByteRanges
		switch {
		case !c.kept || c.key != r.key && !part || c.pop != r.copy.pop || w.flushed(c, c.ready, r.now):
		case c.stored && c.ready <= r.now && r.now < c.until:
			return fmt.Sprintf("a copy with status %d is there from %v to %v", c.status, c.ready, c.until)
		case c.joined && c.key == r.key && r.now < c.ready:
			return fmt.Sprintf("the answer to the same request is there at %v", c.ready)
		}
	}
	return ""
}

func (w *world) overLimit(r *request) string {
	if w.cfg.Origin.ReadLimit == 0 || r.status == 0 {
		return ""
	}
	all, good := 0, 0
	for _, q := range w.asked {
		if q.status != 0 && q.now.Truncate(time.Second) == r.now.Truncate(time.Second) && path.Dir(q.whole+"x") == path.Dir(r.whole+"x") {
			all++
			if whole(q.status) == 200 && q.truth.Object != nil {
				good++
			}
		}
		if q == r {
			break
		}
	}
	switch {
	case r.status == 503 && r.truth.Status != 503 && all <= w.cfg.Origin.ReadLimit:
		return fmt.Sprintf("503 to request %d of a second", all)
	case good > w.cfg.Origin.ReadLimit:
		return fmt.Sprintf("%d requests of a second", good)
	}
	return ""
}

func (w *world) notOfEdge(r *request) string {
	a, e := &r.flight.Answer, r.edge
	switch {
	case r.flight.Pop < 0:
	case r.step.Hang != e.hang:
		return fmt.Sprintf("hangs: %v; want %v", r.step.Hang, e.hang)
	case !e.hang && e.status != 0 && (a.Status != e.status || r.status != 0):
		return fmt.Sprintf("status %d; want %d", a.Status, e.status)
	case !e.hang && e.status == 0 && r.flight.Method == "PUT" && (a.Status != 403 || r.status != 0):
		return fmt.Sprintf("a PUT has status %d; want 403", a.Status)
	case !e.hang && e.status == 0 && r.step.Wait < w.cfg.Edge.Latency+e.delay:
		return fmt.Sprintf("answered after %v; want at least %v", r.step.Wait, w.cfg.Edge.Latency+e.delay)
	}
	return ""
}

func (w *world) wronglyMarked(r *request) string {
	marks := r.flight.Answer.Marks
	for _, v := range w.windows {
		if v.From <= r.now+r.step.Wait && w.hits(v.Fault, r) {
			marks &^= chaos.Mark(v.Fault.Rule)
		}
	}
	if marks != 0 {
		return fmt.Sprintf("marks %b", marks)
	}
	return ""
}

// miscounted compares the counters with what was seen from outside.
func (w *world) miscounted() string {
	s := w.rig.Stats()
	var origin, edge, seconds Count
	var misses, statuses, direct uint64
	for _, r := range w.asked {
		if r.status != 0 {
			origin.Requests++
			if r.flight.Pop < 0 {
				direct++
			}
		}
		if r.flight.Pop >= 0 {
			edge.add(r.flight.Answer.Bytes)
			if (r.flight.Answer.Upstream != NoLayer) != (r.status != 0) {
				return fmt.Sprintf("an answer says %q of a request that the origin answered with %d\n%s", r.flight.Answer.Upstream, r.status, w.story(r))
			}
		}
	}
	sum := s.Edge()
	for status := range sum.ByStatus {
		statuses += sum.ByStatus[status]
	}
	for i := range s.Seconds {
		seconds.plus(s.Seconds[i].Origin)
	}
	for i := range s.Edges {
		misses += s.Edges[i].Upstream
	}
	switch {
	case s.Origin.Requests != origin.Requests || s.Origin.Requests != misses+direct:
		return fmt.Sprintf("the origin counts %d; %d misses, %d without a cache, and %d reached it", s.Origin.Requests, misses, direct, origin.Requests)
	case seconds != s.Origin.Count:
		return fmt.Sprintf("the seconds count %+v; want %+v", seconds, s.Origin.Count)
	case sum.Count != edge || statuses != edge.Requests:
		return fmt.Sprintf("the edges count %+v, by status %d; want %+v", sum.Count, statuses, edge)
	}
	return ""
}

// notRecovered lets what is cached expire and what was lost leave the playlists,
// and then compares with a rig of which no fault was ever heard.
func (w *world) notRecovered() string {
	renamed := false // segments have other names than they would have
	for _, v := range w.windows {
		switch v.Fault.Kind {
		case chaos.PipelineKill, chaos.PipelinePause, chaos.InputLoss:
			if renamed = renamed || v.Fault.Resume == "restart" || w.cfg.ByteRanges; w.cfg.Playlist != Live {
				return "" // what was lost stays in the playlist
			}
		}
	}
	stale := time.Duration(w.cfg.Origin.StaleAfter * float64(w.rig.TargetDuration()))
	if w.cfg.Origin.Stale == "aws-sample" && stale < w.cfg.Segment+sec+deleteGap {
		return "" // its race deletes every other playlist, and which depends on how it began
	}
	w.now += time.Duration(w.cfg.Keep+w.cfg.Window+3)*w.cfg.Segment + stale + 2*time.Minute
	w.rig.Stats().OnOrigin = nil
	twin := w.newRig(w.cfg)
	for range 20 {
		w.now += between(w.t, "pause", 350*time.Millisecond, 3*sec)
		f := w.drawFlight()
		f.Pop = w.drawPop()
		f.IfMatch, f.IfNoneMatch, f.IfModifiedSince = "", "", ""
		g := f
		a, b := w.rig.Advance(w.now, &f), twin.Advance(w.now, &g)
		x, y := &f.Answer, &g.Answer
		switch {
		case x.Marks != 0:
			return fmt.Sprintf("%s at %v has marks %b", f.Path, w.now, x.Marks)
		case renamed:
		case a != b || x.Status != y.Status || x.Age != y.Age || x.Fresh != y.Fresh || x.Cached != y.Cached || x.Upstream != y.Upstream || x.Length != y.Length,
			x.Object != nil && x.Object.ETag != y.Object.ETag:
			return fmt.Sprintf("%s at %v: %+v %+v; want %+v %+v", f.Path, w.now, a, x, b, y)
		}
	}
	return ""
}

// TestNoRequestPanics: whatever the path and the headers.
func TestNoRequestPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, cfg: drawConfig(t)}
		w.rig = w.newRig(w.cfg)
		for range 20 {
			w.now += between(t, "pause", 0, sec)
			f := w.drawFlight()
			f.Pop = rapid.Int().Draw(t, "pop")
			if rapid.Bool().Draw(t, "any range") {
				f.Range = rapid.StringMatching("(bytes=)?[0-9]*-[0-9]*").Draw(t, "range")
			}
			w.rig.Advance(w.now, &f)
			w.rig.Write(w.now, &Write{Path: f.Path, Delete: rapid.Bool().Draw(t, "delete"), Body: []byte(f.Range), IfMatch: f.IfMatch, IfNoneMatch: f.IfNoneMatch, CacheControl: rapid.String().Draw(t, "control")})
			w.rig.List(w.now, &List{Bucket: rapid.SampledFrom([]string{"live", "", "/"}).Draw(t, "bucket"), Prefix: rapid.String().Draw(t, "prefix"), Delimiter: rapid.SampledFrom([]string{"", "/", "_"}).Draw(t, "delimiter"), After: f.Path, Max: rapid.Int().Draw(t, "max")})
			if f.Answer.Object != nil {
				w.rig.AppendBody(nil, f.Answer.Object)
			}
		}
	})
}
