package reports

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hlsload/player"
	"hlsload/player/content"
	"hlsload/player/m3u8"
)

// fail counts an answer that was none, or an error.
func (r *requests) fail(sm *player.Sample) {
	r.errors++
	count(&r.why, why(sm), 1)
	if unfit(sm) {
		count(&r.unfit, what(sm), 1)
	}
}

// why is what was wrong with an answer: its status, or the failure.
func why(sm *player.Sample) string {
	switch {
	case sm.Status >= 400:
		return strconv.Itoa(int(sm.Status))
	case sm.Failure == player.NotMedia:
		return what(sm)
	}
	return sm.Failure.String()
}

// unfit reports whether an answer was complete, and cannot be what was asked for.
func unfit(sm *player.Sample) bool {
	return sm.Failure == player.NotMedia || sm.Failure == player.BadBody && sm.Content > content.Media && sm.Content != content.Playlist
}

// what is what such an answer was.
func what(sm *player.Sample) string {
	if sm.Content == content.Unseen {
		return content.Empty.String() // as announced
	}
	return sm.Content.String()
}

// inspect looks at what happened outside of faults: whether viewers were
// served, and what failed. And it names cohorts that never played at all.
func (s *Summary) inspect(v *view) {
	var failed []string
	for k := range m3u8.Kinds {
		if sum := v.undisturbed(k); sum.errors > 0 {
			failed = append(failed, fmt.Sprintf("%s of %s %s requests (%s)", thousands(sum.errors), thousands(sum.answers), k, reasons(sum.why)))
		}
	}
	if len(failed) > 0 {
		s.Warnings = append(s.Warnings, "outside of faults failed "+strings.Join(failed, ", "))
	}
	served, warnings := v.service().judge(s.Origin.Source != fromRig)
	s.Expectations = append(s.Expectations, served)
	s.Warnings = append(s.Warnings, warnings...)
	for _, name := range slices.Sorted(maps.Keys(s.Cohorts)) {
		c := s.Cohorts[name]
		if name != "all" && c.StartupFailed > 0 && c.StartupMs.Count == c.StartupMs.Censored && !s.nobodyPlayed() {
			s.Warnings = append(s.Warnings, fmt.Sprintf("cohort %s: no session ever had a picture (%d of %d failed to start)", name, c.StartupFailed, c.Players))
		}
	}
}

// undisturbed sums up the requests of a kind while no fault was on or in
// recovery.
func (v *view) undisturbed(k m3u8.Kind) *requests {
	sum := &requests{ttfb: coarseHistogram(), total: coarseHistogram(), lag: coarseHistogram()}
	for _, g := range v.groups() {
		for i, c := range g.cells {
			if c != nil && c.kinds[k] != nil && !v.course.spans[i].in(-1, either) {
				sum.add(c.kinds[k])
			}
		}
	}
	return sum
}
