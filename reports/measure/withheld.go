package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hlsload/player"
	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// withheld is how many requests players of each profile had to hold back because
// of failures before, by the profile's name.
func (v *view) withheld() map[string]int64 {
	by := map[string]int64{}
	for i, c := range v.Config.Cohorts {
		v.eachRequests(&filter{rule: -1, cohort: i, kind: -1}, func(r *record.Requests) { by[c.Profile] += r.Withheld })
	}
	return by
}

// warnWithheld warns of requests that were held back; "" = none was.
func warnWithheld(s *reports.Summary) string {
	sum, parts := int64(0), []string{}
	for _, name := range slices.Sorted(maps.Keys(s.Profiles)) {
		if n := s.Profiles[name].Withheld; n > 0 {
			sum += n
			parts = append(parts, name+" "+figure.Thousands(n))
		}
	}
	if sum == 0 {
		return ""
	}
	return fmt.Sprintf("%s held back (%s): on a target that is not local a URL that failed is asked for at most %d times a target duration, and at most %d requests of a player may fail in that time; "+
		"the real players would ask more often, so load and amplification are less than theirs",
		figure.Plural(int(sum), "request")+map[bool]string{true: " was", false: " were"}[sum == 1], strings.Join(parts, ", "), player.MaxRepeats, player.MaxFailures)
}
