package media

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"math"
	"sync"
)

// The shape of the embedded loops; loop/make.sh makes them so, and parsing
// refuses anything else.
const (
	loopGOPs    = 16  // GOPs in a loop: 8 s
	gopFrames   = 12  // video frames in a GOP: one Grid
	audioFrames = 375 // audio frames in a loop: 8 s × 48 kHz / 1024

	frameSamples = 1024 // samples in an audio frame
)

//go:embed loop/*.h264 loop/audio.aac
var files embed.FS

// loops lists the embedded picture sizes. They are parsed when first asked for.
var loops = [...]struct {
	width, height int
	video         func() *videoLoop
}{
	{256, 144, videoOnce(256, 144)},
	{416, 234, videoOnce(416, 234)},
	{512, 288, videoOnce(512, 288)},
	{640, 360, videoOnce(640, 360)},
	{768, 432, videoOnce(768, 432)},
	{960, 540, videoOnce(960, 540)},
	{1280, 720, videoOnce(1280, 720)},
	{1920, 1080, videoOnce(1920, 1080)},
}

func videoOnce(width, height int) func() *videoLoop {
	return sync.OnceValue(func() *videoLoop {
		name := fmt.Sprintf("loop/%dx%d.h264", width, height)
		b, err := files.ReadFile(name)
		if err != nil {
			panic("media: embedded loop is missing: " + err.Error())
		}
		v, err := parseH264(b)
		if err != nil {
			panic("media: embedded " + name + ": " + err.Error())
		}
		v.width, v.height = width, height
		return v
	})
}

var audio = sync.OnceValue(func() *audioLoop {
	b, err := files.ReadFile("loop/audio.aac")
	if err != nil {
		panic("media: embedded loop is missing: " + err.Error())
	}
	a, err := parseADTS(b)
	if err != nil {
		panic("media: embedded loop/audio.aac: " + err.Error())
	}
	return a
})

// loopFor returns the loop nearest to f's size, nil without video.
func loopFor(f Format) *videoLoop {
	if !f.Video {
		return nil
	}
	area := math.Log(max(float64(f.Width), 1) * max(float64(f.Height), 1))
	best, distance := 0, math.Inf(1)
	for i, l := range loops {
		if d := math.Abs(math.Log(float64(l.width*l.height)) - area); d < distance {
			best, distance = i, d
		}
	}
	return loops[best].video()
}

// videoLoop is the video of one size, ready for both containers.
type videoLoop struct {
	width, height int
	sps, pps      []byte
	gops          [loopGOPs]gop
	before        [loopGOPs + 1]int // transport packets of video before GOP i
}

type gop struct {
	annexB  [gopFrames][]byte // access units with delimiter and parameter sets
	samples []byte            // the same pictures, length-prefixed, one after another
	sizes   [gopFrames]uint32 // of the samples
}

// audioLoop is the audio, ready for both containers. No GOP's audio goes over
// the joint: a frame begins exactly there.
type audioLoop struct {
	config  [2]byte // AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1
	adts    []byte
	raw     []byte
	adtsOff [audioFrames + 1]int
	rawOff  [audioFrames + 1]int
	muxed   audioPackets // beside video
	alone   audioPackets
}

// firstAudio returns the number, counted from media time 0, of the first audio
// frame that begins in GOP g or later. 16 GOPs are 375 frames.
func firstAudio(g int64) int64 {
	whole, rest := g/loopGOPs, g%loopGOPs
	return whole*audioFrames + (rest*audioFrames+loopGOPs-1)/loopGOPs
}

// H.264 NAL unit types, ITU-T H.264 table 7-1.
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalPPS   = 8
)

