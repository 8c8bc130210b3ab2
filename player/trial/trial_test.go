package trial_test

import (
	"fmt"
	"testing"
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/profile"
	"hlsload/player/trial"
)

// stream is one of two pipelines with audio by itself; lost cannot be read.
func stream(lost string) *trial.Stream {
	s := &trial.Stream{List: &m3u8.Multivariant{}, Media: map[string]*m3u8.Media{}}
	for _, rate := range []int64{900, 400} {
		for _, p := range "ab" {
			s.List.Variants = append(s.List.Variants, m3u8.Variant{URL: fmt.Sprintf("http://h/%c/%d.m3u8", p, rate), Bandwidth: rate * 1000, Height: int(rate), Audio: string(p)})
		}
	}
	for _, p := range "ab" {
		s.List.Renditions = append(s.List.Renditions, m3u8.Rendition{Type: "AUDIO", GroupID: string(p), Default: true, URL: fmt.Sprintf("http://h/%c/audio.m3u8", p)})
		for _, name := range []string{"900", "400", "audio"} {
			u := fmt.Sprintf("http://h/%c/%s.m3u8", p, name)
			m := &m3u8.Media{TargetDuration: 2 * time.Second, MediaSequence: 10}
			for i := range 6 {
				m.Segments = append(m.Segments, m3u8.Segment{URI: fmt.Sprint(i), URL: fmt.Sprintf("%s/%d.ts", u, i), Sequence: uint64(10 + i), Start: m.Duration, Duration: 2 * time.Second})
				m.Duration += 2 * time.Second
			}
			s.Media[u] = m
		}
	}
	s.Pipeline = func(u string) int { return int(u[len("http://h/")] - 'a') }
	s.Fails = func(_ time.Duration, kind m3u8.Kind, list string) int {
		if list == lost && kind == m3u8.KindMedia {
			return 404
		}
		return 0
	}
	return s
}

// TestWatch has every profile play a sound stream for minutes, without a failed
// fetch, and say what it does when the sound of the first pipeline is missing.
func TestWatch(t *testing.T) {
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		o, err := trial.Watch(p, stream(""), 3*time.Minute)
		if err != nil || !o.Started || !o.Playing || o.End != "" || o.Video != 0 || o.Sound != 0 || o.Failed > 0 {
			t.Errorf("%s, all there: %+v, %v; want it to play the first pipeline", name, o, err)
		}
		o, err = trial.Watch(p, stream("http://h/a/audio.m3u8"), 3*time.Minute)
		if err != nil || o.Failed == 0 {
			t.Errorf("%s, no sound: %+v, %v; want it to have asked", name, o, err)
		}
		if again, _ := trial.Watch(p, stream("http://h/a/audio.m3u8"), 3*time.Minute); again != o {
			t.Errorf("%s: %+v and then %+v; want the same", name, o, again)
		}
		switch name {
		case "ffmpeg-5.1": // as measured
			if o.Video != 0 || o.Sound != 1 || o.Failed != 1 {
				t.Errorf("%s: %+v; want pictures of the first and sound of the second, after one request", name, o)
			}
		case "hlsjs-1.7":
			if o.Video != 1 || o.Sound != 1 {
				t.Errorf("%s: %+v; want it to move", name, o)
			}
		}
	}
}

func TestWatchNothing(t *testing.T) {
	p, _ := profile.Load("hlsjs-1.7")
	if _, err := trial.Watch(p, &trial.Stream{List: &m3u8.Multivariant{}}, time.Minute); err == nil {
		t.Error("no error for a multivariant playlist without variants")
	}
	s := stream("")
	s.Fails = func(time.Duration, m3u8.Kind, string) int { return 503 }
	if o, err := trial.Watch(p, s, 3*time.Minute); err != nil || o.Started || o.Video != -1 {
		t.Errorf("all failing: %+v, %v", o, err)
	}
}
