package player_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/player/profile"
)

var update = flag.Bool("update", false, "rewrite the expected transcripts")

// TestTranscripts plays the scripts in testdata. A script is a list of
// commands, a line "----", and what the player did. The commands:
//
//	world KEY=VALUE…       the channel: td, segment, window, levels, demuxed, init, key, rtt, pdt, skew, phase, holdback,
//	                       number (of the segment at 0), shift (of pipeline 1's numbers), stamps;
//	                       sign=query or path: URLs in media playlists are signed anew with each load
//	profile NAME [YAML]    the player, with overrides in YAML flow style
//	join                   a player joins now
//	fault NAME WHAT        from now on: WHAT is kind/pipeline=answer, such as
//	                       media/0=404, segment/0=hang, media/0=freeze, any/*=503;
//	                       audio-media is the audio playlist alone, and so on; media/0=restart: numbers and
//	                       timestamps begin again, restart-disc: with a discontinuity, renumber: timestamps go on,
//	                       ahead: so do numbers, 5000 on; ahead-restart: numbers 5000 on, timestamps begin again
//	clear NAME             the fault ends
//	run D                  let D pass
//	leave                  the viewer leaves
//	show requests          print requests and answers as well
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			script, want, _ := strings.Cut(string(b), "----\n")
			got := play(t, script)
			if *update {
				if err := os.WriteFile(f, []byte(script+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", f, got, want)
			}
		})
	}
}

// world is a small channel of two pipelines with instant networks, made for
// scripts: everything about it can be written down by hand.
type world struct {
	t       *testing.T
	segment time.Duration
	td      time.Duration
	hold    time.Duration // HOLD-BACK; 0 = not stated
	window  int
	levels  int
	demuxed bool
	init    bool
	key     bool
	sign    string // query or path: URLs are signed anew with each load
	signed  int
	pdt     bool
	skew    time.Duration // of pipeline 1's date-times
	number  int64         // of the newest segment at 0
	shift   int64         // of pipeline 1's numbers
	stamps  bool          // segments have timestamps
	rtt     time.Duration
	phase   time.Duration

	faults   map[string]fault
	now      time.Duration
	p        *player.Player
	twins    []*player.Player // are never asked when they wake
	prof     *player.Profile
	queue    []pending
	requests bool
	seq      int
	out      bytes.Buffer
	media    map[string]*m3u8.Media
	stamped  map[string]time.Duration // timestamps of segments
	names    []string                 // of renditions
	watch    func(*player.Action)
	idle     func(until time.Duration) // called before time moves on; nil = nothing
}

type fault struct {
	kind, what string
	pipeline   string
	since      time.Duration
}

type pending struct {
	at  time.Duration
	seq int
	ev  player.Event
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, segment: 2 * time.Second, td: 2 * time.Second, window: 6, levels: 3, rtt: 10 * time.Millisecond,
		pdt: true, phase: 0, number: 100, faults: map[string]fault{}, media: map[string]*m3u8.Media{}, stamped: map[string]time.Duration{}}
	w.profile("hlsjs-1.7", "")
	return w
}

func play(t *testing.T, script string) string {
	w := newWorld(t)
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cmd, rest, _ := strings.Cut(line, " ")
		switch cmd {
		case "world":
			w.set(rest)
		case "profile":
			name, values, _ := strings.Cut(rest, " ")
			w.profile(name, values)
		case "show":
			w.requests = true
		case "join":
			w.p = player.New(player.Config{Profile: w.prof, URL: "http://h/p0/index.m3u8", Seed: draw.Seed(1)}, w.now)
			w.step(player.Event{Type: player.Tick})
		case "leave":
			w.step(player.Event{Type: player.Leave})
		case "fault":
			name, what, _ := strings.Cut(rest, " ")
			sel, answer, _ := strings.Cut(what, "=")
			kind, pipeline, _ := strings.Cut(sel, "/")
			w.faults[name] = fault{kind: kind, pipeline: pipeline, what: answer, since: w.now}
			fmt.Fprintf(&w.out, "%8.3f %s\n", w.now.Seconds(), line)
		case "clear":
			delete(w.faults, rest)
			fmt.Fprintf(&w.out, "%8.3f %s\n", w.now.Seconds(), line)
		case "run":
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatal(err)
			}
			w.run(d)
		default:
			t.Fatalf("unknown command %q", line)
		}
	}
	return w.out.String()
}

