package draw

import (
	"math"
	"testing"
)

func TestDistributions(t *testing.T) {
	const n = 200_000
	s, r := Seed(42), NewRule("test")
	var mean, exp, norm, square float64
	for i := range uint64(n) {
		u := s.Uniform(r, i)
		if u < 0 || u >= 1 {
			t.Fatalf("uniform draw %g", u)
		}
		mean += u / n
		exp += s.Exponential(r, i) / n
		v := s.Normal(r, i)
		norm += v / n
		square += v * v / n
	}
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"mean of uniform", mean, .5}, {"mean of exponential", exp, 1}, {"mean of normal", norm, 0}, {"variance of normal", square, 1}} {
		if math.Abs(c.got-c.want) > .01 {
			t.Errorf("%s: %g; want %g", c.what, c.got, c.want)
		}
	}
}

// TestIndependence: a draw depends on seed, member, rule and ordinal, on each.
func TestIndependence(t *testing.T) {
	a, b := NewRule("a"), NewRule("b")
	draws := map[uint64]string{}
	for _, c := range []struct {
		name string
		bits uint64
	}{
		{"seed 1", Seed(1).Bits(a, 0)}, {"seed 2", Seed(2).Bits(a, 0)}, {"rule b", Seed(1).Bits(b, 0)},
		{"ordinal 1", Seed(1).Bits(a, 1)}, {"member 0", Seed(1).For(0).Bits(a, 0)}, {"member 1", Seed(1).For(1).Bits(a, 0)},
	} {
		if other, ok := draws[c.bits]; ok {
			t.Errorf("%s and %s are one draw", c.name, other)
		}
		draws[c.bits] = c.name
	}
	if Seed(1).Bits(a, 0) != Seed(1).Bits(NewRule("a"), 0) {
		t.Error("the same draw gave two numbers")
	}
}
