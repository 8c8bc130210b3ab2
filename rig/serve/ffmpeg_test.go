package serve

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
	"hlsload/rig/media"
)

// TestFFmpegPlays has ffmpeg read the channel off the edge and decode it, for
// longer than the media loop lasts, without a word of complaint. The playlists
// say that they end, so that a slow machine changes nothing: of a live playlist
// older than a segment ffmpeg reads a new one, takes every EXT-X-MAP in there
// for another init section, hands the same bytes to its demuxer again and then
// complains of a second moov.
func TestFFmpegPlays(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the media")
	}
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg")
	}
	tests := []struct{ container, audio string }{{"ts", "muxed"}, {"fmp4", "muxed"}, {"ts", "demuxed"}, {"fmp4", "demuxed"}}
	for i, tt := range tests {
		t.Run(tt.container+"-"+tt.audio, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(rc *rig.Config, _ *Config) {
				rc.Container, rc.Audio, rc.Segment = tt.container, tt.audio, 4*time.Second
				rc.Keep = 50 // what is listed is there for longer than the test may take
			})
			end := chaos.NewFault("end", chaos.PlaylistEndlist)
			end.Via = chaos.ViaRig
			s.Do(func(r *rig.Rig, now time.Duration) { r.SetPlan(chaos.NewPlan(1).With(&end, now)) })
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			out, err := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-hide_banner", "-v", "warning",
				"-i", s.Edge(0)+s.cfg.Rig.Entry(i%2), "-t", "20", "-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-").CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "" {
				t.Errorf("ffmpeg: %v\n%s", err, out)
			}
		})
	}
}

// TestFFmpegPlaysContent has ffmpeg play presentations that end, to their end and
// without an error: every kind of content that it can play. (With byte ranges of
// encrypted segments it asks for keys with the range of the segment; what marks
// a gap it does not know.)
func TestFFmpegPlaysContent(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg")
	}
	const length = 24 * time.Second
	for _, tt := range []struct {
		name   string
		change func(*rig.Config)
		lost   int // frames that ffmpeg drops where timestamps jump
	}{
		{"vod", func(*rig.Config) {}, 0},
		{"event", func(c *rig.Config) { c.Playlist, c.Length = rig.Event, length; c.Window = int(length/c.Segment) - 3 }, 0},
		{"byte ranges", func(c *rig.Config) { c.ByteRanges = true }, 0},
		{"keys", func(c *rig.Config) { c.Encryption, c.KeyRotation = "aes-128", 5 }, 0},
		{"explicit IV", func(c *rig.Config) { c.Encryption, c.KeyRotation, c.IV = "aes-128", 5, "explicit" }, 0},
		{"discontinuities", func(c *rig.Config) { c.DiscontinuityEvery = 7 }, 3 * 12},
		{"start", func(c *rig.Config) { c.Start = &rig.Start{Offset: 10 * time.Second} }, 0},
	} {
		for _, form := range [][2]string{{"ts", "muxed"}, {"fmp4", "demuxed"}} {
			t.Run(tt.name+" "+form[0]+" "+form[1], func(t *testing.T) {
				t.Parallel()
				s := start(t, func(c *rig.Config, _ *Config) {
					c.Container, c.Audio, c.Playlist, c.Length = form[0], form[1], rig.VOD, length
					c.Ladder = c.Ladder[:1]
					tt.change(c)
				})
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
				defer cancel()
				out, err := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-xerror", "-progress", "-", "-live_start_index", "0",
					"-i", s.Edge(0)+s.cfg.Rig.Entry(1), "-map", "0:v:0", "-map", "0:a:0", "-fps_mode", "passthrough", "-f", "null", "-").CombinedOutput()
				if err != nil {
					t.Fatalf("ffmpeg: %v\n%s", err, out)
				}
				frames := 0
				for line := range strings.Lines(string(out)) {
					key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
					if !ok || strings.ContainsAny(key, " []") {
						t.Errorf("ffmpeg says %s", line)
					}
					if key == "frame" {
						frames, _ = strconv.Atoi(value)
					}
				}
				if want := int(length.Seconds()) * media.FrameRate; frames > want || frames < want-tt.lost {
					t.Errorf("%d frames; want %d, or %d less", frames, want, tt.lost)
				}
			})
		}
	}
}
