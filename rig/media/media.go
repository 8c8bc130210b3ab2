package media

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Container is the wrapping of a segment.
type Container uint8

const (
	TS   Container = iota // MPEG transport stream, ISO/IEC 13818-1
	FMP4                  // fragmented MP4, ISO/IEC 14496-12; needs [Init]
)

const (
	// Grid is the distance of the cut points: every multiple of it is the
	// start of a closed GOP. Segment starts and durations should be multiples;
	// see [AppendSegment] for what happens to others.
	Grid = 500 * time.Millisecond

	// FrameRate is the frame rate of all video, in frames per second.
	FrameRate = 24

	// SampleRate is the sampling rate of all audio, in Hz. It is stereo.
	SampleRate = 48000

	// MaxRate is the highest rate a segment is padded to, in bit/s.
	MaxRate = 1_000_000_000

	// MaxSize is the longest segment that padding makes, in bytes.
	MaxSize = 256 << 20
)

// Format says what a rendition's segments are made of. The zero value is not
// useful: at least one of Video and Audio has to be set.
type Format struct {
	Container Container
	Video     bool
	Audio     bool

	// Width and Height in pixels choose the embedded loop; of a size that is
	// not embedded the nearest by area is taken, and the picture has that
	// loop's size. Ignored without Video.
	Width, Height int

	// Rate is the rate of the whole segment in bit/s, everything included. The
	// real content is never cut: below its own rate, segments are larger than
	// Rate asks for. 0 means no padding.
	Rate int64
}

// Check reports what makes f unusable for segments of duration dur, or nil.
// The other functions accept anything: they treat what is out of range as the
// nearest value in range, and make nothing at all of a format without media.
func (f Format) Check(dur time.Duration) error {
	switch {
	case f.Container > FMP4:
		return fmt.Errorf("media container %d: want TS or FMP4", f.Container)
	case !f.Video && !f.Audio:
		return fmt.Errorf("media format has neither video nor audio: want at least one")
	case f.Video && (f.Width <= 0 || f.Height <= 0):
		return fmt.Errorf("video size %dx%d: want positive width and height", f.Width, f.Height)
	case f.Rate < 0 || f.Rate > MaxRate:
		return fmt.Errorf("rate %d bit/s: want 0 to %d", f.Rate, int64(MaxRate))
	case dur <= 0 || dur%Grid != 0:
		return fmt.Errorf("segment duration %v: want a positive multiple of %v", dur, Grid)
	case target(f.Rate, dur) >= MaxSize:
		return fmt.Errorf("segment of %v at %d bit/s: want less than %d bytes", dur, f.Rate, int64(MaxSize))
	}
	return nil
}

// Size returns the length in bytes of the segment that [AppendSegment] makes
// for the same arguments: Rate × dur / 8, rounded down to whole packets in a
// transport stream, or the real content where that is longer.
func Size(f Format, start, dur time.Duration) int64 {
	from, to := span(start, dur)
	return sizeOf(f, loopFor(f), from, to, dur)
}

// AppendSegment appends the segment with the media time from start to
// start+dur to dst. Segment k of a channel whose media time began at base
// starts at base + k × dur; base may be anything from 0 up, for instance the
// time since 1970.
//
// The content is that of the GOPs that begin in [start, start+dur), so segments
// that abut in time abut in content, also where dur is no multiple of [Grid].
// An audio frame belongs to the GOP in whose half second it begins. Timestamps
// are the media time itself: modulo 2³³ at 90 kHz in a transport stream, in 64
// bits in fragmented MP4. A start below 0 counts as 0.
func AppendSegment(dst []byte, f Format, start, dur time.Duration) []byte {
	from, to := span(start, dur)
	v := loopFor(f)
	size := sizeOf(f, v, from, to, dur)
	if size == 0 {
		return dst
	}
	dst = slices.Grow(dst, int(size))
	if f.Container == FMP4 {
		return appendFMP4(dst, f, v, from, to, size)
	}
	return appendTS(dst, f, v, from, to, size)
}

// Codecs returns the CODECS attribute of f (RFC 6381), as the embedded content
// has it: "avc1.4d400c,mp4a.40.2".
func Codecs(f Format) string {
	var s string
	if f.Video {
		sps := loopFor(f).sps
		s = fmt.Sprintf("avc1.%02x%02x%02x", sps[1], sps[2], sps[3])
	}
	if f.Video && f.Audio {
		s += ","
	}
	if f.Audio {
		s += "mp4a.40.2"
	}
	return s
}

// ContentType returns the media type of f's segments: RFC 8216 section 3.2 has
// video/MP2T for transport streams, also for those without video.
func ContentType(f Format) string {
	switch {
	case f.Container == TS:
		return "video/mp2t"
	case f.Video:
		return "video/mp4"
	}
	return "audio/mp4"
}

// span returns the first GOP of a segment and the first after it. GOPs are
// numbered from media time 0.
func span(start, dur time.Duration) (from, to int64) {
	start, dur = max(start, 0), max(dur, 0)
	end := start + dur
	if end < start {
		end = 1<<63 - 1
	}
	return ceilGrid(start), ceilGrid(end)
}

func ceilGrid(t time.Duration) int64 {
	n := int64(t / Grid)
	if t%Grid > 0 {
		n++
	}
	return n
}

// target is the length in bytes that rate asks for, at most MaxSize.
func target(rate int64, dur time.Duration) int64 {
	rate, dur = min(max(rate, 0), MaxRate), max(dur, 0)
	hi, lo := bits.Mul64(uint64(rate), uint64(dur))
	const per = 8 * uint64(time.Second)
	if hi >= per {
		return MaxSize
	}
	q, _ := bits.Div64(hi, lo, per)
	return int64(min(q, MaxSize))
}

// sizeOf is Size with the arguments already looked up.
func sizeOf(f Format, v *videoLoop, from, to int64, dur time.Duration) int64 {
	if from >= to || !f.Video && !f.Audio {
		return 0
	}
	want := target(f.Rate, dur)
	if f.Container == FMP4 {
		content := contentFMP4(f, v, from, to)
		if want < content+smallestBox {
			return content
		}
		return want
	}
	return max(contentTS(f, v, from, to), want-want%packetSize)
}

// padding spreads the padding of a segment evenly over its parts, so that an
// answer that is cut off loses about as much media as bytes.
type padding struct {
	size  int64 // of the whole segment
	left  int64 // padding still to place; 0 or at least least
	parts int64
	part  int64 // parts finished so far
	unit  int64 // padding comes in multiples of unit,
	least int64 // of least bytes or more
}

// after returns how many bytes of padding follow the next part, which ends pos
// bytes into the segment.
func (p *padding) after(pos int64) int64 {
	p.part++
	if p.part >= p.parts {
		n := p.left
		p.left = 0
		return n
	}
	// size ≤ 2²⁸ and parts is the number of frames: no overflow.
	n := min(p.size*p.part/p.parts-pos, p.left)
	n -= n % p.unit
	if p.left-n < p.least {
		n -= p.least // what stays must be enough for a box of its own
	}
	if n < p.least {
		return 0
	}
	p.left -= n
	return n
}
