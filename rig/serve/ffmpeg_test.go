package serve

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hlsload/rig"
)

// TestFFmpegPlays has ffmpeg read the channel off the edge and decode it, for
// longer than the media loop lasts, without a word of complaint.
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
			})
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			// 36 s of the window are there at once.
			out, err := exec.CommandContext(ctx, ffmpeg, "-nostdin", "-hide_banner", "-v", "warning", "-live_start_index", "-9",
				"-i", s.Edge(0)+s.cfg.Rig.Entry(i%2), "-t", "20", "-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-").CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "" {
				t.Errorf("ffmpeg: %v\n%s", err, out)
			}
		})
	}
}
