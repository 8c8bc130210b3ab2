package sim_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/profile"
	"hlsload/scenarios"
)

// bred is a player that never was: each section of its profile is that of a
// profile that ships, whatever the sections are.
func bred(seed uint64) *player.Profile {
	rnd := rand.New(rand.NewPCG(seed, 2))
	all := profile.All()
	for {
		p := *all[rnd.IntN(len(all))]
		to := reflect.ValueOf(&p).Elem()
		for i := range to.NumField() {
			from := reflect.ValueOf(all[rnd.IntN(len(all))]).Elem().Field(i)
			if f := to.Type().Field(i); f.IsExported() && f.Name != "Playlist" && from.Kind() != reflect.String {
				to.Field(i).Set(from)
			}
		}
		p.ID = fmt.Sprintf("bred-%d", seed)
		if p.Validate() == nil {
			return &p
		}
	}
}

// What is predicted for profiles that nothing was made for is what happens when
// their players are simulated, whatever their steps are.
func TestPredictionsOfUnknownProfiles(t *testing.T) {
	n := uint64(6)
	if *every {
		n = 12
	}
	for seed := range n {
		p := bred(seed)
		for _, fault := range []string{"fault: pipeline.kill", "fault: playlist.freeze", "fault: segment.missing", "fault: edge.hang, kind: segment"} {
			t.Run(fmt.Sprintf("%d/%s", seed, fault[7:]), func(t *testing.T) {
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
