package measure

import (
	"testing"

	"hlsload/reports/expect"
)

// TestEveryMetricIsMeasured holds the evaluators against the descriptions.
func TestEveryMetricIsMeasured(t *testing.T) {
	for _, m := range expect.Metrics {
		e, set := evaluators[m.Name], 0
		for _, f := range []bool{e.parts != nil, e.dist != nil, e.series != nil, e.value != nil} {
			if f {
				set++
			}
		}
		if set != 1 || (e.dist != nil) != (m.Shape == expect.Distribution) || (e.series != nil) != (m.Shape == expect.Rate) {
			t.Errorf("%s: %d evaluators, shape %d", m.Name, set, m.Shape)
		}
	}
	if len(evaluators) != len(expect.Metrics) {
		t.Errorf("%d evaluators; want one for each of %d metrics", len(evaluators), len(expect.Metrics))
	}
}
