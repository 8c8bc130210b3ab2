package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"testing"
	"time"
)

var sizes = [][2]int{{256, 144}, {416, 234}, {512, 288}, {640, 360}, {768, 432}, {960, 540}, {1280, 720}, {1920, 1080}}

// formats returns every kind of segment: containers × tracks × sizes × rates.
func formats() []Format {
	var out []Format
	for _, c := range []Container{TS, FMP4} {
		for _, rate := range []int64{0, 64_001, 400_000, 5_000_000} {
			out = append(out, Format{Container: c, Audio: true, Rate: rate})
			for _, s := range sizes {
				out = append(out,
					Format{Container: c, Video: true, Width: s[0], Height: s[1], Rate: rate},
					Format{Container: c, Video: true, Audio: true, Width: s[0], Height: s[1], Rate: rate})
			}
		}
	}
	return out
}

func (f Format) String() string {
	s := [...]string{"ts", "fmp4"}[f.Container]
	if f.Video {
		s += fmt.Sprintf(" %dx%d", f.Width, f.Height)
	}
	if f.Audio {
		s += " audio"
	}
	return s + fmt.Sprintf(" %d bit/s", f.Rate)
}

// The bytes are pinned because golden results elsewhere depend on sizes.
func TestLoopSums(t *testing.T) {
	want := map[string]string{
		"256x144.h264":   "c81d0c6bd4a869c635faa75b5d4171d2139c7e3d848fdf1b42b88ca141a7bdd6",
		"416x234.h264":   "e8b8e38a06a68345ec3bbc554787f2a212cf3bc2ce46cb0a10b9c19437a404fb",
		"512x288.h264":   "d856467a7c4da459a7883d0432d7ac0f9babfaa8c40706c50616c8b4598ac015",
		"640x360.h264":   "e817e98a4cb2ed49c5dfbf18eedbf82469822a118013ed16f04e94bb32e1d116",
		"768x432.h264":   "e9998afad1219a1e47383ac7b412a09643ccde5782b895f4000651d9526c480f",
		"960x540.h264":   "6f8f70ef18d4b61affb618973057540aea5554f1bb5dc7b907a943d3670bfdf9",
		"1280x720.h264":  "c29a5c3b20ad3e541ef857c9f9573bb6e19152f51c2b18d58bb5e9df2b227489",
		"1920x1080.h264": "30b99301dd78d0c822f6aa26aeac43657345e3d0f706383aef7181ad14864f12",
		"audio.aac":      "33bb31e61ba863e8d8695e845254b3d96ba3c48f1f0ae8dc0634dc4b862e2d7a",
	}
	list, err := files.ReadDir("loop")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != len(want) {
		t.Errorf("%d embedded files, want %d", len(list), len(want))
	}
	total := 0
	for _, e := range list {
		b, err := files.ReadFile("loop/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); got != want[e.Name()] {
			t.Errorf("%s: sha256 %s, want %q", e.Name(), got, want[e.Name()])
		}
	}
	if total > 2<<20 {
		t.Errorf("loops take %d bytes, want at most 2 MiB", total)
	}
}

// starts are media times with something special about them.
var starts = map[string]time.Duration{
	"zero":      0,
	"mid loop":  7500 * time.Millisecond,
	"uptime":    1234*time.Hour + 500*time.Millisecond,
	"1970":      1_793_000_000 * time.Second,
	"33 bits":   95430*time.Second + 500*time.Millisecond, // 2³³ ticks are 95443.7 s
	"33 bits×7": 668100 * time.Second,
}

