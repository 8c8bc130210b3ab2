package link

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"hlsload/player/draw"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// run steps the link until it is quiet and returns what it told.
func run(l *Link) (out []Event) {
	for at := l.Wake(); at != Never; at = l.Wake() {
		out = l.Step(at, out)
	}
	return out
}

func text(ev []Event) string {
	var b strings.Builder
	for _, e := range ev {
		fmt.Fprintf(&b, "%v %d %s\n", e.At.Round(time.Microsecond), e.ID, [...]string{"reach", "head", "complete"}[e.Type])
	}
	return b.String()
}

func wantText(t *testing.T, got []Event, want string) {
	t.Helper()
	want = strings.TrimLeft(strings.ReplaceAll(want, "\t", ""), "\n")
	if g := text(got); g != want {
		t.Errorf("events\n%s\nwant\n%s", g, want)
	}
}

func TestLatency(t *testing.T) {
	for _, tc := range []struct {
		name        string
		cfg         Config
		tr          Transport
		reach, head time.Duration // of the first request, answered at once
		second      time.Duration // reach of a second request on the same connection
	}{
		{"none", Config{}, Transport{}, 0, 0, 0},
		{"tcp", Config{RTT: 100 * ms}, Transport{}, 150 * ms, 200 * ms, 250 * ms},
		{"tls", Config{RTT: 100 * ms}, Transport{TLS: true}, 250 * ms, 300 * ms, 350 * ms},
		{"h2", Config{RTT: 100 * ms}, Transport{TLS: true, Multiplex: true}, 250 * ms, 300 * ms, 350 * ms},
		{"uplink", Config{RTT: 100 * ms, Up: 48_000}, Transport{}, 250 * ms, 300 * ms, 450 * ms},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := New(&tc.cfg, tc.tr, 1)
			reach := l.Start(0, 1, 0)
			if reach != tc.reach {
				t.Fatalf("reach %v; want %v", reach, tc.reach)
			}
			l.Answer(reach, 1, 0, false)
			ev := run(&l)
			if len(ev) != 2 || ev[0].Type != Head || ev[0].At != tc.head || ev[1].Type != Complete || ev[1].At != tc.head {
				t.Fatalf("events %v; want head and complete at %v", ev, tc.head)
			}
			if got := l.Start(tc.head, 2, 0); got != tc.second {
				t.Errorf("second request reaches at %v; want %v", got, tc.second)
			}
		})
	}
}

func TestSharing(t *testing.T) {
	cfg := Config{Down: 8_000_000} // 1 byte a microsecond
	l := New(&cfg, Transport{}, 1)
	for id := range uint32(3) {
		l.Start(0, id, 0)
	}
	l.Answer(0, 0, 1_000_000, false)
	l.Answer(500*ms, 1, 1_000_000, false)
	if got := l.Progress(500*ms, 0); got != 500_000 {
		t.Errorf("progress of 0 at 0.5 s: %d; want 500000", got)
	}
	if got := l.Progress(sec, 1); got != 250_000 {
		t.Errorf("progress of 1 at 1 s: %d; want 250000", got)
	}
	l.Answer(sec, 2, 100_000, false)
	wantText(t, run(&l), `
	0s 0 head
	500ms 1 head
	1s 2 head
	1.3s 2 complete
	1.6s 0 complete
	2.1s 1 complete
	`)
}

func TestQueueing(t *testing.T) {
	cfg := Config{Down: 8_000_000, RTT: 100 * ms}
	l := New(&cfg, Transport{Conns: 2}, 1)
	var reach []time.Duration
	for id := range uint32(4) {
		reach = append(reach, l.Start(0, id, 0))
	}
	reach = append(reach, l.Start(0, 4, 1)) // another host has connections of its own
	if want := []time.Duration{150 * ms, 150 * ms, Never, Never, 150 * ms}; !slices.Equal(reach, want) {
		t.Fatalf("reach %v; want %v", reach, want)
	}
	l.Answer(150*ms, 0, 100_000, false)
	l.Answer(150*ms, 1, 300_000, true) // the server closes: the next request needs a handshake
	wantText(t, run(&l), `
	200ms 0 head
	200ms 1 head
	400ms 0 complete
	450ms 2 reach
	600ms 1 complete
	750ms 3 reach
	`)
}

func TestAbandon(t *testing.T) {
	cfg := Config{Down: 8_000_000, RTT: 100 * ms}
	l := New(&cfg, Transport{Conns: 1}, 1)
	l.Start(0, 1, 0)
	l.Start(0, 2, 0)
	l.Start(0, 3, 0)
	l.Answer(150*ms, 1, 1<<40, false)
	l.Abandon(sec, 2)          // had no connection
	l.Abandon(sec, 1)          // closes the connection
	l.Abandon(sec, 77)         // unknown
	l.Answer(sec, 1, 1, false) // too late
	wantText(t, run(&l), "1.15s 3 reach\n")
	l.Answer(2*sec, 3, 1000, false)
	wantText(t, run(&l), "2.05s 3 head\n2.051s 3 complete\n")
}

