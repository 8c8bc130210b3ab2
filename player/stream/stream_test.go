package stream

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"hlsload/player/m3u8"
)

// v writes a variant: bandwidth, height, codecs, URL and more attributes.
func v(bandwidth, height int, codecs, u string, more ...string) string {
	size := ""
	if height > 0 {
		size = fmt.Sprintf(",RESOLUTION=%dx%d", height*16/9, height)
	}
	return fmt.Sprintf("#EXT-X-STREAM-INF:BANDWIDTH=%d%s,CODECS=\"%s\"%s\n%s\n", bandwidth, size, codecs, strings.Join(more, ""), u)
}

// ladder writes two variants below a directory.
func ladder(at string, more int, attributes ...string) string {
	return v(800_000+more, 360, "avc1.4d401f,mp4a.40.2", at+"360.m3u8", attributes...) + v(2_500_000+more, 720, "avc1.64001f,mp4a.40.2", at+"720.m3u8", attributes...)
}

func media(kind, group, u string) string {
	return fmt.Sprintf("#EXT-X-MEDIA:TYPE=%s,GROUP-ID=\"%s\",NAME=\"x\",URI=\"%s\"\n", kind, group, u)
}

func read(t *testing.T, globs []string, lists ...string) *Stream {
	t.Helper()
	var all []*m3u8.Multivariant
	for i, text := range lists {
		base, err := url.Parse(fmt.Sprintf("https://h%d/live/index.m3u8", i))
		if err != nil {
			t.Fatal(err)
		}
		mv, err := m3u8.ParseMultivariant([]byte("#EXTM3U\n"+text), m3u8.Options{Base: base})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, mv)
	}
	return Read(all, globs)
}

