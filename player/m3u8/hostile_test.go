package m3u8

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// numbered repeats s n times, with % replaced by 0, 1, 2, ….
func numbered(s string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(s, "%", strconv.Itoa(i)))
	}
	return b.String()
}

// TestHostile bounds the memory that a body of the largest size can take. What
// such bodies cost in time is in BenchmarkHostile.
func TestHostile(t *testing.T) {
	for _, tt := range hostile() {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.text) > 4<<20 {
				t.Fatalf("the body has %d bytes", len(tt.text))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse([]byte(tt.text), Options{Base: benchBase})
			runtime.ReadMemStats(&after)
			if (err == nil) != tt.fine {
				t.Errorf("got error %v; want one: %v", err, !tt.fine)
			}
			// 64 times the largest body, with what slices left behind as they grew.
			if got := after.TotalAlloc - before.TotalAlloc; got > 256<<20 {
				t.Errorf("allocated %d MiB for a body of %d KiB", got>>20, len(tt.text)>>10)
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, tt := range hostile() {
		b.Run(tt.name, func(b *testing.B) {
			data := []byte(tt.text)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(data, Options{Base: benchBase}); (err == nil) != tt.fine {
					b.Fatal(err)
				}
			}
		})
	}
}

type hostileBody struct {
	name, text string
	fine       bool
}

func hostile() []hostileBody {
	const most = 4 << 20
	fill := func(head, s string) string { return head + strings.Repeat(s, (most-len(head))/len(s)) }
	return []hostileBody{
		{"one line", fill("#EXTM3U\n", "x"), false},
		{"one comment", fill("#EXTM3U\n#", "x"), true},
		{"blank lines", fill("#EXTM3U\n", "\n"), true},
		{"zeros", strings.Repeat("\x00", most), false},
		{"shortest segments", fill(media(""), "#EXTINF:1\na\n"), false},
		{"as many segments as may be", media(strings.Repeat("#EXTINF:1\na\n", 100_000)), true},
		{"one segment and many lines", fill(media("#EXTINF:1\na\n"), "\n"), true},
		{"unknown tags", fill("#EXTM3U\n", "#EXT\n"), true},
		{"ignored tags", fill(media(""), "#EXT-X-KEY:METHOD=X\n"), true},
		{"discontinuities", fill(media(""), "#EXT-X-DISCONTINUITY\n"), true},
		{"parts", fill(media(""), "#EXT-X-PART:URI=a,DURATION=1\n"), false},
		{"keys of many formats, changed for every segment", fill(media(numbered("#EXT-X-KEY:METHOD=AES-128,URI=a,KEYFORMAT=%\n", 15)), "#EXTINF:1\na\n#EXT-X-KEY:METHOD=AES-128,URI=a\n#EXTINF:1\na\n#EXT-X-KEY:METHOD=AES-128,URI=b\n"), false},
		{"attributes", fill(media(""), "#EXT-X-DATERANGE:ID=a,"+numbered("%=,", 31)+"\n"), true},
		{"a variable of variables", media(numbered("#EXT-X-DEFINE:NAME=\"x%\",VALUE=\"0123456789\"\n", 1) +
			"#EXT-X-DEFINE:NAME=\"a\",VALUE=\"" + strings.Repeat("{$x0}", 6000) + "\"\n" + strings.Repeat("#EXTINF:1\n{$a}\n", 100_000)), false},
		{"variables", "#EXTM3U\n" + numbered("#EXT-X-DEFINE:NAME=%,VALUE={$x\n", 99_999), true},
		{"open references", fill(media("#EXTINF:1\n"), "{$"), false},
		{"lines of open references", fill(media(""), "#EXTINF:1\n"+strings.Repeat("{$", 30000)+"\n"), true},
		{"400 renditions and 400 variants", "#EXTM3U\n" + numbered("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n%\",URI=\"a%.m3u8\"\n", 400) +
			numbered("#EXT-X-STREAM-INF:BANDWIDTH=1%,AUDIO=\"g\"\nv%.m3u8\n", 400), true},
		{"date ranges of one ID", fill(media(""), "#EXT-X-DATERANGE:ID=a\n"), true},
		{"odd values", fill(media(""), "#EXT-X-START:TIME-OFFSET=x,y,=,\"\n"), true},
		{"lone returns", fill("#EXTM3U\r#EXT-X-TARGETDURATION:4\r", "\r"), true},
		{"UTF-16", fill("\xff\xfe#\x00E\x00X\x00T\x00M\x003\x00U\x00", "\n\x00"), true},
		{"URIs of nothing", fill("#EXTM3U\n", "a\n"), true},
		{"imports", fill("#EXTM3U\n", "#EXT-X-DEFINE:IMPORT=\"a\"\n"), true},
		{"a slash for every byte", media("#EXTINF:1\n" + strings.Repeat("../", 20_000) + "\n"), true},
		{"removed date ranges", media("#EXT-X-SKIP:SKIPPED-SEGMENTS=0,RECENTLY-REMOVED-DATERANGES=\"" + strings.Repeat("\t", 60_000) + "\"\n"), true},
	}
}
