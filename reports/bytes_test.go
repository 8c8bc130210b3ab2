package reports

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// sampled has a field of every kind that counts are made of.
type sampled struct {
	Tally  tally
	Small  int8
	Wide   uint64
	Rules  [3]uint32
	On     bool
	Text   string
	Groups map[struct{ A, B int16 }]*tally
	Seen   map[uint64]bool
	Skip   *testing.T `bytes:"-"`
}

func sampleCounts(seed uint64) *sampled {
	r := rand.New(rand.NewPCG(seed, 1))
	one := func() tally {
		x := tally{N: r.Int64() - r.Int64(), For: 7, Names: map[string]int64{}, Rows: []struct{ A, B int64 }{{1, -2}, {3, 4}}}
		if r.IntN(2) == 0 {
			x.Hist = CoarseHistogram()
		}
		for range r.IntN(5000) {
			x.Hist.Record(r.Int64N(1 << r.IntN(44)))
			Count(&x.Names, "name-"+string(rune('a'+r.IntN(26))), 1)
		}
		return x
	}
	s := &sampled{Tally: one(), Small: int8(r.Int()), Wide: r.Uint64(), Rules: [3]uint32{1, 2, 1<<32 - 1}, On: true, Text: "text", Groups: map[struct{ A, B int16 }]*tally{}, Seen: map[uint64]bool{1 << 60: true, 3: false}}
	for i := range int16(5) {
		x := one()
		s.Groups[struct{ A, B int16 }{i, -i}] = &x
	}
	other := one()
	s.Tally.Parts[1] = &other
	return s
}

func TestCountsAsBytes(t *testing.T) {
	for seed := range uint64(20) {
		want := sampleCounts(seed)
		b := AppendCounts([]byte("before"), want)
		b, ok := bytes.CutPrefix(b, []byte("before"))
		var got sampled
		if err := ReadCounts(b, 1<<20, &got); err != nil || !ok {
			t.Fatal(err)
		}
		if again := AppendCounts(nil, &got); !bytes.Equal(again, b) {
			t.Fatalf("seed %d: read and written again, %d bytes are %d others", seed, len(b), len(again))
		}
		if a, b := got.Tally.Hist.Dist(1, 0), want.Tally.Hist.Dist(1, 0); !reflect.DeepEqual(a, b) {
			t.Errorf("seed %d: a histogram is %+v; want %+v", seed, a, b)
		}
		if len(got.Groups) != 5 || got.Wide != want.Wide || got.Text != "text" || got.Tally.Parts[0] != nil || got.Tally.Parts[1].N != want.Tally.Parts[1].N {
			t.Errorf("seed %d: got %+v; want %+v", seed, got, want)
		}
	}
}

func TestHostileCounts(t *testing.T) {
	type names struct{ Names map[string]int64 }
	many := names{Names: map[string]int64{}}
	for i := range maxNames + 2 {
		many.Names[strings.Repeat("x", i)] = 1
	}
	histogram := func(b ...byte) []byte { return b }
	for _, tc := range []struct {
		name   string
		b      []byte
		memory int64
		into   any
		want   string
	}{
		{"nothing", nil, 100, new(struct{ N int64 }), "end too early"},
		{"more than is there", []byte{200, 1, 0}, 1 << 30, new([]int64), "200 things are said to follow in 1 bytes"},
		{"memory", append([]byte{100}, make([]byte, 100)...), 799, new([]int64), "too much memory"},
		{"memory of empty histograms", append([]byte{100}, make([]byte, 100)...), 4000, new([]Histogram), "too much memory"},
		{"too many names", AppendCounts(nil, &many), 1 << 30, new(names), "1002 names are counted"},
		{"names twice", []byte{2, 1, 'a', 2, 1, 'a', 2}, 1 << 20, new(map[string]int64), "not in order"},
		{"an empty entry", []byte{1, 1, 'a', 0}, 1 << 20, new(map[string]*int64), "an entry is empty"},
		{"a number that does not fit", []byte{0x80, 2}, 100, new(int8), "128 does not fit into int8"},
		{"a flag", []byte{2}, 100, new(bool), "a flag is 2"},
		{"the rest", []byte{1, 1}, 100, new(bool), "1 bytes are left"},
		{"kind of histogram", histogram(3), 1 << 20, new(Histogram), "of kind 3"},
		{"extremes", histogram(1, 5, 4, 0, 1, 5, 1), 1 << 20, new(Histogram), "from 5 to 4"},
		{"no values", histogram(1, 4, 5, 0, 0), 1 << 20, new(Histogram), "no values"},
		{"no count", histogram(1, 4, 5, 0, 1, 4, 0), 1 << 20, new(Histogram), "counts 0 values at 4"},
		{"huge counts", append(append(histogram(1, 4, 5, 0, 2, 4), 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04), 1, 1), 1 << 20, new(Histogram), "counts 1 values at 5"},
		{"a huge value", histogram(1, 4, 5, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1), 1 << 20, new(Histogram), "a histogram counts 1 values"},
	} {
		if err := ReadCounts(tc.b, tc.memory, tc.into); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", tc.name, err, tc.want)
		}
	}
}

func FuzzReadCounts(f *testing.F) {
	f.Add(AppendCounts(nil, sampleCounts(1)))
	f.Add(AppendCounts(nil, new(sampled)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got sampled
		if ReadCounts(b, 1<<20, &got) != nil {
			return
		}
		var again sampled
		once := AppendCounts(nil, &got)
		if err := ReadCounts(once, 1<<21, &again); err != nil {
			t.Fatal(err)
		}
		if twice := AppendCounts(nil, &again); !bytes.Equal(once, twice) {
			t.Errorf("%x is written as %x, then as %x", b, once, twice)
		}
	})
}
