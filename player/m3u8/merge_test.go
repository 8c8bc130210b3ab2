package m3u8

import (
	"reflect"
	"strings"
	"testing"
)

func mustMedia(t *testing.T, text string) *Media {
	t.Helper()
	m, err := ParseMedia([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMerge merges an update and compares with the same version in full.
func TestMerge(t *testing.T) {
	const head = "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n"
	tests := []struct{ name, old, delta, full string }{
		{"the example of low latency", lowLatency, lowLatencyDelta,
			strings.Replace(lowLatencyDelta, "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n",
				"#EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2026-02-14T02:13:40.106Z\n#EXTINF:4.000,\nfs269.mp4\n#EXTINF:4.000,\nfs270.mp4\n"+
					"#EXT-X-PART:DURATION=1,URI=\"fs271.mp4\",BYTERANGE=\"1@0\"\n", 1)},
		{"everything is inherited",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-BITRATE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00Z\n" +
				"#EXTINF:4,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb\n#EXTINF:3,\n#EXT-X-BYTERANGE:10@0\nc\n#EXTINF:4,\nd\n",
			head + "#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n#EXTINF:4,\n#EXT-X-BYTERANGE:5\nc\n#EXTINF:4,\ne\n" +
				"#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\"\n#EXT-X-MAP:URI=\"j\"\n#EXT-X-BITRATE:8\n#EXTINF:4,\nf\n#EXT-X-PART:DURATION=1,URI=\"g\"\n",
			head + "#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-BITRATE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:04Z\n" +
				"#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb\n#EXTINF:3,\n#EXT-X-BYTERANGE:10@0\nc\n#EXTINF:4,\n#EXT-X-BYTERANGE:5@10\nc\n#EXTINF:4,\ne\n" +
				"#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=AES-128,URI=\"l\"\n#EXT-X-MAP:URI=\"j\"\n#EXT-X-BITRATE:8\n#EXTINF:4,\nf\n#EXT-X-PART:DURATION=1,URI=\"g\"\n"},
		{"keys end",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na\n",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nb\n",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nb\n"},
		{"nothing new",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\na\n#EXTINF:4,\nb\n",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:4,\na\n#EXTINF:4,\nb\n"},
		{"nothing skipped",
			head + "#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:4,\na\n",
			head + "#EXT-X-MEDIA-SEQUENCE:9\n#EXT-X-SKIP:SKIPPED-SEGMENTS=0\n#EXTINF:4,\nb\n",
			head + "#EXT-X-MEDIA-SEQUENCE:9\n#EXTINF:4,\nb\n"},
		{"date ranges are carried over",
			head + "#EXT-X-DATERANGE:ID=\"a\"\n#EXT-X-DATERANGE:ID=\"b\"\n#EXT-X-DATERANGE:ID=\"c\"\n#EXTINF:4,\na\n",
			head + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=\"a\"\n#EXT-X-DATERANGE:ID=\"b\",DURATION=1\n#EXTINF:4,\nb\n",
			head + "#EXT-X-DATERANGE:ID=\"c\"\n#EXT-X-DATERANGE:ID=\"b\",DURATION=1\n#EXTINF:4,\na\n#EXTINF:4,\nb\n"},
		{"date ranges are all there",
			head + "#EXT-X-DATERANGE:ID=\"a\"\n#EXTINF:4,\na\n",
			head + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-DATERANGE:ID=\"b\"\n#EXTINF:4,\nb\n",
			head + "#EXT-X-DATERANGE:ID=\"b\"\n#EXTINF:4,\na\n#EXTINF:4,\nb\n"},
		{"dates begin in the update",
			head + "#EXTINF:4,\na\n",
			head + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00Z\n#EXTINF:4,\nb\n",
			head + "#EXTINF:4,\na\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00Z\n#EXTINF:4,\nb\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			old, delta, want := mustMedia(t, tt.old), mustMedia(t, tt.delta), mustMedia(t, tt.full)
			got, err := Merge(old, delta)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(old, mustMedia(t, tt.old)) || !reflect.DeepEqual(delta, mustMedia(t, tt.delta)) {
				t.Error("merging changed what it was given")
			}
			withoutLines(got)
			withoutLines(want)
			for i := range got.Segments {
				// The parts of segment 271 are those of the version that had them.
				got.Segments[i].Parts, want.Segments[i].Parts = nil, nil
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", dump(got), dump(want))
			}
		})
	}
}

func TestMergeRefused(t *testing.T) {
	old := mustMedia(t, media("#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:4,\na\n#EXTINF:4,\nb\n#EXTINF:4,\nc\n"))
	update := func(sequence, skipped string) *Media {
		return mustMedia(t, media("#EXT-X-MEDIA-SEQUENCE:"+sequence+"\n#EXT-X-SKIP:SKIPPED-SEGMENTS="+skipped+"\n#EXTINF:4,\nx\n"))
	}
	tests := []struct {
		old, delta *Media
		want       string
	}{
		{old, update("4", "1"), "got 1 skipped segments from media sequence number 4, have 5 to 7"},
		{old, update("6", "3"), "got 3 skipped segments from media sequence number 6, have 5 to 7"},
		{old, update("9", "1"), "got 1 skipped segments from media sequence number 9, have 5 to 7"},
		{old, update("9223372036854775000", "1"), "got 1 skipped segments from media sequence number 9223372036854775000, have 5 to 7"},
		{mustMedia(t, media("")), update("0", "1"), "have none"},
		{update("5", "1"), update("6", "1"), "have none"},
		{nil, update("6", "1"), "have none"},
		{mustMedia(t, media("#EXTINF:9223372035,\na\n")), update("0", "1"), "got durations of more than 292 years in all"},
	}
	for _, tt := range tests {
		got, err := Merge(tt.old, tt.delta)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, %v; want error %q", got, err, tt.want)
		}
	}
	if got, err := Merge(nil, old); got != old || err != nil {
		t.Errorf("got %v, %v; want a full playlist as it is", got, err)
	}
}
