package m3u8

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, ok := new(clock).read(s)
	if !ok {
		panic(s)
	}
	return t
}

const (
	s  = time.Second
	ms = time.Millisecond
)

// playlists is read in both directions, and seeds the fuzz targets.
var playlists = []struct {
	name, text string
	want       Playlist
}{
	{
		"live",
		`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:81034
#EXTINF:4.000,
index_1_81034.ts
#EXTINF:3.96666,a title, with a comma
index_1_81035.ts?token=a%2Fb
`,
		&Media{
			Version: 3, TargetDuration: 4 * s, MediaSequence: 81034, Duration: 7966660 * time.Microsecond,
			Segments: []Segment{
				{URI: "index_1_81034.ts", URL: "index_1_81034.ts", Duration: 4 * s, Sequence: 81034},
				{URI: "index_1_81035.ts?token=a%2Fb", URL: "index_1_81035.ts?token=a%2Fb", Title: "a title, with a comma",
					Duration: 3966660 * time.Microsecond, Sequence: 81035, Start: 4 * s},
			},
		},
	},
	{
		"vod of integer durations",
		`#EXTM3U
#EXT-X-VERSION:2
#EXT-X-TARGETDURATION:8
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:8,
a.ts
#EXT-X-ENDLIST
`,
		&Media{Version: 2, TargetDuration: 8 * s, EndList: true, Type: "VOD", Duration: 8 * s,
			Segments: []Segment{{URI: "a.ts", URL: "a.ts", Duration: 8 * s}}},
	},
	{
		"no segments yet",
		"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n",
		&Media{TargetDuration: 4 * s, MediaSequence: 7},
	},
	{
		"dates, discontinuities, gaps and rates",
		`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=-12.500,PRECISE=YES
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:9
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-PLAYLIST-TYPE:EVENT
#EXTINF:4.000,
a.ts
#EXT-X-DISCONTINUITY
#EXT-X-BITRATE:1500
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.250+01:00
#EXTINF:4.000,
b.ts
#EXTINF:2.000,
c.ts
#EXT-X-DISCONTINUITY
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:07.000000001+01:00
#EXT-X-GAP
#EXTINF:4.000,
d.ts
`,
		&Media{
			Version: 8, IndependentSegments: true, Start: &Start{TimeOffset: -12500 * ms, Precise: true},
			TargetDuration: 4 * s, MediaSequence: 9, DiscontinuitySequence: 2, Type: "EVENT", Duration: 14 * s, HasProgramDateTime: true,
			Segments: []Segment{
				{URI: "a.ts", URL: "a.ts", Duration: 4 * s, Sequence: 9, DiscontinuitySequence: 2,
					ProgramDateTime: at("2026-11-21T09:59:56.250+01:00"), Extrapolated: true},
				{URI: "b.ts", URL: "b.ts", Duration: 4 * s, Sequence: 10, Start: 4 * s, Discontinuity: true, DiscontinuitySequence: 3,
					Bitrate: 1_500_000, ProgramDateTime: at("2026-11-21T10:00:00.250+01:00")},
				{URI: "c.ts", URL: "c.ts", Duration: 2 * s, Sequence: 11, Start: 8 * s, DiscontinuitySequence: 3,
					Bitrate: 1_500_000, ProgramDateTime: at("2026-11-21T10:00:04.250+01:00"), Extrapolated: true},
				{URI: "d.ts", URL: "d.ts", Duration: 4 * s, Sequence: 12, Start: 10 * s, Discontinuity: true, DiscontinuitySequence: 5,
					Bitrate: 1_500_000, Gap: true, ProgramDateTime: at("2026-11-21T10:00:07.000000001+01:00")},
			},
		},
	},
	{
		"keys and maps",
		`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-KEY:METHOD=AES-128,URI="k1",IV=0x0A
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1",LABEL="l"
#EXT-X-MAP:URI="init.mp4",BYTERANGE="800@0"
#EXTINF:4.000,
all.mp4
#EXTINF:4.000,
all.mp4
#EXT-X-KEY:METHOD=AES-128,URI="k2"
#EXT-X-MAP:URI="init2.mp4",X=1
#EXTINF:4.000,
b.mp4
#EXT-X-KEY:METHOD=NONE
#EXTINF:4.000,
c.mp4
`,
		func() Playlist {
			fair := Key{Method: "SAMPLE-AES", URI: "skd://x", URL: "skd://x", KeyFormat: "com.apple.streamingkeydelivery", KeyFormatVersions: "1", Attributes: []Attribute{{"LABEL", `"l"`}}}
			one := []Key{{Method: "AES-128", URI: "k1", URL: "k1", IV: "0x0A"}, fair}
			two := []Key{{Method: "AES-128", URI: "k2", URL: "k2"}, fair}
			init := &Map{URI: "init.mp4", URL: "init.mp4", ByteRange: &Range{800, 0}}
			init2 := &Map{URI: "init2.mp4", URL: "init2.mp4", Attributes: []Attribute{{"X", "1"}}}
			return &Media{
				Version: 7, TargetDuration: 4 * s, Duration: 16 * s,
				Segments: []Segment{
					{URI: "all.mp4", URL: "all.mp4", Duration: 4 * s, Sequence: 0, Start: 0, Keys: one, Map: init},
					{URI: "all.mp4", URL: "all.mp4", Duration: 4 * s, Sequence: 1, Start: 4 * s, Keys: one, Map: init},
					{URI: "b.mp4", URL: "b.mp4", Duration: 4 * s, Sequence: 2, Start: 8 * s, Keys: two, Map: init2},
					{URI: "c.mp4", URL: "c.mp4", Duration: 4 * s, Sequence: 3, Start: 12 * s, Map: init2},
				},
			}
		}(),
	},
	{
		"byte ranges and I-frames",
		`#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-I-FRAMES-ONLY
#EXTINF:4.000,
#EXT-X-BYTERANGE:100@376
a.ts
#EXTINF:4.000,
#EXT-X-BYTERANGE:200@9000
a.ts
`,
		&Media{Version: 4, TargetDuration: 4 * s, IFramesOnly: true, Duration: 8 * s, Segments: []Segment{
			{URI: "a.ts", URL: "a.ts", Duration: 4 * s, ByteRange: &Range{100, 376}},
			{URI: "a.ts", URL: "a.ts", Duration: 4 * s, Sequence: 1, Start: 4 * s, ByteRange: &Range{200, 9000}},
		}},
	},
	{
		"low latency",
		lowLatency,
		func() Playlist {
			init := &Map{URI: "init.mp4", URL: "init.mp4"}
			part := func(uri string, length, offset int64, independent bool) Part {
				return Part{URI: uri, URL: uri, Duration: s, Independent: independent, ByteRange: &Range{length, offset}}
			}
			m := &Media{
				Version: 9, TargetDuration: 4 * s, MediaSequence: 268, PartTarget: 1004 * ms, Duration: 16 * s, HasProgramDateTime: true,
				ServerControl: &ServerControl{CanBlockReload: true, CanSkipUntil: 24 * s, PartHoldBack: 3012 * ms},
				Parts:         []Part{part("fs272.mp4", 21000, 0, true)},
				Next:          &Segment{Sequence: 272, Start: 16 * s, Map: init, ProgramDateTime: at("2026-02-14T02:13:52.106Z")},
				PreloadHints:  []PreloadHint{{Type: "PART", URI: "fs272.mp4", URL: "fs272.mp4", Start: 21000, Length: -1}},
				RenditionReports: []RenditionReport{
					{URI: "../1M/waitForMSN.php", URL: "../1M/waitForMSN.php", LastMSN: 272, LastPart: 1},
					{URI: "../4M/waitForMSN.php", URL: "../4M/waitForMSN.php", LastMSN: 272, LastPart: 1},
				},
			}
			for i := range 4 {
				uri := fmt.Sprintf("fs%d.mp4", 268+i)
				m.Segments = append(m.Segments, Segment{URI: uri, URL: uri, Duration: 4 * s, Sequence: uint64(268 + i), Start: time.Duration(i) * 4 * s,
					Map: init, ProgramDateTime: at("2026-02-14T02:13:36.106Z").Add(time.Duration(i) * 4 * s), Extrapolated: i > 0})
			}
			m.Segments[3].Parts = []Part{part("fs271.mp4", 20000, 0, true), part("fs271.mp4", 23000, 20000, false),
				part("fs271.mp4", 18000, 43000, false), part("fs271.mp4", 19000, 61000, false)}
			return m
		}(),
	},
	{
		"delta update",
		`#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24.000,CAN-SKIP-DATERANGES=YES,HOLD-BACK=12.000,A=b
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-SKIP:SKIPPED-SEGMENTS=5,RECENTLY-REMOVED-DATERANGES="a	b",Q="r"
#EXT-X-DATERANGE:ID="c",CLASS="ad",START-DATE="2026-11-21T10:00:00.000Z",CUE="PRE,ONCE",END-DATE="2026-11-21T10:00:30.000Z",DURATION=30.000,PLANNED-DURATION=0.000,SCTE35-OUT=0xFC00,X-COM="é"
#EXT-X-DATERANGE:ID="d",CLASS="ad",START-DATE="2026-11-21T10:01:00.000Z",END-ON-NEXT=YES
#EXTINF:4.000,
#EXT-X-BYTERANGE:100
a.ts
#EXT-X-KEY:METHOD=NONE
#EXT-X-MAP:URI="i"
#EXTINF:4.000,
b.ts
`,
		&Media{
			Version: 10, TargetDuration: 4 * s, MediaSequence: 10, Duration: 8 * s,
			ServerControl: &ServerControl{CanSkipUntil: 24 * s, CanSkipDateRanges: true, HoldBack: 12 * s, Attributes: []Attribute{{"A", "b"}}},
			Skip:          &Skip{Segments: 5, RecentlyRemovedDateRanges: []string{"a", "b"}, Attributes: []Attribute{{"Q", `"r"`}}},
			DateRanges: []DateRange{
				{ID: "c", Class: "ad", StartDate: at("2026-11-21T10:00:00Z"), EndDate: at("2026-11-21T10:00:30Z"), Duration: 30 * s, PlannedDuration: 0,
					Cue: "PRE,ONCE", Attributes: []Attribute{{"SCTE35-OUT", "0xFC00"}, {"X-COM", `"é"`}}},
				{ID: "d", Class: "ad", StartDate: at("2026-11-21T10:01:00Z"), Duration: -1, PlannedDuration: -1, EndOnNext: true},
			},
			Segments: []Segment{
				{URI: "a.ts", URL: "a.ts", Duration: 4 * s, Sequence: 15, ByteRange: &Range{100, -1}},
				{URI: "b.ts", URL: "b.ts", Duration: 4 * s, Sequence: 16, Start: 4 * s, Map: &Map{URI: "i", URL: "i"}},
			},
			inherited: inherited{keys: 1, maps: 1, bitrates: 2, cleared: true},
		},
	},
	{
		"unknown tags keep their places",
		`#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-ALLOW-CACHE:YES
#EXTINF:4.000,
#EXT-X-CUE-OUT:30
a.ts
#EXTINF:4.000,
#EXT-OATCLS-SCTE35:/DA=
#EXT-X-CUE-IN
b.ts
#EXT-X-TAIL:a=b:c
#EXT-X-ENDLIST
`,
		&Media{
			TargetDuration: 4 * s, EndList: true, Duration: 8 * s,
			Segments: []Segment{
				{URI: "a.ts", URL: "a.ts", Duration: 4 * s, Unknown: []Tag{{Name: "#EXT-X-CUE-OUT", Value: "30"}}},
				{URI: "b.ts", URL: "b.ts", Duration: 4 * s, Sequence: 1, Start: 4 * s,
					Unknown: []Tag{{Name: "#EXT-OATCLS-SCTE35", Value: "/DA="}, {Name: "#EXT-X-CUE-IN"}}},
			},
			Unknown: []Tag{{Name: "#EXT-X-ALLOW-CACHE", Value: "YES"}, {Name: "#EXT-X-TAIL", Value: "a=b:c"}},
		},
	},
	{
		"redundant variants",
		`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=5605600,AVERAGE-BANDWIDTH=5605600,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
index_1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5605600,AVERAGE-BANDWIDTH=5605600,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
other-index_1.m3u8
`,
		&Multivariant{
			Version: 6, IndependentSegments: true,
			Variants: []Variant{
				{URI: "index_1.m3u8", URL: "index_1.m3u8", Bandwidth: 5605600, AverageBandwidth: 5605600, Codecs: "avc1.4d401f,mp4a.40.2", Width: 1280, Height: 720, FrameRate: 29.97},
				{URI: "other-index_1.m3u8", URL: "other-index_1.m3u8", Bandwidth: 5605600, AverageBandwidth: 5605600, Codecs: "avc1.4d401f,mp4a.40.2", Width: 1280, Height: 720, FrameRate: 29.97},
			},
		},
	},
	{
		"everything a multivariant playlist can say",
		`#EXTM3U
#EXT-X-VERSION:12
#EXT-X-DEFINE:NAME="v",VALUE=""
#EXT-X-START:TIME-OFFSET=10.000,Z=1
#EXT-X-UNKNOWN:1
#EXT-X-CONTENT-STEERING:SERVER-URI="/steering?x=1",PATHWAY-ID="CDN-A",B=c
#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="",LANGUAGE="en"
#EXT-X-SESSION-DATA:DATA-ID="b",URI="b.json",FORMAT=RAW
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES-CTR,URI="data:x",KEYFORMAT="f"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",ASSOC-LANGUAGE="de",STABLE-RENDITION-ID="1",DEFAULT=YES,AUTOSELECT=YES,BIT-DEPTH=24,SAMPLE-RATE=48000,CHARACTERISTICS="public.x",CHANNELS="2",URI="a.m3u8",FOO=bar
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",FORCED=YES,URI="s.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="v",NAME="main"
#EXT-X-STREAM-INF:BANDWIDTH=100,SCORE=1.5,CODECS="c",SUPPLEMENTAL-CODECS="sc",RESOLUTION=1920x1080,FRAME-RATE=60.000,HDCP-LEVEL=TYPE-1,ALLOWED-CPC="cpc",VIDEO-RANGE=PQ,REQ-VIDEO-LAYOUT="CH-STEREO",STABLE-VARIANT-ID="sv",PATHWAY-ID="CDN-A",AUDIO="a",VIDEO="v",SUBTITLES="s",CLOSED-CAPTIONS="c",PROGRAM-ID=1,NAME="hi"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=18446744073709,CLOSED-CAPTIONS=NONE
https://other.example.com/w.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=50,RESOLUTION=10x20,URI="i.m3u8"
`,
		&Multivariant{
			Version: 12, Start: &Start{TimeOffset: 10 * s, Attributes: []Attribute{{"Z", "1"}}},
			Defines:     []Define{{Name: "v"}},
			Unknown:     []Tag{{Name: "#EXT-X-UNKNOWN", Value: "1"}},
			Steering:    &Steering{ServerURI: "/steering?x=1", ServerURL: "/steering?x=1", PathwayID: "CDN-A", Attributes: []Attribute{{"B", "c"}}},
			SessionData: []SessionData{{DataID: "a", Language: "en"}, {DataID: "b", URI: "b.json", URL: "b.json", Format: "RAW"}},
			SessionKeys: []Key{{Method: "SAMPLE-AES-CTR", URI: "data:x", URL: "data:x", KeyFormat: "f"}},
			Renditions: []Rendition{
				{Type: "AUDIO", GroupID: "a", Name: "en", Language: "en", AssocLanguage: "de", StableRenditionID: "1", Default: true, Autoselect: true, BitDepth: 24,
					SampleRate: 48000, Characteristics: "public.x", Channels: "2", URI: "a.m3u8", URL: "a.m3u8", Attributes: []Attribute{{"FOO", "bar"}}},
				{Type: "SUBTITLES", GroupID: "s", Name: "en", Forced: true, URI: "s.m3u8", URL: "s.m3u8"},
				{Type: "CLOSED-CAPTIONS", GroupID: "c", Name: "cc", InstreamID: "CC1"},
				{Type: "VIDEO", GroupID: "v", Name: "main"},
			},
			Variants: []Variant{
				{URI: "v.m3u8", URL: "v.m3u8", Bandwidth: 100, Score: 1.5, Codecs: "c", SupplementalCodecs: "sc", Width: 1920, Height: 1080, FrameRate: 60, HDCPLevel: "TYPE-1",
					AllowedCPC: "cpc", VideoRange: "PQ", ReqVideoLayout: "CH-STEREO", StableVariantID: "sv", PathwayID: "CDN-A", Audio: "a", Video: "v", Subtitles: "s",
					ClosedCaptions: "c", Attributes: []Attribute{{"PROGRAM-ID", "1"}, {"NAME", `"hi"`}}},
				{URI: "https://other.example.com/w.m3u8", URL: "https://other.example.com/w.m3u8", Bandwidth: 18446744073709, ClosedCaptions: "NONE"},
			},
			IFrameVariants: []Variant{{URI: "i.m3u8", URL: "i.m3u8", Bandwidth: 50, Width: 10, Height: 20}},
		},
	},
	{"empty", "#EXTM3U\n", &Multivariant{}},
}

