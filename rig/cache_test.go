package rig

import (
	"fmt"
	"testing"
	"time"

	"hlsload/chaos"
)

// TestCacheRules walks CloudFront's rules: what is cached, whether it has
// expired, what the origin says → what the viewer gets, for how long that is
// kept, whether the origin was asked.
func TestCacheRules(t *testing.T) {
	const path = "/live/x/thing.m3u8" // no thing of the channel: only PUT changes it
	const put, hang, gone = -1, -2, -3
	tests := []struct {
		name    string
		cached  string // Cache-Control of the copy in the cache; "-" = none
		age     time.Duration
		origin  int    // what the origin says: a status, put = a new object, hang, gone = deleted
		control string // of the new object
		status  int
		xcache  XCache
		stale   bool
		newTag  bool
		asked   bool
		ttl     time.Duration // of the answer; 0 = the next request asks the origin again
	}{
		{"miss", "-", 0, put, "max-age=2", 200, Miss, false, true, true, 2 * sec},
		{"miss, no header", "-", 0, put, "", 200, Miss, false, true, true, 24 * time.Hour},
		{"miss, no-store", "-", 0, put, "no-store", 200, Miss, false, true, true, 0},
		{"miss, 404", "-", 0, gone, "", 404, Error, false, false, true, 10 * sec},
		{"miss, 403", "-", 0, 403, "", 403, Error, false, false, true, 0},
		{"miss, 416", "-", 0, 416, "", 416, Error, false, false, true, 0},
		{"miss, 429", "-", 0, 429, "", 429, Error, false, false, true, 0},
		{"miss, 500", "-", 0, 500, "", 500, Error, false, false, true, 10 * sec},
		{"miss, 503", "-", 0, 503, "", 503, Error, false, false, true, 10 * sec},
		{"miss, hang", "-", 0, hang, "", 504, Error, false, false, true, 10 * sec},
		{"fresh, origin new", "max-age=5", 2 * sec, put, "max-age=5", 200, Hit, false, false, false, 3 * sec},
		{"fresh, origin 503", "max-age=5", 2 * sec, 503, "", 200, Hit, false, false, false, 3 * sec},
		{"fresh, origin 404", "max-age=5", 2 * sec, gone, "", 200, Hit, false, false, false, 3 * sec},
		{"expired, same", "max-age=5", 6 * sec, 0, "", 200, RefreshHit, false, false, true, 5 * sec},
		{"expired, new", "max-age=5", 6 * sec, put, "max-age=3", 200, Miss, false, true, true, 3 * sec},
		{"expired, new no-store", "max-age=5", 6 * sec, put, "no-store", 200, Miss, false, true, true, 0},
		{"max-age=0, same", "max-age=0", sec, 0, "", 200, RefreshHit, false, false, true, 0},
		{"no-store, same", "no-store", sec, 0, "", 200, Miss, false, false, true, 0},
		{"expired, 500", "max-age=5", 6 * sec, 500, "", 200, Hit, true, false, true, 10 * sec},
		{"expired, 502", "max-age=5", 6 * sec, 502, "", 200, Hit, true, false, true, 10 * sec},
		{"expired, 503", "max-age=5", 6 * sec, 503, "", 200, Hit, true, false, true, 10 * sec},
		{"expired, 504", "max-age=5", 6 * sec, 504, "", 200, Hit, true, false, true, 10 * sec},
		{"expired, hang", "max-age=5", 6 * sec, hang, "", 200, Hit, true, false, true, 10 * sec},
		{"expired, stale-if-error=0, 503", "max-age=5, stale-if-error=0", 6 * sec, 503, "", 503, Error, false, false, true, 10 * sec},
		{"expired, 404", "max-age=5", 6 * sec, gone, "", 404, Error, false, false, true, 10 * sec},
		{"expired, 403", "max-age=5", 6 * sec, 403, "", 403, Error, false, false, true, 0},
		{"expired, 429", "max-age=5", 6 * sec, 429, "", 429, Error, false, false, true, 0},
	}
	for _, shield := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/shield=%v", tt.name, shield), func(t *testing.T) {
				c := mini()
				c.Edge.Shield, c.Edge.ErrorTTL = shield, 10*sec
				c.Edge.Latency, c.Origin.Latency = 0, 0
				r := newRig(t, c)
				now := sec
				write := func(body, control string) uint64 {
					out := r.Write(now, &Write{Path: path, Body: []byte(body), CacheControl: control})
					return out.ETag
				}
				var tag uint64
				if tt.cached != "-" {
					tag = write("old", tt.cached)
					if a, _ := get(r, now, path); a.Status != 200 || a.Object.ETag != tag {
						t.Fatalf("before: %+v", a)
					}
					now += tt.age
				}
				plan := chaos.NewPlan(1)
				switch {
				case tt.origin == put:
					tag2 := write("new", tt.control)
					if tt.newTag {
						tag = tag2
					}
				case tt.origin == gone:
					r.Write(now, &Write{Path: path, Delete: true})
				case tt.origin == hang:
					plan = plan.With(fault(chaos.OriginHang, 0, now, 0), now)
				case tt.origin > 0:
					plan = plan.With(fault(chaos.OriginStatus, 0, now, 0, func(f *chaos.Fault) { f.Code = tt.origin }), now)
				}
				r.SetPlan(plan)
				before := r.stats.Origin.Requests
				a, step := get(r, now, path)
				if asked := r.stats.Origin.Requests > before; asked != tt.asked || (a.Upstream != NoLayer) != asked {
					t.Errorf("origin asked: %v, reported %v; want %v", asked, a.Upstream, tt.asked)
				}
				if a.Status != tt.status || a.XCache != tt.xcache || a.Stale != tt.stale {
					t.Errorf("got %d %v stale=%v; want %d %v stale=%v", a.Status, a.XCache, a.Stale, tt.status, tt.xcache, tt.stale)
				}
				if a.Status == 200 && a.Object.ETag != tag {
					t.Errorf("the wrong version")
				}
				if wait := step.Wait; (tt.origin == hang && tt.asked) != (wait == 30*sec) {
					t.Errorf("wait %v", wait)
				}
				if faulty := tt.origin > 0 || tt.origin == hang; faulty && tt.asked && a.Status != 200 && !a.Marks.Has(0) {
					t.Errorf("the answer does not carry the fault")
				}
				// How long is it kept?
				now += step.Wait
				for _, probe := range []struct {
					after time.Duration
					asks  bool
				}{{tt.ttl - time.Millisecond, false}, {tt.ttl, true}} {
					if probe.after < 0 {
						continue
					}
					before := r.stats.Origin.Requests
					get(r, now+probe.after, path)
					if asks := r.stats.Origin.Requests > before; asks != probe.asks {
						t.Errorf("%v later: origin asked = %v; want a TTL of %v", probe.after, asks, tt.ttl)
					}
				}
			})
		}
	}
}

