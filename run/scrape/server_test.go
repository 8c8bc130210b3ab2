package scrape

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hlsload/player"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/runtest"
	"hlsload/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// both are a source and its server.
type both struct {
	*Source
	*Server
}

// opened is a server and a client on a network within the process.
func opened(t *testing.T) (*both, func(method, path string, header ...string) (int, http.Header, string)) {
	t.Helper()
	m := runtest.NewNetwork()
	source := NewSource(nil, nil)
	server, err := Start(t.Context(), Config{Source: source, Addr: "9464", Listen: m.Listen})
	if err != nil {
		t.Fatal(err)
	}
	s := &both{source, server}
	transport := &http.Transport{DialContext: m.Dial, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return s, func(method, path string, header ...string) (int, http.Header, string) {
		req, _ := http.NewRequestWithContext(context.Background(), method, s.Server.Server.URL()+path, nil)
		for i := 0; i < len(header); i += 2 {
			if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
				req.Host = header[i+1]
			}
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			return 0, nil, err.Error()
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header, string(body)
	}
}

// recorder records a run that begins now.
func recorder(t *testing.T) *record.Collector {
	t.Helper()
	c, err := record.New(record.Config{Started: time.Now(), Duration: time.Minute, TargetDuration: time.Second, Cohorts: []record.Cohort{{Name: "web", Profile: "hlsjs-1.7"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRun scrapes a run from before its beginning to its end.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		shows := func(want ...string) {
			t.Helper()
			code, _, body := get("GET", "metrics")
			if code != 200 {
				t.Errorf("%d %s", code, body)
			}
			for _, w := range want {
				no, without := strings.CutPrefix(w, "not ")
				if strings.Contains(body, no) == without {
					t.Errorf("the metrics have %q: %v", no, without)
				}
			}
		}
		shows("go_goroutines", "process_start_time_seconds", "not hlsload_")
		c := recorder(t)
		s.Begin(one{c})
		const joining, playing = `hlsload_players{cohort="web",profile="hlsjs-1.7",state="joining"} `, `hlsload_players{cohort="web",profile="hlsjs-1.7",state="playing"} `
		shows(joining+"0", "hlsload_run_elapsed_seconds 0\n", "not hlsload_run_verdict")
		one := c.Join(0, record.SessionInfo{Player: 1})
		shows(joining + "0") // a second has not passed
		time.Sleep(time.Second)
		shows(joining+"1", playing+"0", "hlsload_run_elapsed_seconds 1\n")
		one.Add(&player.Sample{Type: player.Started, At: time.Second, Duration: time.Second}, nil)
		time.Sleep(every)
		shows(joining+"0", playing+"1", "hlsload_startup_seconds_count{cohort=\"web\",profile=\"hlsjs-1.7\"} 1\n")

		lingers := make(chan time.Duration)
		p := c.Finish(3 * time.Second)
		shows(playing+"1", "not hlsload_run_verdict") // what is not handed over yet does not vanish
		s.End(p)
		shows(playing+"0", "not hlsload_run_verdict", `hlsload_sessions_total{cohort="web",outcome="cut",profile="hlsjs-1.7"} 1`)
		s.Finish(&reports.Summary{DurationS: 3, Verdict: reports.Pass})
		go func() {
			began := time.Now()
			s.Linger(t.Context())
			lingers <- time.Since(began)
		}()
		for range lastScrapes {
			time.Sleep(15 * time.Second)
			shows(playing+"0", "hlsload_run_elapsed_seconds 3\n", `hlsload_run_verdict{verdict="pass"} 1`, `hlsload_sessions_total{cohort="web",outcome="cut",profile="hlsjs-1.7"} 1`)
		}
		if took := <-lingers; took != 30*time.Second {
			t.Errorf("the metrics stayed for %v; want 30s", took)
		}
		shows("hlsload_run_verdict") // a third scrape is no trouble
	})
}

// TestLinger: the wait ends when there is no scraper, and when it is interrupted.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := opened(t)
		defer s.Close()
		c := recorder(t)
		s.Begin(one{c})
		s.End(c.Finish(0))
		s.Finish(&reports.Summary{})
		for _, limit := range []time.Duration{time.Second, time.Hour} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			began := time.Now()
			s.Linger(ctx)
			if took := time.Since(began); took != min(limit, longest) {
				t.Errorf("with %v: waited for %v", limit, took)
			}
			cancel()
		}
	})
}

