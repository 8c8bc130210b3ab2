package page

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
	"hlsload/scenarios"
)

// channel is a page's channel, made of a rig's configuration.
func channel(cfg rig.Config, urls ...string) Channel {
	return Channel{
		URLs:   urls,
		Decode: func(b []byte) (chaos.Fault, error) { return scenarios.DecodeFault(b, scenarios.Target{Rig: &cfg}) },
		Now:    func() time.Duration { return 90 * time.Second },
	}
}

func get(c Channel, host, path string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", path, nil)
	req.Host = host
	w := httptest.NewRecorder()
	Handler(c).ServeHTTP(w, req)
	return w
}

// dataOf is what the page hands to its script.
func dataOf(t *testing.T, html string) (d data) {
	t.Helper()
	_, after, ok := strings.Cut(html, `<script type="application/json" id="data">`)
	text, _, _ := strings.Cut(after, "</script>")
	if err := json.Unmarshal([]byte(text), &d); !ok || err != nil {
		t.Fatalf("data of the page: %q: %v", text, err)
	}
	return d
}

// TestPolicyAllowsThePageAndItsChannel: nothing inline, nothing from elsewhere,
// no frame around it.
func TestPolicyAllowsThePageAndItsChannel(t *testing.T) {
	w := get(channel(rig.Default(), "http://127.0.0.1:8080/live/p0/index.m3u8", "http://127.0.0.1:8080/live/p1/index.m3u8"), "127.0.0.1:8090", "/")
	const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src 'self' http://127.0.0.1:8080; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := w.Header().Get("Content-Security-Policy"); w.Code != 200 || got != want {
		t.Errorf("status %d, policy %q; want %q", w.Code, got, want)
	}
	html := w.Body.String()
	if found := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script>|https?://[^"]*"?>`).FindString(html); found != "" {
		t.Errorf("the policy forbids %q", found)
	}
	if d := dataOf(t, html); len(d.URLs) != 2 || d.NowS != 90 {
		t.Errorf("data of the page: %+v", d)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([a-z][a-zA-Z.]*)"`).FindAllStringSubmatch(html, -1) {
		if m[1] == "faults" || m[1] == "stats" {
			continue // of the control API
		}
		if file := get(channel(rig.Default()), "127.0.0.1", "/"+m[1]); file.Code != 200 || file.Header().Get("X-Content-Type-Options") != "nosniff" || file.Body.Len() < 500 {
			t.Errorf("%s: status %d, %d bytes, headers %v", m[1], file.Code, file.Body.Len(), file.Header())
		}
	}
	if w := get(channel(rig.Default()), "127.0.0.1", "/other"); w.Code != 404 {
		t.Errorf("/other: status %d; want 404", w.Code)
	}
}

// TestURLsAreReachable: an edge that listens everywhere is where the page is.
func TestURLsAreReachable(t *testing.T) {
	for _, c := range []struct{ url, host, want string }{
		{"http://127.0.0.1:8080/a", "localhost:8090", "http://127.0.0.1:8080/a"},
		{"http://[::]:8080/a", "192.0.2.7:8090", "http://192.0.2.7:8080/a"},
		{"http://0.0.0.0:8080/a", "localhost:8090", "http://localhost:8080/a"},
		{"http://[::]:8080/a", "[2001:db8::1]:8090", "http://[2001:db8::1]:8080/a"},
		{"http://[::]:8080/a", "[::1]", "http://[::1]:8080/a"},
	} {
		if got := reachable([]string{c.url}, c.host); fmt.Sprint(got) != fmt.Sprint([]string{c.want}) {
			t.Errorf("%s at %s: %s; want %s", c.url, c.host, got, c.want)
		}
	}
}

// TestOfferedFaults: each fault that the rig itself can make has buttons, and
// what a button sends is a valid entry for this channel.
func TestOfferedFaults(t *testing.T) {
	vod := rig.Default()
	vod.Playlist, vod.Length = rig.VOD, time.Minute
	single := rig.Default()
	single.Pipelines = 1
	for _, c := range []struct {
		what       string
		cfg        rig.Config
		has, lacks []string
	}{
		{"default", rig.Default(),
			[]string{"pipeline-kill-0", "pipeline-kill-1", "pipeline-kill", "pipeline-drift-0", "playlist-freeze-1", "playlist-delete-0", "playlist-rollback-0", "segment-missing-0", "segment-late-1",
				"origin-status-0", "invalidator-off-0", "edge-status-1", "edge-flush", "edge-error_ttl", "auth-expire"},
			[]string{"edge-flush-0", "http-status", "net-down", "packager-errors", "command", "viewers-surge", "pipeline-kill-2"}},
		{"VOD", vod, []string{"edge-status-0", "segment-missing-0"}, []string{"pipeline-kill-0", "pipeline-kill"}},
		{"one pipeline", single, []string{"pipeline-kill"}, []string{"pipeline-kill-0"}},
	} {
		urls := make([]string, c.cfg.Pipelines)
		ch := channel(c.cfg, urls...)
		buttons := map[string]bool{}
		for _, family := range offered(ch) {
			for _, o := range family.Faults {
				for _, b := range o.Buttons {
					buttons[b.Name] = true
				}
			}
		}
		for _, name := range c.has {
			if !buttons[name] {
				t.Errorf("%s: no button %s", c.what, name)
			}
		}
		for _, name := range c.lacks {
			if buttons[name] {
				t.Errorf("%s: button %s; want none", c.what, name)
			}
		}
	}
	if got := offered(Channel{URLs: []string{""}}); got != nil {
		t.Errorf("without a decoder: %v; want no faults", got)
	}
}
