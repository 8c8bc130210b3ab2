package rig

import (
	"testing"
	"time"
)

func BenchmarkEdgeHit(b *testing.B) {
	r := newRig(b, Default())
	paths := []string{"/live/p0/index_512x288.m3u8", "/live/p0/index_1280x720_00025.ts", "/live/p1/index_960x540_00026.ts"}
	f := Flight{}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.Path = paths[i%len(paths)]
		r.Advance(sec+time.Duration(i)/10, &f)
	}
	b.ReportMetric(float64(r.stats.Origin.Requests)/float64(b.N), "origin/op")
}

// BenchmarkLive has an hour of 200 viewers' requests at four POPs, with the
// misses that belong to them.
func BenchmarkLive(b *testing.B) {
	r := newRig(b, Default())
	var path [2][200]string
	f := Flight{}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := time.Duration(i) * 10 * time.Millisecond
		if i%400 == 0 {
			n := uint64(32 + i/400)
			for k := range path[0] {
				path[0][k] = r.Path(ID{Kind: 1, Pipeline: k % 2, Rendition: k % 5})
				path[1][k] = r.Path(ID{Kind: 3, Pipeline: k % 2, Rendition: k % 5, Sequence: n})
			}
		}
		f.Path, f.Pop = path[i%2][i/2%200], i%4
		r.Advance(now, &f)
	}
}

func TestEdgeHitAllocatesNothing(t *testing.T) {
	r := newRig(t, mini())
	f := Flight{Path: "/live/p0/index_256x144_00032.ts"}
	r.Advance(sec, &f)
	r.Advance(2*sec, &f)
	if n := testing.AllocsPerRun(100, func() { r.Advance(2*sec, &f) }); n != 0 {
		t.Errorf("an edge hit makes %v allocations; want none", n)
	}
}
