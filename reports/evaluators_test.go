package reports

import "testing"

// TestEveryMetricIsMeasured holds the evaluators against the descriptions.
func TestEveryMetricIsMeasured(t *testing.T) {
	for _, m := range metrics {
		e, set := evaluators[m.name], 0
		for _, f := range []bool{e.parts != nil, e.dist != nil, e.series != nil, e.value != nil} {
			if f {
				set++
			}
		}
		if set != 1 || (e.dist != nil) != (m.shape == distribution) || (e.series != nil) != (m.shape == rate) {
			t.Errorf("%s: %d evaluators, shape %s", m.name, set, shapeNames[m.shape])
		}
	}
	if len(evaluators) != len(metrics) {
		t.Errorf("%d evaluators; want one for each of %d metrics", len(evaluators), len(metrics))
	}
}
