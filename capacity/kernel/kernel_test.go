package kernel

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/reports/record"
)

const sec = time.Second

var setup = Setup{Cohorts: []string{"web", "tv"}, Renditions: [][]int8{{0, 0, 1, 1}, {0, 1, 0, 1}}, Missing: 404,
	Settled: 10 * sec, From: 10 * sec, To: 30 * sec, Fault: "kill", Until: 40 * sec}

func recorder(t *testing.T, s Setup) *Recorder {
	t.Helper()
	r, err := NewRecorder(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what the viewers of a test do; a recorder is told in order of time.
type told []record.Told

func (l *told) tell(r *Recorder) {
	slices.SortStableFunc(*l, func(a, b record.Told) int { return cmp.Compare(a.At, b.At) })
	for _, t := range *l {
		r.Take(t)
	}
}

// viewer is one session.
type viewer struct {
	to *told
	s  *record.Session
}

func (l *told) join(at time.Duration, cohort int) viewer {
	v := viewer{l, new(record.Session)}
	*l = append(*l, record.Told{At: at, Session: v.s, Joined: &record.SessionInfo{Cohort: cohort}})
	return v
}

func (v viewer) says(sm player.Sample, m *record.Meta) {
	*v.to = append(*v.to, record.Told{At: sm.At, Session: v.s, Sample: &sm, Meta: m})
}

// fetches is a request and its answer a tenth of a second later.
func (v viewer) fetches(at time.Duration, k m3u8.Kind, rendition int16, status int16, bytes int64, m *record.Meta) {
	v.says(player.Sample{Type: player.Requested, At: at, Kind: k, Rendition: rendition}, nil)
	a := player.Sample{Type: player.Answered, At: at + sec/10, Sent: at, Kind: k, Rendition: rendition, Status: status, Bytes: bytes}
	if status >= 400 {
		a.Failure = player.BadStatus
	}
	v.says(a, m)
}

// rate is that of a class; 0 when the kernel does not know the class.
func rate(k *Kernel, rates []Rate, c Class) Rate {
	for i := range k.Classes {
		if k.Classes[i] == c {
			return rates[i]
		}
	}
	return Rate{}
}

var (
	low  = Class{Kind: m3u8.KindMedia, Rendition: 0}
	high = Class{Kind: m3u8.KindMedia, Rendition: 1}
	gone = Class{Kind: m3u8.KindMedia, Rendition: 0, Status: Missing}
)

// TestResponses: a hundred viewers of each cohort ask for a playlist every two seconds, once more in
// the second after joining, and twice in the second second of the fault, which the first cohort meets.
func TestResponses(t *testing.T) {
	var all told
	for n := range 200 {
		cohort := n % 2
		rendition := int16(cohort) // the second cohort lists rendition 1 there
		v := all.join(0, cohort)
		v.fetches(sec/2, m3u8.KindMedia, rendition, 200, 500, nil)
		for at := time.Duration(0); at < 40*sec; at += 2 * sec {
			v.fetches(at+sec/10, m3u8.KindMedia, rendition, 200, 1000, nil)
			if at == 30*sec {
				m := &record.Meta{Outcome: cdn.Outcome{}, Marks: 1}
				if cohort == 1 {
					m = nil
				}
				v.fetches(31*sec, m3u8.KindMedia, 0, 404, 100, m)
				v.fetches(31*sec+sec/2, m3u8.KindMedia, rendition, 200, 1000, nil)
			}
		}
	}
	r := recorder(t, setup)
	all.tell(r)
	k, err := Of(r)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want Rate) {
		t.Helper()
		if math.Abs(got.Requests-want.Requests) > 1e-9 || math.Abs(got.Bytes-want.Bytes) > 1e-6 {
			t.Errorf("%s: %+v; want %+v", what, got, want)
		}
	}
	web, tv := &k.Cohorts[0], &k.Cohorts[1]
	same("web, steady", rate(k, web.Steady, low), Rate{Requests: .5, Bytes: 500})
	same("tv, steady", rate(k, tv.Steady, high), Rate{Requests: .5, Bytes: 500})
	same("tv, the other rendition", rate(k, tv.Steady, low), Rate{})
	same("web, on joining", rate(k, web.Join[0], low), Rate{Requests: 1.5, Bytes: 1000})
	same("web, a second later", rate(k, web.Join[1], low), Rate{Requests: -.5, Bytes: -500})
	if len(k.Faults) != 1 {
		t.Fatalf("%d responses to faults; want 1", len(k.Faults))
	}
	f := &k.Faults[0]
	if f.Name != "kill" || f.Viewers != 200 || f.Cohorts[0].Affected != 1 || f.Cohorts[1].Affected != 0 {
		t.Fatalf("fault: %+v; want 200 viewers, of whom those of the first cohort are affected", f)
	}
	second := func(n int, c Class) (r Rate) { // the mean of a second
		for _, slot := range f.Cohorts[0].Excess[10*n : 10*n+10] {
			r.add(rate(k, slot, c), .1)
		}
		return r
	}
	same("web, at the onset", second(0, low), Rate{Requests: .5, Bytes: 500})
	same("web, a second after", second(1, low), Rate{Requests: .5, Bytes: 500})
	same("web, the error", second(1, gone), Rate{Requests: 1, Bytes: 100})
}

// TestSimulationsAddUp: one simulation of two viewers is as two of one, but each has its own
// response to the fault.
func TestSimulationsAddUp(t *testing.T) {
	watch := func(r *Recorder, every ...time.Duration) {
		var all told
		for _, every := range every {
			v := all.join(0, 0)
			for at := time.Duration(0); at < 40*sec; at += every {
				v.fetches(at, m3u8.KindMedia, 0, 200, 1000, nil)
			}
		}
		all.tell(r)
	}
	s := setup
	s.Cohorts, s.Renditions = s.Cohorts[:1], s.Renditions[:1]
	both, one, other := recorder(t, s), recorder(t, s), recorder(t, s)
	watch(both, sec, 2*sec)
	watch(one, sec)
	watch(other, 2*sec)
	a, err := Of(both)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Of(one, other)
	if err != nil {
		t.Fatal(err)
	}
	if x, y := rate(a, a.Cohorts[0].Steady, low), rate(b, b.Cohorts[0].Steady, low); x != y || x.Requests != .75 {
		t.Errorf("%+v, and of two simulations %+v; want 0.75 requests a second", x, y)
	}
	if len(a.Faults) != 1 || len(b.Faults) != 2 {
		t.Errorf("%d responses, and %d of two simulations; want one each", len(a.Faults), len(b.Faults))
	}
}

// TestSpread: ten viewers ask for each segment, one a second after the other.
func TestSpread(t *testing.T) {
	var all told
	for i := range 10 {
		v := all.join(0, 0)
		for n := range uint64(3) {
			at := 10*sec + time.Duration(n)*4*sec + time.Duration(i)*sec
			v.fetches(at, m3u8.KindSegment, 0, 200, 1000, nil)
			v.says(player.Sample{Type: player.Appended, At: at + sec/10, Kind: m3u8.KindSegment, Sequence: n}, nil)
		}
	}
	all.join(0, 1)
	r := recorder(t, setup)
	all.tell(r)
	k, err := Of(r)
	if err != nil {
		t.Fatal(err)
	}
	spread := k.Spread([]float64{.5, .5})
	if got := spread.Came(); len(got) != cameSteps || got[cameSteps-1] != 0 {
		t.Errorf("%v have come within 0.2 s after the first; want none", got)
	}
	if got := spread.Lasts(); got < 9 || got > 9.2 {
		t.Errorf("lasts: %g; want 9", got)
	}
	left := spread.Left()
	if mid := left[45]; math.Abs(mid-.5) > 1e-9 {
		t.Errorf("after 4.5 s %g are left; want half", mid)
	}
	if k.Share(0, 0, 2) != 1 || k.Share(0, 1, 2) != 0 {
		t.Errorf("shares of the renditions: %g and %g; want all in the first", k.Share(0, 0, 2), k.Share(0, 1, 2))
	}
}

func TestSetup(t *testing.T) {
	for _, tc := range []struct {
		set  func(*Setup)
		want string
	}{
		{func(s *Setup) { s.Cohorts = nil }, "0 cohorts"},
		{func(s *Setup) { s.Renditions = nil }, "renditions for 0"},
		{func(s *Setup) { s.Settled = 0 }, "settled after 0s"},
		{func(s *Setup) { s.From = sec }, "steady from 1s"},
		{func(s *Setup) { s.To = s.From }, "to 10s"},
		{func(s *Setup) { s.Until = s.To }, "fault kill"},
	} {
		s := setup
		tc.set(&s)
		if _, err := NewRecorder(s); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v; want an error with %q", err, tc.want)
		}
	}
	if _, err := Of(); err == nil {
		t.Error("a kernel of nothing")
	}
	if _, err := Of(recorder(t, setup)); err == nil || !strings.Contains(err.Error(), "no viewer") {
		t.Errorf("%v; want an error about no viewers", err)
	}
}

