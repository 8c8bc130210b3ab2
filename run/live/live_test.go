package live

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run/runtest"
)

// opened is a page and a client on a network within the process.
func opened(t *testing.T) (*Page, func(method, path string, header ...string) (int, http.Header, string)) {
	t.Helper()
	m := runtest.NewNetwork()
	p, err := Start(t.Context(), Config{Addr: "8080", Listen: m.Listen, Length: 100 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: m.Dial}
	t.Cleanup(transport.CloseIdleConnections)
	return p, func(method, path string, header ...string) (int, http.Header, string) {
		req, _ := http.NewRequestWithContext(t.Context(), method, p.URL()+path, nil)
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

func soFar(seconds float64) *reports.Summary {
	return &reports.Summary{
		Scenario: reports.Scenario{Name: "evening"}, Mode: reports.ModeRun, Started: "2026-07-11T18:00:00Z", DurationS: reports.Value(seconds), Verdict: reports.Interrupted, TimelineStepS: 1,
		Cohorts: map[string]*reports.CohortSummary{"all": {}}, Origin: reports.OriginSummary{Source: reports.FromNowhere},
		Expectations: []reports.ExpectationResult{{Expr: "failed_over == 1", NotMeasured: true, Reason: "no data: no session was affected"}},
		Timeline:     []reports.Row{{Playing: 1234, Stalled: 3, Gone: 5, Pipeline: []int64{1}}},
		Faults: []reports.FaultSummary{
			{Name: "kill-0", Occurrence: 1, Fault: "pipeline.kill", AppliedAtS: 30, ClearedAtS: reports.NoData, RecoveryEndS: reports.Value(seconds), SoFar: &reports.FaultSoFar{Affected: 9, FailedOver: 7, Healed: 1}},
			{Name: "kill-1", Occurrence: 1, Fault: "pipeline.kill", AppliedAtS: reports.NoData, ClearedAtS: reports.NoData, RecoveryEndS: reports.NoData},
		},
	}
}

// shows checks what a page holds.
func shows(t *testing.T, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		no, without := strings.CutPrefix(w, "not ")
		if strings.Contains(body, no) == without {
			t.Errorf("the page has %q: %v", no, without)
		}
	}
}

// TestRun follows a run from before its start to its report.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, get := opened(t)
		defer p.Close()
		if p.Wanted() {
			t.Error("a summary is wanted, and no page is open")
		}
		code, header, body := get("GET", "")
		if code != 200 || !strings.Contains(header.Get("Content-Security-Policy"), "connect-src 'self'; frame-ancestors 'none'") {
			t.Errorf("%d, policy %q", code, header.Get("Content-Security-Policy"))
		}
		shows(t, body, "The run has not begun", "connect-src 'self'; base-uri 'none'")
		version := p.now.version

		go func() { // the run
			for s := range 20 {
				time.Sleep(time.Second)
				if p.Wanted() {
					p.Show(soFar(float64(40 + s)))
				}
			}
		}()
		_, _, body = get("GET", fmt.Sprintf("now?after=%d", version))
		shows(t, body, "Running, 0:40 of 1:40, fault kill-0 on", "1,234 playing · 3 stalled · 0 joining · 5 gone after an error", fmt.Sprintf(`"live":%d`, version+1),
			"9 sessions affected so far; of these 7 failed over, 1 healed in place, 1 in neither way yet", "pipeline.kill, on since 0:30", "not never undone", "not kill-1", "<td class=\"w\">not yet", "not no session was affected", "not <style>", "not Interrupted")
		began := time.Now()
		_, _, body = get("GET", fmt.Sprintf("now?after=%d", version+1))
		if took := time.Since(began); took < every || took > every+time.Second {
			t.Errorf("the next page came after %v; want %v", took, every)
		}
		shows(t, body, "Running, 0:43 of 1:40")
		synctest.Wait()
		if _, _, body = get("GET", ""); p.now.version != version+2 { // it is fresh
			t.Errorf("opening a page made another summary")
		}
		shows(t, body, "Running, 0:43 of 1:40", "<style>", "<script>")
		time.Sleep(time.Minute) // the run shows nothing any more
		code, _, _ = get("GET", fmt.Sprintf("now?after=%d", version+2))
		if code != http.StatusNoContent {
			t.Errorf("without news: %d; want 204", code)
		}

		final := soFar(100)
		final.Verdict = reports.Pass
		last := make(chan string)
		go func() {
			_, _, body := get("GET", fmt.Sprintf("now?after=%d", version+2))
			last <- body
		}()
		synctest.Wait()
		p.Finish(final)
		for _, body := range []string{<-last, func() string { _, _, body := get("GET", ""); return body }()} {
			shows(t, body, "✓ Pass", "not connect-src", `not "live":`)
		}
	})
}

// TestSlowSummaries: what holds up the players for long is done less often.
func TestSlowSummaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, get := opened(t)
		defer p.Close()
		done := make(chan int)
		go func() {
			n := 0
			for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(time.Second) {
				if p.Wanted() {
					n++
					time.Sleep(200 * time.Millisecond)
					p.Show(soFar(1))
				}
			}
			done <- n
		}()
		go func() {
			for version := p.now.version; t.Context().Err() == nil; {
				if code, _, body := get("GET", fmt.Sprintf("now?after=%d", version)); code == 200 {
					fmt.Sscanf(body[strings.Index(body, `"live":`):], `"live":%d`, &version)
				} else if code == 0 {
					return
				}
			}
		}()
		if n := <-done; n < 10 || n > 15 {
			t.Errorf("%d summaries of 200 ms each in 10 minutes; want about one in 40 s", n)
		}
	})
}

// TestOnlyReading: nothing can be changed, other sites read nothing, and rubbish is
// refused.
func TestOnlyReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, get := opened(t)
		p.Finish(soFar(100))
		defer p.Close()
		for _, r := range []struct {
			method, path string
			header       []string
			want         int
		}{
			{"GET", "", nil, 200},
			{"HEAD", "", nil, 200},
			{"GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
			{"GET", "now?after=1", []string{"Sec-Fetch-Site", "same-origin"}, 200},
			{"GET", "now?after=1", []string{"Sec-Fetch-Site", "cross-site"}, 403},
			{"GET", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403},
			{"GET", "", []string{"Host", "rebound.example:8080"}, 403},
			{"GET", "", []string{"Host", "localhost:8080"}, 200},
			{"GET", "now", nil, 400},
			{"GET", "now?after=x", nil, 400},
			{"GET", "summary.json", nil, 404},
			{"POST", "", []string{"Content-Type", "application/json"}, 405},
			{"PUT", "", nil, 405},
			{"DELETE", "now", nil, 405},
		} {
			if code, _, body := get(r.method, r.path, r.header...); code != r.want {
				t.Errorf("%s /%s %v: %d %.200s; want %d", r.method, r.path, r.header, code, body, r.want)
			}
		}
	})
}

// TestEndWithVisitors: the end waits neither for pages that want news nor for visitors
// who send nothing, and nothing is left of them.
func TestEndWithVisitors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, get := opened(t)
		codes := make(chan int, 2)
		for range 2 {
			go func() {
				code, _, _ := get("GET", fmt.Sprintf("now?after=%d", p.now.version))
				codes <- code
			}()
		}
		synctest.Wait()
		began := time.Now()
		p.Close()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("closing took %v; want %v at most", took, 2*time.Second)
		}
		for range 2 {
			if code := <-codes; code != http.StatusNoContent {
				t.Errorf("%d; want 204", code)
			}
		}
	})
}
