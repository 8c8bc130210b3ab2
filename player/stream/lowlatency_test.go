package stream

import (
	"strings"
	"testing"

	"hlsload/player/m3u8"
)

func TestLowLatency(t *testing.T) {
	const head, segments = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n", "#EXTINF:2,\n1.ts\n#EXTINF:2,\n2.ts\n"
	for _, tc := range []struct{ name, text, want string }{
		{"plain", head + segments, ""},
		{"hold-back alone", head + "#EXT-X-SERVER-CONTROL:HOLD-BACK=6\n" + segments, ""},
		{"blocking reloads alone", head + "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n" + segments, "blocking reloads are offered (CAN-BLOCK-RELOAD)"},
		{"all", head + "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1\n#EXT-X-PART-INF:PART-TARGET=0.33\n" + segments +
			"#EXT-X-PART:DURATION=0.33,URI=\"3.0.ts\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"3.1.ts\"\n",
			"this is a low-latency stream (EXT-X-PART of 330ms, EXT-X-PRELOAD-HINT, CAN-BLOCK-RELOAD): players are simulated as if it were not"},
		{"a part within a segment", head + "#EXT-X-PART:DURATION=0.33,URI=\"1.0.ts\"\n" + segments, "this is a low-latency stream (EXT-X-PART)"},
	} {
		m, err := m3u8.ParseMedia([]byte(tc.text), m3u8.Options{})
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if got := LowLatency(m); !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
			t.Errorf("%s: got %q; want %q", tc.name, got, tc.want)
		}
	}
}