func TestFaults(t *testing.T) {
	cfg := Config{Down: 8_000_000, RTT: 100 * ms}
	l := New(&cfg, Transport{}, 1)
	l.Start(0, 1, 0)
	l.Answer(150*ms, 1, 1_000_000, false) // alone: 200 ms … 1.2 s
	l.Start(0, 4, 0)
	l.SetFault(700*ms, 4_000_000, 0, false) // half speed: 500 kB are left
	l.SetFault(1200*ms, 0, 0, true)         // 250 kB are left
	if got := l.Start(1300*ms, 2, 0); got != Never {
		t.Errorf("request in a cut reaches at %v; want never", got)
	}
	l.Answer(1400*ms, 4, 1000, false)
	if got := l.Wake(); got != 1300*ms { // the head of 1 is still to be told
		t.Errorf("wake %v; want 1.3s", got)
	}
	wantText(t, l.Step(1500*ms, nil), "200ms 1 head\n")
	if got := l.Wake(); got != Never {
		t.Errorf("wake in a cut %v; want never", got)
	}
	l.SetFault(3*sec, 0, 40*ms, false)
	wantText(t, run(&l), `
	3.21s 2 reach
	3.07s 4 head
	3.072s 4 complete
	3.251s 1 complete
	`)
}

func TestTrace(t *testing.T) {
	cfg := Config{Trace: []TracePoint{{0, 8_000_000}, {sec, 0}, {3 * sec, 16_000_000}}} // period 5 s
	for seed := range draw.Seed(20) {
		l := New(&cfg, Transport{}, seed)
		l.Start(0, 1, 0)
		l.Answer(0, 1, 1<<50, false)
		before := l.Progress(7*sec, 1)
		// A whole period carries 1 s × 1 MB/s + 2 s × 2 MB/s wherever it starts.
		if d := l.Progress(12*sec, 1) - before; d < 4_999_999 || d > 5_000_001 {
			t.Errorf("seed %d: %d bytes in a period; want 5000000", seed, d)
		}
	}
}

func TestStream(t *testing.T) {
	cfg := Config{Down: 8_000_000}
	l := New(&cfg, Transport{}, 1)
	l.Start(0, 1, 0)
	l.Stream(0, 1)
	l.Offer(0, 1, 100_000)
	if at := l.When(0, 1, 50_000); at != 50*ms {
		t.Errorf("50 kB will be there at %v; want 50ms", at)
	}
	if got := l.Progress(sec, 1); got != 100_000 {
		t.Errorf("progress %d; want what was offered", got)
	}
	if at := l.When(sec, 1, 100_001); at != Never {
		t.Errorf("what was not offered will be there at %v; want never", at)
	}
	l.Offer(sec, 1, 1000) // the time without bytes is not made up for
	if got := l.Progress(sec, 1); got != 100_000 {
		t.Errorf("progress %d; want 100000", got)
	}
	l.Finish(sec, 1, false)
	wantText(t, run(&l), "0s 1 head\n1.001s 1 complete\n")
}

func TestSpread(t *testing.T) {
	cfg := Config{Down: 10_000_000, Spread: 0.3}
	var logs []float64
	for n := range uint64(10_000) {
		l := New(&cfg, Transport{}, draw.Seed(7).For(n))
		logs = append(logs, math.Log(l.Rate(0)/10e6))
	}
	slices.Sort(logs)
	if m := logs[5000]; math.Abs(m) > 0.02 {
		t.Errorf("median factor e^%.3f; want 1", m)
	}
	sum := 0.0
	for _, x := range logs {
		sum += x * x
	}
	if sigma := math.Sqrt(sum / 10_000); math.Abs(sigma-0.2936) > 0.01 {
		t.Errorf("sigma %.4f; want 0.2936, a coefficient of variation of 30 %%", sigma)
	}
}

func TestLoss(t *testing.T) {
	cfg := Config{Loss: 0.1, RTT: 50 * ms}
	late := 0
	for n := range uint64(10_000) {
		l := New(&cfg, Transport{}, draw.Seed(7).For(n))
		l.Start(0, 1, 0)
		l.Abandon(0, 1)
		l = New(&cfg, Transport{Multiplex: true}, draw.Seed(7).For(n))
		l.hosts[0].open = 1
		switch at := l.Start(0, 1, 0); {
		case at < 25*ms:
			t.Fatalf("reaches at %v; want at least half a round trip", at)
		case at > 25*ms:
			late++
			if at < 225*ms {
				t.Fatalf("a lost request reaches at %v; want a retransmission after 200ms", at)
			}
		}
	}
	if late < 900 || late > 1100 {
		t.Errorf("%d of 10000 requests late; want 10 %%", late)
	}
	l := New(&cfg, Transport{}, 1)
	l.Start(0, 1, 0)
	l.Answer(10*sec, 1, 1<<40, false)
	before := l.Progress(20*sec, 1)
	rate := float64(l.Progress(120*sec, 1)-before) / 100
	if want := 1460 / 0.05 * math.Sqrt(1.5/0.1); math.Abs(rate/want-1) > 0.01 {
		t.Errorf("rate under loss %.0f byte/s; want %.0f", rate, want)
	}
}

