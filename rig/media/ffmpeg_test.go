package media

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ffmpeg decodes the input to nothing and fails the test on any word it says.
func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("NOT CHECKED: ffmpeg is not installed, so nothing decoded the segments")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-nostdin", "-hide_banner", "-v", "warning", "-xerror"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("decoding with ffmpeg: %v", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("ffmpeg says:\n%s", stderr.Bytes())
	}
}

// renditions of a small ladder: muxed, or video and audio apart.
func renditions(c Container, muxed bool) (video []Format, audio []Format) {
	for i, s := range [][2]int{{256, 144}, {416, 234}, {640, 360}} {
		video = append(video, Format{Container: c, Video: true, Audio: muxed, Width: s[0], Height: s[1], Rate: 100_000 << i})
	}
	if !muxed {
		audio = []Format{{Container: c, Audio: true, Rate: 64_000}}
	}
	return video, audio
}

// Half a minute of one rendition as one stream, as a player appends its segments. The
// two pipelines of a channel make the same bytes for the same time, so a change
// of pipeline is part of every one of these.
func TestFFmpegDecodesRenditions(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []Container{TS, FMP4} {
		for _, muxed := range []bool{true, false} {
			for _, dur := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 6 * time.Second} {
				video, audio := renditions(c, muxed)
				for i, f := range append(video, audio...) {
					t.Run(fmt.Sprintf("%v/%v", f, dur), func(t *testing.T) {
						for name, start := range starts {
							if name != "33 bits" && (i > 0 || dur != 2*time.Second) {
								continue // one rendition at all times, all at the most difficult
							}
							file := filepath.Join(dir, "stream")
							write(t, file, f, start, dur, int(30*time.Second/dur))
							ffmpeg(t, "-i", file, "-f", "null", "-")
						}
					})
				}
			}
		}
	}
}

// A player that climbs and falls: every few segments another rung. A demuxer of
// its own for each rung, as players do, one timeline for all.
func TestFFmpegDecodesSwitches(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []Container{TS, FMP4} {
		for _, muxed := range []bool{true, false} {
			for _, dur := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 6 * time.Second} {
				t.Run(fmt.Sprintf("%v/muxed=%v/%v", c, muxed, dur), func(t *testing.T) {
					video, _ := renditions(c, muxed)
					list := "ffconcat version 1.0\n"
					at := 5000 * time.Second
					for i, n := range []int{3, 1, 4, 2, 5, 5} {
						name := fmt.Sprintf("%d-%v-%v-%v", i, c, muxed, dur)
						write(t, filepath.Join(dir, name), video[i%3], at, dur, n)
						list += fmt.Sprintf("file '%s'\nduration %f\n", name, (time.Duration(n) * dur).Seconds())
						at += time.Duration(n) * dur
					}
					file := filepath.Join(dir, "list")
					if err := os.WriteFile(file, []byte(list), 0o666); err != nil {
						t.Fatal(err)
					}
					ffmpeg(t, "-f", "concat", "-i", file, "-fps_mode", "passthrough", "-f", "null", "-")
				})
			}
		}
	}
}

// write makes a file of n segments.
func write(t *testing.T, file string, f Format, start, dur time.Duration, n int) {
	t.Helper()
	b := Init(f)
	for k := range time.Duration(n) {
		b = AppendSegment(b, f, start+k*dur, dur)
	}
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

// What ffprobe makes of a stream has to be what Codecs and Init promise.
func TestFFprobeAgrees(t *testing.T) {
	path, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Skip("NOT CHECKED: ffprobe is not installed")
	}
	for _, c := range []Container{TS, FMP4} {
		for _, s := range sizes {
			f := Format{Container: c, Video: true, Audio: true, Width: s[0], Height: s[1]}
			file := filepath.Join(t.TempDir(), "stream")
			write(t, file, f, 100*time.Second, 4*time.Second, 2)
			out, err := exec.Command(path, "-v", "error", "-count_frames", "-of", "default=nk=1:nw=1", "-show_entries",
				"stream=codec_name,profile,width,height,level,has_b_frames,r_frame_rate,sample_rate,channels,start_pts,nb_read_frames", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: ffprobe: %v\n%s", f, err, out)
			}
			audioPTS := 100 * 48000
			if c == TS {
				audioPTS = 100 * 90000
			}
			// 100 s is in the middle of a frame: the first begins later.
			first := (audioPTS*48000/90000 + 1023) / 1024 * 1920
			if c == FMP4 {
				first = (audioPTS + 1023) / 1024 * 1024
			}
			var level int
			fmt.Sscanf(Codecs(f), "avc1.4d40%02x", &level)
			want := fmt.Sprintf("h264\nMain\n%d\n%d\n0\n%d\n24/1\n9000000\n192\naac\nLC\n48000\n2\n0/0\n%d\n375\n", s[0], s[1], level, first)
			// ffprobe lists the streams of a TS program a second time.
			if got := string(out); got != want && (c != TS || got != want+want) {
				t.Errorf("%v: ffprobe says\n%s\nwant\n%s", f, strings.ReplaceAll(string(out), "\n", " "), strings.ReplaceAll(want, "\n", " "))
			}
		}
	}
}