// TestFormats: scrapers get what they ask for, and native histograms only as protobuf.
func TestFormats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		c := recorder(t)
		s.Begin(one{c})
		for accept, want := range map[string][]string{
			"": {"text/plain; version=0.0.4", "# TYPE hlsload_stalls_total counter\n"},
			"application/openmetrics-text;version=1.0.0,text/plain;q=0.5":                                                      {"application/openmetrics-text; version=1.0.0", "# TYPE hlsload_stalls counter\n", "# EOF\n"},
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;q=0.5":      {"application/vnd.google.protobuf", "hlsload_startup_seconds"},
			"application/openmetrics-text;version=99.0.0,text/plain;version=0.0.4;q=0.3,*/*;q=0.1,application/json;q=nonsense": {"text/plain", "hlsload_startup_seconds_bucket"},
		} {
			code, header, body := get("GET", "metrics", "Accept", accept)
			if got := header.Get("Content-Type"); code != 200 || !strings.HasPrefix(got, want[0]) {
				t.Errorf("%q: %d, %q; want %q", accept, code, got, want[0])
			}
			for _, w := range want[1:] {
				if !strings.Contains(body, w) {
					t.Errorf("%q: no %q", accept, w)
				}
			}
			if header.Get("Cache-Control") != "no-store" {
				t.Errorf("%q: caches may keep it", accept)
			}
		}
	})
}

// TestOnlyReading: nothing can be changed, and other sites read nothing.
func TestOnlyReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		for _, r := range []struct {
			method, path string
			header       []string
			want         int
		}{
			{"GET", "metrics", nil, 200},
			{"HEAD", "metrics", nil, 200},
			{"GET", "metrics?name[]=go_goroutines", nil, 200},
			{"GET", "", nil, 404},
			{"GET", "metrics/", nil, 404},
			{"POST", "metrics", []string{"Content-Type", "application/json"}, 405},
			{"PUT", "metrics", nil, 405},
			{"GET", "metrics", []string{"Sec-Fetch-Site", "cross-site"}, 403},
			{"GET", "metrics", []string{"Host", "rebound.example:9464"}, 403},
			{"GET", "metrics", []string{"Host", "localhost:9464"}, 200},
		} {
			if code, _, body := get(r.method, r.path, r.header...); code != r.want {
				t.Errorf("%s /%s %v: %d %.200s; want %d", r.method, r.path, r.header, code, body, r.want)
			}
		}
	})
}

// TestProgramSeries: the program's own series are as few as the budget says.
func TestProgramSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		_, _, body := get("GET", "metrics")
		n := 0
		for line := range strings.Lines(body) {
			if !strings.HasPrefix(line, "#") {
				n++
			}
		}
		if n < 20 || n > 60 {
			t.Errorf("%d series; want 20 to 60", n)
		}
	})
}

// TestScrapesWhilePlayersPlay: sessions come, play and go while many scrape, and the run ends.
func TestScrapesWhilePlayersPlay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		c := recorder(t)
		s.Begin(one{c})
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for k := range 50 {
					at := time.Duration(k) * 100 * time.Millisecond
					one := c.Join(at, record.SessionInfo{Player: uint64(100*i + k)})
					one.Add(&player.Sample{Type: player.Started, At: at, Duration: 1}, nil)
					time.Sleep(100 * time.Millisecond)
					one.Add(&player.Sample{Type: player.Left, At: at + 100*time.Millisecond}, nil)
				}
			})
			all.Go(func() {
				for range 20 {
					if code, _, body := get("GET", "metrics"); code != 200 && code != 503 {
						t.Errorf("%d %.200s", code, body)
					}
					time.Sleep(250 * time.Millisecond)
				}
			})
		}
		all.Wait()
		s.End(c.Finish(6 * time.Second))
		s.Finish(&reports.Summary{DurationS: 6})
		if _, _, body := get("GET", "metrics"); !strings.Contains(body, fmt.Sprintf(`outcome="left",profile="hlsjs-1.7"} %d`, 8*50)) {
			t.Errorf("the final values lack sessions: %.2000s", body)
		}
		s.Close()
	})
}