func TestPlaylists(t *testing.T) {
	for _, tt := range playlists {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if text := string(got.Append(nil)); text != tt.text {
				t.Errorf("parsed and printed:\n%s\nwant:\n%s", text, tt.text)
			}
			if text := string(tt.want.Append(nil)); text != tt.text && tt.name != "unknown tags keep their places" {
				t.Errorf("printed:\n%s\nwant:\n%s", text, tt.text)
			}
			withoutLines(got)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("parsed:\n%s\nwant:\n%s", dump(got), dump(tt.want))
			}
		})
	}
}

// withoutLines clears what printing does not keep.
func withoutLines(p Playlist) {
	tags := func(tags []Tag) {
		for i := range tags {
			tags[i].Line = 0
		}
	}
	switch p := p.(type) {
	case *Media:
		p.Findings = nil
		tags(p.Unknown)
		for i := range p.Segments {
			p.Segments[i].Line = 0
			tags(p.Segments[i].Unknown)
		}
		if p.Next != nil {
			p.Next.Line = 0
		}
	case *Multivariant:
		p.Findings = nil
		tags(p.Unknown)
		for i := range p.Variants {
			p.Variants[i].Line = 0
		}
		for i := range p.IFrameVariants {
			p.IFrameVariants[i].Line = 0
		}
		for i := range p.Renditions {
			p.Renditions[i].Line = 0
		}
	}
}

