package reports

import (
	"strings"
	"testing"
)

// TestRowsOfOlderVersions have no percentiles, which is not the same as 0.
func TestRowsOfOlderVersions(t *testing.T) {
	s, err := ReadJSON(strings.NewReader(`{"schema":"hlsload.summary/v1","verdict":"pass","timeline_step_s":1,"timeline":[{"t_s":0,"playing":3,"pipeline":[3]},{"t_s":1,"ttfb_p50_ms":20,"error_share":0,"startup_p50_ms":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Timeline[0]; r.Playing != 3 || r.TTFBP50Ms.Known() || r.ErrorShare.Known() || r.StartupP95Ms.Known() {
		t.Errorf("an older row: %+v", r)
	}
	if r := s.Timeline[1]; r.TTFBP50Ms != 20 || r.ErrorShare != 0 || r.StartupP50Ms.Known() || r.TTFBP95Ms.Known() {
		t.Errorf("a row: %+v", r)
	}
}