func TestSizeIsTheLength(t *testing.T) {
	for _, f := range formats() {
		for name, start := range starts {
			for _, dur := range []time.Duration{500 * time.Millisecond, 1920 * time.Millisecond, 4 * time.Second} {
				for _, k := range []time.Duration{0, 1, 5, 16} {
					at := start + k*dur
					want := Size(f, at, dur)
					got := AppendSegment([]byte("before"), f, at, dur)
					if int64(len(got)) != want+6 || string(got[:6]) != "before" {
						t.Fatalf("%v, %s + %d × %v: made %d bytes, Size says %d", f, name, k, dur, len(got)-6, want)
					}
					exact := float64(f.Rate) * dur.Seconds() / 8
					if float64(want) < exact-188 {
						t.Fatalf("%v, %v: %d bytes, rate asks for %.0f", f, dur, want, exact)
					}
					if min := minRate(f, dur); f.Rate >= min && float64(want) > exact {
						t.Fatalf("%v, %v: %d bytes, rate asks for %.0f and is at least %d", f, dur, want, exact, min)
					}
				}
			}
		}
	}
}

func TestMinRateIsTheLowest(t *testing.T) {
	for _, f := range formats() {
		for _, dur := range []time.Duration{time.Second, 4 * time.Second} {
			over := func(rate int64) (n int) {
				f.Rate = rate
				for k := range time.Duration(16) {
					if float64(Size(f, k*Grid, dur)*8) > float64(rate)*dur.Seconds() {
						n++
					}
				}
				return n
			}
			lowest := minRate(f, dur)
			if n := over(lowest); n > 0 {
				t.Errorf("%v, %v: %d segments over minRate %d", f, dur, n, lowest)
			}
			if over(lowest-1) == 0 {
				t.Errorf("%v, %v: 1 bit/s below minRate %d does as well", f, dur, lowest)
			}
		}
	}
}

// The rates of the smallest ladder have to hold with the smallest padding.
func TestContentFitsTheSmallestLadder(t *testing.T) {
	for _, c := range []Container{TS, FMP4} {
		for _, dur := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 6 * time.Second} {
			for _, f := range []Format{
				{Container: c, Audio: true, Rate: 64_000},
				{Container: c, Video: true, Audio: true, Width: 256, Height: 144, Rate: 100_000},
				{Container: c, Video: true, Audio: true, Width: 416, Height: 234, Rate: 200_000},
				{Container: c, Video: true, Audio: true, Width: 640, Height: 360, Rate: 400_000},
			} {
				if got := minRate(f, dur); got > f.Rate {
					t.Errorf("%v, %v: content needs %d bit/s", f, dur, got)
				}
			}
		}
	}
}

// segments walks n segments and returns the units of each.
func segments(t *testing.T, f Format, start, dur time.Duration, n int) [][]unit {
	t.Helper()
	var walk func([]byte) ([]unit, error)
	if f.Container == TS {
		walk = newTSWalk().segment
	} else {
		walk = (&mp4Walk{next: map[uint32]int64{}}).segment
	}
	var out [][]unit
	for k := range time.Duration(n) {
		us, err := walk(AppendSegment(nil, f, start+k*dur, dur))
		if err != nil {
			t.Fatalf("%v, segment at %v: %v", f, start+k*dur, err)
		}
		out = append(out, us)
	}
	return out
}

func TestFortySegments(t *testing.T) {
	for _, f := range []Format{
		{Container: TS, Audio: true, Rate: 64_000},
		{Container: TS, Video: true, Width: 416, Height: 234, Rate: 200_000},
		{Container: TS, Video: true, Audio: true, Width: 256, Height: 144, Rate: 100_000},
		{Container: TS, Video: true, Audio: true, Width: 1920, Height: 1080, Rate: 0},
		{Container: FMP4, Audio: true, Rate: 64_000},
		{Container: FMP4, Video: true, Width: 416, Height: 234, Rate: 200_000},
		{Container: FMP4, Video: true, Audio: true, Width: 256, Height: 144, Rate: 100_000},
		{Container: FMP4, Video: true, Audio: true, Width: 1920, Height: 1080, Rate: 0},
	} {
		for name, start := range starts {
			for _, dur := range []time.Duration{500 * time.Millisecond, time.Second, 1100 * time.Millisecond, 2 * time.Second} {
				t.Run(fmt.Sprintf("%v/%s/%v", f, name, dur), func(t *testing.T) {
					checkSegments(t, f, start, dur, segments(t, f, start, dur, 40))
				})
			}
		}
	}
}