func (w *world) profile(name, values string) {
	p, err := profile.Load(name)
	if err == nil && values != "" {
		p, err = profile.Override(p, []byte(values))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.prof = p
}

func (w *world) set(rest string) {
	for _, kv := range strings.Fields(rest) {
		k, v, _ := strings.Cut(kv, "=")
		d, _ := time.ParseDuration(v)
		n, _ := strconv.Atoi(v)
		switch k {
		case "td":
			w.td = d
		case "segment":
			w.segment, w.td = d, d
		case "holdback":
			w.hold = d
		case "window":
			w.window = n
		case "levels":
			w.levels = n
		case "demuxed":
			w.demuxed = v == "yes"
		case "init":
			w.init = v == "yes"
		case "key":
			w.key = v == "yes"
		case "sign":
			w.sign = v
		case "pdt":
			w.pdt = v == "yes"
		case "skew":
			w.skew = d
		case "number":
			w.number = int64(n)
		case "shift":
			w.shift = int64(n)
		case "stamps":
			w.stamps = v == "yes"
		case "rtt":
			w.rtt = d
		case "phase":
			w.phase = d
		default:
			w.t.Fatalf("unknown key %q", k)
		}
	}
}

func (w *world) run(d time.Duration) {
	end := w.now + d
	for range 1_000_000 {
		at := end
		if w.p != nil {
			at = min(at, w.p.Wake())
		}
		i := -1
		for j := range w.queue {
			if q := &w.queue[j]; q.at <= at && (i < 0 || q.at < w.queue[i].at || q.at == w.queue[i].at && q.seq < w.queue[i].seq) {
				i, at = j, q.at
			}
		}
		if i < 0 && at >= end {
			w.now = end
			return
		}
		if w.idle != nil {
			w.idle(at)
		}
		w.now = max(w.now, at)
		ev := player.Event{Type: player.Tick}
		if i >= 0 {
			ev = w.queue[i].ev
			w.queue = slices.Delete(w.queue, i, i+1)
		}
		w.step(ev)
	}
	w.t.Fatal("the player does not come to rest")
}

func (w *world) step(ev player.Event) {
	actions := w.p.Step(w.now, &ev, nil)
	if w.twins != nil {
		w.compare(&ev, actions)
	}
	for _, a := range actions {
		if w.watch != nil {
			w.watch(&a)
		}
		switch a.Type {
		case player.Fetch:
			w.request(a)
		case player.Abandon:
			w.queue = slices.DeleteFunc(w.queue, func(q pending) bool { return q.ev.Fetch == a.Fetch })
			if w.requests {
				fmt.Fprintf(&w.out, "%8.3f abandon %d\n", w.now.Seconds(), a.Fetch)
			}
		case player.Note:
			w.print(&a.Sample)
		}
	}
}

func (w *world) print(s *player.Sample) {
	where := func(pipeline int8, rendition int16) string {
		if rendition < 0 {
			return "-"
		}
		return fmt.Sprintf("p%d/%s", pipeline, w.names[rendition])
	}
	at := where(s.Pipeline, s.Rendition)
	var line string
	switch s.Type {
	case player.Requested:
		if !w.requests {
			return
		}
		line = fmt.Sprintf("request %v %s", s.Kind, at)
	case player.Answered:
		if !w.requests {
			return
		}
		line = fmt.Sprintf("answer %v %s %d %v", s.Kind, at, s.Status, s.Failure)
	case player.Evidence:
		line = fmt.Sprintf("evidence %v %s: %v %d", s.Kind, at, s.Failure, s.Status)
	case player.Detected:
		line = fmt.Sprintf("detected: %v (%v %s: %s)", s.Decision, s.Kind, at, s.Reason)
	case player.Switched:
		line = fmt.Sprintf("switch %v %s -> %s (%s)", s.Track, where(s.FromPipeline, s.FromRendition), at, s.Reason)
	case player.Appended:
		line = fmt.Sprintf("append %v %s media %.3f+%.3f latency %.3f", s.Track, at, s.MediaStart.Seconds(), s.MediaDuration.Seconds(), s.Latency.Seconds())
		if s.Skipped+s.Repeated > 0 {
			line += fmt.Sprintf(" skipped %v repeated %v", s.Skipped, s.Repeated)
		}
	case player.Started, player.StallEnd:
		line = fmt.Sprintf("%v after %.3f", s.Type, s.Duration.Seconds())
	case player.Fatal:
		line = "fatal: " + s.Reason
	default:
		line = s.Type.String()
	}
	fmt.Fprintf(&w.out, "%8.3f %s\n", cmp.Or(s.At, w.now).Seconds(), line)
}

// mediaOf is what a URL is for: video or audio.
func mediaOf(url string) string {
	if strings.Contains(url, "/audio") {
		return "audio"
	}
	return "video"
}

// request answers a fetch after one round trip, as the faults have it then.
func (w *world) request(a player.Action) {
	at := w.now + w.rtt
	pipeline := strings.TrimPrefix(strings.Split(a.URL, "/")[3], "p")
	answer := "200"
	var since time.Duration
	names := make([]string, 0, len(w.faults))
	for n := range w.faults {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		f := w.faults[n]
		if (f.kind == a.Kind.String() || f.kind == "any" || f.kind == mediaOf(a.URL)+"-"+a.Kind.String()) && (f.pipeline == pipeline || f.pipeline == "*") {
			answer, since = f.what, f.since
		}
	}
	w.seq++
	ev := player.Event{Type: player.End, Fetch: a.Fetch, Status: 200, Bytes: 1000, Size: 1000, Sent: w.now, FirstByte: at}
	switch answer {
	case "hang":
		return
	case "reset":
		ev = player.Event{Type: player.Failed, Fetch: a.Fetch, Failure: player.Reset, Sent: w.now}
	case "html": // a page for people instead of what was asked for
		ev.Problem = "not a playlist"
		if a.Kind >= m3u8.KindInit {
			ev = player.Event{Type: player.Failed, Fetch: a.Fetch, Failure: player.BadBody, Status: 200, Sent: w.now, FirstByte: at}
		}
	case "empty":
		ev.Bytes, ev.Size, ev.Problem = 0, 0, "empty"
	case "200", "freeze", "restart", "restart-disc", "renumber", "ahead", "ahead-restart":
		content := at
		if answer == "freeze" {
			content = since
		}
		switch a.Kind {
		case m3u8.KindMultivariant:
			ev.Ladder = w.ladder()
		case m3u8.KindMedia:
			if answer == "200" || answer == "freeze" {
				ev.Media = w.playlist(a.URL, content)
			} else {
				ev.Media = w.anew(a.URL, at, since, answer)
			}
		case m3u8.KindInit:
			ev.Opening.Scales[0].Track, ev.Opening.Scales[0].Rate = 1, 1000
		case m3u8.KindSegment:
			if d, ok := w.stamped[a.URL]; ok && w.init {
				ev.Opening.Stamp = mediatime.Stamp{Ticks: uint64(d.Milliseconds()), Track: 1, Kind: mediatime.Decode}
			} else if ok {
				ev.Opening.Stamp = mediatime.Stamp{Ticks: uint64(d.Seconds()*mediatime.ClockRate) % (1 << 33), Kind: mediatime.Video}
			}
			// Delivered at 20 Mbit/s.
			rate := int64(64)
			if a.Track == player.MainTrack && mediaOf(a.URL) == "video" {
				rate, _ = strconv.ParseInt(strings.Split(a.URL, "/")[4], 10, 64)
			}
			ev.Bytes = rate * 1000 / 8 * w.segment.Milliseconds() / 1000
			ev.Size = ev.Bytes
			at += time.Duration(ev.Bytes * 8 * 50)
		}
	default:
		ev.Status, _ = strconv.Atoi(answer)
		ev.Bytes, ev.Size = 0, 0
	}
	w.queue = append(w.queue, pending{at: at, seq: w.seq, ev: ev})
}

func (w *world) ladder() *player.Ladder {
	mv := &m3u8.Multivariant{}
	order := []int{600, 300, 1200, 2400, 4800}[:w.levels]
	for _, rate := range order {
		for p := range 2 {
			v := m3u8.Variant{URL: fmt.Sprintf("http://h/p%d/%d.m3u8", p, rate), Bandwidth: int64(rate) * 1000, Height: rate}
			if w.demuxed {
				v.Audio = fmt.Sprintf("aac-%d", p)
			}
			mv.Variants = append(mv.Variants, v)
		}
	}
	if w.demuxed {
		for p := range 2 {
			mv.Renditions = append(mv.Renditions, m3u8.Rendition{Type: "AUDIO", GroupID: fmt.Sprintf("aac-%d", p), Default: true,
				URL: fmt.Sprintf("http://h/p%d/audio.m3u8", p)})
		}
	}
	l, err := player.NewLadder(mv, w.prof, func(url string) int { return int(url[len("http://h/p")] - '0') })
	if err != nil {
		w.t.Fatal(err)
	}
	w.names = nil
	for _, r := range l.Renditions {
		w.names = append(w.names, r.Name)
	}
	return l
}

// playlist is that of a URL at an instant; equal versions are one value.
func (w *world) playlist(url string, at time.Duration) *m3u8.Media {
	last := int64((at - w.phase) / w.segment) // the newest segment listed
	return w.list(url, last-int64(w.window)+1, last, w.number, "", func(i int64) time.Duration { return w.stamp(i) })
}

// stamp is the timestamp of the segment that is the i-th since 0.
func (w *world) stamp(i int64) time.Duration { return time.Hour + time.Duration(i)*w.segment }

// anew is the playlist of a pipeline that was changed at an instant.
func (w *world) anew(url string, at, since time.Duration, how string) *m3u8.Media {
	before, last := int64((since-w.phase)/w.segment), int64((at-w.phase)/w.segment)
	first := max(before+1, last-int64(w.window)+1)
	if last = max(last, first); how == "ahead" {
		return w.list(url, last-int64(w.window)+1, last, w.number+5000, "", w.stamp)
	}
	stamp := w.stamp
	if strings.HasPrefix(how, "restart") {
		stamp = func(i int64) time.Duration { return time.Duration(i-before-1) * w.segment }
	}
	number := -before - 1
	if how == "ahead-restart" {
		number, stamp = w.number+5000, func(i int64) time.Duration { return time.Duration(i-before-1) * w.segment }
	}
	m := w.list(url, first, last, number, "new", stamp)
	if how == "restart-disc" {
		for i := range m.Segments {
			m.Segments[i].DiscontinuitySequence = 1
		}
	}
	return m
}

// list lists segments, the first with its number; equal lists are one value.
func (w *world) list(url string, from, to, number int64, name string, stamp func(int64) time.Duration) *m3u8.Media {
	if strings.Contains(url, "/p1/") {
		number += w.shift
	}
	key := fmt.Sprintf("%s#%s%d", url, name, number+to)
	if m := w.media[key]; m != nil && w.sign == "" {
		return m
	}
	w.signed++
	sign := func(uri string) string {
		switch w.sign {
		case "query":
			return fmt.Sprintf("%s?sig=%d", uri, w.signed)
		case "path":
			return fmt.Sprintf("sig-%d/%s", w.signed, uri)
		}
		return uri
	}
	epoch := time.Unix(0, 0)
	m := &m3u8.Media{TargetDuration: w.td, MediaSequence: uint64(number + from), HasProgramDateTime: w.pdt}
	if w.hold > 0 {
		m.ServerControl = &m3u8.ServerControl{HoldBack: w.hold}
	}
	dir := strings.TrimSuffix(url, ".m3u8")
	for i := from; i <= to; i++ {
		n := uint64(number + i)
		s := m3u8.Segment{URI: sign(fmt.Sprint(name, n)), URL: dir + "/" + sign(fmt.Sprintf("%s%d.ts", name, n)), Duration: w.segment, Sequence: n, Start: m.Duration}
		if w.pdt {
			s.ProgramDateTime = epoch.Add(w.phase + time.Duration(i-1)*w.segment)
			if strings.Contains(url, "/p1/") {
				s.ProgramDateTime = s.ProgramDateTime.Add(w.skew)
			}
		}
		if w.init {
			s.Map = &m3u8.Map{URL: dir + "/" + sign("init.mp4")}
		}
		if w.key {
			s.Keys = []m3u8.Key{{Method: "AES-128", URL: dir + "/" + sign("key")}}
		}
		if w.stamps {
			w.stamped[s.URL] = stamp(i)
		}
		m.Segments = append(m.Segments, s)
		m.Duration += w.segment
	}
	w.media[key] = m
	return m
}
