package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
)

// small is a minute and a half of 120 viewers of two kinds and a few that
// watch undisturbed; the fault begins at 30 s. Buffers hold less than 6 s, the
// latency that players keep.
const small = `
seed: 3
duration: 90s
recovery: 20s
target:
  rig: {ladder: mini, segment: 2s}
fleet:
  players: 120
  arrive: {over: 10s}
  cohorts:
    - {name: web,     share: 45%%, profile: hlsjs-1.7,  network: {base: home, down: 20Mbps, rtt: 30ms, jitter: 5ms, spread: 30%%}}
    - {name: bis,     share: 45%%, profile: rfc8216bis, network: {base: home, down: 20Mbps, rtt: 30ms, jitter: 5ms, spread: 30%%}}
    - {name: control, share: 10%%, profile: hlsjs-1.7,  faults: none}
chaos:
  - {name: x, at: 30s, %s}
`

const roundTrip = 25 * time.Millisecond // at least, on these links

// fate is what becomes of those of a cohort that a fault affects.
type fate string

const (
	spared     fate = "no player is affected"
	failedOver fate = "all fail over"
	healed     fate = "all wait until it is over"
	lost       fate = "all are lost"
	gaveUp     fate = "all give up"
)

// fateOf is the common fate of a cohort, or a list of different ones.
func fateOf(f *reports.FaultShare) fate {
	switch {
	case f == nil || f.Affected == 0:
		return spared
	case f.FailedOver == f.Affected:
		return failedOver
	case f.Healed == f.Affected:
		return healed
	case f.Fatal == f.Affected:
		return gaveUp
	case f.NeverRecovered == f.Affected:
		return lost
	}
	return fate(fmt.Sprintf("of %d, %d fail over, %d wait, %d are lost, of which %d give up", f.Affected, f.FailedOver, f.Healed, f.NeverRecovered, f.Fatal))
}