func dump(p Playlist) string {
	switch p := p.(type) {
	case *Media:
		text := fmt.Sprintf("%+v", *p)
		for _, s := range p.Segments {
			text += fmt.Sprintf("\n  %+v", s)
		}
		if p.Next != nil {
			text += fmt.Sprintf("\n  next %+v", *p.Next)
		}
		return text
	case *Multivariant:
		return fmt.Sprintf("%+v", *p)
	}
	return ""
}

// TestForms reads what servers write in other words, and compares with the
// usual words.
func TestForms(t *testing.T) {
	const head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
	tests := []struct {
		name, text, want string
		findings         []string
	}{
		{"CRLF", "#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n\r\n#EXTINF:4,\r\na.ts\r\n", head + "#EXTINF:4.000,\na.ts\n", nil},
		{"no final newline", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts", head + "#EXTINF:4.000,\na.ts\n", nil},
		{"spaces", "#EXTM3U \n #EXT-X-TARGETDURATION: 4 \n#EXTINF: 4.0 , t \n a.ts\t\n", head + "#EXTINF:4.000,t\na.ts\n", []string{
			"header-space: line 1: #EXTM3U: got spaces around it; want none: left out", `extinf-space: line 3: EXTINF: got " 4.0 , t"; want a comma right after the number: read on`}},
		{"comments", "#EXTM3U\n# hello\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n## WATCH: a\na.ts\n", head + "#EXTINF:4.000,\na.ts\n", nil},
		{"no comma", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4\na.ts\n", head + "#EXTINF:4.000,\na.ts\n", nil},
		{"order of header", "#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n#EXT-X-TARGETDURATION:4\n", head + "#EXTINF:4.000,\na.ts\n#EXT-X-ENDLIST\n", nil},
		{"attributes of EXTM3U", "#EXTM3U url-tvg=\"x\"\n#EXT-X-TARGETDURATION:4\n", head, []string{`header-text: line 1: #EXTM3U: got "url-tvg=\"x\"" after it; want nothing: left out`}},
		{"byte order mark", "\uFEFF#EXTM3U\n#EXT-X-TARGETDURATION:4\n", head, []string{"byte-order-mark: line 1: got a byte order mark; want none (rfc8216bis 4.1): left out"}},
		{"durations", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:.5,\na\n#EXTINF:3.,\na\n#EXTINF:0,\na\n#EXTINF:0.0000000005,\na\n#EXTINF:1.9999999996,\na\n",
			head + "#EXTINF:0.500,\na\n#EXTINF:3.000,\na\n#EXTINF:0.000,\na\n#EXTINF:0.000000001,\na\n#EXTINF:2.000,\na\n", nil},
		{"repeated map and key", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\na\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\nb\n",
			head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4.000,\na\n#EXTINF:4.000,\nb\n", nil},
		{"keys taken away one by one", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\",KEYFORMAT=\"f\"\n#EXTINF:4,\na\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\",KEYFORMAT=\"f\"\n#EXTINF:4,\nb\n",
			head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\",KEYFORMAT=\"f\"\n#EXTINF:4.000,\na\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\",KEYFORMAT=\"f\"\n#EXTINF:4.000,\nb\n", nil},
		{"ranges that continue", head + "#EXTINF:4,\n#EXT-X-BYTERANGE:10@5\na\n#EXT-X-BYTERANGE:7\n#EXTINF:4,\na\n", head + "#EXTINF:4.000,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:4.000,\n#EXT-X-BYTERANGE:7@15\na\n", nil},
		{"parts that continue", head + "#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"10@5\",GAP=NO\n#EXT-X-PART:DURATION=1,URI=\"a\",BYTERANGE=\"7\",GAP=YES\n",
			head + "#EXT-X-PART:DURATION=1.000,URI=\"a\",BYTERANGE=\"10@5\"\n#EXT-X-PART:DURATION=1.000,URI=\"a\",BYTERANGE=\"7@15\",GAP=YES\n", nil},
		{"bit rate and byte ranges", head + "#EXT-X-BITRATE:5\n#EXTINF:4,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:4,\nb\n", head + "#EXTINF:4.000,\n#EXT-X-BYTERANGE:10@5\na\n#EXT-X-BITRATE:5\n#EXTINF:4.000,\nb\n", nil},
		{"date of ffmpeg", head + "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.1239-0230\n#EXTINF:4,\na\n", head + "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.123900000-02:30\n#EXTINF:4.000,\na\n", nil},
		{"rendition report of the same", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:4,\na\n#EXTINF:4,\na\n#EXT-X-RENDITION-REPORT:URI=\"x\"\n",
			"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:4.000,\na\n#EXTINF:4.000,\na\n#EXT-X-RENDITION-REPORT:URI=\"x\",LAST-MSN=6\n", nil},
		{"quotes missing, quotes too many, commas too many", "#EXTM3U\n#EXT-X-STREAM-INF:, BANDWIDTH = \"5\" ,,CODECS=avc1 , VIDEO-RANGE=\"SDR\",\na\n",
			"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5,CODECS=\"avc1\",VIDEO-RANGE=SDR\na\n",
			[]string{"empty-attribute: line 2: EXT-X-STREAM-INF: got a comma at the end; want one between attributes: left out"}},
		{"tags between EXT-X-STREAM-INF and its URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5\n#x\n#EXT-X-FOO\n\na\n", "#EXTM3U\n#EXT-X-FOO\n#EXT-X-STREAM-INF:BANDWIDTH=5\na\n", nil},

		// rfc8216bis 6.3.1 has clients leave the whole tag out; players do not.
		{"required attribute", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-X=1\na\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
			[]string{`unknown-requirement: line 2: EXT-X-STREAM-INF: REQ-X: got "1"; want nothing that a client must know to use the tag (rfc8216bis 6.3.1): read as if it were not there`}},
		{"enumerated value", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO-RANGE=\"XDR\"\na\n#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID=\"g\",NAME=\"n\"\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n",
			[]string{`unknown-value: line 2: EXT-X-STREAM-INF: VIDEO-RANGE: got "XDR"; want one of SDR, HLG, PQ: left out`,
				`unknown-type: line 4: EXT-X-MEDIA: got TYPE="SMELL"; want one of AUDIO, VIDEO, SUBTITLES, CLOSED-CAPTIONS: left out`}},
		{"closed captions", "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i\",CLOSED-CAPTIONS=SOME\n", "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=\"SOME\",URI=\"i\"\n", nil},
		{"media playlist", head + "#EXT-X-PLAYLIST-TYPE:LIVE\n#EXT-X-KEY:METHOD=ROT13,URI=\"k\"\n#EXT-X-MAP:URI=\"i\",REQ-A=B\n#EXT-X-PRELOAD-HINT:TYPE=ALL,URI=\"x\"\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=SOMETIMES\n#EXTINF:4,\na\n",
			head[:len(head)-len("#EXT-X-MEDIA-SEQUENCE:0\n")] + "#EXT-X-SERVER-CONTROL:\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4.000,\na\n", []string{
				`unknown-value: line 4: EXT-X-PLAYLIST-TYPE: got "LIVE"; want one of EVENT, VOD: left out`,
				`key-method: line 5: EXT-X-KEY: got METHOD="ROT13"; want one of NONE, AES-128, SAMPLE-AES, SAMPLE-AES-CTR, SAMPLE-AES-CENC, AES-256, AES-256-CTR, AES-256-GCM: left out`,
				`unknown-requirement: line 6: EXT-X-MAP: REQ-A: got "B"; want nothing that a client must know to use the tag (rfc8216bis 6.3.1): read as if it were not there`,
				`unknown-value: line 7: EXT-X-PRELOAD-HINT: TYPE: got "ALL"; want one of PART, MAP: left out`,
				"incomplete-tag: line 7: EXT-X-PRELOAD-HINT: got no usable TYPE; want one: left out",
				`unknown-value: line 8: EXT-X-SERVER-CONTROL: CAN-BLOCK-RELOAD: got "SOMETIMES"; want one of YES, NO: left out`,
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(p.Append(nil)); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
			if got := told(p); !slices.Equal(got, tt.findings) {
				t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.findings, "\n"))
			}
		})
	}
}

// told are the findings of a playlist, with their codes.
func told(p Playlist) []string {
	var all Findings
	switch p := p.(type) {
	case *Media:
		all = p.Findings
	case *Multivariant:
		all = p.Findings
	}
	var told []string
	for i := range all {
		told = append(told, all[i].Code.String()+": "+all[i].String())
	}
	return told
}

// TestShared checks that consecutive segments share what applies to them, so
// that a player can compare by pointer.
func TestShared(t *testing.T) {
	m, err := ParseMedia([]byte(playlistNamed(t, "keys and maps")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := m.Segments
	if a[0].Map != a[1].Map || a[2].Map != a[3].Map || a[1].Map == a[2].Map {
		t.Error("maps are not shared from tag to tag")
	}
	if &a[0].Keys[0] != &a[1].Keys[0] || &a[1].Keys[0] == &a[2].Keys[0] || a[3].Keys != nil {
		t.Error("keys are not shared from tag to tag")
	}
}

func playlistNamed(t testing.TB, name string) string {
	for _, p := range playlists {
		if p.name == name {
			return p.text
		}
	}
	t.Fatalf("no playlist %q", name)
	return ""
}

func TestTruncated(t *testing.T) {
	const (
		head  = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
		date  = "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.000Z\n"
		inf   = "#EXTINF:4.000,\n"
		whole = head + date + inf + "#EXT-X-BYTERANGE:9@0\na.ts\n"
	)
	tests := []struct {
		text string
		want bool
	}{
		{head, false},
		{head + date, true},
		{head + date + inf, true},
		{head + date + inf + "#EXT-X-BYTERANGE:9@0\n", true},
		{whole, false},
		{whole + "#EXT-X-BYTERANGE:9@9", true},
		{whole + inf, true},
		{whole + "#EXTINF:4", true},
		{whole + inf + "#EXT-X-ENDLIST\n", true},
		{whole + date, true},
		{whole + "#EXT-X-DISCONTINUITY\n", false},
		{whole + date + "#EXT-X-PART:DURATION=1,URI=\"b\"\n", false},
		{whole + "#EXT-X-PART:DURATION=1,URI=\"b\"\n" + inf, true},
	}
	for _, tt := range tests {
		m, err := ParseMedia([]byte(tt.text), Options{})
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		} else if m.Truncated != tt.want {
			t.Errorf("%q: truncated is %v, want %v", tt.text, m.Truncated, tt.want)
		}
	}
}

// TestCut cuts playlists after every byte: what is parsed is the beginning of
// the whole, but for a last URI that lost its end.
func TestCut(t *testing.T) {
	for _, tt := range playlists {
		p, err := Parse([]byte(tt.text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		whole, ok := p.(*Media)
		for cut := range tt.text {
			m, err := ParseMedia([]byte(tt.text[:cut]), Options{})
			if err != nil {
				continue
			}
			if !ok || len(m.Segments) > len(whole.Segments) {
				t.Fatalf("%s cut at %d: got %s", tt.name, cut, dump(m))
			}
			for i, s := range m.Segments {
				if w := whole.Segments[i]; s.Sequence != w.Sequence || s.Duration != w.Duration || !strings.HasPrefix(w.URI, s.URI) ||
					s.URI != w.URI && i+1 < len(m.Segments) {
					t.Fatalf("%s cut at %d: segment %+v, want %+v", tt.name, cut, s, w)
				}
			}
		}
	}
}

func TestKinds(t *testing.T) {
	media, err := Parse([]byte(lowLatency), Options{})
	if err != nil || media.Kind() != KindMedia {
		t.Errorf("got %v, %v; want a media playlist", media, err)
	}
	multivariant, err := Parse([]byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n"), Options{})
	if err != nil || multivariant.Kind() != KindMultivariant {
		t.Errorf("got %v, %v; want a multivariant playlist", multivariant, err)
	}
	for k := range Kinds {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("ParseKind(%q) = %v, %v", k, got, ok)
		}
	}
	if _, ok := ParseKind("nonsense"); ok || Kinds.String() != "kind(5)" {
		t.Error("an unknown kind has a name")
	}
}
