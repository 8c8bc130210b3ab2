package profile

import (
	"slices"
	"strings"
	"testing"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// TestOddities groups what is alike and names the players that refuse it.
func TestOddities(t *testing.T) {
	load := func(names ...string) []*player.Profile {
		var all []*player.Profile
		for _, name := range names {
			p, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
		return all
	}
	read := func(text string) m3u8.Findings {
		m, err := m3u8.ParseMedia([]byte(text), m3u8.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return m.Findings
	}
	const head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
	twice := read(head + "#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n" + strings.Repeat("#EXT-X-PROGRAM-DATE-TIME:x\n#EXTINF:4,\na\n", 100))
	dates := `line 5: EXT-X-PROGRAM-DATE-TIME: got "x"; want a date and time such as 2006-01-02T15:04:05.000Z: left out (and 99 more such) `
	variables := read(head + "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXTINF:4,\n{$a}\n")
	for _, tt := range []struct {
		profiles []*player.Profile
		findings m3u8.Findings
		want     []string
		all      bool
	}{
		{load("vhs-3.17", "hlsjs-1.7", "hlsjs-1.7", "media3-1.11"), twice, []string{"line 4: EXT-X-VERSION: got a second one; want one: the last one counts (refused by hlsjs-1.7)", dates + "(refused by media3-1.11)"}, false},
		{load("hlsjs-1.7"), twice, []string{"line 4: EXT-X-VERSION: got a second one; want one: the last one counts (refused by hlsjs-1.7)", dates + "(hlsjs-1.7 does not refuse it)"}, true},
		{load("hlsjs-1.7", "media3-1.11"), twice, []string{"line 4: EXT-X-VERSION: got a second one; want one: the last one counts (refused by hlsjs-1.7)", dates + "(refused by media3-1.11)"}, true},
		{load("vhs-3.17", "shaka-5.2"), twice, []string{"line 4: EXT-X-VERSION: got a second one; want one: the last one counts (no player refuses it)", dates + "(no player refuses it)"}, false},
		{load("vhs-3.17", "ffmpeg-5.1"), variables, []string{`line 5: URI line: got a reference to the variable "a": replaced by its value (asked for as it is written by ffmpeg-5.1, without variables)`}, false},
	} {
		if got := Oddities(tt.profiles, m3u8.KindMedia, tt.findings); !slices.Equal(got, tt.want) {
			t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
		if got := RefusedByAll(tt.profiles, m3u8.KindMedia, tt.findings) != nil; got != tt.all {
			t.Errorf("%s: refused by all is %v; want %v", tt.profiles[0].ID, got, tt.all)
		}
	}
	many := ""
	for _, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"} {
		many += "#EXT-X-DATERANGE:ID=\"" + name + "\",REQ-" + name + "=1\n"
	}
	if got := Oddities(load("vhs-3.17"), m3u8.KindMedia, read(head+many)); len(got) > maxFindings+1 {
		t.Errorf("%d lines", len(got))
	}
}
