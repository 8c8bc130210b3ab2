package sim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
)

// eventful is a bit of everything: churn, players that come back, shares,
// faults of every family, fragmented MP4 with audio by itself.
const eventful = `
seed: 11
duration: 150s
recovery: 10s
target: {rig: {ladder: mini, segment: 2s, container: fmp4, audio: demuxed}}
fleet:
  players: 100
  arrive: {over: 10s, shape: poisson}
  session: {mean: 60s, after_fatal: {rejoin: 3s}}
  cohorts:
    - {name: web,     share: 60%, profile: hlsjs-1.7,  network: {base: home, down: 6Mbps, spread: 60%}}
    - {name: mobile,  share: 30%, profile: rfc8216bis, network: mobile-4g}
    - {name: control, share: 10%, profile: hlsjs-1.7,  faults: none}
chaos:
  - {name: a, fault: pipeline.kill, at: 20s, for: 15s, pipeline: 0}
  - {name: b, fault: segment.missing, at: 45s, for: 8s, pipeline: 1, via: viewer}
  - {name: c, fault: http.hang, at: 60s, for: 12s, share: 40%}
  - {name: d, fault: net.down, at: 80s, for: 5s, share: 50%}
  - {name: e, fault: edge.hang, at: 90s, for: 8s, pop: 1}
  - {name: f, fault: viewers.surge, at: 100s, players: 20, over: 5s}
  - {name: g, fault: viewers.reconnect, at: 110s, share: 50%}
  - {name: h, fault: origin.status, at: 120s, for: 8s, code: 503}
`

// plain is a summary as contract section 4 lets two runs of a seed differ in
// nothing.
func plain(t *testing.T, o outcome) []byte {
	t.Helper()
	o.sum.Started, o.sum.Ended = "", ""
	b, err := json.Marshal(o.sum)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDeterminism(t *testing.T) {
	one := plain(t, simulated(t, scenario(t, eventful)))
	if two := plain(t, simulated(t, scenario(t, eventful))); !bytes.Equal(one, two) {
		t.Errorf("two runs of one seed differ:\n%s\n%s", one, two)
	}
	if other := plain(t, simulated(t, scenario(t, eventful, "seed=12"))); bytes.Equal(one, other) {
		t.Error("two seeds have the same summary")
	}
}

// conserved checks that what players asked for is what the edges counted, and
// what the origin counted is in the summary.
func conserved(t *testing.T, o outcome) {
	t.Helper()
	var asked, got int64
	for _, r := range o.sum.Requests {
		asked += r.Count
		got += r.Bytes
	}
	e := o.Stats.Edge()
	counted, sent, aborted := e.Requests, e.Bytes, e.Aborted
	if o.Control != nil {
		c := o.Control.Edge()
		counted, sent, aborted = counted+c.Requests, sent+c.Bytes, aborted+c.Aborted
	}
	// A request that is given up before it reaches the edge, or is on its way
	// there at the end of the run, is counted by the player only.
	if under := asked - int64(counted); under < 0 || under > int64(aborted)+o.sum.Players.Peak {
		t.Errorf("the players asked %d times, the edges counted %d, %d given up", asked, counted, aborted)
	}
	if got > int64(sent) {
		t.Errorf("the players got %d bytes, the edges sent %d", got, sent)
	}
	var kinds, statuses uint64
	for _, k := range e.ByKind {
		kinds += k.Requests
	}
	for _, n := range e.ByStatus {
		statuses += n
	}
	if kinds != e.Requests || statuses != e.Requests {
		t.Errorf("%d requests at the edges, %d by kind, %d by status", e.Requests, kinds, statuses)
	}
	if o.sum.Origin.Source != "rig" || uint64(o.sum.Origin.Requests) != o.Stats.Origin.Requests || uint64(o.sum.Origin.Bytes) != o.Stats.Origin.Bytes {
		t.Errorf("origin: the summary has %d requests and %d bytes by %s, the rig %d and %d",
			o.sum.Origin.Requests, o.sum.Origin.Bytes, o.sum.Origin.Source, o.Stats.Origin.Requests, o.Stats.Origin.Bytes)
	}
	if e.Upstream > o.Stats.Origin.Requests {
		t.Errorf("%d requests at the edges caused one at the origin, which saw %d", e.Upstream, o.Stats.Origin.Requests)
	}
}

// Without trouble everything adds up exactly, but for what the end cuts off.
func TestConservation(t *testing.T) {
	const quiet = `
duration: 60s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 50
  arrive: {over: 5s}
  cohorts:
    - {name: web,     share: 60%, profile: hlsjs-1.7,  network: {base: home, spread: 30%}}
    - {name: control, share: 40%, profile: rfc8216bis, faults: none}
`
	o := recorded(t, scenario(t, quiet))
	conserved(t, o)
	requests, answers := map[string]int64{}, map[string]int64{}
	var bytes int64
	for _, e := range o.events {
		switch e.Event {
		case "request":
			requests[e.Kind]++
		case "answer":
			answers[e.Kind]++
			bytes += e.Bytes
		}
	}
	edges, twin := o.Stats.Edge(), o.Control.Edge()
	if edges.Aborted+twin.Aborted != 0 {
		t.Fatalf("%d requests given up; want none", edges.Aborted+twin.Aborted)
	}
	sent := int64(edges.Bytes + twin.Bytes)
	for _, k := range []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindSegment} {
		counted := int64(edges.ByKind[k].Requests + twin.ByKind[k].Requests)
		if open := requests[k.String()] - answers[k.String()]; open < 0 || open > 50 {
			t.Errorf("%v: %d requests, %d answers", k, requests[k.String()], answers[k.String()])
		}
		if n := requests[k.String()]; n < counted || n-counted > 50 || o.sum.Requests[k.String()].Count != n {
			t.Errorf("%v: %d asked for, %d at the edges, %d in the summary", k, n, counted, o.sum.Requests[k.String()].Count)
		}
	}
	if bytes > sent || float64(bytes) < .98*float64(sent) {
		t.Errorf("players got %d bytes; the edges sent %d", bytes, sent)
	}
	if o.sum.Players.PlayingAtEnd != 50 || o.sum.Players.Stalled != 0 {
		t.Errorf("%d play at the end, %d stalled; want 50 and none", o.sum.Players.PlayingAtEnd, o.sum.Players.Stalled)
	}
}

