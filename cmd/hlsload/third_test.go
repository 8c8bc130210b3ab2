package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	agreed "hlsload/player/consent"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// receiver is another host that a stream leads to. It keeps all that it is sent.
type receiver struct {
	healthy *healthy

	mu    sync.Mutex
	got   bytes.Buffer
	asked map[string]int // by path, with numbers left out
	token int            // requests with the header that is for hosts that are named
}

func newReceiver() *receiver {
	return &receiver{healthy: &healthy{began: time.Now()}, asked: map[string]int{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	fmt.Fprintf(&r.got, "%s %s %s %v\n", q.Method, q.Host, q.URL, q.Header)
	path := strings.TrimLeft(q.URL.Path, "/0123456789")
	r.asked[path]++
	if q.Header.Get("X-Token") == plants["env in a header"] {
		r.token++
	}
	r.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "third", Value: "its-own", Path: "/"})
	switch path {
	case "index.m3u8":
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\nmedia.m3u8\n")
	case "media.m3u8", "audio.m3u8":
		fmt.Fprint(w, r.healthy.media(2, "2.0", "%d.ts"))
	case "key":
		w.Write(make([]byte, 16))
	case "init.mp4", "x.ts", ".ts":
		w.Write(bytes.Repeat([]byte("G"), 20_000))
	default:
		http.NotFound(w, q)
	}
}

// leading is a target that leads everywhere in each way that there is.
type leading struct {
	*testing.T
	healthy *healthy
	away    string // the other host
	named   string // the host that the headers are also for
	moved   bool   // the multivariant playlist is at the other host

	mu    sync.Mutex
	asked map[string]int
}

func (l *leading) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	name := q.URL.Path[strings.LastIndexByte(q.URL.Path, '/'):]
	l.mu.Lock()
	l.asked[name]++
	l.mu.Unlock()
	user := "Basic " + base64.StdEncoding.EncodeToString([]byte(plants["user of a URL"]+":"+plants["password of a URL"]))
	cookie, err := q.Cookie("sid")
	switch {
	case q.Header.Get("Authorization") != user || q.Header.Get("X-Token") != plants["env in a header"] || q.Header.Get("X-Plain") != plants["header written out"]:
		l.Errorf("%s came with %v; want the target's headers and its user", name, q.Header)
	case name != "/index.m3u8" && (err != nil || cookie.Value != plants["cookie of the server"]):
		l.Errorf("%s came with %v; want the cookie", name, q.Header)
	case q.Header.Get("Referer") != "":
		l.Errorf("%s came with Referer %s", name, q.Header.Get("Referer"))
	}
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: plants["cookie of the server"], Path: "/"})
	switch {
	case name == "/index.m3u8" && l.moved:
		http.Redirect(w, q, l.away+"/index.m3u8", http.StatusFound)
	case name == "/index.m3u8":
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",DEFAULT=YES,AUTOSELECT=YES,URI=\"%s/audio.m3u8\"\n", l.away)
		for i, u := range []string{"/media.m3u8", "/away.m3u8", l.away + "/media.m3u8", l.named + "/media.m3u8"} {
			fmt.Fprintf(w, "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=640x%d,CODECS=\"avc1.42e01e,mp4a.40.2\",AUDIO=\"a\"\n%s\n", 430000-i*10000, 366-2*i, u)
		}
	case name == "/away.m3u8":
		http.Redirect(w, q, l.away+"/media.m3u8", http.StatusTemporaryRedirect)
	case name == "/media.m3u8":
		list := l.healthy.media(2, "2.0", "/%dx.ts")
		list = strings.Replace(list, "#EXTINF", fmt.Sprintf("#EXT-X-KEY:METHOD=AES-128,URI=\"%s/key\"\n#EXT-X-MAP:URI=\"%s/init.mp4\"\n#EXTINF", l.away, l.away), 1)
		fmt.Fprint(w, regexp.MustCompile(`/(\d+[13579])x.ts`).ReplaceAllString(list, l.named+"/$1.ts"))
	case strings.HasSuffix(name, "x.ts"):
		http.Redirect(w, q, l.away+name, http.StatusFound)
	default:
		l.Errorf("%s: what is that", q.URL)
	}
}

