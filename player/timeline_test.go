package player_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// TestRestarts: what real players did on the same kind of stream. Figures are
// seconds after the change at 14.5 s, until 44.5 s; dark = to the end of it.
func TestRestarts(t *testing.T) {
	for _, c := range []struct {
		how     string
		profile string
		want    string // dark, plays (after at most 12 s), fatal
	}{
		{"restart", "hlsjs-1.7", "dark"},
		{"restart", "hlsjs-1.5", "plays"},
		{"restart", "shaka-5.2", "dark"},
		{"restart", "vhs-3.17", "dark"},
		{"restart", "vhs-3.17-other", "dark"},
		{"restart", "ffmpeg-5.1", "dark"},
		{"restart", "media3-1.11", "fatal"},
		{"restart", "media3-1.8", "fatal"},
		{"restart-disc", "hlsjs-1.7", "plays"},
		{"restart-disc", "hlsjs-1.5", "plays"},
		{"restart-disc", "shaka-5.2", "dark"},
		{"restart-disc", "vhs-3.17", "dark"},
		{"restart-disc", "ffmpeg-5.1", "dark"},
		{"renumber", "hlsjs-1.7", "plays"},
		{"renumber", "hlsjs-1.5", "plays"},
		{"renumber", "shaka-5.2", "dark"},
		{"renumber", "vhs-3.17", "dark"},
		{"renumber", "ffmpeg-5.1", "dark"},
		{"ahead", "hlsjs-1.7", "no stall"},
		{"ahead", "hlsjs-1.5", "no stall"},
		{"ahead", "shaka-5.2", "no stall"},
		{"ahead", "vhs-3.17", "no stall"},
		{"ahead", "ffmpeg-5.1", "no stall"},
		{"ahead", "media3-1.11", "fatal"},
		{"ahead-restart", "hlsjs-1.7", "dark"},
		{"ahead-restart", "hlsjs-1.5", "plays"},
		{"ahead-restart", "vhs-3.17", "plays"},
		{"ahead-restart", "ffmpeg-5.1", "no stall"},
	} {
		t.Run(c.how+" "+c.profile, func(t *testing.T) {
			got := play(t, fmt.Sprintf("world levels=1 pdt=no number=1400 stamps=yes\nprofile %s\njoin\nrun 14500ms\nfault x media/*=%s\nrun 30s\n", c.profile, c.how))
			if o := outcome(got); o != c.want {
				t.Errorf("%s; want %s\n%s", o, c.want, got)
			}
		})
	}
}

// TestPipelines: the other pipeline has other numbers, or another clock, and the
// same timestamps.
func TestPipelines(t *testing.T) {
	for _, c := range []struct{ world, profile, want string }{
		{"pdt=no shift=5000", "hlsjs-1.7", "no stall"},
		{"pdt=no shift=5000 init=yes", "hlsjs-1.7", "no stall"},
		{"pdt=no shift=5000", "hlsjs-1.5", "no stall"},
		{"pdt=no shift=5000", "vhs-3.17", "no stall"},
		{"pdt=no shift=5000", "shaka-5.2", "no stall"},
		{"pdt=no shift=5000", "media3-1.11", "fatal"},
		{"pdt=no shift=-5000", "hlsjs-1.7", "no stall"},
		{"pdt=no shift=-5000", "hlsjs-1.5", "no stall"},
		{"pdt=no shift=-5000", "vhs-3.17", "dark"},
		{"pdt=no shift=-5000", "shaka-5.2", "no stall"},
		{"skew=40m", "hlsjs-1.7", "no stall"},
		{"skew=-40m", "hlsjs-1.7", "no stall"},
		{"skew=40m", "hlsjs-1.5", "no stall"},
		{"skew=40m", "vhs-3.17", "no stall"},
		{"skew=40m", "media3-1.11", "no stall"},
		// Numbers, dates and timestamps disagree: timestamps count.
		{"shift=5000 skew=40m", "hlsjs-1.7", "no stall"},
		{"shift=3 skew=40m", "hlsjs-1.7", "no stall"},
		{"shift=3 pdt=no", "rfc8216bis", "no stall"},
		// Lower numbers hide for a while that there is more.
		{"shift=-3 pdt=no", "rfc8216bis", "plays"},
	} {
		t.Run(c.world+" "+c.profile, func(t *testing.T) {
			got := play(t, fmt.Sprintf("world levels=2 number=9000 stamps=yes %s\nprofile %s\njoin\nrun 14500ms\nfault x any/0=404\nrun 30s\n", c.world, c.profile))
			if o := outcome(got); o != c.want {
				t.Errorf("%s; want %s\n%s", o, c.want, got)
			}
			if strings.Contains(got, "skipped") && strings.HasPrefix(c.profile, "hlsjs") || strings.Contains(got, "latency -") && !strings.Contains(got, "latency -0.0") {
				t.Errorf("media is skipped, or latency follows the other clock\n%s", got)
			}
		})
	}
}

var stallEnd = regexp.MustCompile(`stall_end after ([\d.]+)`)

// outcome is how a transcript goes on after its fault.
func outcome(transcript string) string {
	_, after, _ := strings.Cut(transcript, " fault x ")
	total := 0.0
	for _, m := range stallEnd.FindAllStringSubmatch(after, -1) {
		d, _ := strconv.ParseFloat(m[1], 64)
		total += d
	}
	switch begun, ended := strings.Count(after, "stall_start"), len(stallEnd.FindAllString(after, -1)); {
	case strings.Contains(after, "fatal: "):
		return "fatal"
	case begun > ended:
		return "dark"
	case total > 12:
		return fmt.Sprintf("stalls for %.1f s", total)
	case total > 0:
		return "plays"
	}
	return "no stall"
}

// TestRestartOfOne: the first pipeline starts again while the other one goes on.
// No player takes that for a reason to leave.
func TestRestartOfOne(t *testing.T) {
	for profile, want := range map[string]string{"hlsjs-1.7": "dark", "shaka-5.2": "dark", "vhs-3.17": "dark", "media3-1.11": "fatal"} {
		got := play(t, fmt.Sprintf("world levels=2 pdt=no number=1400 stamps=yes\nprofile %s\njoin\nrun 14500ms\nfault x media/0=restart\nrun 30s\n", profile))
		if o := outcome(got); o != want {
			t.Errorf("%s: %s; want %s\n%s", profile, o, want, got)
		}
	}
}

// TestRestartCautious: a player that asks on and on for a playlist that it puts aside does
// so less often where the target is not local.
func TestRestartCautious(t *testing.T) {
	for _, cautious := range []bool{false, true} {
		w := newWorld(t)
		w.set("levels=1 pdt=no number=1400 stamps=yes")
		w.profile("shaka-5.2", "")
		asked := 0
		w.watch = func(a *player.Action) {
			if a.Type == player.Fetch && a.Kind == m3u8.KindMedia && w.now > 20*time.Second {
				asked++
			}
		}
		w.p = player.New(player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(1), Cautious: cautious}, 0)
		w.step(player.Event{Type: player.Tick})
		w.run(14500 * time.Millisecond)
		w.faults["x"] = fault{kind: "media", pipeline: "*", what: "restart", since: w.now}
		w.run(15500 * time.Millisecond)
		if most := 10 / 2 * player.MaxRepeats; cautious == (asked > most+1) || !cautious && asked < 80 {
			t.Errorf("cautious %v: asked %d times in 10 s; want at most %d, or about 90 of a player that is not", cautious, asked, most)
		}
	}
}
