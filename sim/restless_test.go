package sim_test

import (
	"regexp"
	"testing"
)

// TestRestlessPlayerEndsTheRun lets players ask again at once, and for ever, for what is
// refused at once.
func TestRestlessPlayerEndsTheRun(t *testing.T) {
	_, err := try(t, scenario(t, `
seed: 3
duration: 60s
target: {rig: {ladder: mini, segment: 2s, origin: {latency: 0s}, edge: {latency: 0s}}}
fleet:
  players: 5
  cohorts:
    - name: restless
      share: 100%
      profile: {base: hlsjs-1.7, id: restless, errors: [{kinds: [multivariant, media, init, segment, key], causes: [any], retry: forever}]}
      network: {base: unlimited, rtt: 0s}
chaos:
  - {name: x, fault: http.status, at: 20s, for: 10s, code: 404}
`), nil, nil)
	want := regexp.MustCompile(`^simulation: player \d of profile restless does not come to rest: it still acts at 2\d`)
	if err == nil || !want.MatchString(err.Error()) {
		t.Errorf("got %v; want an error like %s", err, want)
	}
}
