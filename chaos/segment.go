package chaos

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
)

// Faults of segments.
var segmentKinds = []Spec{
	{
		Kind: SegmentMissing, Vias: servers, Requests: segments,
		Doc:       "segments that are listed do not exist",
		Changes:   "segments are answered 404",
		Selectors: append(slices.Clone(objects), anyDownload),
		Part:      PartStore, act: actMissing, awsCannot: missingOnAWS,
	},
	{
		Kind: SegmentLate, Vias: edges, Requests: segments,
		Doc:       "segments become available some time after they are listed",
		Changes:   "segments are answered 404 until then",
		Selectors: objects, Params: fields(by("time from the listing of a segment until it is available")),
		Part: PartStore, NeedsWriter: true, Silent: true,
		rewriting: rewriting{lists: true, missing: late},
	},
	{
		Kind: SegmentTruncate, Vias: edges, Requests: segments,
		Doc:       "segments end halfway",
		Changes:   "bodies of segments are cut",
		Selectors: append(slices.Clone(objects), anyDownload),
		Part:      PartStore, act: actTruncate, Silent: true,
	},
}

// late reports whether a segment is not there yet. One that no playlist was
// seen to list is there.
func late(r *Rewriter, now time.Duration, w *Window, segment string, _ *memory) bool {
	at, known := r.listed[segment]
	return known && at >= w.From && now < at+w.Fault.By
}

func missingOnAWS(a *AWS, f *Fault) objection {
	// Segments leave the playlist anyway.
	return first(inBucket(a, f), a.sticky(f.hits(m3u8.KindInit) || f.hits(m3u8.KindKey), "an init segment that is deleted"))
}