// parseH264 reads a loop from an Annex B byte stream of one slice per picture.
func parseH264(b []byte) (*videoLoop, error) {
	v := new(videoLoop)
	n := 0 // pictures so far
	for nal := range nalUnits(b) {
		switch kind := nal[0] & 31; kind {
		case nalSPS:
			if len(nal) < 4 || v.sps != nil && !bytes.Equal(v.sps, nal) {
				return nil, errors.New("reading parameter sets: want one SPS throughout")
			}
			v.sps = nal
		case nalPPS:
			if v.pps != nil && !bytes.Equal(v.pps, nal) {
				return nil, errors.New("reading parameter sets: want one PPS throughout")
			}
			v.pps = nal
		case nalSlice, nalIDR:
			if n == loopGOPs*gopFrames {
				return nil, fmt.Errorf("reading pictures: more than %d", n)
			}
			if v.sps == nil || v.pps == nil {
				return nil, errors.New("reading pictures: no parameter sets before the first")
			}
			if len(nal) < 2 || nal[1]&0x80 == 0 { // first_mb_in_slice > 0
				return nil, fmt.Errorf("reading picture %d: more than one slice", n)
			}
			if idr := n%gopFrames == 0; idr != (kind == nalIDR) {
				return nil, fmt.Errorf("reading picture %d: NAL type %d, want an IDR picture at multiples of %d and nowhere else", n, kind, gopFrames)
			}
			v.gops[n/gopFrames].add(n%gopFrames, nal, v.sps, v.pps)
			n++
		default:
			return nil, fmt.Errorf("reading picture %d: NAL type %d, want slices and parameter sets only", n, kind)
		}
	}
	if n != loopGOPs*gopFrames {
		return nil, fmt.Errorf("reading pictures: got %d, want %d", n, loopGOPs*gopFrames)
	}
	for i := range v.gops {
		v.before[i+1] = v.before[i] + v.gops[i].packets()
	}
	return v, nil
}

// add puts picture i, one slice, into the GOP.
func (g *gop) add(i int, slice, sps, pps []byte) {
	size := uint32(len(slice))
	g.samples = append(g.samples, byte(size>>24), byte(size>>16), byte(size>>8), byte(size))
	g.samples = append(g.samples, slice...)
	g.sizes[i] = size + 4

	au := []byte{0, 0, 0, 1, 9, 0xf0} // access unit delimiter, any slice type
	if i == 0 {
		au = append(append(au, 0, 0, 0, 1), sps...)
		au = append(append(au, 0, 0, 0, 1), pps...)
	}
	au = append(append(au, 0, 0, 0, 1), slice...)
	g.annexB[i] = au
}

// nalUnits yields the NAL units of a byte stream (ITU-T H.264 annex B), none of
// them empty.
func nalUnits(b []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		code := []byte{0, 0, 1}
		i := bytes.Index(b, code)
		for i >= 0 {
			b = b[i+3:]
			i = bytes.Index(b, code)
			nal := b
			if i >= 0 {
				nal = b[:i]
			}
			// A NAL unit never ends in a zero byte; these belong to the next
			// start code.
			nal = bytes.TrimRight(nal, "\x00")
			if len(nal) > 0 && !yield(nal) {
				return
			}
		}
	}
}

const adtsHeader = 7

// parseADTS reads the audio loop: AAC-LC, 48 kHz, stereo, without CRC, one
// frame a header.
func parseADTS(b []byte) (*audioLoop, error) {
	a := &audioLoop{config: [2]byte{0x11, 0x90}} // LC, 48 kHz, 2 channels
	n := 0
	for p := b; len(p) > 0; n++ {
		if n == audioFrames {
			return nil, fmt.Errorf("reading audio: more than %d frames", n)
		}
		// Syncword, MPEG-4, no CRC; LC, sampling frequency index 3, 2 channels.
		if len(p) < adtsHeader || p[0] != 0xff || p[1] != 0xf1 || p[2]&0xfd != 0x4c || p[3]&0xc0 != 0x80 || p[6]&3 != 0 {
			return nil, fmt.Errorf("reading audio frame %d: want an ADTS header for AAC-LC, 48 kHz, stereo", n)
		}
		size := int(p[3]&3)<<11 | int(p[4])<<3 | int(p[5]>>5)
		if size <= adtsHeader || size > len(p) {
			return nil, fmt.Errorf("reading audio frame %d: length %d, want %d to %d", n, size, adtsHeader+1, len(p))
		}
		a.adts = append(a.adts, p[:size]...)
		a.raw = append(a.raw, p[adtsHeader:size]...)
		a.adtsOff[n+1], a.rawOff[n+1] = len(a.adts), len(a.raw)
		p = p[size:]
	}
	if n != audioFrames {
		return nil, fmt.Errorf("reading audio: got %d frames, want %d", n, audioFrames)
	}
	a.muxed = packAudio(a, framesBesideVideo, 0)
	a.alone = packAudio(a, framesAlone, pcrField)
	return a, nil
}