// Under churn a place is never empty, and another viewer takes it.
func TestChurn(t *testing.T) {
	o := recorded(t, scenario(t, `
duration: 5m
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 60
  arrive: {over: 0s}
  session: {mean: 30s}
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7, network: home}]
`))
	p := &o.sum.Players
	if p.Peak != 60 || p.Rejoined != 0 || p.Started != 60+p.Left {
		t.Errorf("%d at a time, %d rejoined, %d started, %d left; want 60, none, 60 more than left", p.Peak, p.Rejoined, p.Started, p.Left)
	}
	// 60 places for ten mean lengths: 600 ± 4·√600.
	if p.Left < 500 || p.Left > 700 {
		t.Errorf("%d left; want about 600", p.Left)
	}
	joined := map[uint64]int{}
	there := 0
	for i, e := range o.events {
		switch e.Event {
		case "join":
			there++
			if joined[e.Player]++; joined[e.Player] > 1 {
				t.Fatalf("player %d joined twice", e.Player)
			}
		case "leave":
			there--
			next := o.events[i+1]
			if next.T != e.T {
				t.Fatalf("no viewer took the place of player %d at %v ms", e.Player, e.T)
			}
		}
	}
	if there != 60 {
		t.Errorf("%d are there at the end; want 60", there)
	}
}

