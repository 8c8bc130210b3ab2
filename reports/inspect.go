package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// fail counts an answer that was none, or an error.
func (r *requests) fail(sm *player.Sample) {
	r.errors++
	why := sm.Failure.String()
	if sm.Status >= 400 {
		why = strconv.Itoa(int(sm.Status))
	}
	count(&r.why, why, 1)
}

// reasons lists errors, the most frequent first.
func reasons(by map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) })
	var parts []string
	for i, name := range names {
		if i == 4 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, name+" × "+thousands(by[name]))
	}
	return strings.Join(parts, ", ")
}

// unusable are the failures of playlists that no player can work with.
var unusable = [...]player.Failure{player.BadBody, player.TooLarge, player.Redirects, player.Mismatch}

// inspect looks at what happened outside of faults. What is found wrong with a
// stream that is not the rig is an expectation of its own, which does not hold:
// a run on a broken stream must not pass because nothing was expected.
func (s *Summary) inspect(v *view) {
	playlists, rewound, bad := int64(0), int64(0), map[string]int64{}
	var failed []string
	for k := range m3u8.Kinds {
		sum := v.undisturbed(k)
		if sum.errors > 0 {
			failed = append(failed, fmt.Sprintf("%s of %s %s requests (%s)", thousands(sum.errors), thousands(sum.answers), k, reasons(sum.why)))
		}
		if k != m3u8.KindMultivariant && k != m3u8.KindMedia {
			continue
		}
		playlists += sum.answers
		rewound += sum.rewound
		for _, f := range unusable {
			if n := sum.why[f.String()]; n > 0 {
				count(&bad, f.String(), n)
			}
		}
	}
	if len(failed) > 0 {
		s.Warnings = append(s.Warnings, "outside of faults failed "+strings.Join(failed, ", "))
	}
	if s.Origin.Source == fromRig {
		return
	}
	find := func(expr, reason string) {
		s.Expectations = append(s.Expectations, ExpectationResult{Expr: expr, Value: NoData, Reason: reason})
	}
	sum := int64(0)
	for _, n := range bad {
		sum += n
	}
	if sum*1000 >= playlists && sum > 0 {
		find("the stream can be played", fmt.Sprintf("%s of %s playlists are unusable (%s)", thousands(sum), thousands(playlists), reasons(bad)))
	}
	back := fmt.Sprintf("%s of %s playlists went back to an earlier media sequence number", thousands(rewound), thousands(playlists))
	switch {
	case rewound == 0:
	case rewound*100 < playlists: // caches that do not agree cause some
		s.Warnings = append(s.Warnings, "outside of faults "+back)
	default:
		find("the stream goes on", back)
	}
	if len(v.course.occs) == 0 && s.Players.Fatal > 0 && s.Players.PlayingAtEnd == 0 {
		find("the stream lasts", fmt.Sprintf("%s died of an error and nobody was left, although there was no fault", plural(int(s.Players.Fatal), "session")))
	}
}

// undisturbed sums up the requests of a kind while no fault was on or in
// recovery.
func (v *view) undisturbed(k m3u8.Kind) *requests {
	sum := &requests{ttfb: coarseHistogram(), total: coarseHistogram(), lag: coarseHistogram()}
	for _, sh := range v.shards {
		for _, g := range sh.groups {
			for i, c := range g.cells {
				if c != nil && c.kinds[k] != nil && !v.course.spans[i].in(-1, either) {
					sum.add(c.kinds[k])
				}
			}
		}
	}
	return sum
}
