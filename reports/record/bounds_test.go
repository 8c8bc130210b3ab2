package record

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"hlsload/reports"
	"hlsload/reports/cdn"
)

// TestOddHeadersAreBounded lets a server invent names and values.
func TestOddHeadersAreBounded(t *testing.T) {
	var o, all OddHeaders
	for i := range 10_000 {
		o.add(&cdn.OddHeader{Name: fmt.Sprintf("X-Cache-%d", i%100), Word: fmt.Sprint(i), Sum: uint64(i)})
	}
	all.merge(o)
	all.merge(o)
	list := all.List()
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

// TestOddHeadersInAnyOrder: which headers are kept does not depend on which came first,
// nor on who saw them.
func TestOddHeadersInAnyOrder(t *testing.T) {
	var seen []cdn.OddHeader
	for i := range 3000 {
		seen = append(seen, cdn.OddHeader{Name: fmt.Sprintf("X-Cache-%d", i%40), Word: fmt.Sprint(i), Sum: uint64(i * 7919)})
	}
	var want OddHeaders
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(seen), func(i, k int) { seen[i], seen[k] = seen[k], seen[i] })
		parts := make([]OddHeaders, 1+seed%5)
		for i := range seen {
			parts[r.IntN(len(parts))].add(&seen[i])
		}
		var got OddHeaders
		for _, p := range parts {
			got.merge(p)
		}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v; want %v", seed, got.List(), want.List())
		}
	}
}
