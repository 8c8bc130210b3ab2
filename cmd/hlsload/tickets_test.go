package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/look"
	"hlsload/run/runtest"
)

// gatekeeper is a stream of two pipelines whose paths begin with a token.
type gatekeeper struct {
	healthy healthy
	good    func(token string) bool
	refuse  int  // status
	echo    bool // playlists repeat the token

	mu      sync.Mutex
	used    map[string]int
	refused int
	strange int // requests with another player's token
}

func (g *gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, rest, _ := strings.Cut(r.URL.Path[1:], "/")
	ok := g.good(token)
	g.mu.Lock()
	if ok {
		g.used[token]++
	} else {
		g.refused++
	}
	if n := r.Header.Get("X-Player"); n != "" && n != "-1" && token != "token-of-line-"+n {
		g.strange++
	}
	g.mu.Unlock()
	switch {
	case !ok:
		http.Error(w, "no "+r.URL.String(), g.refuse)
	case rest == "index.m3u8":
		fmt.Fprint(w, "#EXTM3U\n")
		for p := range 2 {
			fmt.Fprintf(w, "#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\np%d/media.m3u8\n", p)
		}
	case strings.HasSuffix(rest, "media.m3u8") && g.echo:
		fmt.Fprint(w, g.healthy.media(2, "2.0", "/"+token+"/"+strings.TrimSuffix(rest, "media.m3u8")+"%d.ts?t="+token))
	case strings.HasSuffix(rest, "media.m3u8"):
		fmt.Fprint(w, g.healthy.media(2, "2.0", "%d.ts"))
	default:
		w.Write(bytes.Repeat([]byte("G"), 20_000))
	}
}

// watch runs a scenario of players at the gatekeeper, in the time of a bubble.
func (g *gatekeeper) watch(t *testing.T, scenario string, files map[string]string) (code int, summary map[string]any) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		g.healthy.began, g.used = time.Now(), map[string]int{}
		base, srv := m.Serve(g)
		defer srv.Close()
		files["tokens.yaml"] = "version: 1\nname: watched\nseed: 1\nduration: 60s\nrecovery: 10s\n" + strings.ReplaceAll(scenario, "BASE", base)
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr strings.Builder
		code = executeOn(t.Context(), network{web: look.Network{Dial: m.Dial}}, []string{"run", filepath.Join(dir, "tokens.yaml"), "--out", dir, "--progress", "none"}, &stdout, &stderr)
		if code != 0 {
			t.Logf("exit code %d: %s%s", code, stdout.String(), stderr.String())
		}
	})
	b, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &summary); err != nil {
		t.Fatal(err)
	}
	return code, summary
}

// tokenFile is a file of so many tokens.
func tokenFile(n int) string {
	var b strings.Builder
	b.WriteString("token,expires\n")
	for i := range n {
		fmt.Fprintf(&b, "token-of-line-%d,\n", i)
	}
	return b.String()
}

const tokenFleet = `
fleet: {players: 6, arrive: {over: 4s}, session: {after_fatal: {rejoin: 3s}}, cohorts: [{name: web, profile: hlsjs-1.7}]}
`

// TestTokensOfAFile: faults know the pipelines of players whose paths differ in
// their token, and players fail over as without tokens.
func TestTokensOfAFile(t *testing.T) {
	t.Parallel()
	g := &gatekeeper{refuse: 403, good: func(token string) bool { return strings.HasPrefix(token, "token-of-line-") }}
	code, s := g.watch(t, "target: {url: \"BASE/{token}/index.m3u8\", sessions: {file: tokens.csv}}\n"+tokenFleet+`
chaos: [{name: kill, fault: pipeline.kill, at: 15s, for: 20s, pipeline: 0}]
expect: ["failed_over{fault=kill} >= 100%"]
`, map[string]string{"tokens.csv": tokenFile(6)})
	fault := s["faults"].([]any)[0].(map[string]any)
	if code != 0 || fault["affected"] != 6. || fault["failed_over"] != 6. {
		t.Errorf("exit code %d, %v of %v affected failed over; want 6 of 6", code, fault["failed_over"], fault["affected"])
	}
	if len(g.used) != 6 || g.refused != 0 {
		t.Errorf("%d tokens used, %d refused; want 6 and none", len(g.used), g.refused)
	}
	if w := fmt.Sprint(s["warnings"]); strings.Contains(w, "tokens") {
		t.Errorf("warnings %s", w)
	}
}

