package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// watched is a short run in which a pipeline fails. Its verdict does not matter here: the
// machine may be busy.
const watched = `version: 1
name: watched
duration: 26s
recovery: 5s
target: {rig: {ladder: mini, segment: 1s}}
fleet:
  players: 8
  arrive: {over: 5s}
  cohorts:
    - {name: web, share: 50%, profile: hlsjs-1.7}
    - {name: tv, share: 50%, profile: rfc8216bis}
chaos:
  - {name: kill-0, fault: pipeline.kill, at: 9s, for: 9s, pipeline: 0}
limits: {lag: 10s}
expect:
  - failed_over{fault=kill-0} >= 1%
`

// mayBeZero are metrics whose queries may have no value but 0, or no number, in a run that
// goes well or is scraped late.
var mayBeZero = []string{"hlsload_sessions_started_total", "hlsload_stalls_total", "hlsload_stalled_seconds_total", "hlsload_stall_duration_seconds", "hlsload_sessions_total", "hlsload_startup_failures_total", "hlsload_outage_seconds", "hlsload_agent_clock_offset_seconds"}

// onlyOfAgents are metrics that only a run over several machines has.
var onlyOfAgents = []string{"hlsload_agent_clock_offset_seconds"}

// TestPrometheus lets a real Prometheus scrape a run, and evaluates every query of the
// dashboard that ships.
func TestPrometheus(t *testing.T) {
	slow(t)
	for _, tool := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the dashboard was not tested with Prometheus: %v (want the Debian package prometheus)", err)
		}
	}
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := own.Addr().String()
	dir := t.TempDir()
	scenario, file := filepath.Join(dir, "watched.yaml"), filepath.Join(dir, "run.prom")
	prom, native := startPrometheus(t, target), startPrometheus(t, whileItRuns(t, target, file), "--enable-feature=native-histograms")
	if err := os.WriteFile(scenario, []byte(watched), 0o600); err != nil {
		t.Fatal(err)
	}
	on := network{listen: func(ctx context.Context, addr string) (net.Listener, error) {
		if addr == target {
			return own, nil
		}
		return new(net.ListenConfig).Listen(ctx, "tcp", addr)
	}}
	from := time.Now()
	var stdout, stderr bytes.Buffer
	if code := executeOn(t.Context(), on, []string{"run", scenario, "--metrics", target, "--linger", "--prom", file, "--quiet", "--out", filepath.Join(dir, "out")}, &stdout, &stderr); code == exitUsage || code == exitInvalid || code == exitInternal {
		t.Fatalf("exit code %d: %s%s", code, &stdout, &stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics: %v: %s", err, said)
	}

	prom.until(t, "hlsload_run_verdict == 1", from)
	prom.dashboard(t, from, false)
	for label, match := range map[string]string{"scenario": "hlsload_run_info", "instance": `hlsload_run_info{scenario=~"watched"}`, "cohort": `hlsload_players{instance=~".*"}`, "fault": "hlsload_fault_active"} {
		var values []string
		prom.get(t, "label/"+label+"/values", url.Values{"match[]": {match}}, &values)
		if len(values) == 0 {
			t.Errorf("the variable %s has no values", label)
		}
	}
	for query, least := range map[string]float64{"histogram_count(hlsload_startup_seconds)": 4, "histogram_quantile(0.5, hlsload_failover_seconds)": .01} {
		most := 0.
		answer, _ := native.ask(t, query, from)
		for _, values := range answer {
			for _, v := range values {
				most = max(most, v)
			}
		}
		if most < least {
			t.Errorf("native histograms: %s is %v at most; want %v or more", query, most, least)
		}
	}
}

