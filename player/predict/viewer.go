package predict

import (
	"math"
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/link"
	"hlsload/player/m3u8"
)

// viewer is one player in the world, at one point of the space of phases, and
// what the fault does to it.
type viewer struct {
	w      *World
	f      *Fault
	ladder *player.Ladder
	cfg    player.Config

	u       point
	onset   time.Duration
	over    time.Duration // end of the fault; Never
	recEnd  time.Duration // until when outages count; Never
	now     time.Duration
	steps   int // left, of all players of the prediction
	link    link.Link
	player  player.Player
	open    []request
	actions []player.Action
	events  []link.Event
	looks   bool          // it is followed until it looks back
	soonest time.Duration // after which a segment is asked for once it is complete, of all players

	record
}

// request is a fetch in flight, with its answer once it has reached the server.
type request struct {
	id        player.FetchID
	kind      m3u8.Kind
	rendition int
	url       string
	sent      time.Duration
	end       player.Event
}

func newViewer(w *World, p *player.Profile, ladder *player.Ladder, f *Fault) *viewer {
	v := &viewer{w: w, f: f, ladder: ladder, steps: maxSteps, soonest: Never}
	v.cfg = player.Config{Profile: p, URL: w.list.Variants[0].URL, Progress: func(id player.FetchID) int64 {
		return v.link.Progress(v.now, uint32(id))
	}}
	return v
}

// watch has player number n watch until life after the onset, or until nothing
// more is to come. ok = false: it acts too often.
func (v *viewer) watch(n int, life time.Duration) (ok bool) {
	w, s := v.w, &v.w.shape
	v.u = pointAt(n)
	played := min(v.f.Played, warm)
	if played <= 0 {
		played = warm
	}
	v.onset = (2*warm/s.Segment + time.Duration(w.listed) + 2) * s.Segment
	v.onset += share(s.Segment, v.u[0])
	v.over, v.recEnd = Never, Never
	if v.f.For > 0 {
		v.over, v.recEnd = v.onset+v.f.For, v.onset+life
	}
	v.now = (v.onset-share(played, .5+v.u[1]))/s.Segment*s.Segment - share(s.Segment, v.u[2])
	seed := draw.Seed(n).For(1)
	v.link = link.New(s.Network, link.Transport{Conns: uint8(v.cfg.Profile.HTTP.ConnectionsPerHost)}, seed)
	v.open, v.record = v.open[:0], untouched
	v.player.Join(&v.cfg, seed, v.now)
	v.step(&player.Event{Type: player.Tick})
	last := v.onset + life
	// One player that acts four times as often as all may on average is enough to know.
	for left := 4 * maxSteps * int((life+warm)/time.Second) / int(watched/time.Second); v.steps > 0 && left > 0; left-- {
		v.steps--
		moves := v.link.Wake()
		at := min(moves, v.player.Wake())
		if v.player.Over() || v.done() || at > last {
			v.settle(last)
			return true
		}
		v.now = max(v.now, at)
		if moves <= v.now {
			v.deliver()
		} else {
			v.step(&player.Event{Type: player.Tick})
		}
	}
	return false
}

// done reports whether a player has come through a fault that does not end.
func (v *viewer) done() bool {
	if v.looks {
		return v.back != Never
	}
	return v.f.For == 0 && v.decided != Never && v.now > v.decided+settled && v.player.Playing()
}

func share(d time.Duration, u float64) time.Duration { return time.Duration(u * float64(d)) }

func (v *viewer) step(ev *player.Event) {
	v.actions = v.player.Step(v.now, ev, v.actions[:0])
	for i := range v.actions {
		switch a := &v.actions[i]; a.Type {
		case player.Fetch:
			v.open = append(v.open, request{id: a.Fetch, kind: a.Kind, rendition: a.Rendition, url: a.URL, sent: v.now})
			if at := v.link.Start(v.now, uint32(a.Fetch), 0); at != link.Never {
				v.reach(&v.open[len(v.open)-1], at)
			}
		case player.Abandon:
			v.link.Abandon(v.now, uint32(a.Fetch))
			v.open = slices.DeleteFunc(v.open, func(r request) bool { return r.id == a.Fetch })
		case player.Note:
			v.note(&a.Sample)
		}
	}
	if v.decided == Never && v.moved != Never && v.player.Playing() {
		v.decided = v.now
	}
}