// Every kind of fault, and what it does to the two kinds of players
// (player-policies: failover time and stall formulas).
func TestFaults(t *testing.T) {
	everybody := int64(54) // of a cohort
	for _, tt := range []struct {
		fault    string
		web, bis fate
		share    float64 // of a cohort, affected; 0 = all
		check    func(*testing.T, outcome)
	}{
		{fault: "fault: pipeline.kill, for: 30s, pipeline: 0", web: failedOver, bis: failedOver, check: killed},
		{fault: "fault: pipeline.kill, for: 30s, pipeline: 0, via: viewer", web: failedOver, bis: failedOver, check: killed},
		{fault: "fault: pipeline.pause, for: 30s, pipeline: 0, children: delete", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: pipeline.drift, for: 30s, pipeline: 0, by: 6s", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: input.loss, for: 20s, pipeline: 0", web: healed, bis: healed, check: noStall},
		{fault: "fault: input.loss, for: 20s, pipeline: 0, then: pause", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: playlist.freeze, for: 30s, pipeline: 0", web: healed, bis: failedOver, check: frozen},
		{fault: "fault: playlist.freeze, for: 30s, pipeline: 0, via: viewer", web: healed, bis: failedOver, check: frozen},
		{fault: "fault: playlist.delete, for: 20s, pipeline: 0", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: playlist.rollback, for: 20s, pipeline: 0, by: 3", web: healed, bis: healed},
		{fault: "fault: playlist.endlist, for: 20s, pipeline: 0", web: lost, bis: lost, check: ended},
		{fault: "fault: segment.missing, for: 20s, pipeline: 0", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: segment.missing, for: 20s, pipeline: 0, via: viewer", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: segment.late, for: 20s, pipeline: 0, by: 3s", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: segment.truncate, for: 20s, pipeline: 0", web: failedOver, bis: failedOver, check: noStall},
		{fault: "fault: origin.status, for: 20s, code: 503", web: healed, bis: gaveUp, check: staleEdge},
		{fault: "fault: origin.status, for: 20s, code: 404", web: gaveUp, bis: gaveUp},
		{fault: "fault: origin.slow, for: 20s, by: 1s", web: healed, bis: healed, check: noStall},
		{fault: "fault: origin.hang, for: 15s", web: healed, bis: gaveUp},
		{fault: "fault: invalidator.off, for: 15s", web: spared, bis: spared, check: noStall},
		{fault: "fault: invalidator.slow, for: 15s, by: 20s", web: spared, bis: spared, check: noStall},
		{fault: "fault: edge.status, for: 12s, code: 503", web: healed, bis: gaveUp},
		{fault: "fault: edge.slow, for: 15s, by: 800ms", web: healed, bis: healed, check: noStall},
		{fault: "fault: edge.hang, for: 15s, pop: 1", web: healed, bis: healed, share: .25, check: hung},
		{fault: "fault: edge.error_ttl, for: 15s, ttl: 30s", web: spared, bis: spared, check: noStall},
		{fault: "fault: edge.flush", web: spared, bis: spared, check: noStall},
		{fault: "fault: http.status, for: 15s, code: 404, share: 50%", web: gaveUp, bis: gaveUp, share: .5},
		{fault: "fault: http.slow, for: 15s, by: 500ms, share: 50%", web: healed, bis: healed, share: .5, check: noStall},
		{fault: "fault: http.hang, for: 25s, share: 50%", web: healed, bis: healed, share: .5, check: outOfReach},
		{fault: "fault: http.truncate, for: 15s, share: 50%, kind: segment", web: gaveUp, bis: gaveUp, share: .5},
		{fault: "fault: http.reset, for: 5s, share: 50%", web: gaveUp, bis: healed, share: .5},
		{fault: "fault: net.bandwidth, for: 20s, down: 200kbps", web: healed, bis: healed},
		{fault: "fault: net.latency, for: 20s, by: 500ms", web: healed, bis: healed, check: noStall},
		{fault: "fault: net.down, for: 8s, share: 50%", web: healed, bis: healed, share: .5, check: outOfReach},
		{fault: "fault: auth.expire, for: 20s", web: gaveUp, bis: gaveUp},
		{fault: "fault: auth.expire, for: 20s, share: 50%, via: viewer", web: gaveUp, bis: gaveUp, share: .5},
		{fault: "fault: auth.revoke, for: 20s, share: 50%, code: 401", web: gaveUp, bis: gaveUp, share: .5, check: noOrigin},
		{fault: "fault: auth.revoke, for: 20s, cohort: bis", web: spared, bis: gaveUp},
		{fault: "fault: auth.expire, for: 20s, kind: [multivariant]", web: spared, bis: spared, check: noStall},
		{fault: "fault: viewers.surge, players: 60, over: 5s", web: spared, bis: spared, check: surged},
		{fault: "fault: viewers.reconnect, share: 50%", web: spared, bis: spared, check: reconnected},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			o := simulated(t, scenario(t, fmt.Sprintf(small, tt.fault)))
			f := &o.sum.Faults[0]
			if f.Problem != "" || o.sum.Verdict == reports.Void {
				t.Fatalf("the run is void: %s %s", f.Problem, o.sum.VoidReason)
			}
			for _, c := range []struct {
				cohort string
				want   fate
			}{{"web", tt.web}, {"bis", tt.bis}} {
				share := f.ByCohort[c.cohort]
				if got := fateOf(share); got != c.want {
					t.Errorf("%s: %s; want %s", c.cohort, got, c.want)
					continue
				}
				if c.want == spared {
					continue
				}
				least, most := everybody, everybody
				if tt.share > 0 { // by a hash: within four standard deviations or so
					least, most = int64(tt.share*54)-14, int64(tt.share*54)+14
				}
				if share.Affected < least || share.Affected > most {
					t.Errorf("%s: %d affected; want %d to %d", c.cohort, share.Affected, least, most)
				}
			}
			if tt.check != nil {
				tt.check(t, o)
			}
			if f.ByCohort["control"] != nil && f.ByCohort["control"].Affected > 0 {
				t.Errorf("%d of control are affected; want none", f.ByCohort["control"].Affected)
			}
			control := o.sum.Cohorts["control"]
			if control.Stalled != 0 || control.Fatal != 0 || control.StartupFailed != 0 || control.Players < 12 {
				t.Errorf("control: %d players, %d stalled, %d fatal, %d startups failed; want 12 without trouble", control.Players, control.Stalled, control.Fatal, control.StartupFailed)
			}
			if quick := soonest(f); quick >= 0 && quick < roundTrip {
				t.Errorf("a player failed over %v after the onset, which no round trip allows", quick)
			}
			conserved(t, o)
		})
	}
}

// soonest is the fastest failover; -1 without any.
func soonest(f *reports.FaultSummary) time.Duration {
	if f.FailedOver == 0 {
		return -1
	}
	return ms(f.FailoverMs.Min)
}

func ms(v reports.Value) time.Duration { return time.Duration(float64(v) * float64(time.Millisecond)) }

func noStall(t *testing.T, o outcome) {
	for _, c := range []string{"web", "bis"} {
		if n := o.sum.Cohorts[c].Stalled; n != 0 {
			t.Errorf("%s: %d stalled; want none", c, n)
		}
	}
}

// killed: the playlists turn into 404s 1.5 target durations after the last
// write, which was up to a segment before the onset; then cached answers, and
// the next reload, have to come first. hls.js tries its three levels before it
// leaves the pipeline.
func killed(t *testing.T, o outcome) {
	noStall(t, o)
	f := &o.sum.Faults[0]
	const ttl, reload = time.Second, 2 * time.Second
	earliest, latest := 3*time.Second-2*time.Second, 3*time.Second+time.Second+ttl+reload+time.Second
	if got := soonest(f); got < earliest {
		t.Errorf("the first failed over after %v; want %v at least", got, earliest)
	}
	if got := ms(f.FailoverMs.Max); got > latest {
		t.Errorf("the last failed over after %v; want %v at most", got, latest)
	}
	if got := f.ByCohort["web"].Affected * 2; f.Steps != got {
		t.Errorf("%d level steps; want %d: each hls.js tries two more levels", f.Steps, got)
	}
	if f.FlappedBack != 0 {
		t.Errorf("%d flapped back; want none", f.FlappedBack)
	}
}

// frozen: hls.js never leaves a frozen playlist and stalls when its buffer is
// used up; rfc8216bis leaves one that is unchanged for 1.5 target durations.
func frozen(t *testing.T, o outcome) {
	f := &o.sum.Faults[0]
	web, bis := o.sum.Cohorts["web"], o.sum.Cohorts["bis"]
	if web.Stalled != web.Players || bis.Stalled != 0 {
		t.Errorf("of web %d of %d stalled, of bis %d; want all and none", web.Stalled, web.Players, bis.Stalled)
	}
	out := f.ByCohort["web"].OutageMs
	if least, most := ms(out.Min), ms(out.Max); least < 30*time.Second-8*time.Second || most > 30*time.Second+4*time.Second {
		t.Errorf("web was out for %v to %v; want the 30 s of the fault, less what was buffered", least, most)
	}
	left := f.ByCohort["bis"].FailoverMs
	if least, most := ms(left.Min), ms(left.Max); least < time.Second || most > 3*time.Second+2*time.Second+time.Second {
		t.Errorf("bis failed over after %v to %v; want 1.5 target durations since the last change, and a reload", least, most)
	}
}

func ended(t *testing.T, o outcome) {
	noStall(t, o)
	if o.sum.Players.PlayingAtEnd != 12 {
		t.Errorf("%d play at the end; want the 12 of control", o.sum.Players.PlayingAtEnd)
	}
}

// staleEdge: the edge serves what it has while the origin fails.
func staleEdge(t *testing.T, o outcome) {
	if n := o.Stats.Edge().StaleHits; n == 0 {
		t.Error("the edges served nothing stale")
	}
	if n := o.Stats.Edge().ByKind; n[1].Requests == 0 {
		t.Error("no playlists were asked for")
	}
	if o.sum.Origin.ByStatus["503"] == 0 {
		t.Error("the origin never answered 503")
	}
}

func hung(t *testing.T, o outcome) {
	outOfReach(t, o)
	if o.Stats.Edges[1].ByStatus[0] == 0 || o.Stats.Edges[0].ByStatus[0] != 0 {
		t.Errorf("requests that were never answered: %d at the POP that hangs, %d at another; want some and none", o.Stats.Edges[1].ByStatus[0], o.Stats.Edges[0].ByStatus[0])
	}
}

// outOfReach: a player that gets nothing for longer than its buffer lasts stalls,
// and no other does.
func outOfReach(t *testing.T, o outcome) {
	for _, c := range []string{"web", "bis"} {
		if stalled, affected := o.sum.Cohorts[c].Stalled, o.sum.Faults[0].ByCohort[c].Affected; stalled != affected {
			t.Errorf("%s: %d stalled, %d affected; want the same", c, stalled, affected)
		}
	}
}

func surged(t *testing.T, o outcome) {
	p := &o.sum.Players
	if p.Started != 180 || p.Peak != 180 || p.Rejoined != 0 || p.PlayingAtEnd != 180 {
		t.Errorf("%d started, %d at a time, %d rejoined, %d play at the end; want 180, 180, 0, 180", p.Started, p.Peak, p.Rejoined, p.PlayingAtEnd)
	}
}

func reconnected(t *testing.T, o outcome) {
	p := &o.sum.Players
	if p.Rejoined < 35 || p.Rejoined > 73 || p.Started != 120+p.Rejoined || p.Left != p.Rejoined || p.PlayingAtEnd != 120 || p.Peak != 120 {
		t.Errorf("%d rejoined, %d started, %d left, %d play at the end, %d at a time; want about half of 108, those more, as many, 120, 120",
			p.Rejoined, p.Started, p.Left, p.PlayingAtEnd, p.Peak)
	}
	nobodyVanishes(t, o, 120, 0)
}

// noOrigin: the edge refuses; the origin never hears of it.
func noOrigin(t *testing.T, o outcome) {
	if n := o.sum.Origin.ByStatus["401"]; n != 0 || o.Stats.Edge().ByStatus[401] == 0 {
		t.Errorf("%d refusals of the origin, %d of the edges; want none and some", n, o.Stats.Edge().ByStatus[401])
	}
}

// Players that give up and join anew come with a new token: that helps against
// tokens that ran out, not against a revocation, and is what a token service
// with a fast clock does harm to.
func TestComingBackWithANewToken(t *testing.T) {
	for _, tt := range []struct {
		fault    string
		affected string
	}{
		{"fault: auth.expire, for: 30s", "once"},
		{"fault: auth.revoke, for: 30s", "again and again"},
		{"fault: auth.clock, for: 30s, by: 5s", "none"},
		{"fault: auth.expire, for: 30s, kind: segment", "once"},
	} {
		text := strings.Replace(fmt.Sprintf(small, tt.fault), "arrive: {over: 10s}", "arrive: {over: 10s}\n  session: {after_fatal: {rejoin: 3s}}", 1)
		o := simulated(t, scenario(t, text))
		f, who := &o.sum.Faults[0], o.sum.Players
		affected := "none"
		switch n := f.Affected; {
		case n == 108:
			affected = "once"
		case n > 2*108:
			affected = "again and again"
		case n > 0:
			affected = fmt.Sprint(n)
		}
		if affected != tt.affected || who.PlayingAtEnd != 120 {
			t.Errorf("%s: affected: %s (%d), %d play at the end; want %s, and all", tt.fault, affected, f.Affected, who.PlayingAtEnd, tt.affected)
		}
	}
}
