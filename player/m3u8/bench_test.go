package m3u8

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

var benchBase, _ = url.Parse("https://d111111abcdef8.cloudfront.net/live/p0/hd-720p/index_1.m3u8")

// livePlaylist is a sliding playlist as MediaLive writes it; a rich one has
// dates, byte ranges, a key and a map.
func livePlaylist(segments int, rich bool) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:81034\n")
	if rich {
		b.WriteString("#EXT-X-MAP:URI=\"init_1.mp4\",BYTERANGE=\"812@0\"\n")
		b.WriteString("#EXT-X-KEY:METHOD=AES-128,URI=\"key.bin\",IV=0x000102030405060708090a0b0c0d0e0f\n")
	}
	for i := range segments {
		if rich {
			fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T%02d:%02d:%02d.000Z\n", i/900%24, i/15%60, i*4%60)
		}
		b.WriteString("#EXTINF:4.00000,\n")
		if rich {
			fmt.Fprintf(&b, "#EXT-X-BYTERANGE:%d@%d\n", 1_500_000, i*1_500_000)
		}
		fmt.Fprintf(&b, "index_1_%05d.ts\n", 81034+i)
	}
	return []byte(b.String())
}

func multivariantPlaylist() []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	for i, name := range []string{"English", "Deutsch", "Français", "Español"} {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"%s\",LANGUAGE=\"l%d\",DEFAULT=NO,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio_%d.m3u8\"\n", name, i, i)
	}
	for i := range 12 {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"avc1.4d401f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO=\"audio\"\nindex_%d.m3u8\n", 5_500_000-i, 5_000_000-i, i)
	}
	return []byte(b.String())
}

func benchmarkParse(b *testing.B, data []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data, Options{Base: benchBase}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLive10(b *testing.B)     { benchmarkParse(b, livePlaylist(10, false)) }
func BenchmarkParseRich10(b *testing.B)     { benchmarkParse(b, livePlaylist(10, true)) }
func BenchmarkParse600(b *testing.B)        { benchmarkParse(b, livePlaylist(600, false)) }
func BenchmarkParseRich600(b *testing.B)    { benchmarkParse(b, livePlaylist(600, true)) }
func BenchmarkMultivariant(b *testing.B)    { benchmarkParse(b, multivariantPlaylist()) }
func BenchmarkParseLowLatency(b *testing.B) { benchmarkParse(b, []byte(lowLatency)) }

func BenchmarkAppend10(b *testing.B) {
	m, err := ParseMedia(livePlaylist(10, false), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = m.Append(dst[:0])
	}
}

func BenchmarkMerge(b *testing.B) {
	old, err := ParseMedia([]byte(lowLatency), Options{})
	if err != nil {
		b.Fatal(err)
	}
	delta, err := ParseMedia([]byte(lowLatencyDelta), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Merge(old, delta); err != nil {
			b.Fatal(err)
		}
	}
}
