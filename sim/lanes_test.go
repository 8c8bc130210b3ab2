package sim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/cores"
)

// crowded are scenarios in which viewers come, go, come back and meet at caches that
// change under them.
var crowded = map[string]string{
	"churn": `
seed: 11
duration: 100s
recovery: 20s
target: {rig: {ladder: mini, segment: 2s, edge: {pops: 3}}}
fleet:
  players: 150
  arrive: {over: 5s, shape: poisson}
  session: {mean: 20s, after_fatal: {rejoin: 2s}}
  cohorts:
    - {name: web, share: 40%, profile: hlsjs-1.7, network: home}
    - {name: tv, share: 30%, profile: media3-1.11, network: mobile-4g}
    - {name: ios, share: 20%, profile: rfc8216bis, network: wifi-poor}
    - {name: control, share: 10%, profile: hlsjs-1.7, network: home, faults: none}
chaos:
  - {name: kill, fault: pipeline.kill, at: 30s, for: 20s, pipeline: 0}
  - {name: surge, fault: viewers.surge, at: 55s, players: 100, over: 2s}
  - {name: back, fault: viewers.reconnect, at: 60s, share: 50%}
  - {name: flush, fault: edge.flush, at: 70s}
`,
	"same instants": `
seed: 12
duration: 60s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 120
  arrive: {over: 0s}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7, network: {base: unlimited, rtt: 10ms}}
    - {name: none, share: 50%, profile: rfc8216bis}
chaos:
  - {name: refuse, fault: origin.status, at: 20s, for: 10s, code: 503}
`,
	// The links of a region are faster than those of the cohort: answers may come sooner.
	"regions": `
seed: 14
duration: 60s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  arrive: {curve: [{at: 0s, players: 0}, {at: 10s, players: 150}, {at: 50s, players: 40}]}
  session: {mean: 15s}
  cohorts:
    - {name: web, share: 100%, profile: hlsjs-1.7, network: mobile-4g}
  regions:
    - {name: near, share: 60%, pops: 2, network: fibre}
    - {name: far, share: 40%, pops: 1}
chaos:
  - {name: kill, fault: pipeline.kill, at: 25s, for: 10s, pipeline: 0}
`,
	"viewers' links": `
seed: 13
duration: 60s
target: {rig: {ladder: mini, segment: 2s}}
fleet:
  players: 60
  arrive: {over: 3s}
  cohorts:
    - {name: web, share: 100%, profile: hlsjs-1.7, network: home}
chaos:
  - {name: slow, fault: net.bandwidth, at: 20s, for: 10s, down: 300kbps, share: 50%}
`,
}

// TestLanes splits the viewers into lanes, simulated one after the other or at the same
// time, with and without a log of events: every summary has the same bytes.
func TestLanes(t *testing.T) {
	for name, text := range crowded {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := scenario(t, text)
			want := ""
			same := func(how string, lanes int, each func(int, func(int)), events *record.EventLog) {
				t.Helper()
				o, err := tryLanes(t, sc, lanes, each, events, nil)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				got := summaryText(t, o.sum) + "\n" + rowsText(t, o.players)
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%s gives another summary than one lane:\n%s", how, firstDifference(want, got))
				}
			}
			same("one lane", 1, nil, nil)
			same("a log of events", 1, nil, record.NewEventLog(new(bytes.Buffer), 0))
			same("lanes that a log of events forbids", 4, nil, record.NewEventLog(new(bytes.Buffer), 0))
			for _, lanes := range []int{2, 3, 4, 8} {
				same(fmt.Sprintf("%d lanes in turn", lanes), lanes, nil, nil)
				team := cores.New(3)
				same(fmt.Sprintf("%d lanes at once", lanes), lanes, team.Each, nil)
				team.Close()
			}
		})
	}
}

// summaryText is a summary without what is of the machine.
func summaryText(t *testing.T, s *reports.Summary) string {
	t.Helper()
	c := *s
	c.Started, c.Ended, c.Tester = "", "", reports.Summary{}.Tester
	text, err := json.MarshalIndent(&c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// firstDifference are the first lines in which two texts differ.
func firstDifference(a, b string) string {
	x, y := bytes.Split([]byte(a), []byte("\n")), bytes.Split([]byte(b), []byte("\n"))
	for i := range min(len(x), len(y)) {
		if !bytes.Equal(x[i], y[i]) {
			return fmt.Sprintf("line %d: want %s\ngot  %s", i, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines; want %d", len(y), len(x))
}

// TestEventsInOrder: a log has what viewers ask for in order of time.
func TestEventsInOrder(t *testing.T) {
	var out bytes.Buffer
	run(t, scenario(t, crowded["churn"]), record.NewEventLog(&out, 0), nil)
	last, n := time.Duration(-1), 0
	for line := range bytes.Lines(out.Bytes()) {
		var e struct {
			T     float64 `json:"t_ms"`
			Event string
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Event != "request" {
			continue // a stall is noticed when it is over, for example
		}
		at := time.Duration(e.T * float64(time.Millisecond))
		if at < last {
			t.Fatalf("line %d is of %v, the one before of %v", n, at, last)
		}
		last = at
		n++
	}
	if n < 1000 {
		t.Errorf("%d events; want thousands", n)
	}
}