// checkSegments checks that the units have the times and the content that the
// media time asks for, without gap or repetition.
func checkSegments(t *testing.T, f Format, start, dur time.Duration, list [][]unit) {
	t.Helper()
	// The first frames at or after start rounded up to the grid.
	first := (start + Grid - 1) / Grid * Grid
	video := int64(first/Grid) * 12
	audioFrame := int64(math.Ceil(float64(first/Grid) * 375 / 16))
	v := loopFor(f)
	for k, us := range list {
		begin, end := start+time.Duration(k)*dur, start+time.Duration(k+1)*dur
		begin, end = (begin+Grid-1)/Grid*Grid, (end+Grid-1)/Grid*Grid
		videos := 0
		for _, u := range us {
			switch u.track {
			case "video":
				if videos == 0 && !u.key {
					t.Fatalf("segment %d does not begin with a key frame", k)
				}
				videos++
				if key := video%12 == 0; u.key != key {
					t.Fatalf("segment %d: frame %d: key frame %v, want %v", k, video, u.key, key)
				}
				ticks := video * 3750
				if f.Container == TS {
					ticks %= 1 << 33
				}
				if u.time != ticks {
					t.Fatalf("segment %d: frame %d at %d, want %d", k, video, u.time, ticks)
				}
				want := v.gops[video/12%16].annexB[video%12]
				data := u.data
				if f.Container == FMP4 {
					data = append([]byte{0, 0, 0, 1}, data[4:]...)
					want = want[len(want)-len(data):]
				}
				if !bytes.Equal(data, want) {
					t.Fatalf("segment %d: frame %d has other bytes than the loop", k, video)
				}
				if at := time.Duration(video/12)*Grid + time.Duration(video%12)*Grid/12; at < begin || at >= end {
					t.Fatalf("segment %d [%v, %v): frame at %v", k, begin, end, at)
				}
				video++
			case "audio":
				frames := [][]byte{u.data}
				ticks := audioFrame * 1024
				if f.Container == TS {
					ticks = audioFrame * 1920 % (1 << 33)
					var err error
					if frames, err = adtsFrames(u.data); err != nil {
						t.Fatal(err)
					}
				}
				if u.time != ticks {
					t.Fatalf("segment %d: audio frame %d at %d, want %d", k, audioFrame, u.time, ticks)
				}
				for _, frame := range frames {
					i := audioFrame % 375
					if !bytes.Equal(frame, audio().raw[audio().rawOff[i]:audio().rawOff[i+1]]) {
						t.Fatalf("segment %d: audio frame %d has other bytes than the loop", k, audioFrame)
					}
					// In 48 kHz samples, from the start of the segment: exact.
					at := audioFrame*1024 - int64(begin/Grid)*24000
					if at < 0 || at >= int64((end-begin)/Grid)*24000 {
						t.Fatalf("segment %d [%v, %v): audio frame %d samples after its start", k, begin, end, at)
					}
					audioFrame++
				}
			}
		}
		if f.Video && int64(videos) != int64((end-begin)/Grid)*12 {
			t.Fatalf("segment %d: %d frames", k, videos)
		}
	}
	after := (start + time.Duration(len(list))*dur + Grid - 1) / Grid
	if f.Video && video != int64(after)*12 {
		t.Errorf("video ends before frame %d, want %d", video, int64(after)*12)
	}
	if want := (int64(after)*375 + 15) / 16; f.Audio && audioFrame != want {
		t.Errorf("audio ends before frame %d, want %d", audioFrame, want)
	}
}