// TestProperties drives links with random operations and checks what must hold
// whatever happens.
func TestProperties(t *testing.T) {
	rule := draw.NewRule("test")
	for seed := range draw.Seed(300) {
		ord := uint64(0)
		rnd := func(n int) int {
			ord++
			return int(seed.Uniform(rule, ord) * float64(n))
		}
		cfg := Config{Down: int64(rnd(4)) * 4_000_000, RTT: time.Duration(rnd(3)) * 30 * ms, Jitter: time.Duration(rnd(2)) * 10 * ms, Loss: float64(rnd(2)) * 0.01}
		if rnd(4) == 0 {
			cfg.Trace = []TracePoint{{0, 8e6}, {sec, 1e6}, {2 * sec, 0}, {3 * sec, 3e6}}
		}
		l := New(&cfg, Transport{Conns: uint8(1 + rnd(3)), Multiplex: rnd(3) == 0, TLS: rnd(2) == 0}, seed)
		type req struct {
			size, last int64
			reach      time.Duration
			head       bool
		}
		reqs := map[uint32]*req{}
		var now, lastAt time.Duration
		var total, before int64 // bytes arrived
		beforeAt := time.Duration(0)
		limit, cut := int64(0), false
		id := uint32(0)
		arrived := func() int64 {
			sum := total
			for i, r := range reqs {
				p := l.Progress(now, i)
				if p < r.last || p > max(r.size, 0) {
					t.Fatalf("seed %d: progress of %d went from %d to %d of %d", seed, i, r.last, p, r.size)
				}
				r.last = p
				sum += p
			}
			return sum
		}
		check := func() {
			sum := arrived()
			most := math.Inf(1)
			if cfg.Down > 0 || cfg.Trace != nil {
				most = 8e6
				if cfg.Trace == nil {
					most = float64(cfg.Down)
				}
			}
			if limit > 0 {
				most = min(most, float64(limit))
			}
			if cut {
				most = 0
			}
			if dt := now - beforeAt; float64(sum-before) > most/8*dt.Seconds()+float64(id)+2 { // each count is cut to whole bytes
				t.Fatalf("seed %d: %d bytes in %v; want at most %.0f bit/s", seed, sum-before, dt, most)
			}
			before, beforeAt = sum, now
			if l.known { // what is foreseen is what would be found out now
				due, next, each := l.due, l.next, l.each
				l.look()
				if due != l.due || next != l.next || each != l.each {
					t.Fatalf("seed %d: at %v: due %v, next %v, each %v; want %v, %v, %v", seed, now, due, next, each, l.due, l.next, l.each)
				}
			}
		}
		take := func(ev []Event) {
			for _, e := range ev {
				r := reqs[e.ID]
				if r == nil {
					t.Fatalf("seed %d: event of unknown request %d", seed, e.ID)
				}
				switch e.Type {
				case Reach:
					r.reach = e.At
				case Head:
					r.head = true
				case Complete:
					if !r.head {
						t.Fatalf("seed %d: %d complete without a head", seed, e.ID)
					}
					total += r.size
					delete(reqs, e.ID)
				}
				if e.Type != Reach {
					if e.At > now || e.At < lastAt {
						t.Fatalf("seed %d: event at %v told at %v after one at %v", seed, e.At, now, lastAt)
					}
					lastAt = e.At
				}
			}
		}
		for range 200 {
			check()
			now += time.Duration(rnd(100)) * ms
			check()
			take(l.Step(now, nil))
			switch rnd(8) {
			case 0, 1, 2:
				id++
				reqs[id] = &req{reach: l.Start(now, id, uint8(rnd(6)))}
			case 3, 4, 5:
				for i := uint32(0); i <= id; i++ {
					if r := reqs[i]; r != nil && r.size == 0 && r.reach <= now {
						r.size = int64(rnd(200_000)) + 1
						l.Answer(now, i, r.size, rnd(5) == 0)
						break
					}
				}
			case 6:
				if i := uint32(rnd(int(id) + 1)); reqs[i] != nil && reqs[i].size == 0 {
					l.Abandon(now, i)
					delete(reqs, i)
				}
			case 7:
				limit, cut = int64(rnd(2))*2_000_000, rnd(3) == 0
				l.SetFault(now, limit, time.Duration(rnd(2))*20*ms, cut)
			}
		}
		l.SetFault(now, 0, 0, false)
		limit, cut = 0, false
		for i := uint32(0); i <= id; i++ { // everything ends
			for guard := 0; reqs[i] != nil; guard++ {
				if guard > 10_000 {
					t.Fatalf("seed %d: request %d never ends", seed, i)
				}
				if r := reqs[i]; r.size == 0 && r.reach != Never {
					now = max(now, r.reach)
					take(l.Step(now, nil))
					r.size = 1
					l.Answer(now, i, 1, false)
				}
				w := l.Wake()
				if w == Never { // it waits behind a request that nobody answers
					for k, r := range reqs {
						if r.size == 0 && r.reach != Never {
							l.Abandon(now, k)
							delete(reqs, k)
						}
					}
					w = now
				}
				now = max(now, w)
				take(l.Step(now, nil))
			}
		}
		if len(l.transfers()) != 0 {
			t.Fatalf("seed %d: %d transfers left", seed, len(l.transfers()))
		}
	}
}

