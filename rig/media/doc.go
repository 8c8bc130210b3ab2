// Package media makes the segments of the embedded channel: real H.264 and AAC
// in MPEG-TS or fragmented MP4, at any media time, without state.
//
// A short pre-encoded loop per picture size and one audio loop are embedded
// (loop/make.sh makes them). [AppendSegment] cuts the span that was asked for,
// writes timestamps, decode times and continuity counters that follow from the
// media time alone, and pads to the rate of the rendition. The same question
// always gives the same bytes, so ranges of a segment are stable, two pipelines
// that share a clock agree to the byte, and [Size] knows the length without
// making anything.
//
// Start with [Format], then [AppendSegment]; fragmented MP4 also needs [Init].
//
// It does not know playlists, names, sequence numbers, encryption or faults,
// and it reads no media but its own.
package media
