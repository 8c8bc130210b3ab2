package media

import (
	"time"

	"hlsload/player/mediatime"
)

// FirstStamp is the first timestamp of the segment that begins at a media time,
// as [mediatime.Read] reads it off the segment's bytes.
func FirstStamp(f Format, start time.Duration) mediatime.Stamp {
	g := ceilGrid(max(start, 0))
	switch {
	case f.Container == FMP4 && f.Video:
		return mediatime.Stamp{Ticks: uint64(g * gopTicks), Track: trackVideo, Kind: mediatime.Decode}
	case f.Container == FMP4 && f.Audio:
		return mediatime.Stamp{Ticks: uint64(firstAudio(g) * frameSamples), Track: trackAudio, Kind: mediatime.Decode}
	case f.Container == TS && f.Video:
		return mediatime.Stamp{Ticks: uint64(g*gopTicks) & (1<<33 - 1), Kind: mediatime.Video}
	case f.Container == TS && f.Audio:
		return mediatime.Stamp{Ticks: uint64(firstAudio(g)*audioTicks) & (1<<33 - 1), Kind: mediatime.Audio}
	}
	return mediatime.Stamp{}
}

// Timescales are those of the initialization section of f.
func Timescales(f Format) (s mediatime.Scales) {
	if f.Container != FMP4 {
		return s
	}
	n := 0
	if f.Video {
		s[n].Track, s[n].Rate = trackVideo, 90000
		n++
	}
	if f.Audio {
		s[n].Track, s[n].Rate = trackAudio, SampleRate
	}
	return s
}
