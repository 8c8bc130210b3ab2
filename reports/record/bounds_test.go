package record

import (
	"fmt"
	"testing"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// TestOddHeadersAreBounded lets a server invent names and values.
func TestOddHeadersAreBounded(t *testing.T) {
	var o, all oddHeaders
	for i := range 10_000 {
		o.add(&cdn.OddHeader{Name: fmt.Sprintf("X-Cache-%d", i%100), Word: fmt.Sprint(i), Sum: uint64(i)})
	}
	all.merge(o)
	all.merge(o)
	list := all.list()
	if len(list) > maxOddHeaders+1 {
		t.Errorf("%d names; want at most %d", len(list), maxOddHeaders+1)
	}
	answers := int64(0)
	for _, h := range list {
		if answers += h.Answers; h.Values > reports.MaxOddValues || len(h.Words) > maxOddHeaders {
			t.Errorf("%s: %d values, %d words", h.Header, h.Values, len(h.Words))
		}
	}
	if answers != 20_000 || list[0].Values != reports.MaxOddValues {
		t.Errorf("%d answers and %d values of the first counted; want 20,000 and %d", answers, list[0].Values, reports.MaxOddValues)
	}
}
