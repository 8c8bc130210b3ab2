package player_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// TestRefused plays a playlist that says something twice: those players that
// refuse it do so, all others play it to its end.
func TestRefused(t *testing.T) {
	const list = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-VERSION:3\n#EXT-X-VERSION:4\n#EXTINF:4,\ns0\n#EXTINF:4,\ns1\n#EXT-X-ENDLIST\n"
	refuse := 0
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			h := &theatre{t: t, lists: map[string]func(time.Duration) string{"v.m3u8": always(list)}}
			h.watch(name, oneVariant, time.Minute)
			n := len(h.asked("segment"))
			if !p.Refuses(m3u8.KindMedia).Has(m3u8.TagTwice) {
				if n != 2 || len(h.endings) != 1 || !strings.HasPrefix(h.endings[0], "end at 8") {
					t.Errorf("%d segments, %v; want 2 and an end", n, h.endings)
				}
				return
			}
			if refuse++; n != 0 {
				t.Errorf("%d segments of a playlist that it refuses", n)
			}
			for _, e := range h.endings {
				if !strings.HasPrefix(e, "fatal: media: bad playlist") {
					t.Errorf("got %q; want the session to end because of the playlist, or to go on", e)
				}
			}
		})
	}
	if refuse == 0 {
		t.Error("no profile refuses it")
	}
}

// TestRefusedMultivariant makes ladders of a playlist that some players refuse.
func TestRefusedMultivariant(t *testing.T) {
	mv, err := m3u8.ParseMultivariant([]byte("\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"), m3u8.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, refuses := range map[string]bool{"hlsjs-1.7": true, "hlsjs-1.5": true, "ffmpeg-5.1": true, "shaka-5.2": false, "vhs-3.17": false, "media3-1.11": false} {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = player.NewLadder(mv, p, nil)
		if got := err != nil && strings.Contains(err.Error(), "refuses the multivariant playlist: line 2"); got != refuses {
			t.Errorf("%s: got %v; want a refusal: %v", name, err, refuses)
		}
	}
}

// TestNothingToGoBy plays what says neither how fast it is nor how long its
// segments are. Every player comes to rest, and none storms.
func TestNothingToGoBy(t *testing.T) {
	const multivariant = "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"avc1\"\nv.m3u8\n#EXT-X-STREAM-INF:CODECS=\"avc1\"\nw.m3u8\n"
	list := func(now time.Duration) string {
		n := int(now / (2 * time.Second))
		text := fmt.Sprintf("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", n)
		for i := range 6 {
			text += fmt.Sprintf("#EXTINF:0,\ns%d\n", n+i)
		}
		return text
	}
	for _, name := range profile.Names() {
		multivariant := multivariant
		if p, err := profile.Load(name); err != nil {
			t.Fatal(err)
		} else if p.Refuses(m3u8.KindMultivariant).Has(m3u8.NoBandwidth) {
			multivariant = strings.ReplaceAll(multivariant, "CODECS", "BANDWIDTH=0,CODECS")
		}
		t.Run(name, func(t *testing.T) {
			h := &theatre{t: t, lists: map[string]func(time.Duration) string{"v.m3u8": list, "w.m3u8": list}}
			h.watch(name, multivariant, time.Minute)
			if n := len(h.requests); n > 400 {
				t.Errorf("%d requests in a minute", n)
			}
		})
	}
}