// TestSecretsToThirdHosts: whatever a stream leads to, by playlists and by
// redirects, is sent nothing that is meant for the target: not by the look before
// a run, not by players, not by a probe. The target's own host is, and hosts that
// are named are sent the headers.
func TestSecretsToThirdHosts(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	for _, moved := range []bool{false, true} {
		for _, command := range []string{"run", "probe"} {
			t.Run(fmt.Sprintf("%s, moved %v", command, moved), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := runtest.NewNetwork()
					third, named := newReceiver(), newReceiver()
					l := &leading{T: t, healthy: &healthy{began: time.Now()}, away: "http://127.0.0.2", named: "http://127.0.0.3", moved: moved, asked: map[string]int{}}
					base, srv := m.Serve(l)
					for _, s := range []*http.Server{srv, m.ServeAt("127.0.0.2:80", third), m.ServeAt("127.0.0.3:80", named)} {
						defer s.Close()
					}
					s := &secretRun{t: t, on: network{web: look.Network{Dial: m.Dial}}, dir: t.TempDir()}
					switch command {
					case "run":
						file := filepath.Join(s.dir, "third.yaml")
						text := "version: 1\nname: third\nduration: 12s\ntarget:\n  url: \"" + plantedURL(base) + "\"\n  headers: {X-Token: \"${HEADER}\", X-Plain: " + plants["header written out"] +
							"}\n  headers_for: [127.0.0.3]\nfleet: {players: 5, arrive: {over: 1s}, cmcd: header}\n"
						if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
							t.Fatal(err)
						}
						if code := s.run("run", file, "--events", "--progress", "plain", "--out", s.dir); code != 0 && code != 99 {
							t.Errorf("exit code %d", code)
						}
					case "probe":
						s.except = "env in a URL's path"
						u := strings.NewReplacer("${PATH_}", "live", "${TOKEN}", plantedEnv["TOKEN"]).Replace(plantedURL(base))
						if code := s.run("probe", u, "--header", "X-Token: ${HEADER}", "--header", "X-Plain: "+plants["header written out"], "--headers-for", "127.0.0.3"); code != 0 {
							t.Errorf("exit code %d", code)
						}
					}
					reveals(t, "what the other host was sent", third.got.Bytes(), "")
					want := []string{"media.m3u8", ".ts"}
					if !moved {
						want = []string{"audio.m3u8", "x.ts"}
						if command == "run" {
							want = append(want, "key", "init.mp4")
						} else {
							want = append(want, "media.m3u8")
						}
					}
					for _, path := range want {
						if third.asked[path] == 0 {
							t.Errorf("the other host was not asked for %s: %v", path, third.asked)
						}
					}
					if l.asked["/index.m3u8"] == 0 || !moved && l.asked["/media.m3u8"] == 0 {
						t.Errorf("the target was asked for %v", l.asked)
					}
					if third.token != 0 || !strings.Contains(third.got.String(), "third=its-own") {
						t.Error("the other host is not sent back its own cookie")
					}
					total := 0
					for _, n := range named.asked {
						total += n
					}
					if named.token != total || (total == 0) != moved {
						t.Errorf("the host that is named was sent the headers with %d of %v requests", named.token, named.asked)
					}
					if text := named.got.String(); strings.Contains(text, "Authorization") || strings.Contains(text, plants["cookie of the server"]) {
						t.Errorf("the host that is named was sent what is not for it: %.2000s", text)
					}
				})
			})
		}
	}
}

// TestSecretsBeforeConsent: a host that the headers are also for is sent nothing
// of the target before its consent is decided about, and everything afterwards.
func TestSecretsBeforeConsent(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	for _, tc := range []struct {
		name   string
		args   string
		code   int
		said   string
		tokens bool
	}{
		{"a crowd without consent", "--players 6", exitUsage, "no consent: more than 5 players need permission where the target is not local (got 6)\n    cdn.example is at 203.0.113.10; http://cdn.example/.well-known/hlsload.txt: status 404", false},
		{"a crowd with consent for the target only", "--players 6 " + by + " " + until, exitUsage, "cdn.example is at 203.0.113.10", false},
		{"a crowd with consent", "--players 6 --set authorized.hosts=[cdn.example] " + by + " " + until, 0, "6 playing", true},
		{"a handful", "--players 2", 0, "2 playing", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				cdn := newReceiver()
				p := &public{healthy: healthy{began: time.Now()}, agents: map[string]int{}, variant: "http://cdn.example/media.m3u8"}
				defer m.ServeAt("203.0.113.9:80", p).Close()
				defer m.ServeAt("203.0.113.10:80", cdn).Close()
				n := &names{hosts: map[string][]string{"edge.example": {"203.0.113.9"}, "cdn.example": {"203.0.113.10"}}}
				file := filepath.Join(t.TempDir(), "s.yaml")
				text := "version: 1\nname: cdn\nduration: 8s\ntarget: {url: http://edge.example/index.m3u8, headers: {X-Token: \"${HEADER}\"}, headers_for: [cdn.example]}\nfleet: {players: 2, arrive: {over: 1s}}\n"
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				var stdout, stderr bytes.Buffer
				code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, append([]string{"run", file, "--progress", "none", "--out", filepath.Join(t.TempDir(), "out")}, strings.Fields(tc.args)...), &stdout, &stderr)
				said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
				if code != tc.code || !strings.Contains(said, tc.said) {
					t.Errorf("exit code %d; want %d and\n%s\nin\n%s", code, tc.code, tc.said, said)
				}
				if (cdn.token > 0) != tc.tokens {
					t.Errorf("%d requests with the header: %v", cdn.token, cdn.asked)
				}
				if file := strings.TrimPrefix(agreed.Path, "/"); !tc.tokens && (len(cdn.asked) != 1 || cdn.asked[file] == 0) {
					t.Errorf("asked for %v; want %s only", cdn.asked, file)
				}
			})
		})
	}
}

