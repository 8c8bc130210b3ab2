package fleet

import (
	"container/heap"
	"context"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/run/client"
	"hlsload/system"
)

// Fleet is the players of a run on this machine.
type Fleet struct {
	cfg     Config
	cohorts []cohort
	dialer  *client.Dialer
	parses  *parses

	mu       sync.Mutex
	audience *audience.Audience
	coming   arrivals                   // in addition to those that audience plans
	cautions map[uint64]*player.Caution // of viewers that will rejoin, by number
	sessions map[*session]struct{}
	over     bool           // the sessions have been cut off
	changed  chan struct{}  // capacity 1: there may be an earlier arrival
	playing  sync.WaitGroup // sessions

	begun      atomic.Int64
	live, peak atomic.Int64
	halted     context.Context // ends with Halt
	halt       context.CancelFunc
	why        atomic.Pointer[halting]
	ceiling    *ceiling
	cautious   atomic.Bool
	local      atomic.Int64
	holding    holding
	localError atomic.Pointer[string]
	withheld   refusals
}

// New returns a fleet.
func New(cfg Config) (*Fleet, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	f := &Fleet{cfg: cfg, parses: newParses(cfg.Classify, cfg.MaxPlaylist), sessions: map[*session]struct{}{}, cautions: map[uint64]*player.Caution{}, changed: make(chan struct{}, 1)}
	f.halted, f.halt = context.WithCancel(context.Background())
	f.cautious.Store(cfg.Cautious)
	f.cfg.Allow = f.watchAllow(cfg.Allow)
	f.dialer = client.NewDialer(client.DialerConfig{Resolver: cfg.Resolver, Dial: cfg.Dial, Allow: f.cfg.Allow, Sources: cfg.Sources})
	f.holding.halt = f.Halt
	f.holding.most.Store(maxHeld)
	f.ceiling = newCeiling(cfg.Ceiling, &f.cautious, f.Halt)
	if cfg.Guard == nil {
		f.cfg.Guard = func() {}
	}
	f.audience = audience.New(&f.cfg.Audience, cfg.Seed)
	if cfg.Slots != nil {
		f.audience.Keep(*cfg.Slots)
	}
	for i := range f.cfg.Audience.Cohorts {
		c := cohort{Cohort: f.cfg.Audience.Cohorts[i], conns: connsDefault}
		c.profile = cfg.Profiles[c.Profile]
		if n := c.profile.HTTP.ConnectionsPerHost; n > 0 {
			c.conns = n
		}
		c.http = client.Config{
			Conns: c.conns, HTTP2: c.profile.HTTP.HTTP2(), TLS: cfg.TLS, Standard: cfg.Standard, Credentials: cfg.Credentials, Led: cfg.Led,
			Count: f.count, Received: f.received, Withheld: f.withheld.note, Barred: func(err error) { f.Halt(err.Error()) },
		}
		c.called = strings.TrimSpace(c.profile.HTTP.UserAgent + " " + cfg.Caller)
		f.cohorts = append(f.cohorts, c)
	}
	return f, nil
}

// now is the run's clock.
func (f *Fleet) now() time.Duration { return time.Since(f.cfg.Epoch) }

// Run runs the players until the duration is over, the context ends or [Fleet.Halt]
// is called. Then it cuts off the remaining sessions, and returns when the last
// goroutine has ended and the last connection is closed. It must be called once.
func (f *Fleet) Run(ctx context.Context) {
	var cancel context.CancelFunc
	if f.cfg.Duration > 0 {
		ctx, cancel = context.WithDeadline(ctx, f.cfg.Epoch.Add(f.cfg.Duration))
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	defer context.AfterFunc(f.halted, cancel)()
	defer f.playing.Wait()
	defer f.cut()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		at := f.admit(ctx)
		now := f.now() // below 0 before the run
		timer.Reset(max(min(at, now+time.Hour)-now, 0))
		select {
		case <-timer.C:
		case <-f.changed:
		case <-ctx.Done():
		}
	}
}

// admit begins the sessions that are due and returns when the next one is.
func (f *Fleet) admit(ctx context.Context) time.Duration {
	for {
		f.mu.Lock()
		planned, extra := f.audience.Wake(), f.coming.wake()
		if at := min(planned, extra); at > f.now() || ctx.Err() != nil {
			f.mu.Unlock()
			return at
		}
		var v audience.Arrival
		if extra < planned {
			v = heap.Pop(&f.coming).(audience.Arrival)
		} else {
			v, _ = f.audience.Next()
		}
		f.mu.Unlock()
		f.playing.Add(1)
		go f.watch(ctx, v)
	}
}

// watch begins a session. It goes on until [Fleet.left].
func (f *Fleet) watch(ctx context.Context, v audience.Arrival) {
	var s *session
	ok := false
	defer func() { // after a panic that the guard recovered from
		switch {
		case ok:
		case s == nil:
			f.playing.Done()
		default:
			s.breakOff()
		}
	}()
	defer f.cfg.Guard()
	in, admitted := f.admitSession(ctx, &v)
	if !admitted {
		ok = true
		f.playing.Done()
		return
	}
	s = f.newSession(v, in)
	f.begun.Add(1)
	n := f.live.Add(1)
	for p := f.peak.Load(); n > p && !f.peak.CompareAndSwap(p, n); p = f.peak.Load() {
	}
	s.mu.Lock()
	s.play()
	ok = true
}

// register counts a session that begins. It will be cut off with the others, unless
// [Fleet.spare] comes first. s.mu must be held.
func (f *Fleet) register(s *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions[s] = struct{}{}
	if f.over {
		go s.cut()
	}
}