func TestClockReference(t *testing.T) {
	for _, f := range []Format{
		{Audio: true, Rate: 64_000},
		{Video: true, Width: 256, Height: 144, Rate: 100_000},
		{Video: true, Audio: true, Width: 1280, Height: 720, Rate: 3_000_000},
	} {
		w := newTSWalk()
		start := starts["33 bits"]
		for k := range time.Duration(20) {
			if _, err := w.segment(AppendSegment(nil, f, start+k*time.Second, time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if len(w.pcrs) < 200 {
			t.Errorf("%v: %d clock references in 20 s", f, len(w.pcrs))
		}
		for i := 1; i < len(w.pcrs); i++ {
			// Modulo 2³³; at most 100 ms apart (ISO/IEC 13818-1 section 2.7.2).
			if d := (w.pcrs[i] - w.pcrs[i-1]) & (1<<33 - 1); d == 0 || d > 9000 {
				t.Fatalf("%v: clock reference %d is %d ticks after the one before", f, i, d)
			}
		}
	}
}

func TestPaddingIsSpread(t *testing.T) {
	for _, c := range []Container{TS, FMP4} {
		f := Format{Container: c, Video: true, Audio: true, Width: 640, Height: 360, Rate: 1_200_000}
		b := AppendSegment(nil, f, 8*time.Second, 4*time.Second)
		half := b[:len(b)/2/188*188]
		var us []unit
		var err error
		if c == TS {
			us, err = newTSWalk().segment(half)
		} else {
			list, _ := boxesOf(b)
			for _, x := range list {
				if x.kind == "moof" && x.at < len(b)/2 {
					half = b[:x.at]
				}
			}
			us, err = (&mp4Walk{next: map[uint32]int64{}}).segment(half)
		}
		if err != nil {
			t.Fatal(err)
		}
		frames := 0
		for _, u := range us {
			if u.track == "video" {
				frames++
			}
		}
		if frames < 36 || frames > 60 {
			t.Errorf("%v: half of the bytes hold %d of 96 frames", f, frames)
		}
	}
}

func TestInit(t *testing.T) {
	f := Format{Container: FMP4, Video: true, Audio: true, Width: 640, Height: 360}
	b := Init(f)
	for _, path := range [][]string{
		{"ftyp"}, {"moov", "mvhd"}, {"moov", "trak", "mdia", "minf", "stbl", "stsd"}, {"moov", "mvex", "trex"},
	} {
		if _, err := find(b, path...); err != nil {
			t.Errorf("%v: %v", path, err)
		}
	}
	stsd, err := find(b, "moov", "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil {
		t.Fatal(err)
	}
	// The sample entry follows version, flags and count; its boxes follow 78
	// bytes of its own.
	entry, err := find(stsd[8:], "avc1")
	if err != nil {
		t.Fatal(err)
	}
	if w, h := int(entry[24])<<8|int(entry[25]), int(entry[26])<<8|int(entry[27]); w != 640 || h != 360 {
		t.Errorf("sample entry says %dx%d", w, h)
	}
	avcC, err := find(entry[78:], "avcC")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Codecs(f), fmt.Sprintf("avc1.%x,mp4a.40.2", avcC[1:4]); got != want {
		t.Errorf("Codecs = %q, the init segment has %q", got, want)
	}
	f.Container = TS
	if b := Init(f); b != nil {
		t.Errorf("a transport stream has an init segment of %d bytes", len(b))
	}
}

func TestNearestLoop(t *testing.T) {
	for _, c := range []struct{ width, height, want int }{
		{256, 144, 256}, {1, 1, 256}, {320, 180, 256}, {480, 270, 512}, {426, 240, 416},
		{640, 480, 768}, {854, 480, 768}, {3840, 2160, 1920}, {math.MaxInt, math.MaxInt, 1920}, {-5, 0, 256},
	} {
		if got := loopFor(Format{Video: true, Width: c.width, Height: c.height}).width; got != c.want {
			t.Errorf("%dx%d: loop of width %d, want %d", c.width, c.height, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Format{Container: TS, Video: true, Audio: true, Width: 640, Height: 360, Rate: 400_000}
	if err := good.Check(4 * time.Second); err != nil {
		t.Errorf("good format: %v", err)
	}
	for name, c := range map[string]struct {
		change func(*Format)
		dur    time.Duration
		want   string
	}{
		"container": {func(f *Format) { f.Container = 7 }, time.Second, "media container 7: want TS or FMP4"},
		"nothing":   {func(f *Format) { f.Video, f.Audio = false, false }, time.Second, "media format has neither video nor audio: want at least one"},
		"size":      {func(f *Format) { f.Height = 0 }, time.Second, "video size 640x0: want positive width and height"},
		"rate":      {func(f *Format) { f.Rate = -1 }, time.Second, "rate -1 bit/s: want 0 to 1000000000"},
		"off grid":  {func(f *Format) {}, 1100 * time.Millisecond, "segment duration 1.1s: want a positive multiple of 500ms"},
		"zero":      {func(f *Format) {}, 0, "segment duration 0s: want a positive multiple of 500ms"},
		"long":      {func(f *Format) {}, 1000 * time.Hour, "segment of 1000h0m0s at 400000 bit/s: want less than 268435456 bytes"},
	} {
		f := good
		c.change(&f)
		if err := f.Check(c.dur); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestOutOfRange(t *testing.T) {
	f := Format{Container: TS, Video: true, Width: 256, Height: 144, Rate: 100_000}
	if got := AppendSegment(nil, Format{Rate: 1000}, 0, time.Second); len(got) != 0 {
		t.Errorf("a format without media makes %d bytes", len(got))
	}
	if !bytes.Equal(AppendSegment(nil, f, -time.Hour, time.Second), AppendSegment(nil, f, 0, time.Second)) {
		t.Error("a negative start is not 0")
	}
	if got := Size(f, time.Second, -time.Second); got != 0 {
		t.Errorf("a negative duration makes %d bytes", got)
	}
	if got := Size(f, math.MaxInt64-time.Second, 10*time.Second); got <= 0 {
		t.Errorf("at the end of time: %d bytes", got)
	}
}

func BenchmarkAppendSegment(b *testing.B) {
	for _, f := range []Format{
		{Container: TS, Video: true, Audio: true, Width: 640, Height: 360, Rate: 400_000},
		{Container: FMP4, Video: true, Audio: true, Width: 640, Height: 360, Rate: 400_000},
		{Container: TS, Video: true, Audio: true, Width: 256, Height: 144, Rate: 100_000},
		{Container: TS, Video: true, Audio: true, Width: 1920, Height: 1080, Rate: 5_000_000},
	} {
		b.Run(f.String(), func(b *testing.B) {
			var dst []byte
			start := 1_793_000_000 * time.Second
			b.ReportAllocs()
			b.SetBytes(Size(f, start, 4*time.Second))
			for b.Loop() {
				dst = AppendSegment(dst[:0], f, start, 4*time.Second)
			}
		})
	}
}

func BenchmarkSize(b *testing.B) {
	f := Format{Container: FMP4, Video: true, Audio: true, Width: 640, Height: 360, Rate: 400_000}
	for b.Loop() {
		Size(f, 1_793_000_000*time.Second, 4*time.Second)
	}
}

// minRate returns the lowest Rate in bit/s that all segments of duration dur of
// f's content keep to, whatever f.Rate is.
func minRate(f Format, dur time.Duration) int64 {
	f.Rate = 0
	dur = max(dur, Grid)
	var most int64
	for g := range time.Duration(loopGOPs) {
		most = max(most, Size(f, g*Grid, dur))
	}
	// A transport stream is padded with whole packets, so the rate has to pay
	// for the last one entirely: round up.
	hi, lo := bits.Mul64(uint64(most)*8, uint64(time.Second))
	lo, carry := bits.Add64(lo, uint64(dur-1), 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(dur))
	return int64(q)
}
