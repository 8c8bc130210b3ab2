package stage

import (
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/reports"
)

// AtViewers says what a run with faults via viewer shows, and what it does not.
const AtViewers = "only the answers that players get are changed, so the run shows what the players of the audience do; whether the origin or the CDN heals the fault needs via: aws or command, or fault: manual"

// AssumesStale says what a kill of a pipeline via viewer takes for granted, on a stream
// of this target duration; 0 = it is not known yet.
func AssumesStale(target time.Duration) string {
	after := fmt.Sprintf("%g target durations without a write", chaos.DefaultStaleAfter)
	if target > 0 {
		ms := 1000 * chaos.DefaultStaleAfter * target.Seconds()
		after = reports.Milliseconds.Format(reports.Value(ms)) + " (" + after + ")"
	}
	return "it is assumed that stale playlists turn into 404 after " + after + ", which was not tested on this origin"
}
