package run

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestAbortedFetchesNameTheFault: a player that gives up a segment which the embedded
// channel holds back was met by the fault; those of its undisturbed twin were not.
func TestAbortedFetchesNameTheFault(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		sc := parse(t, `duration: 20s
recovery: 4s
target: {rig: {ladder: mini, segment: 1s}}
fleet:
  players: 4
  arrive: {over: 0s}
  cohorts:
    - {name: hit, share: 50%, profile: rfc8216bis}
    - {name: control, share: 50%, profile: rfc8216bis, faults: none}
chaos: [{name: hung, fault: edge.hang, kind: segment, at: 5s, for: 8s}]
`)
		s, err := Do(t.Context(), &Config{Scenario: sc, Dir: dir, Events: true, Network: Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Faults[0].Affected; n != 2 {
			t.Errorf("%d sessions were affected; want 2", n)
		}
	})
	f, err := os.Open(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	aborted := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			Event, Cohort, Kind, Failure string
			Faults                       []string
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Event != "answer" || e.Failure == "":
		case e.Cohort != "hit" || e.Failure != "timeout" || e.Kind != "segment" || !slices.Equal(e.Faults, []string{"hung"}):
			t.Errorf("%s; want a timeout of a segment in cohort hit, with the fault", lines.Text())
		default:
			aborted++
		}
	}
	if aborted == 0 {
		t.Error("no fetch was aborted; want some")
	}
}