// TestAgents scrapes a run over several machines: what all of them counted, and each of them.
func TestAgents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		shows := func(want ...string) {
			t.Helper()
			_, _, body := get("GET", "metrics")
			for _, w := range want {
				no, without := strings.CutPrefix(w, "not ")
				if strings.Contains(body, no) == without {
					t.Errorf("the metrics have %q: %v", no, without)
				}
			}
			time.Sleep(every)
		}
		cfg := recorder(t).Config()
		cfg.Agents = 2
		several := &crew{cfg: cfg, agents: []stage.AgentNow{{Name: "a", Up: true, ClockOffset: 20 * time.Millisecond}, {Name: "b", Up: true}}}
		s.Begin(several)
		shows("go_goroutines", "not hlsload_")
		several.sums = &record.Sums{Cohorts: []record.CohortSums{{Started: 7}}, Pipelines: []int64{0}, Headers: true, ByHeaders: 5}
		several.agents[0].Lags.Duration(time.Millisecond)
		shows(`hlsload_sessions_started_total{cohort="web",profile="hlsjs-1.7"} 7`, `hlsload_origin_requests_total{source="headers"} 5`,
			`hlsload_agent_up{agent="a"} 1`, `hlsload_agent_up{agent="b"} 1`, `hlsload_agent_clock_offset_seconds{agent="a"} 0.02`, `hlsload_tester_lag_seconds_count{agent="a"} 1`,
			`hlsload_tester_lag_seconds_count{agent="b"} 0`)
		several.sums = &record.Sums{Cohorts: []record.CohortSums{{Started: 8}}, Pipelines: []int64{0}, Headers: true, ByHeaders: 4} // one was shared
		several.agents[1].Up = false
		shows(`hlsload_sessions_started_total{cohort="web",profile="hlsjs-1.7"} 8`, `hlsload_origin_requests_total{source="headers"} 5`, `hlsload_agent_up{agent="b"} 0`)

		own := *cfg
		own.Agent, own.Agents = "a", 0
		c, err := record.New(own)
		if err != nil {
			t.Fatal(err)
		}
		s.End(c.Finish(3 * time.Second))
		shows(`hlsload_agent_up{agent="a"} 1`, `not agent="b"`)
		s.Finish(&reports.Summary{Agents: []reports.AgentSummary{{Name: "a", ClockOffsetMs: 21, LostAtS: reports.NoData}, {Name: "b", ClockOffsetMs: reports.NoData, LostAtS: 2}}})
		shows(`hlsload_agent_up{agent="a"} 1`, `hlsload_agent_up{agent="b"} 0`, `hlsload_agent_clock_offset_seconds{agent="a"} 0.021`)
	})
}

// TestAgentAlone: an agent serves only its own metrics, under its name from the beginning.
func TestAgentAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, get := opened(t)
		defer s.Close()
		cfg := *recorder(t).Config()
		cfg.Agent = "a"
		c, err := record.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		s.Begin(one{c})
		for range 2 {
			if _, _, body := get("GET", "metrics"); !strings.Contains(body, `hlsload_agent_up{agent="a"} 1`) || strings.Contains(body, "clock_offset") {
				t.Errorf("%.3000s", body)
			}
			time.Sleep(every)
			s.End(c.Finish(time.Second))
		}
	})
}

// crew is a run over several machines.
type crew struct {
	cfg    *record.Config
	sums   *record.Sums
	agents []stage.AgentNow
}

func (c *crew) Config() *record.Config   { return c.cfg }
func (c *crew) Sums() *record.Sums       { return c.sums }
func (c *crew) Agents() []stage.AgentNow { return c.agents }

// one is a run on one machine.
type one struct{ *record.Collector }

func (one) Agents() []stage.AgentNow { return nil }