// whileItRuns is the address of a proxy to the metrics of a run, until a file is there that the
// run writes at its end: what is scraped after that is left to another Prometheus.
func whileItRuns(t *testing.T, target, file string) string {
	t.Helper()
	metrics := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
	metrics.ErrorLog = log.New(io.Discard, "", 0) // the run has not begun
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := os.Stat(file); err == nil {
			http.Error(w, "over", http.StatusServiceUnavailable)
			return
		}
		r.Host = target
		metrics.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// dashboard evaluates every query of the dashboard that ships over a run of [watched], on
// one machine or over several.
func (p *prometheusServer) dashboard(t *testing.T, from time.Time, several bool) {
	t.Helper()
	data, err := os.ReadFile("../../docs/grafana/hlsload.json")
	if err != nil {
		t.Fatal(err)
	}
	fault, _ := p.ask(t, `hlsload_fault_active{fault="kill-0"} == 1`, from)
	seen := 0
	for _, query := range queries(t, data) {
		answer, series := p.ask(t, query, from)
		zero, during := true, false
		for at, values := range answer {
			for _, v := range values {
				zero = zero && v == 0
				during = during || v != 0 && len(fault[at]) > 0
			}
		}
		switch {
		case !several && containsAny(query, onlyOfAgents):
			if series > 0 {
				t.Errorf("%s: %d series of a run on one machine", query, series)
			}
		case series == 0:
			t.Errorf("%s: no series", query)
		case zero && !containsAny(query, mayBeZero):
			t.Errorf("%s: 0 all the time", query)
		}
		if during {
			seen++
		}
		if !during && strings.Contains(query, "hlsload_fault_active") {
			t.Errorf("%s: shows no fault", query)
		}
	}
	if len(fault) == 0 || seen < 15 {
		t.Errorf("the fault was on at %d instants, in which %d queries show something; want at least 15", len(fault), seen)
	}
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// queries are those of the panels and annotations of a dashboard, with values for its
// variables.
func queries(t *testing.T, dashboard []byte) (all []string) {
	t.Helper()
	type query struct{ Expr string }
	var d struct {
		Panels      []struct{ Targets []query }
		Annotations struct{ List []query }
	}
	if err := json.Unmarshal(dashboard, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			all = append(all, q.Expr)
		}
	}
	for _, q := range d.Annotations.List {
		all = append(all, q.Expr)
	}
	set := strings.NewReplacer("$instance", ".*", "$cohort", ".*", "$fault", ".*", "$__rate_interval", "6s")
	for i := range all {
		if all[i] = set.Replace(all[i]); strings.Contains(all[i], "$") {
			t.Errorf("%s: a variable without a value", all[i])
		}
	}
	if len(all) < 30 {
		t.Errorf("%d queries; want those of the whole dashboard", len(all))
	}
	return all
}

// prometheusServer is a Prometheus that scrapes one address every second.
type prometheusServer struct{ api string }

// startPrometheus starts one and waits until it is ready. It ends with the test.
func startPrometheus(t *testing.T, target string, flags ...string) *prometheusServer {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: hlsload\n    static_configs: [{targets: [%q]}]\n", target)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	for range 3 { // another program may take the port
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		l.Close()
		ctx, cancel := context.WithCancel(context.Background())
		said.Reset()
		cmd := exec.CommandContext(ctx, "prometheus", append(flags, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)...)
		cmd.Stderr = &said
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			cmd.Wait()
		}()
		if ready("http://"+addr+"/-/ready", gone) {
			t.Cleanup(func() {
				cancel()
				<-gone
			})
			return &prometheusServer{"http://" + addr + "/api/v1/"}
		}
		cancel()
		<-gone
	}
	t.Fatalf("prometheus does not get ready: %s", &said)
	return nil
}

// ready waits until an address answers, for two minutes at most.
func ready(at string, gone <-chan struct{}) bool {
	limit := time.After(2 * time.Minute)
	for {
		if res, err := http.Get(at); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-gone:
			return false
		case <-limit:
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// get asks the API.
func (p *prometheusServer) get(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	res, err := http.Get(p.api + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &struct{ Data any }{data}); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s %v: %d %v %.500s", path, query, res.StatusCode, err, body)
	}
}

// ask evaluates a query at every second since an instant: the values by time, without those
// that are no number, and how many series there are.
func (p *prometheusServer) ask(t *testing.T, query string, from time.Time) (answer map[int64][]float64, series int) {
	t.Helper()
	var data struct {
		Result []struct{ Values [][2]any }
	}
	p.get(t, "query_range", url.Values{"query": {query}, "start": {fmt.Sprint(from.Unix())}, "end": {fmt.Sprint(time.Now().Unix())}, "step": {"1"}}, &data)
	answer = map[int64][]float64{}
	for _, r := range data.Result {
		for _, v := range r.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			if value, err := strconv.ParseFloat(text, 64); err == nil && value == value {
				answer[int64(at)] = append(answer[int64(at)], value)
			}
		}
	}
	return answer, len(data.Result)
}

// until waits until a query has an answer, for half a minute at most.
func (p *prometheusServer) until(t *testing.T, query string, from time.Time) {
	t.Helper()
	for range 60 {
		if _, series := p.ask(t, query, from); series > 0 {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Errorf("%s: no answer", query)
}
