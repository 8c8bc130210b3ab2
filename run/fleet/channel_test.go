package fleet

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/profile"
	"hlsload/reports/record"
	"hlsload/run/runtest"
)

// channel is a live channel of 2 s segments, two renditions on two pipelines,
// as a function of time.
type channel struct {
	epoch     time.Time
	size      int    // of a segment, bytes
	elsewhere string // where segments are: scheme and host; "" = here

	mu    sync.Mutex
	asked map[string]int  // by path
	told  map[string]bool // media playlists, by path and text
	hook  func(w http.ResponseWriter, r *http.Request) bool
}

const segment = 2 * time.Second

func (c *channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked[r.Method+" "+r.URL.Path]++
	c.mu.Unlock()
	if c.hook != nil && c.hook(w, r) {
		return
	}
	name := r.URL.Path[1:]
	switch {
	case strings.HasSuffix(name, "index.m3u8"):
		fmt.Fprint(w, "#EXTM3U\n")
		for _, rate := range []int{400_000, 800_000} {
			for p := range 2 {
				fmt.Fprintf(w, "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\np%d/v%d.m3u8\n", rate, p, rate)
			}
		}
	case strings.HasSuffix(name, ".m3u8"):
		text := c.playlist(strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".m3u8"))
		c.mu.Lock()
		c.told[name+text] = true
		c.mu.Unlock()
		fmt.Fprint(w, text)
	default:
		w.Header().Set("X-Amz-Cf-Pop", "TST1")
		w.Header().Set("Content-Length", fmt.Sprint(c.size))
		w.Write(bytes.Repeat([]byte("G"), c.size)) // sync bytes
	}
}

func (c *channel) playlist(rendition string) string {
	last, base := int(time.Since(c.epoch)/segment)+100, ""
	if c.elsewhere != "" {
		base = c.elsewhere + "/"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", last-9)
	for n := last - 9; n <= last; n++ {
		fmt.Fprintf(&b, "#EXTINF:2.0,\n%s%s_%d.ts\n", base, rendition, n)
	}
	return b.String()
}

func (c *channel) count(match string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, k := range c.asked {
		if strings.Contains(path, match) {
			n += k
		}
	}
	return n
}

// ledger is a sink that keeps everything.
type ledger struct {
	mu       sync.Mutex
	sessions []*recorded
}

type recorded struct {
	who     record.SessionInfo
	joined  time.Duration
	samples []player.Sample
	metas   []record.Meta // of answered samples, zero for others
}

func (r *ledger) Join(now time.Duration, who record.SessionInfo) Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &recorded{who: who, joined: now}
	r.sessions = append(r.sessions, s)
	return s
}

func (s *recorded) Add(sm *player.Sample, m *record.Meta) {
	s.samples = append(s.samples, *sm)
	if (m != nil) != (sm.Type == player.Answered) {
		panic("a meta for what was not answered, or none for what was")
	}
	if m == nil {
		m = new(record.Meta)
	}
	s.metas = append(s.metas, *m)
}

func (s *recorded) count(t player.SampleType) (n int) {
	for i := range s.samples {
		if s.samples[i].Type == t {
			n++
		}
	}
	return n
}

func (r *ledger) count(t player.SampleType) (n int) {
	for _, s := range r.sessions {
		n += s.count(t)
	}
	return n
}

func mustLoad(name string) *player.Profile {
	p, err := profile.Load(name)
	if err != nil {
		panic(err)
	}
	return p
}

// world is a channel, a fleet and a record, in the time of a bubble.
type world struct {
	channel *channel
	fleet   *Fleet
	record  *ledger
	stop    context.CancelFunc
	ended   time.Duration // when Run returned
}

// inBubble runs a fleet against a channel in virtual time. set may change the
// configuration and the channel; during runs beside the fleet.
func inBubble(t *testing.T, set func(cfg *Config, c *channel), during func(w *world)) *world {
	t.Helper()
	w := &world{record: &ledger{}}
	synctest.Test(t, func(t *testing.T) {
		epoch := time.Now()
		w.channel = &channel{epoch: epoch, size: 100_000, asked: map[string]int{}, told: map[string]bool{}}
		net := runtest.NewNetwork()
		srv := net.ServeAt("", w.channel)
		cfg := Config{
			Audience: audience.Config{Players: 5, Arrive: audience.Arrive{Over: time.Second}, Cohorts: []audience.Cohort{{Name: "all", Share: 1, Profile: "rfc8216bis"}}},
			Profiles: map[string]*player.Profile{"rfc8216bis": mustLoad("rfc8216bis"), "hlsjs-1.7": mustLoad("hlsjs-1.7")},
			Seed:     7, Epoch: epoch, Duration: 30 * time.Second,
			URL:      func(*audience.Arrival) string { return "http://rig/index.m3u8" },
			Classify: func(u string) int { return strings.Index("01", u[strings.Index(u, "/p")+2:][:1]) },
			Join:     w.record.Join,
			Dial:     net.Dial,
		}
		if set != nil {
			set(&cfg, w.channel)
		}
		var err error
		if w.fleet, err = New(cfg); err != nil {
			t.Fatal(err)
		}
		var ctx context.Context
		ctx, w.stop = context.WithCancel(t.Context())
		defer w.stop()
		if during != nil {
			go during(w)
		}
		w.fleet.Run(ctx)
		w.ended = time.Since(epoch)
		srv.Close()
	})
	return w
}