func TestNoise(t *testing.T) {
	for _, tc := range []struct{ mean, want float64 }{{1000 / 2., .16}, {10_000 / 2., .05}, {100_000 / 2., .016}} {
		if got := Noise(tc.mean, 600); math.Abs(got/tc.want-1) > .03 {
			t.Errorf("of %g a second: %g; want %g", tc.mean, got, tc.want)
		}
	}
	if Noise(0, 600) != 0 || Noise(10, 1) != 0 || Noise(math.NaN(), 600) != 0 {
		t.Error("noise where there is none")
	}
}

// TestDensity: requests that come at once are as dense as a slot has instants.
func TestDensity(t *testing.T) {
	even, once, few := make([]uint32, 2*slotted), make([]uint32, 2*slotted), make([]uint32, 2*slotted)
	for i := range slotted {
		even[slotted+i] = 1000
	}
	once[slotted+3], few[slotted+3] = 10_000, 10
	for _, tc := range []struct {
		dense []uint32
		slot  int
		herd  float64
	}{{even, 1, 1}, {once, 1, float64(instants)}, {once, 0, 1}, {few, 1, 1}, {even, 5, 1}} {
		if herd := density(tc.dense, tc.slot); math.Abs(herd/tc.herd-1) > .01 {
			t.Errorf("%v in slot %d: %g; want %g", tc.dense, tc.slot, herd, tc.herd)
		}
	}
}

