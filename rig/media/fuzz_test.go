package media

import (
	"math"
	"testing"
	"time"
)

// Whatever is asked for, the length is as promised, readers find their way, and
// the same question gives the same bytes.
func FuzzSegment(f *testing.F) {
	f.Add(uint8(0), true, true, 640, 360, int64(400_000), int64(8*time.Second), int64(4*time.Second))
	f.Add(uint8(1), true, true, 256, 144, int64(100_000), int64(1_793_000_000*time.Second), int64(1100*time.Millisecond))
	f.Add(uint8(0), false, true, 0, 0, int64(64_000), int64(95443*time.Second), int64(time.Second))
	f.Add(uint8(1), true, false, -1, math.MaxInt, int64(-1), int64(-1), int64(500*time.Millisecond))
	f.Add(uint8(1), false, true, 0, 0, int64(40_123), int64(0), int64(6*time.Second))
	f.Add(uint8(7), false, false, 1, 1, int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, c uint8, video, audio bool, width, height int, rate, start, dur int64) {
		format := Format{Container: Container(c), Video: video, Audio: audio, Width: width, Height: height, Rate: rate}
		Codecs(format)
		Init(format)
		if time.Duration(dur) > 10*time.Second {
			dur %= int64(10 * time.Second)
		}
		size := Size(format, time.Duration(start), time.Duration(dur))
		if size > 4<<20 {
			return
		}
		b := AppendSegment(nil, format, time.Duration(start), time.Duration(dur))
		if int64(len(b)) != size {
			t.Fatalf("made %d bytes, Size says %d", len(b), size)
		}
		if size == 0 {
			return
		}
		var err error
		if format.Container == FMP4 {
			_, err = (&mp4Walk{next: map[uint32]int64{}}).segment(b)
		} else {
			_, err = newTSWalk().segment(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseH264(f *testing.F) {
	b, err := files.ReadFile("loop/256x144.h264")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:3000])
	f.Add([]byte{0, 0, 1, 0x67, 1, 2, 3, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 0x80})
	f.Add([]byte{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseH264(b)
		if err != nil {
			return
		}
		for i, g := range v.gops {
			n := 0
			for _, s := range g.sizes {
				n += int(s)
			}
			if n != len(g.samples) {
				t.Fatalf("GOP %d: samples of %d bytes are %d bytes", i, n, len(g.samples))
			}
		}
	})
}

func FuzzParseADTS(f *testing.F) {
	b, err := files.ReadFile("loop/audio.aac")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:1000])
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x80, 0x01, 0x1f, 0xfc, 0})
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x80, 0x00, 0x1f, 0xfc})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseADTS(b)
		if err != nil {
			return
		}
		if len(a.adts) != len(b) || len(a.raw) != len(b)-7*audioFrames {
			t.Fatalf("%d bytes became %d with headers and %d without", len(b), len(a.adts), len(a.raw))
		}
	})
}

// The readers of the tests have to stand what is no media at all: they judge
// whatever the writers make.
func FuzzReaders(f *testing.F) {
	for _, c := range []Container{TS, FMP4} {
		for _, video := range []bool{true, false} {
			b := AppendSegment(nil, Format{Container: c, Video: video, Audio: true, Rate: 100_000}, 0, time.Second)
			f.Add(b)
			f.Add(b[:len(b)/2/packetSize*packetSize])
		}
	}
	f.Add(Init(Format{Container: FMP4, Video: true, Audio: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		us, err := newTSWalk().segment(b)
		if err == nil && len(us) > len(b)/packetSize {
			t.Fatalf("%d units in %d bytes of transport stream", len(us), len(b))
		}
		us, err = (&mp4Walk{next: map[uint32]int64{}}).segment(b)
		if err == nil && len(us) > len(b)/4 {
			t.Fatalf("%d samples in %d bytes of MP4", len(us), len(b))
		}
		find(b, "moov", "trak", "mdia")
	})
}