// guarded lets requests through that carry something, and forbids others.
type guarded struct {
	healthy
	lets func(w http.ResponseWriter, q *http.Request) bool
	code int
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if !g.lets(w, q) {
		http.Error(w, "no", g.code)
		return
	}
	g.healthy.ServeHTTP(w, q)
}

// fivePlayers is a scenario with players of five kinds.
const fivePlayers = "version: 1\nname: five\nseed: 3\nduration: 10s\nrecovery: 5s\ntarget: {url: %q%s}\nfleet:\n  players: 5\n  arrive: {over: 2s}\n  cohorts:\n" +
	"    - {name: hlsjs, share: 20%%, profile: hlsjs-1.7}\n    - {name: shaka, share: 20%%, profile: shaka-5.2}\n    - {name: vhs, share: 20%%, profile: vhs-3.17}\n" +
	"    - {name: media3, share: 20%%, profile: media3-1.11}\n    - {name: ffmpeg, share: 20%%, profile: ffmpeg-5.1}\n"

// TestLetIn: streams that ask for credentials as streams do, for all five players
// and for a probe.
func TestLetIn(t *testing.T) {
	t.Parallel()
	slow(t)
	user := func(_ http.ResponseWriter, q *http.Request) bool {
		name, password, _ := q.BasicAuth()
		return name == "viewer7" && password == "p@ss"
	}
	relative := strings.Repeat("../", 3) + "media.m3u8" // goes beyond the root, which is the root
	for _, tc := range []struct {
		name  string
		lets  func(w http.ResponseWriter, q *http.Request) bool
		code  int
		url   func(base string) string
		index string // "" = as usual
		probe bool
	}{
		{"a cookie with the multivariant playlist", func(w http.ResponseWriter, q *http.Request) bool {
			if q.URL.Path == "/index.m3u8" {
				w.Header().Set("Set-Cookie", "hdntl=exp=1~acl=/*~hmac=abc; Path=/; HttpOnly")
				return true
			}
			c, err := q.Cookie("hdntl")
			return err == nil && c.Value == "exp=1~acl=/*~hmac=abc"
		}, 403, func(base string) string { return base + "/index.m3u8" }, "", true},
		{"a cookie with a redirect", func(w http.ResponseWriter, q *http.Request) bool {
			if _, err := q.Cookie("session"); err != nil {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "x", Path: "/"})
				http.Redirect(w, q, q.URL.Path, http.StatusFound)
			}
			return true
		}, 403, func(base string) string { return base + "/index.m3u8" }, "", false},
		{"user and password", user, 401, func(base string) string {
			return strings.Replace(base, "://", "://viewer7:p%40ss@", 1) + "/index.m3u8"
		}, "", false},
		{"user and password, absolute references", user, 401, func(base string) string {
			return strings.Replace(base, "://", "://viewer7:p%40ss@", 1) + "/index.m3u8"
		}, "http://127.0.0.1:1000/media.m3u8", true},
		{"user and password, references upwards", user, 401, func(base string) string {
			return strings.Replace(base, "://", "://viewer7:p%40ss@", 1) + "/index.m3u8"
		}, relative, false},
		{"user and password in the playlist", func(w http.ResponseWriter, q *http.Request) bool { return q.URL.Path == "/index.m3u8" || user(w, q) }, 401,
			func(base string) string { return base + "/index.m3u8" }, "http://viewer7:p%40ss@127.0.0.1:1000/media.m3u8", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				g := &guarded{healthy: healthy{began: time.Now()}, lets: tc.lets, code: tc.code}
				if tc.index != "" {
					g.strange = map[string]http.HandlerFunc{"/index.m3u8": says("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\n" + tc.index + "\n")}
				}
				base, srv := m.Serve(g)
				defer srv.Close()
				file := filepath.Join(t.TempDir(), "five.yaml")
				if err := os.WriteFile(file, fmt.Appendf(nil, fivePlayers, tc.url(base), ""), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, args := range [][]string{{"run", file, "--progress", "none", "--out", filepath.Join(t.TempDir(), "out")}, {"probe", tc.url(base)}} {
					if args[0] == "probe" && !tc.probe {
						continue // its predictions take their time
					}
					var stdout, stderr bytes.Buffer
					code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial}}, args, &stdout, &stderr)
					said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
					want := map[string]string{"run": "5 playing at the end", "probe": "Predicted for viewers of one pipeline"}[args[0]]
					if code != 0 || !strings.Contains(said, want) || strings.Contains(said, "p@ss") || strings.Contains(said, "viewer7") {
						t.Errorf("%s: exit code %d; want 0 and %q, without the user, in\n%s", args[0], code, want, said)
					}
				}
			})
		})
	}
}

