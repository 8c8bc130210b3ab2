package player

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hlsload/player/m3u8"
)

// Bounds of a cautious player ([Config.Cautious]). What exceeds them waits; it
// is neither dropped nor does it keep others from being asked for.
const (
	// MaxRepeats is how often a URL that failed may be asked for within one
	// target duration, the request that failed included.
	MaxRepeats = 4
	// MaxFailures is how many such requests there may be within one target
	// duration, whatever their URLs, before the next one waits. So going round
	// many dead URLs is bounded as well.
	MaxFailures = 8 * MaxRepeats
)

// maxFailing is how many URLs that failed a cautious player keeps in mind: more
// than can fail within a target duration.
const maxFailing = MaxFailures + MaxFetches

// Caution is what a cautious player keeps of URLs that failed. It outlives a
// session: a viewer who comes back has not forgotten (see [Player.Caution]). URLs
// count without query, where tokens change from request to request.
type Caution struct {
	asked    []asking
	failing  []failing
	repeats  [MaxFailures]time.Duration // the last requests that failed or repeated one that had, as a ring
	repeated int                        // how many there were
	waiting  []withheld
}

// asking is a request in flight.
type asking struct {
	id  FetchID
	url string
	at  time.Duration

	counted bool // among the repeats
}

// failing is a URL that failed, until it has been well for a while.
type failing struct {
	url  string
	at   [MaxRepeats]time.Duration // of the last requests that failed, or repeated one that had; the latest first
	n    int
	well bool // it has succeeded since
}

// withheld is a request that is held back.
type withheld struct {
	id   FetchID
	url  string
	part *m3u8.Range
	from time.Duration // since when
	at   time.Duration // until when
}

// withoutQuery is what a URL is known by.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i]
	}
	return url
}

// free is when a URL may be asked for.
func (c *Caution) free(url string, now, window time.Duration) time.Duration {
	c.forget(now, window)
	at := now
	if c.repeated >= MaxFailures {
		at = max(at, c.repeats[c.repeated%MaxFailures]+window)
	}
	if f := c.find(withoutQuery(url)); f != nil && f.n == MaxRepeats {
		at = max(at, f.at[MaxRepeats-1]+window)
	}
	return at
}

// ask notes a request.
func (c *Caution) ask(id FetchID, url string, now time.Duration) {
	url = withoutQuery(url)
	a := asking{id: id, url: url, at: now}
	if f := c.find(url); f != nil && !f.well {
		f.note(now)
		c.count(now)
		a.counted = true
	}
	c.asked = append(c.asked, a)
}

// count counts a repeat.
func (c *Caution) count(now time.Duration) {
	c.repeats[c.repeated%MaxFailures] = now
	c.repeated++
}

// answered notes how a request ended. It reports whether the request was counted
// among the repeats when it was made.
func (c *Caution) answered(id FetchID, failure Failure, now time.Duration) (counted bool) {
	i := slices.IndexFunc(c.asked, func(a asking) bool { return a.id == id })
	if i < 0 {
		return false
	}
	a := c.asked[i]
	c.asked = slices.Delete(c.asked, i, i+1)
	if failure == NoFailure {
		if f := c.find(a.url); f != nil {
			f.well = true
		}
		return a.counted
	}
	c.fail(a.url, a.at, a.counted, now)
	return a.counted
}

// fail notes that what was asked for at an instant is of no use.
func (c *Caution) fail(url string, at time.Duration, counted bool, now time.Duration) {
	f := c.find(url)
	if f == nil {
		if len(c.failing) == maxFailing { // what was asked for longest ago makes room
			oldest := slices.MinFunc(c.failing, func(a, b failing) int { return cmp.Compare(a.at[0], b.at[0]) })
			c.failing = slices.DeleteFunc(c.failing, func(f failing) bool { return f.url == oldest.url })
		}
		c.failing = append(c.failing, failing{url: url})
		f = &c.failing[len(c.failing)-1]
	}
	if !counted {
		f.note(at)
		c.count(now)
	}
	f.well = false
}