// TestPipelines says which playlists are of the second pipeline, and how many
// variants have copies.
func TestPipelines(t *testing.T) {
	const avc, hevc = "avc1.64001f", "hvc1.1.6.L93.B0"
	sound := media("AUDIO", "a", "a/s.m3u8") + media("AUDIO", "b", "b/s.m3u8")
	for _, tt := range []struct {
		name   string
		lists  []string
		globs  []string
		second string // of the playlists, without https://h0/live/
		pairs  int
		alone  int
	}{
		{"one pipeline", []string{ladder("a/", 0)}, nil, "", 0, 2},
		{"exact copies in directories", []string{ladder("a/", 0) + ladder("b/", 0)}, nil, "b/360 b/720", 2, 0},
		{"other bandwidths", []string{ladder("a/", 0) + ladder("b/", 17)}, nil, "b/360 b/720", 2, 0},
		{"listed in another order", []string{ladder("a/", 0) + v(2_500_000, 720, avc, "b/720.m3u8") + v(800_000, 360, avc, "b/360.m3u8")}, nil, "b/360 b/720", 2, 0},
		{"a level with the second pipeline first", []string{ladder("a/", 0) + v(5_000_000, 1080, avc, "b/1080.m3u8") + v(5_000_000, 1080, avc, "a/1080.m3u8") + ladder("b/", 0)}, nil, "b/1080 b/360 b/720", 3, 0},
		{"a directory a rendition", []string{v(800_000, 360, avc, "360/a.m3u8") + v(800_001, 360, avc, "360/b.m3u8") + v(2_500_000, 720, avc, "720/a.m3u8") + v(2_500_001, 720, avc, "720/b.m3u8")}, nil, "360/b 720/b", 2, 0},
		{"other hosts", []string{ladder("", 0) + ladder("https://h1/live/", 17)}, nil, "https://h1/live/360 https://h1/live/720", 2, 0},
		{"pathways", []string{ladder("a_", 0, ",PATHWAY-ID=\"x\"") + ladder("b_", 900_000, ",PATHWAY-ID=\"y\"")}, nil, "b_360 b_720", 2, 0},
		{"one pathway", []string{ladder("a/", 0, ",PATHWAY-ID=\"x\"")}, nil, "", 0, 2},
		{"copies by name", []string{ladder("a_", 0) + ladder("b_", 0)}, nil, "b_360 b_720", 2, 0},
		{"near copies by name", []string{ladder("a_", 0) + ladder("b_", 17)}, nil, "b_360 b_720", 2, 0},
		{"near copies of several rates a size", []string{v(2_500_000, 720, avc, "a_lo") + v(3_500_000, 720, avc, "a_hi") + v(2_500_017, 720, avc, "b_lo") + v(3_500_017, 720, avc, "b_hi")}, nil, "b_hi b_lo", 2, 0},
		{"a copy is missing", []string{ladder("a_", 0) + v(800_000, 360, "avc1.4d401f,mp4a.40.2", "b_360.m3u8")}, nil, "b_360", 1, 1},
		{"two codecs are one pipeline", []string{v(2_500_000, 720, avc, "avc/720") + v(2_400_000, 720, hevc, "hevc/720")}, nil, "", 0, 2},
		{"two rates are one pipeline", []string{v(5_000_000, 720, avc, "hi/720") + v(2_500_000, 720, avc, "lo/720")}, nil, "", 0, 2},
		{"two codecs of two pipelines", []string{v(2_500_000, 720, avc, "a/avc") + v(2_400_000, 720, hevc, "a/hevc") + v(2_500_000, 720, hevc, "b/hevc") + v(2_400_000, 720, avc, "b/avc")}, nil, "b/avc b/hevc", 2, 0},
		{"without RESOLUTION", []string{v(400_000, 0, "mp4a.40.2", "a/x") + v(90_000, 0, "mp4a.40.2", "a/y") + v(401_000, 0, "mp4a.40.2", "b/x") + v(91_000, 0, "mp4a.40.2", "b/y")}, nil, "b/x b/y", 2, 0},
		{"audio only in directories", []string{v(128_000, 0, "mp4a.40.2", "hi/x") + v(64_000, 0, "mp4a.40.2", "lo/x")}, nil, "", 0, 2},
		{"by query", []string{v(400_000, 360, avc, "x?p=a") + v(400_000, 360, avc, "x?p=b")}, nil, "x?p=b", 1, 0},
		{"sound", []string{sound + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 17, ",AUDIO=\"b\"")}, nil, "b/360 b/720 b/s", 2, 0},
		{"one playlist in two audio groups", []string{media("AUDIO", "a", "a/s.m3u8") + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("a/", 300_000, ",AUDIO=\"c\"")}, nil, "", 0, 2},
		{"one audio group of both", []string{media("AUDIO", "a", "a/s.m3u8") + strings.Replace(media("AUDIO", "a", "b/s.m3u8"), "\"x\"", "\"y\"", 1) + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 0, ",AUDIO=\"a\"")}, nil, "b/360 b/720 b/s", 2, 0},
		{"subtitles", []string{media("SUBTITLES", "a", "a/s.m3u8") + media("SUBTITLES", "b", "b/s.m3u8") + ladder("a/", 0, ",SUBTITLES=\"a\"") + ladder("b/", 0, ",SUBTITLES=\"b\"")}, nil, "b/360 b/720 b/s", 2, 0},
		{"globs", []string{sound + ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 0, ",AUDIO=\"b\"")}, []string{"*/b/*", "*/a/*"}, "a/360 a/720 a/s", 2, 0},
		{"two lists of all", []string{ladder("https://x/a/", 0) + ladder("https://x/b/", 17), ladder("https://x/b/", 17) + ladder("https://x/a/", 0)}, nil, "https://x/b/360 https://x/b/720", 2, 0},
		{"two lists of their own", []string{ladder("a/", 0), ladder("b/", 17)}, nil, "https://h1/live/b/360 https://h1/live/b/720", 2, 0},
		{"two lists of their own with tokens", []string{ladder("https://x/", 0), strings.ReplaceAll(ladder("https://x/", 0), "m3u8", "m3u8?token=2")}, nil, "", 0, 2},
		{"one list at two hosts", []string{ladder("a/", 0) + ladder("b/", 0), ladder("b/", 0) + ladder("a/", 0)}, nil, "b/360 b/720 https://h1/live/b/360 https://h1/live/b/720", 4, 0},
		{"sound of one name in two lists", []string{media("AUDIO", "x", "s.m3u8") + ladder("", 0, ",AUDIO=\"x\""), media("AUDIO", "x", "s.m3u8") + ladder("", 0, ",AUDIO=\"x\"")}, nil,
			"https://h1/live/360 https://h1/live/720 https://h1/live/s", 2, 0},
		{"nothing that can be played", []string{"#EXT-X-STREAM-INF:BANDWIDTH=1\n\n"}, nil, "", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := read(t, tt.globs, tt.lists...)
			var second []string
			for _, mv := range s.Lists {
				for u := range urlsOf(mv) {
					if s.Pipeline(u) == 1 {
						second = append(second, strings.Replace(strings.TrimPrefix(u, "https://h0/live/"), ".m3u8", "", 1))
					}
				}
			}
			slices.Sort(second)
			if got := strings.Join(slices.Compact(second), " "); got != tt.second {
				t.Errorf("second pipeline: got %s; want %s", got, tt.second)
			}
			if want := min(len(second), 1) + 1; s.Pipelines != want || len(s.Pairs) != tt.pairs || len(s.Alone) != tt.alone {
				t.Errorf("%d pipelines, %d pairs, %d alone; want %d, %d, %d", s.Pipelines, len(s.Pairs), len(s.Alone), want, tt.pairs, tt.alone)
			}
		})
	}
}