// TestStaleAfter404 has a deleted playlist and then a failing origin: the 404
// took the old copy's place, so there is nothing stale to serve.
func TestStaleAfter404(t *testing.T) {
	c := mini()
	c.Edge.Shield = false
	r := newRig(t, c)
	gone := fault(chaos.PlaylistDelete, 0, 2*sec, 0)
	r.SetPlan(open(gone))
	const path = "/live/p0/index_256x144.m3u8"
	get(r, sec, path)
	if a, _ := get(r, 3*sec, path); a.Status != 404 {
		t.Fatalf("deleted: %d", a.Status)
	}
	r.SetPlan(r.plan.With(fault(chaos.OriginStatus, 1, 0, 0, func(f *chaos.Fault) { f.Code = 500 }), 5*sec))
	if a, _ := get(r, 6*sec, path); a.Status != 500 || a.Stale {
		t.Errorf("then 500: %d stale=%v", a.Status, a.Stale)
	}
}

func TestCollapse(t *testing.T) {
	const path = "/live/p0/index_256x144.m3u8"
	tests := []struct {
		collapse, shield bool
		ttl              time.Duration
		origin           uint64
	}{
		{true, true, sec, 1},
		{true, false, sec, 2}, // one for each POP
		{false, true, sec, 20},
		{true, true, 0, 20}, // max-age=0 forbids it
	}
	for _, tt := range tests {
		c := mini()
		c.Edge.Collapse, c.Edge.Shield, c.Edge.PlaylistTTL = tt.collapse, tt.shield, tt.ttl
		r := newRig(t, c)
		leaders := 0
		for i := range 20 {
			f := Flight{Path: path, Pop: i % 2}
			now := sec + time.Duration(i)*time.Microsecond
			step := r.Advance(now, &f)
			if f.Answer.Upstream != NoLayer {
				leaders++
			} else if ready, want := now+step.Wait, sec+c.Origin.Latency+c.Edge.Latency; ready < want {
				t.Errorf("%+v: joined request %d is answered at %v, before the fetch is back", tt, i, ready)
			}
			if f.Answer.Status != 200 {
				t.Errorf("%+v: %d", tt, f.Answer.Status)
			}
		}
		if r.stats.Origin.Requests != tt.origin || leaders != int(tt.origin) {
			t.Errorf("%+v: %d origin requests, %d of them reported; want %d", tt, r.stats.Origin.Requests, leaders, tt.origin)
		}
	}
}