// dropped forgets a request that was given up. It reports whether that was in
// flight.
func (c *Caution) dropped(id FetchID) bool {
	c.asked = slices.DeleteFunc(c.asked, func(a asking) bool { return a.id == id })
	n := len(c.waiting)
	c.waiting = slices.DeleteFunc(c.waiting, func(w withheld) bool { return w.id == id })
	return len(c.waiting) == n
}

func (c *Caution) find(url string) *failing {
	for i := range c.failing {
		if c.failing[i].url == url {
			return &c.failing[i]
		}
	}
	return nil
}

// forget drops URLs that are well and whose failures are further back than the
// window.
func (c *Caution) forget(now, window time.Duration) {
	c.failing = slices.DeleteFunc(c.failing, func(f failing) bool { return f.well && f.at[0]+window <= now })
}

// note adds a request, of whatever instant.
func (f *failing) note(at time.Duration) {
	for i := range f.at {
		if i == f.n || f.at[i] < at {
			copy(f.at[i+1:], f.at[i:])
			f.at[i] = at
			f.n = min(f.n+1, MaxRepeats)
			return
		}
	}
}

// Caution is what the player knows of URLs that failed; nil if it is not
// cautious. It is for [Player.Inherit] of the player that the same viewer has
// next, once this one is done.
func (p *Player) Caution() *Caution { return p.caution }

// BeCautious makes the player cautious from now on, as [Config.Cautious] does from
// the beginning.
func (p *Player) BeCautious() {
	if p.caution == nil {
		p.caution = new(Caution)
	}
}

// Inherit takes over what the viewer's last player knew; nil = nothing.
func (p *Player) Inherit(c *Caution) {
	if p.caution != nil && c != nil {
		c.asked, c.waiting = nil, nil
		p.caution = c
	}
}

// withhold holds a fetch back that a cautious player must not make yet. It reports
// whether it did.
func (p *Player) withhold(f *flight, url string, r *m3u8.Range) bool {
	c := p.caution
	if c == nil {
		return false
	}
	at := c.free(url, p.now, p.targetDuration(MainTrack))
	if at <= p.now {
		c.ask(f.id, url, p.now)
		return false
	}
	f.waits = true
	c.waiting = append(c.waiting, withheld{f.id, url, r, p.now, at})
	p.note(&Sample{Type: Withheld, Fetch: f.id, Kind: f.kind, Track: f.track, Rendition: f.rendition, Pipeline: p.pipelineOf(int(f.rendition))})
	return true
}

// release makes the fetches of a cautious player whose time has come.
func (p *Player) release() {
	if p.state == over {
		return
	}
	for i := 0; i < len(p.caution.waiting); {
		w := p.caution.waiting[i]
		if w.at > p.now || p.inTurn && p.busy() {
			i++
			continue
		}
		if at := p.caution.free(w.url, p.now, p.targetDuration(MainTrack)); at > p.now {
			p.caution.waiting[i].at = at
			i++
			continue
		}
		p.caution.waiting = slices.Delete(p.caution.waiting, i, i+1)
		for k := range p.flights {
			f := &p.flights[k]
			if f.id != w.id {
				continue
			}
			f.waits = false
			f.due, f.sent, f.moved = p.now, p.now, p.now
			if f.look != Never {
				f.look += p.now - w.from
			}
			p.caution.ask(f.id, w.url, p.now)
			p.request(f, w.url, w.part)
		}
	}
}

// releaseWake is when a fetch that is held back may be made.
func (p *Player) releaseWake() time.Duration {
	at := Never
	if p.inTurn && p.busy() {
		return at
	}
	for i := range p.caution.waiting {
		at = min(at, max(p.caution.waiting[i].at, p.now))
	}
	return at
}

// occupied reports whether anything is in flight or held back.
func (p *Player) occupied() bool { return p.busy() || p.caution != nil && len(p.caution.waiting) > 0 }