// TestLateStep checks that it does not matter how often a link is asked.
func TestLateStep(t *testing.T) {
	script := func(poll time.Duration) []Event {
		cfg := Config{Down: 5_000_000, RTT: 30 * ms, Jitter: 10 * ms, Loss: 0.01, Trace: []TracePoint{{0, 5e6}, {400 * ms, 1e6}, {900 * ms, 9e6}}}
		l := New(&cfg, Transport{Conns: 2}, 3)
		var out []Event
		for id := range uint32(10) {
			at := time.Duration(id) * 300 * ms
			for t := at; poll > 0 && t < at+300*ms; t += poll {
				l.Progress(t, id)
			}
			if reach := l.Start(at+300*ms, id, 0); reach != Never {
				l.Answer(max(reach, at+300*ms), id, 50_000, false)
			}
		}
		for _, e := range run(&l) {
			e.At = e.At.Round(10 * time.Nanosecond)
			out = append(out, e)
		}
		return out
	}
	if a, b := text(script(0)), text(script(7*ms)); a != b || len(a) < 100 {
		t.Errorf("asked seldom\n%s\nasked often\n%s", a, b)
	}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Link{}); n > 176 {
		t.Errorf("a link takes %d bytes; want at most 176", n)
	}
	if n := unsafe.Sizeof(transfer{}); n > 48 {
		t.Errorf("a transfer takes %d bytes; want at most 48", n)
	}
}

func TestNoAllocation(t *testing.T) {
	cfg := Config{Down: 8_000_000, RTT: 20 * ms, Jitter: 5 * ms, Loss: 0.001}
	l := New(&cfg, Transport{}, 1)
	var ev []Event
	id := uint32(0)
	one := func() {
		id++
		reach := l.Start(l.at, id, 0)
		l.Answer(reach, id, 50_000, false)
		for at := l.Wake(); at != Never; at = l.Wake() {
			ev = l.Step(at, ev[:0])
		}
	}
	one()
	if n := testing.AllocsPerRun(100, one); n != 0 {
		t.Errorf("%g allocations a request; want none", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, name := range []string{"unlimited", "mobile-4g"} {
		b.Run(name, func(b *testing.B) {
			cfg, _ := Preset(name)
			l := New(&cfg, Transport{}, 1)
			var ev []Event
			b.ReportAllocs()
			for id := uint32(0); b.Loop(); id++ {
				reach := l.Start(l.at, id, 0)
				l.Answer(reach, id, 50_000, false)
				for at := l.Wake(); at != Never; at = l.Wake() {
					ev = l.Step(at, ev[:0])
				}
			}
		})
	}
}

// TestHTTP1 proves that requests to a host that turned out to speak HTTP/1.1 only
// need a connection each, those in flight included.
func TestHTTP1(t *testing.T) {
	cfg := Config{RTT: 100 * ms}
	l := New(&cfg, Transport{Conns: 2, TLS: true, Multiplex: true}, 1)
	l.Start(0, 1, 0)
	l.Start(0, 2, 0) // shares the connection
	l.HTTP1(0)
	if at := l.Start(0, 3, 0); at != Never {
		t.Errorf("a third request on two connections reaches its host at %v; want it to wait", at)
	}
	if at := l.Start(0, 4, 1); at == Never {
		t.Error("a request to another host waits; want it to leave")
	}
	l.Answer(300*ms, 1, 0, false)
	run(&l)
	if at := l.Start(sec, 5, 0); at != Never {
		t.Errorf("requests 2 and 3 hold the two connections, and a fourth reaches its host at %v; want it to wait", at)
	}
}