// TestNotForThisHost: who refuses without headers that are not for it is named,
// with what to write.
func TestNotForThisHost(t *testing.T) {
	t.Parallel()
	slow(t)
	token := func(_ http.ResponseWriter, q *http.Request) bool {
		return q.Header.Get("X-Token") == "let-me-in-please"
	}
	for _, tc := range []struct {
		name    string
		variant string
		segment string
		args    string // of the run
		code    int
		said    string
		probe   int
		found   string
	}{
		{"playlists", "http://127.0.0.2/media.m3u8", "%d.ts", "", 112, "status 403; want 200 (the target's headers are not sent to 127.0.0.2; if they are meant for it, write target.headers_for: [127.0.0.2])", 112,
			"status 403; want 200 (the target's headers are not sent to 127.0.0.2"},
		{"segments", "media.m3u8", "http://127.0.0.2/%d.ts", "", -1, "requests without the target's headers, which are not sent to it: if they are meant for it, write target.headers_for: [127.0.0.2]", 112,
			"(the target's headers are not sent to 127.0.0.2"},
		{"named", "http://127.0.0.2/media.m3u8", "http://127.0.0.2/%d.ts", "127.0.0.2", 0, "5 playing", 0, "media.m3u8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				here, there := &guarded{lets: token, code: 401}, &guarded{lets: token, code: 403}
				for _, g := range []*guarded{here, there} {
					g.began = time.Now()
					list := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, g.media(2, "2.0", tc.segment)) }
					g.strange = map[string]http.HandlerFunc{"/media.m3u8": list,
						"/index.m3u8": says("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\n" + tc.variant + "\n")}
				}
				base, srv := m.Serve(here)
				defer srv.Close()
				defer m.ServeAt("127.0.0.2:80", there).Close()
				file := filepath.Join(t.TempDir(), "five.yaml")
				more := ", headers: {X-Token: let-me-in-please}"
				probe := []string{"probe", base + "/index.m3u8", "--header", "X-Token: let-me-in-please"}
				if tc.args != "" {
					more += ", headers_for: [" + tc.args + "]"
					probe = append(probe, "--headers-for", tc.args)
				}
				if err := os.WriteFile(file, fmt.Appendf(nil, fivePlayers, base+"/index.m3u8", more), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, args := range [][]string{{"run", file, "--progress", "none", "--out", filepath.Join(t.TempDir(), "out")}, probe} {
					var stdout, stderr bytes.Buffer
					code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial}}, args, &stdout, &stderr)
					said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
					want, text := tc.code, tc.said
					if args[0] == "probe" {
						want, text = tc.probe, tc.found
					}
					if want >= 0 && code != want || !strings.Contains(said, text) {
						t.Errorf("%s: exit code %d; want %d and %q in\n%s", args[0], code, want, text, said)
					}
				}
			})
		})
	}
}

// TestNoProxy: a proxy would hide whom a stream leads to, so there is none, for
// looks as for players.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	var asked []string
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		asked = append(asked, address)
		return nil, net.ErrClosed
	}
	f := look.New(look.Config{On: look.Network{Dial: dial}, Timeout: time.Second})
	defer f.Close()
	if _, err := f.Get(t.Context(), "http://192.0.2.1/"); err == nil || len(asked) != 1 || asked[0] != "192.0.2.1:80" {
		t.Errorf("%v; dialled %v", err, asked)
	}
	if u, err := url.Parse("http://u:p@h/"); err != nil || look.HostOf(u.String()) != "http://h" {
		t.Errorf("%v: %s", err, look.HostOf(u.String()))
	}
}