// Viewers whose player gave up come back when the scenario says so.
func TestRejoin(t *testing.T) {
	const text = `
seed: 5
duration: 90s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 40
  arrive: {over: 5s}
  session: {after_fatal: %s}
  cohorts: [{name: web, share: 100%%, profile: hlsjs-1.7, network: home}]
chaos:
  - {name: gone, fault: http.status, code: 404, at: 30s, for: 15s}
`
	o := simulated(t, scenario(t, fmt.Sprintf(text, "gone")))
	if p := &o.sum.Players; p.Fatal != 40 || p.Started != 40 || p.PlayingAtEnd != 0 {
		t.Errorf("without coming back: %d fatal, %d started, %d play at the end; want 40, 40, 0", p.Fatal, p.Started, p.PlayingAtEnd)
	}
	nobodyVanishes(t, o, 40, 40)
	o = recorded(t, scenario(t, fmt.Sprintf(text, "{rejoin: 4s}")))
	p := &o.sum.Players
	if p.Fatal < 80 || p.Started != 40+p.Rejoined || p.Rejoined != p.Fatal || p.PlayingAtEnd != 40 || p.Peak != 40 {
		t.Errorf("coming back: %d fatal, %d started, %d rejoined, %d play at the end; want some attempts of each, and all 40 in the end", p.Fatal, p.Started, p.Rejoined, p.PlayingAtEnd)
	}
	nobodyVanishes(t, o, 40, 0)
	gone := map[uint64]float64{}
	for _, e := range o.events {
		switch {
		case e.Event == "fatal":
			gone[e.Player] = e.T
		case e.Event == "join" && e.Rejoin:
			if d := e.T - gone[e.Player]; d < 3999 || d > 4001 {
				t.Fatalf("player %d came back after %v ms; want 4000", e.Player, d)
			}
		}
	}
}

// nobodyVanishes checks that the timeline accounts for all viewers at any time, and how
// many of them errors have taken in the end.
func nobodyVanishes(t *testing.T, o outcome, viewers, gone int64) {
	t.Helper()
	var most int64
	for _, r := range o.sum.Timeline[20:] {
		most = max(most, r.Gone)
		if r.Joining+r.Playing+r.Stalled+r.Gone+r.Left != viewers || r.Left != 0 {
			t.Fatalf("%d s: %d joining, %d playing, %d stalled, %d gone, %d left; want %d in all, none of them left", r.T, r.Joining, r.Playing, r.Stalled, r.Gone, r.Left, viewers)
		}
	}
	if last := o.sum.Timeline[len(o.sum.Timeline)-1]; last.Gone != gone || o.sum.Players.Fatal > 0 && most == 0 {
		t.Errorf("%d gone in the end, %d at most; want %d in the end", last.Gone, most, gone)
	}
}

// No failover comes before its evidence, and none without a round trip between
// the request and its answer.
func TestPhysics(t *testing.T) {
	for _, fault := range []string{"pipeline.kill, for: 30s, pipeline: 0", "playlist.freeze, for: 30s, pipeline: 0", "segment.missing, for: 20s, pipeline: 0"} {
		o := recorded(t, scenario(t, fmt.Sprintf(small, "fault: "+fault)))
		shown, over := map[uint64]float64{}, 0
		for _, e := range o.events {
			_, known := shown[e.Player]
			switch {
			case e.T < 30_000:
			case e.Event == "evidence" && !known:
				shown[e.Player] = e.T
			case e.Event == "failover":
				over++
				if !known {
					t.Fatalf("%s: player %d failed over without evidence", fault, e.Player)
				}
				if d := e.T - shown[e.Player]; d < 2*float64(roundTrip/time.Millisecond) {
					t.Fatalf("%s: player %d failed over %v ms after the evidence; a playlist and a segment take two round trips", fault, e.Player, d)
				}
			}
		}
		if over == 0 {
			t.Errorf("%s: no player failed over", fault)
		}
	}
}

// A run that is told to stop ends, with what was applied undone.
func TestStop(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(small, "fault: playlist.freeze, for: 40s, pipeline: 0"), "chaos:", "stop:\n  - stalled_now > 30% for 3s\nchaos:", 1)
	o := simulated(t, scenario(t, text))
	if o.Aborted == "" || o.End < 35*time.Second || o.End > 50*time.Second {
		t.Errorf("ended at %v because of %q; want soon after a third stalled", o.End, o.Aborted)
	}
	if !o.Outcomes[0].UndoVerified {
		t.Errorf("the fault was not undone: %+v", o.Outcomes[0])
	}
	if o.sum.ExitCode != 105 {
		t.Errorf("exit code %d; want 105", o.sum.ExitCode)
	}
}