// TestJoinedInheritsFailure: a request that waits for a failing fetch fails with it.
func TestJoinedInheritsFailure(t *testing.T) {
	r := newRig(t, mini())
	r.SetPlan(open(fault(chaos.OriginHang, 3, 0, 0)))
	const path = "/live/p0/index_256x144.m3u8"
	get(r, sec, path)
	a, step := get(r, 11*sec, path)
	if a.Status != 504 || !a.Collapsed || !a.Marks.Has(3) || a.Upstream != NoLayer {
		t.Errorf("joined: %+v", a)
	}
	if want := 20*sec + r.cfg.Edge.Latency*2; step.Wait != want {
		t.Errorf("wait %v; want %v, until the fetch of the first times out", step.Wait, want)
	}
}

func TestFlush(t *testing.T) {
	c := mini()
	r := newRig(t, c)
	const path = "/live/p0/index_256x144_00032.ts"
	ask := func(now time.Duration, pop int) Answer {
		f := Flight{Path: path, Pop: pop}
		r.Advance(now, &f)
		return f.Answer
	}
	for pop := range 2 {
		ask(sec, pop)
	}
	one := fault(chaos.EdgeFlush, 0, 0, 0, func(f *chaos.Fault) { f.Pop = 1 })
	r.SetPlan(r.plan.With(one, 3*sec).Without(one, 3*sec))
	if a := ask(4*sec, 0); a.Hit != EdgeLayer {
		t.Errorf("the other POP: %+v", a)
	}
	if a := ask(4*sec, 1); a.Hit != ShieldLayer || a.Upstream != NoLayer {
		t.Errorf("the flushed POP: %+v", a)
	}
	all := fault(chaos.EdgeFlush, 1, 0, 0)
	r.SetPlan(r.plan.With(all, 5*sec).Without(all, 5*sec))
	if a := ask(6*sec, 0); a.Upstream != ShieldLayer {
		t.Errorf("after a flush of everything: %+v", a)
	}
	if bites, what := r.Bites(6*sec, all); !bites {
		t.Error(what)
	}
}