func TestPipelineOfASessionsURL(t *testing.T) {
	s := read(t, nil, ladder("a/", 0)+ladder("b/", 0))
	for u, want := range map[string]int{"https://h0/live/b/720.m3u8?token=1": 1, "https://h0/live/a/720.m3u8#x": 0, "https://h0/live/c/720.m3u8": Unknown} {
		if got := s.Pipeline(u); got != want {
			t.Errorf("%s: got %d; want %d", u, got, want)
		}
	}
	if s := read(t, []string{"*/b/*"}, ladder("a/", 0)); s.Pipeline("https://h0/live/b/new.m3u8") != 0 || s.Pipeline("https://h0/live/a/360.m3u8") != Unknown {
		t.Error("a glob decides about playlists that were not listed, and nothing else does")
	}
}

// TestCopiesAreMostAlike: codecs come before rates.
func TestCopiesAreMostAlike(t *testing.T) {
	s := read(t, nil, v(2_500_000, 720, "avc1.64001f", "a/avc")+v(2_400_000, 720, "hvc1.1", "a/hevc")+v(2_500_000, 720, "hvc1.1", "b/hevc")+v(2_400_000, 720, "avc1.64001f", "b/avc"))
	for _, p := range s.Pairs {
		if Path(p[0].URL)[7:] != Path(p[1].URL)[7:] {
			t.Errorf("%s and %s are a pair", p[0].URL, p[1].URL)
		}
	}
}

func TestRenditionsArePairedByName(t *testing.T) {
	list := ladder("a/", 0, ",AUDIO=\"a\"") + ladder("b/", 0, ",AUDIO=\"b\"")
	for _, at := range []string{"a", "b"} {
		for _, name := range []string{"one", "two"} {
			list += fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\",NAME=\"%s\",URI=\"%s/%s.m3u8\"\n", at, name, at, name)
		}
	}
	s := read(t, nil, list)
	if len(s.Media) != 2 || s.Media[0][1].Name != "one" || s.Media[1][1].Name != "two" {
		t.Errorf("pairs: %v", s.Media)
	}
}

func TestOwnOnly(t *testing.T) {
	if s := read(t, nil, ladder("a/", 0), ladder("b/", 0)); !s.OwnOnly() {
		t.Error("each list has its own pipeline only")
	}
	if s := read(t, nil, ladder("https://x/a/", 0), ladder("https://x/b/", 0)+ladder("https://x/a/", 0)); s.OwnOnly() {
		t.Error("the second list has both")
	}
	if s := read(t, nil, ladder("a/", 0)); s.OwnOnly() {
		t.Error("there is one list")
	}
}

// TestManyVariants: the most that a playlist may have are read in no time.
func TestManyVariants(t *testing.T) {
	var list strings.Builder
	for i := range 1000 {
		list.WriteString(media("AUDIO", "a", fmt.Sprint("s", i)) + v(100_000+i*10_000, 360, "avc1", strings.Repeat("x/", 200)+fmt.Sprint(i), ",AUDIO=\"a\""))
	}
	if s := read(t, nil, list.String()); len(s.Variants) != 1000 {
		t.Errorf("%d variants", len(s.Variants))
	}
}