// spare keeps a session that is over from being cut off; false = too late.
func (f *Fleet) spare(s *session) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.spared = !f.over
	return s.spared
}

// cut cuts all sessions off.
func (f *Fleet) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for s := range f.sessions {
		if !s.spared {
			go s.cut()
		}
	}
}

// forget ends the count of a session; false = it was not counted any more.
func (f *Fleet) forget(s *session) bool {
	if !s.gone.CompareAndSwap(false, true) {
		return false
	}
	f.live.Add(-1)
	f.mu.Lock()
	delete(f.sessions, s)
	f.mu.Unlock()
	f.playing.Done()
	return true
}

// left is called when the last goroutine of a session ends.
func (f *Fleet) left(s *session) {
	f.playing.Add(1) // until what follows is done
	defer f.playing.Done()
	if !f.forget(s) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return
	}
	next := s.next
	if next == nil {
		w, ok := f.audience.Ended(f.now(), s.arrival, s.why)
		if !ok {
			return
		}
		next = &w
	}
	f.keepCaution(next, s)
	f.come(*next)
}

// come adds an arrival; f.mu must be held.
func (f *Fleet) come(v audience.Arrival) {
	heap.Push(&f.coming, v)
	f.wake()
}

func (f *Fleet) wake() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// Surge adds n viewers that arrive within over from an instant on (viewers.surge). Of them
// those of other machines are left out.
func (f *Fleet) Surge(at time.Duration, n int, over time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.audience.Surge(at, n, over)
	f.wake()
}

// Reconnect makes a share of the viewers of a cohort ("" = all) leave and rejoin at
// once (viewers.reconnect). Occurrence distinguishes such events.
func (f *Fleet) Reconnect(occurrence uint64, share float64, cohort string) {
	type move struct {
		s *session
		v audience.Arrival
	}
	var moves []move
	f.mu.Lock()
	now := f.now()
	for s := range f.sessions {
		if cohort != "" && s.cohort.Name != cohort || s.cohort.FaultsNone {
			continue
		}
		if v, ok := f.audience.Reconnect(now, s.arrival, occurrence, share); ok {
			moves = append(moves, move{s, v})
		}
	}
	f.mu.Unlock()
	for _, m := range moves {
		m.s.rejoin(m.v)
	}
}

// LinksChanged must be called after Chaos has changed the players' links.
func (f *Fleet) LinksChanged() {
	f.mu.Lock()
	var all []*session
	for s := range f.sessions {
		all = append(all, s)
	}
	f.mu.Unlock()
	for _, s := range all {
		s.mu.Lock()
		s.relink()
		s.mu.Unlock()
	}
}

// Spread is how the players' connections were spread. It may be called at any time.
func (f *Fleet) Spread() client.Spread { return f.dialer.Spread() }

// Stats are counts of a fleet so far.
type Stats struct {
	Sessions   int64 // begun
	Live, Peak int64 // sessions now, and the most at a time
	Parsed     int   // playlists parsed
	// LocalErrors counts requests that failed because this machine ran out of a
	// resource; then the run proves nothing about the target. LocalError is one.
	LocalErrors int64
	LocalError  string
	// Withheld counts the refusals (401, 403) of hosts that do not get the target's
	// header fields, by scheme and host.
	Withheld map[string]int64
}

// Stats may be called at any time.
func (f *Fleet) Stats() Stats {
	s := Stats{Sessions: f.begun.Load(), Live: f.live.Load(), Peak: f.peak.Load(), Parsed: f.parses.parsedCount(), LocalErrors: f.local.Load(), Withheld: f.withheld.all()}
	if p := f.localError.Load(); p != nil {
		s.LocalError = *p
	}
	return s
}

// noteLocal counts an error of this machine.
func (f *Fleet) noteLocal(err error, text string) {
	if system.IsExhausted(err) {
		f.local.Add(1)
		f.localError.CompareAndSwap(nil, &text)
	}
}

// refusals counts refusals by host.
type refusals struct {
	mu    sync.Mutex
	hosts map[string]int64
}

// maxRefusing bounds the hosts that are counted.
const maxRefusing = 64

func (r *refusals) note(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hosts == nil {
		r.hosts = map[string]int64{}
	}
	if _, ok := r.hosts[host]; ok || len(r.hosts) < maxRefusing {
		r.hosts[host]++
	}
}

func (r *refusals) all() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.hosts)
}

// count counts a request that is about to be sent. After an error it is not sent.
func (f *Fleet) count(url string) error {
	if f.cfg.May != nil && !f.cfg.May() {
		return errHalted
	}
	return f.ceiling.request(f.now(), url)
}

// received counts bytes of bodies of redirects.
func (f *Fleet) received(n int64) { f.ceiling.received(f.now(), n) }

// newClient returns the HTTP client of one player, on its link.
func (f *Fleet) newClient(number uint64, c *cohort, on *link.Config) *client.Client {
	return client.New(&c.http, f.dialer.For(number, !on.Unlimited()))
}

// arrivals is a heap by time, then number.
type arrivals []audience.Arrival

func (a arrivals) wake() time.Duration {
	if len(a) == 0 {
		return audience.Never
	}
	return a[0].At
}

func (a arrivals) Len() int { return len(a) }
func (a arrivals) Less(i, k int) bool {
	return a[i].At < a[k].At || a[i].At == a[k].At && a[i].Player < a[k].Player
}
func (a arrivals) Swap(i, k int) { a[i], a[k] = a[k], a[i] }
func (a *arrivals) Push(v any)   { *a = append(*a, v.(audience.Arrival)) }
func (a *arrivals) Pop() any {
	n := len(*a) - 1
	v := (*a)[n]
	*a = (*a)[:n]
	return v
}
