// Package draw makes the random numbers of a run.
//
// Every number is a function of (seed, member, rule, ordinal) and never of the
// order in which numbers are asked for, so neither goroutine scheduling nor a
// new draw somewhere else can change which member is hit by what. Start with [Seed].
//
// It is not a cryptographic source.
package draw

import "math"

// Seed is the root of a family of draws: a run's seed, or what [Seed.For]
// derived from it for one player, fault or pipeline.
type Seed uint64

// Rule names what a draw decides, so that two decisions of one player never
// share a number.
type Rule uint64

// NewRule derives a rule from its name. Call it once, in a package variable.
func NewRule(name string) Rule { return Rule(Hash(name)) }

// Hash is FNV-1a, the same in every run.
func Hash[T string | []byte](b T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(b) {
		h = (h ^ uint64(b[i])) * 1099511628211
	}
	return h
}

func mix(x uint64) uint64 { return Mix(x + 0x9e3779b97f4a7c15) }

// Mix spreads the bits of x: the finaliser of splitmix64 (Steele, Lea, Flood
// 2014).
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// For derives the seed of one member, such as player number n.
func (s Seed) For(n uint64) Seed { return Seed(mix(uint64(s) ^ mix(n))) }

// Bits returns 64 random bits.
func (s Seed) Bits(r Rule, ordinal uint64) uint64 {
	return mix(uint64(s) ^ mix(uint64(r)^mix(ordinal)))
}

// Uniform returns a number in [0, 1).
func (s Seed) Uniform(r Rule, ordinal uint64) float64 {
	return float64(s.Bits(r, ordinal)>>11) / (1 << 53)
}

// Exponential returns a number with mean 1.
func (s Seed) Exponential(r Rule, ordinal uint64) float64 {
	return -math.Log(1 - s.Uniform(r, ordinal))
}

// Normal returns a standard normal number (Box-Muller).
func (s Seed) Normal(r Rule, ordinal uint64) float64 {
	u := 1 - s.Uniform(r, 2*ordinal)
	v := s.Uniform(r, 2*ordinal+1)
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
}