// deliver passes on what is due on the link.
func (v *viewer) deliver() {
	v.events = v.link.Step(v.now, v.events[:0])
	for _, ev := range v.events {
		i := slices.IndexFunc(v.open, func(r request) bool { return uint32(r.id) == ev.ID })
		if i < 0 {
			continue
		}
		r := &v.open[i]
		switch ev.Type {
		case link.Reach:
			v.reach(r, ev.At)
		case link.Head:
			r.end.FirstByte = ev.At
			v.step(&player.Event{Type: player.Head, Fetch: r.id, Status: r.end.Status, Size: r.end.Size, Sent: r.sent, FirstByte: ev.At})
		case link.Complete:
			end := r.end
			v.open = slices.Delete(v.open, i, i+1)
			v.step(&end)
		}
	}
}

// reach has a request arrive at the server, at an instant that may lie ahead.
func (v *viewer) reach(r *request, at time.Duration) {
	e := &r.end
	*e = player.Event{Type: player.End, Fetch: r.id, Status: 200, Sent: r.sent, Size: 1000}
	switch r.kind {
	case m3u8.KindMultivariant:
		e.Ladder = v.ladder
	case m3u8.KindMedia:
		if e.Media = v.playlist(r.rendition, at); e.Media == nil {
			e.Status, e.Size = 404, 0
		}
	case m3u8.KindInit:
		e.Opening = v.w.opening(r.kind, &v.ladder.Renditions[r.rendition], r.url)
	case m3u8.KindSegment:
		rendition, k := &v.ladder.Renditions[r.rendition], numberOf(r.url)
		if at < v.onset {
			v.soonest = min(v.soonest, at-time.Duration(k)*v.w.shape.Segment)
		}
		switch {
		case !v.bad(rendition, k, at):
			e.Size = v.w.size(rendition)
			e.Opening = v.w.opening(r.kind, rendition, r.url)
		case v.f.Kind == Hang:
			v.miss()
			return
		default:
			v.miss()
			e.Status, e.Size = 404, 0
		}
	}
	e.Bytes = e.Size
	v.link.AnswerAt(v.now, at+v.w.shape.Latency, uint32(r.id), e.Size, false)
}

// bad reports whether a segment cannot be had.
func (v *viewer) bad(r *player.Rendition, k int64, at time.Duration) bool {
	if v.f.Kind < Missing || r.Pipeline != v.f.Pipeline || at < v.onset {
		return false
	}
	if v.f.Kind == Missing && v.f.Cached {
		// Another player of the kind has asked for it before, and caches keep it.
		return at < v.over && time.Duration(k)*v.w.shape.Segment+v.soonest > v.onset
	}
	return at < v.over
}

// playlist is what a request for a playlist is answered with; nil = it is
// missing.
func (v *viewer) playlist(rendition int, at time.Duration) *m3u8.Media {
	w, f, r := v.w, v.f, &v.ladder.Renditions[rendition]
	d := w.shape.Segment
	if ttl := w.shape.TTL; ttl > 0 { // what caches hold is as old as that
		_, u := math.Modf(v.u[3] + float64(rendition)*.6180339887)
		at -= (at + share(ttl, u)) % ttl
	}
	last := w.newest(at)
	first := last - w.listed + 1
	if f.Kind > Freeze || r.Pipeline != f.Pipeline || at < v.onset {
		return w.playlist(r, first, last)
	}
	if at >= v.over {
		if f.Kind == Freeze {
			return w.playlist(r, first, last)
		}
		// What was half made when it came back is lost, and the list begins anew.
		if begin := w.newest(v.over+d-1) + 1; last >= begin {
			return w.playlist(r, max(first, begin), last)
		}
	}
	stopped := w.newest(v.onset)
	v.touched = v.touched || last > stopped
	if f.Kind == Kill && f.Stale >= 0 {
		gone := v.onset
		if f.Stale > 0 {
			gone = time.Duration(stopped)*d + share(w.shape.Target, f.Stale)
			if f.WholeSeconds {
				gone -= share(time.Second, v.u[4])
			}
		}
		if at >= gone {
			v.miss()
			return nil
		}
	}
	return w.playlist(r, stopped-w.listed+1, stopped)
}