// TestOldPlaylistsKeepTokensApart: all players are shown the playlists of another
// instant, which one of them fetched, and each asks with its own token for what
// they list.
func TestOldPlaylistsKeepTokensApart(t *testing.T) {
	t.Parallel()
	g := &gatekeeper{refuse: 403, echo: true, good: func(token string) bool { return strings.HasPrefix(token, "token-of-line-") }}
	code, s := g.watch(t, "target: {url: \"BASE/{token}/index.m3u8\", headers: {X-Player: \"{player}\"}, sessions: {file: tokens.csv}}\n"+tokenFleet+`
chaos:
  - {name: behind, fault: pipeline.drift, at: 15s, for: 20s, by: 4s}
  - {name: freeze, fault: playlist.freeze, at: 40s, for: 8s, pipeline: 0}
`, map[string]string{"tokens.csv": tokenFile(6)})
	fault := s["faults"].([]any)[0].(map[string]any)
	if code != 0 || fault["affected"] != 6. || len(g.used) != 6 || g.refused != 0 || g.strange != 0 {
		t.Errorf("exit code %d, %v affected, %d tokens used, %d refused, %d requests with another player's token; want 0, 6, 6, none, none", code, fault["affected"], len(g.used), g.refused, g.strange)
	}
}

// TestTooFewTokens: players share them, and the report says so.
func TestTooFewTokens(t *testing.T) {
	t.Parallel()
	g := &gatekeeper{refuse: 403, good: func(string) bool { return true }}
	code, s := g.watch(t, "target: {url: \"BASE/{token}/index.m3u8\", sessions: {file: tokens.csv}}\n"+tokenFleet, map[string]string{"tokens.csv": tokenFile(2)})
	if w := fmt.Sprint(s["warnings"]); code != 0 || len(g.used) != 2 || !strings.Contains(w, "tokens.csv has 2 tokens for 6 players") {
		t.Errorf("exit code %d, %d tokens used, warnings %s", code, len(g.used), w)
	}
}

// TestTokensRunOut: who gives up and joins anew brings a new token and is served,
// whether the fault refuses old tokens or the target does.
func TestTokensRunOut(t *testing.T) {
	t.Parallel()
	g := &gatekeeper{refuse: 401, good: func(string) bool { return true }}
	code, s := g.watch(t, "target: {url: \"BASE/{token}/index.m3u8\", sessions: {file: tokens.csv}}\n"+tokenFleet+`
chaos: [{name: out, fault: auth.expire, at: 15s, for: 20s, share: 50%}]
`, map[string]string{"tokens.csv": tokenFile(20)})
	fault, players := s["faults"].([]any)[0].(map[string]any), s["players"].(map[string]any)
	hit := fault["affected"].(float64)
	if code == 110 || hit == 0 || hit == 6 || players["playing_at_end"] != 6. || players["started"] != 6+hit {
		t.Errorf("exit code %d, %v affected, players %v", code, hit, players)
	}
	if len(g.used) != 6+int(hit) {
		t.Errorf("%d tokens used; want one more for each of the %v who came back", len(g.used), hit)
	}

	// The target refuses what is older than 20 s; sessions renew in time.
	issued := map[string]time.Time{}
	g = &gatekeeper{refuse: 403}
	g.good = func(token string) bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		if issued[token].IsZero() {
			issued[token] = time.Now()
		}
		return time.Since(issued[token]) < 20*time.Second
	}
	code, s = g.watch(t, "target: {url: \"BASE/{token}/index.m3u8\", sessions: {file: tokens.csv, renew: {every: 12s}}}\n"+tokenFleet,
		map[string]string{"tokens.csv": tokenFile(60)})
	if players = s["players"].(map[string]any); code != 0 || g.refused != 0 || players["started"] != 6. || len(g.used) < 24 {
		t.Errorf("exit code %d, %d refused, %d tokens used, players %v", code, g.refused, len(g.used), players)
	}
}

// TestNoTokenForTheLook: without a token the target is not asked, and the program's
// last words say why.
func TestNoTokenForTheLook(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"[/no/such/program]":                      "start the program that issues tokens",
		"'echo no key in key.pem >&2; exit 1'":    `its output ended; the program that issues tokens says "no key in key.pem"`,
		`'read l; echo "{}"'`:                     "no value for {token}",
		`'read l; echo "{\"error\":\"closed\"}"'`: `refused ("closed")`,
	} {
		file := filepath.Join(t.TempDir(), "none.yaml")
		text := "version: 1\nname: none\ntarget: {url: \"http://127.0.0.1:1/{token}/index.m3u8\", sessions: {command: " + command + "}}\nfleet: {players: 1}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr strings.Builder
		if code := executeOn(t.Context(), network{}, []string{"run", file, "--out", t.TempDir()}, &stdout, &stderr); code != exitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %s; want %d, %s", command, code, stderr.String(), exitUsage, want)
		}
	}
}
