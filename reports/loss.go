package reports

import (
	"sort"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// DarkMs is the shortest outage, in milliseconds, that counts as a loss of the picture.
// Viewers hardly notice shorter ones.
const DarkMs = 1000

// Dark is how many sessions of a distribution of outages lost the picture.
func (d *Dist) Dark() int64 {
	switch {
	case d.Count == 0 || !(d.Max >= DarkMs):
		return 0
	case d.Min >= DarkMs:
		return d.Count
	}
	h, err := hdr.DecodePacked([]byte(d.Hist))
	if err != nil {
		return 0
	}
	n := int(h.TotalCount())
	below := sort.Search(n, func(rank int) bool {
		return h.ValueAtPercentile(100*float64(rank+1)/float64(n)) >= DarkMs*1000 // the histogram counts microseconds
	})
	return int64(n - below)
}