// TestRush: a herd begins at the end of a slot, half of it comes 4 ms after the first.
func TestRush(t *testing.T) {
	dense := make([]uint32, 10*slotted)
	dense[4*slotted-1], dense[4*slotted+1], dense[6*slotted-1] = 100, 500, 400
	r := &Recorder{cohorts: []counts{{watching: 1000, dense: [][]uint32{dense}}, {watching: 50}}}
	herd := r.rush(0, r.crowd()[0], 0)
	n, came := herd.Of(3000, []float64{.5, .5})
	if herd.At != 3 || n != 1500 || len(came) != cameSteps || math.Abs(came[0]-.1) > 1e-9 || math.Abs(came[1]-.1) > 1e-9 || math.Abs(came[2]-.6) > 1e-9 || math.Abs(came[cameSteps-1]-.6) > 1e-9 {
		t.Errorf("%d: %g requests, %v; want 1500, a tenth at once in slot 3, six tenths from 4 ms on, and no more within 0.2 s", herd.At, n, came)
	}
	if part := r.rush(0, r.crowd()[0], 2); part.At != 1 || part.Requests[0] != herd.Requests[0] {
		t.Errorf("from slot 2 on: %d, %g requests; want the same ones in slot 1", part.At, part.Requests[0])
	}
	if part := r.rush(0, r.crowd()[0], 6); part.Came != nil {
		t.Errorf("%+v; want none after it", part)
	}
	for i := range dense {
		dense[i] = 10
	}
	if got := r.rush(0, r.crowd()[0], 0); got.Came != nil {
		t.Errorf("%+v; want none where requests come evenly", got)
	}
}

// TestEven: a request now and then is spread, a burst is not, and nothing is lost.
func TestEven(t *testing.T) {
	slots := make([][]Count, 400)
	for i := range slots {
		slots[i] = []Count{{Requests: 100}, {}}
		if i%10 == 5 {
			slots[i][1] = Count{Requests: 1, Bytes: 10}
		}
	}
	slots[200][1] = Count{Requests: 500}
	out := even(slots, []Count{{Requests: 100}, {Requests: .1}}, 1)
	total := 0.0
	for i, slot := range out {
		total += slot[1].Requests
		if slot[0] != slots[i][0] || i != 200 && i > 60 && i < 340 && math.Abs(slot[1].Requests-.1) > .03 {
			t.Errorf("slot %d: %+v; want 100, and a tenth", i, slot)
		}
	}
	if out[200][1].Requests != 500 || math.Abs(total-540) > 3 {
		t.Errorf("the burst is %g, all are %g; want 500 and 540", out[200][1].Requests, total)
	}
}