// Errors are kept for as long as the fault says, and those that would have been
// fetched again by now are its doing; what is kept when it ends runs out.
func TestErrorTTL(t *testing.T) {
	const path = "/live/p0/index_256x144_99999.ts" // not there
	c := mini()
	c.Edge.ErrorTTL = sec
	r := newRig(t, c)
	long := fault(chaos.EdgeErrorTTL, 2, 0, 0, func(f *chaos.Fault) { f.TTL = 20 * sec })
	none := fault(chaos.EdgeErrorTTL, 3, 0, 0, func(f *chaos.Fault) { f.TTL = 0 })
	for _, step := range []struct {
		at     time.Duration
		open   *chaos.Fault
		close  *chaos.Fault
		hit    bool
		marked chaos.Marks
	}{
		{at: 1 * sec},
		{at: 1*sec + 500*time.Millisecond, hit: true},
		{at: 3 * sec, open: long},
		{at: 3*sec + 500*time.Millisecond, hit: true}, // as it would be anyway
		{at: 10 * sec, hit: true, marked: chaos.Mark(2)},
		{at: 20 * sec, close: long, hit: true, marked: chaos.Mark(2)},
		{at: 24 * sec},
		{at: 26 * sec},
		{at: 30 * sec, open: none},
		{at: 30*sec + 100*time.Millisecond},
		{at: 31 * sec, close: none},
		{at: 31*sec + 500*time.Millisecond, hit: true},
	} {
		if step.open != nil {
			if bites, _ := r.Bites(step.at, step.open); bites {
				t.Errorf("at %v: it bites before it holds", step.at)
			}
			r.SetPlan(r.plan.With(step.open, step.at))
			if bites, what := r.Bites(step.at, step.open); !bites {
				t.Errorf("at %v: %s", step.at, what)
			}
		}
		if step.close != nil {
			r.SetPlan(r.plan.Without(step.close, step.at))
			if healthy, what := r.Healthy(step.at, step.close); !healthy {
				t.Errorf("at %v: %s", step.at, what)
			}
		}
		a, _ := get(r, step.at, path)
		if a.Status != 404 || (a.Hit != NoLayer) != step.hit || a.Marks != step.marked {
			t.Errorf("at %v: status %d, hit %v, marks %b; want 404, %v, %b", step.at, a.Status, a.Hit, a.Marks, step.hit, step.marked)
		}
	}
}

func TestBounded(t *testing.T) {
	c := mini()
	c.Edge.Objects = 50
	r := newRig(t, c)
	for i := range 1000 {
		get(r, sec, fmt.Sprintf("/nothing/%d", i))
	}
	for _, cache := range append(r.edges, r.shield) {
		n := 0
		for e := cache.front.next; e != &cache.front; e = e.next {
			n++
		}
		if len(cache.entries) > 50 || n != len(cache.entries) {
			t.Errorf("%d entries, %d in the list; want at most 50", len(cache.entries), n)
		}
	}
	for i := range 2 * MaxPuts {
		r.Write(sec, &Write{Path: fmt.Sprintf("/live/put/%d", i), Body: make([]byte, 1000)})
	}
	if n := len(r.overlays.byPath); n != MaxPuts || r.overlays.bytes != 1000*n {
		t.Errorf("%d objects of %d bytes were kept", n, r.overlays.bytes)
	}
}

// What is not asked for any more leaves the caches, so that they level off; what
// is goes on being answered from there, however long it has left the origin.
func TestIdleLeavesTheCache(t *testing.T) {
	c := mini()
	r := newRig(t, c)
	const old = "/live/p0/index_256x144_00032.ts"
	live := func(now time.Duration) int {
		n := int((now-sec)/r.cfg.Segment) + 32
		get(r, now, fmt.Sprintf("/live/p0/index_256x144_%05d.ts", n))
		return len(r.edges[0].entries)
	}
	most := 0
	for now := 10 * sec; now < time.Hour; now += r.cfg.Segment {
		n := live(now)
		if now < 2*idleAtLeast {
			most = max(most, n)
		} else if n > most {
			t.Fatalf("%d entries at %v; want at most %d, as in the first minutes", n, now, most)
		}
		if a, _ := get(r, now, old); a.Status != 200 {
			t.Fatalf("at %v a segment that is still asked for has status %d", now, a.Status)
		}
	}
	if n := int(2 * idleAtLeast / r.cfg.Segment); most > n {
		t.Errorf("%d entries; want at most %d", most, n)
	}
	c.Playlist, c.Length = VOD, 2*time.Hour
	r = newRig(t, c)
	for now := 10 * sec; now < 20*time.Minute; now += 10 * sec {
		get(r, now, fmt.Sprintf("/live/p0/index_256x144_%05d.ts", 1+int(now/(10*sec))))
	}
	if n := len(r.edges[0].entries); n < 100 {
		t.Errorf("%d entries of a presentation that stays; want all of them", n)
	}
}
