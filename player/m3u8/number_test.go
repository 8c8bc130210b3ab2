package m3u8

import (
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	tests := []struct{ text, want string }{
		{"2026-11-21T11:48:13Z", "2026-11-21T11:48:13Z"},
		{"2026-11-21T11:48:13", "2026-11-21T11:48:13Z"},
		{"2026-11-21t11:48:13z", "2026-11-21T11:48:13Z"},
		{"2026-11-21 11:48:13", "2026-11-21T11:48:13Z"},
		{"2026-11-21T11:48:13.5Z", "2026-11-21T11:48:13.5Z"},
		{"2026-11-21T11:48:13,123456789123Z", "2026-11-21T11:48:13.123456789Z"},
		{"2026-11-21T11:48:13.000+0000", "2026-11-21T11:48:13Z"},
		{"2026-11-21T11:48:13+05:30", "2026-11-21T11:48:13+05:30"},
		{"2026-11-21T11:48:13-0800", "2026-11-21T11:48:13-08:00"},
		{"2026-11-21T11:48:13+09", "2026-11-21T11:48:13+09:00"},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"1900-02-29T00:00:00Z", ""},
		{"2026-02-30T00:00:00Z", ""},
		{"2026-13-01T00:00:00Z", ""},
		{"2026-00-01T00:00:00Z", ""},
		{"2026-01-01T24:00:00Z", ""},
		{"2026-01-01T00:00:00.Z", ""},
		{"2026-01-01T00:00:00+", ""},
		{"2026-01-01T00:00:00+24:00", ""},
		{"2026-01-01T00:00:00+00:0", ""},
		{"2026-01-01T00:00:00 UTC", ""},
		{"2026-01-01T00:00Z", ""},
		{"2026-01-01", ""},
		{"20260101T000000Z", ""},
		{"-026-01-01T00:00:00Z", ""},
		{"", ""},
	}
	var c clock
	for _, tt := range tests {
		got, ok := c.read(tt.text)
		if ok != (tt.want != "") || ok && got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%q: got %v, %v; want %q", tt.text, got.Format(time.RFC3339Nano), ok, tt.want)
		}
	}
}

// TestExtrapolated gives dates to segments before, between and after those
// that have one.
func TestExtrapolated(t *testing.T) {
	m, err := ParseMedia([]byte(media(`#EXTINF:4,
a
#EXTINF:2.5,
b
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00Z
#EXTINF:4,
c
#EXTINF:4,
d
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T11:00:00Z
#EXTINF:4,
e
#EXT-X-PART:DURATION=1,URI="f"
`)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, s := range append(m.Segments, *m.Next) {
		got += s.ProgramDateTime.Format("15:04:05.0")
		if s.Extrapolated {
			got += "x"
		}
		got += " "
	}
	if want := "09:59:53.5x 09:59:57.5x 10:00:00.0 10:00:04.0x 11:00:00.0 11:00:04.0x "; got != want || !m.HasProgramDateTime {
		t.Errorf("got %s\nwant %s", got, want)
	}

	m, err = ParseMedia([]byte(media("#EXTINF:4,\na\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00Z\n#EXT-X-PART:DURATION=1,URI=\"f\"\n")), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Segments[0]; !s.ProgramDateTime.Equal(at("2026-11-21T09:59:56Z")) || !s.Extrapolated {
		t.Errorf("got %v; want it to follow from the segment being made", s.ProgramDateTime)
	}
}
