package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"html"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// plants are secrets, each in one place only, by the name of the place. To
// prove that a new place or output keeps secrets, plant one here, put it there,
// and have [secretRun] look at the output.
var plants = map[string]string{
	"env in a URL's query":      "t0k3n/with+odd=chars&more",
	"env in a URL's path":       "hiddenpath",
	"env in a header":           "Bearer verysecret~value",
	"env in a command":          "c0mmand-from-env",
	"query of a URL":            "APKAqueryS1gnature~x",
	"parameter of a URL":        "plainparameter",
	"user of a URL":             "joetheuser",
	"password of a URL":         "p4sswordOfJoe",
	"path token":                "3fc1b1c5a5b04b3a8e1bd5d1ae21cb4a",
	"path with an Akamai token": "exp1700000000~hmac=deadbeefcafe",
	"header written out":        "writtenOutHeader77",
	"cookie of the server":      "C00kieOfTheServer",
	"URI of a playlist":         "uriTokenOfAPlaylist",
	"path of a playlist's URI":  "9d4e1e23bd5b727046a9e3b4b7db57bd",
	"redirect":                  "redirectSecretValue",
	"body of an error":          "token=bodyOfAnError99",
	"AWS secret key":            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE1",
	"AWS session token":         "FwoGZXIvYXdzEXAMPLEsession//////////token",
	"AWS access key":            "ASIAEXAMPLEEXAMPLE12",
	"variable of a command":     "correcthorsebattery",
	"flag of a command":         "flagValueOfCommand",
	"header of a command":       "headerValueOfCommand",
	"path token of a session":   "kumquatmarmalade",
	"query token of a session":  "tangerinepreserve",
	"header token of a session": "clementinecordial",
	"token of another session":  "quincejellysecret",
	"--url":                     "urlFromTheCommandLine",
	"--header":                  "headerFromTheCommandLine",
	"--set of a header":         "headerSetOnTheCommandLine",
}

// plantedEnv is the environment of the commands.
var plantedEnv = map[string]string{
	"TOKEN":                 url.QueryEscape(plants["env in a URL's query"]), // as it stands in a URL
	"PATH_":                 plants["env in a URL's path"],
	"HEADER":                plants["env in a header"],
	"COMMAND":               plants["env in a command"],
	"AWS_SECRET_ACCESS_KEY": plants["AWS secret key"],
	"AWS_SESSION_TOKEN":     plants["AWS session token"],
	"AWS_ACCESS_KEY_ID":     plants["AWS access key"],
	"ENCODER_PASSWORD":      plants["variable of a command"],
}

// forms are the ways in which a value could show up.
func forms(v string) []string {
	quoted, _ := json.Marshal(v)
	all := []string{v, url.QueryEscape(v), url.PathEscape(v), strings.ToLower(url.QueryEscape(v)), strings.Trim(string(quoted), `"`), html.EscapeString(v)}
	if u, err := url.QueryUnescape(v); err == nil {
		all = append(all, u)
	}
	// In Base64, wherever in a longer text the value begins.
	for lead := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", lead) + v))
		first, last := []int{0, 2, 3}[lead], len(text)-len(text)%4-4
		if last-first >= 8 {
			all = append(all, text[first:last], strings.NewReplacer("+", "-", "/", "_").Replace(text[first:last]))
		}
	}
	return all
}

// reveals looks for every plant, whole or its first half.
func reveals(t *testing.T, what string, out []byte, except string) {
	t.Helper()
	for place, v := range plants {
		if place == except {
			continue
		}
		for _, form := range append(forms(v), v[:max(8, (len(v)+1)/2)]) {
			if at := bytes.Index(out, []byte(form)); at >= 0 {
				t.Errorf("%s shows the %s as %q: …%s", what, place, form, out[max(0, at-200):min(len(out), at+100)])
				break
			}
		}
	}
}

// TestForms: the search finds what it has to.
func TestForms(t *testing.T) {
	t.Parallel()
	v := plants["env in a URL's query"]
	for _, text := range []string{v, "?a=" + url.QueryEscape(v), base64.StdEncoding.EncodeToString([]byte("user:" + v + ":x")), base64.URLEncoding.EncodeToString([]byte("u:" + v)), html.EscapeString(v), `"t0k3n/with+odd=chars\u0026more"`} {
		found := false
		for _, form := range forms(v) {
			found = found || strings.Contains(text, form)
		}
		if !found {
			t.Errorf("not found in %s", text)
		}
	}
}

// plantedURL is the target: everything that a URL can carry.
func plantedURL(base string) string {
	return strings.Replace(base, "://", "://"+plants["user of a URL"]+":"+plants["password of a URL"]+"@", 1) + "/${PATH_}/" + plants["path token"] + "/hdntl=" + plants["path with an Akamai token"] +
		"/index.m3u8?a=${TOKEN}&Signature=" + plants["query of a URL"] + "&n=" + plants["parameter of a URL"]
}

// planted is a scenario with secrets in all places.
func planted(base string, after time.Duration) string {
	say := "echo ${COMMAND} $ENCODER_PASSWORD $AWS_SECRET_ACCESS_KEY --token " + plants["flag of a command"] + "; exit 1"
	return "version: 1\nname: secret\nduration: 40s\ntarget:\n  url: \"" + plantedURL(base) + "\"\n  headers: {X-Token: \"${HEADER}\", X-Plain: " + plants["header written out"] + "}\n" +
		"fleet: {players: 2, arrive: {over: 1s}, cohorts: [{name: a, profile: hlsjs-1.7}]}\n" +
		"chaos:\n - {name: freeze, fault: playlist.freeze, at: 8s, for: 6s}\n" +
		" - {name: prog, fault: command, at: 20s, for: 5s, start: [sh, -c, '" + strings.ReplaceAll(say, "$ENC", "$$ENC") + "', --token, " + plants["flag of a command"] + ", 'Authorization: Bearer " + plants["header of a command"] + "'], stop: [sh, -c, '" +
		"echo ${COMMAND} $ENCODER_PASSWORD $AWS_SESSION_TOKEN $AWS_ACCESS_KEY_ID; exit 1']}\n"
}

// untrusty answers as no server should: it sends back what it was sent.
type untrusty struct {
	t       *testing.T
	healthy *healthy
	after   time.Duration
	strange http.HandlerFunc // nil = as usual
	n       atomic.Int64
}

func (u *untrusty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/.well-known/hlsload.txt" {
		u.t.Error("a local target was asked for consent")
	}
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprint(plants["cookie of the server"], u.n.Add(1)), Path: "/"})
	w.Header().Set("X-Amz-Cf-Pop", plants["cookie of the server"])
	if u.strange != nil && time.Since(u.healthy.began) >= u.after {
		u.strange(w, r)
		return
	}
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):]
	switch {
	case strings.HasPrefix(r.URL.Path, "/"+plants["env in a URL's path"]) && (r.Header.Get("X-Token") != plants["env in a header"] || r.Header.Get("X-Plain") != plants["header written out"]):
		u.t.Errorf("%s came with %v", r.URL, r.Header)
	case name == "/index.m3u8":
		dir := "/" + plants["env in a URL's path"]
		if r.URL.Query().Has("q") { // of a session with a token in the path
			dir, _ = strings.CutSuffix(r.URL.Path, name)
		}
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=640x360,CODECS=\"avc1.42e01e\"\n%s/%s/media.m3u8?t=%s\n",
			dir, plants["path of a playlist's URI"], plants["URI of a playlist"])
	case name == "/media.m3u8":
		fmt.Fprint(w, u.healthy.media(2, "2.0", "%d.ts?Policy="+plants["URI of a playlist"]))
	case strings.Contains(name, "3.ts"): // now and then
		http.Redirect(w, r, "/moved"+name[:len(name)-3]+"x.ts?Signature="+plants["redirect"], http.StatusFound)
	case strings.Contains(name, "7.ts"):
		http.Error(w, "no "+r.URL.String()+" for "+plants["body of an error"]+" "+r.Header.Get("Cookie"), http.StatusForbidden)
	default:
		r.URL.Path = name
		u.healthy.pass(w, r)
	}
}

// everything is all that a request brought, and what only the server knows.
func everything(r *http.Request) string {
	return fmt.Sprintf("%s %s %s %s", r.URL, r.Header, r.Header.Get("Cookie"), plants["body of an error"])
}

// raw answers with bytes that net/http would not send.
func raw(text func(r *http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, b, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		b.WriteString(text(r))
		b.Flush()
		c.Close()
	}
}

// oneLine keeps a text within a line of a playlist or a head.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

var untrustworthy = map[string]http.HandlerFunc{
	"as usual": nil,
	"echoes":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, everything(r)) },
	"echoes in HTML": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<html><a href=\"%s\">%s</a>", r.URL, everything(r))
	},
	"echoes in a playlist": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-%s\n#EXT-X-TARGETDURATION:x%s\n#EXT-X-KEY:METHOD=%s,URI=\"k?t=%s\"\n", oneLine(r.Header.Get("X-Token")), r.URL, r.Header.Get("Cookie"), plants["URI of a playlist"])
	},
	"echoes in variants": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,NAME=\"%s\",CODECS=\"%s\"\nhttp://%s/%s/media.m3u8?%s\n", r.Header.Get("X-Token"), r.Header.Get("Cookie"),
			r.Host, plants["env in a URL's path"], r.URL.RawQuery)
	},
	"echoes in a head":   raw(func(r *http.Request) string { return "HTTP/1.1 200 OK\r\n" + oneLine(everything(r)) + "\r\n\r\n" }),
	"echoes in a status": raw(func(r *http.Request) string { return oneLine(r.Header.Get("Cookie")+everything(r)) + "\r\n\r\n" }),
	"echoes in a length": raw(func(r *http.Request) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: " + r.Header.Get("Cookie") + "\r\nTransfer-Encoding: " + r.Header.Get("X-Token") + "\r\n\r\n"
	}),
	"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), 302) },
	"redirects on": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("/a/%s?n=%d&Signature=%s", plants["path of a playlist's URI"], time.Now().UnixNano(), plants["redirect"]), 302)
	},
	"redirects elsewhere": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://"+plants["env in a URL's path"]+"/?"+r.URL.RawQuery+"&"+plants["redirect"], 302)
	},
	"redirects nowhere": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://%zz/"+plants["path of a playlist's URI"]+"?token="+plants["redirect"])
		w.WriteHeader(302)
	},
	"forbids": func(w http.ResponseWriter, r *http.Request) { http.Error(w, everything(r), 403) },
	"breaks":  func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	"silent":  silence,
}

// secretRun runs a command and looks at all that it says and writes.
type secretRun struct {
	t   *testing.T
	on  network
	dir string // of results
	// except is a place whose plant is no secret to the command.
	except string
}

func (s *secretRun) run(args ...string) (code int) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	code = executeOn(s.t.Context(), s.on, args, &stdout, &stderr)
	what := args[0]
	reveals(s.t, what+"'s stdout", stdout.Bytes(), s.except)
	reveals(s.t, what+"'s stderr", stderr.Bytes(), s.except)
	if stdout.Len()+stderr.Len() == 0 {
		s.t.Errorf("%s says nothing", what)
	}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".yaml" {
			return err
		}
		b, err := os.ReadFile(path)
		reveals(s.t, what+"'s "+d.Name(), b, s.except)
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
	return code
}

// TestSecrets runs the real commands, in success and failure, against a target
// that does all it can to have secrets shown, and searches everything that they
// say and write for every secret in every spelling.
func TestSecrets(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	for name, strange := range untrustworthy {
		for _, after := range []time.Duration{0, 10 * time.Second} {
			t.Run(fmt.Sprintf("%s after %v", name, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := runtest.NewNetwork()
					base, srv := m.Serve(&untrusty{t: t, healthy: &healthy{began: time.Now()}, after: after, strange: strange})
					defer srv.Close()
					srv.ErrorLog = nil
					s := &secretRun{t: t, on: network{web: look.Network{Dial: m.Dial}}, dir: t.TempDir()}
					file := filepath.Join(s.dir, "secret.yaml")
					if err := os.WriteFile(file, []byte(planted(base, after)), 0o600); err != nil {
						t.Fatal(err)
					}
					code := s.run("run", file, "--events", "--progress", "plain", "--out", s.dir)
					if after == 0 && strange != nil {
						return
					}
					if code != 110 { // prog fails
						t.Errorf("exit code %d; want the program to fail", code)
					}
					for _, f := range []string{"summary.json", "report.html", "junit.xml", "summary.md", "journal.ndjson", "events.ndjson"} {
						if info, err := os.Stat(filepath.Join(s.dir, f)); err != nil || info.Size() == 0 {
							t.Errorf("%s: %v", f, err)
						}
					}
					s.run("report", s.dir)
					s.run("compare", s.dir, s.dir)
					s.run("undo", filepath.Join(s.dir, "journal.ndjson"))
				})
			})
		}
	}
}

// TestSecretsOfSessions is the same with a token for each session, which look like
// ordinary words and are known to nothing but the session.
func TestSecretsOfSessions(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	tokens := filepath.Join(t.TempDir(), "tokens.csv")
	second := plants["token of another session"]
	lines := "path,query,header\n" + strings.Join([]string{plants["path token of a session"], plants["query token of a session"], plants["header token of a session"]}, ",") +
		"\n" + strings.Join([]string{second, second, second}, ",") + "\n"
	if err := os.WriteFile(tokens, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, strange := range untrustworthy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				base, srv := m.Serve(&untrusty{t: t, healthy: &healthy{began: time.Now()}, after: 10 * time.Second, strange: strange})
				defer srv.Close()
				s := &secretRun{t: t, on: network{web: look.Network{Dial: m.Dial}}, dir: t.TempDir()}
				text := planted(base, 0)
				for _, c := range [][2]string{{"\"" + plantedURL(base) + "\"", "\"" + base + "/${PATH_}/{path}/index.m3u8?q={query}&a=${TOKEN}\"\n  sessions: {file: " + tokens + ", renew: {every: 9s}}"}, {"headers: {", "headers: {Authorization: \"Bearer {header}\", "}} {
					if !strings.Contains(text, c[0]) {
						t.Fatalf("no %s", c[0])
					}
					text = strings.Replace(text, c[0], c[1], 1)
				}
				file := filepath.Join(s.dir, "secret.yaml")
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if code := s.run("run", file, "--events", "--progress", "plain", "--out", s.dir); code != 110 { // prog fails
					t.Errorf("exit code %d; want the program to fail", code)
				}
				s.run("plan", file)
				s.run("report", s.dir)
			})
		})
	}
}

// TestSecretsOfProbe is the same for a look.
func TestSecretsOfProbe(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	for name, strange := range untrustworthy {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				base, srv := m.Serve(&untrusty{t: t, healthy: &healthy{began: time.Now()}, strange: strange})
				defer srv.Close()
				// A word in a path is no secret to probe, which has no ${NAME}.
				u := strings.NewReplacer("${PATH_}", "live", "${TOKEN}", plantedEnv["TOKEN"]).Replace(plantedURL(base)) + "&x=" + plants["--url"]
				s := &secretRun{t: t, on: network{web: look.Network{Dial: m.Dial}}, dir: t.TempDir(), except: "env in a URL's path"}
				s.run("probe", u, "--header", "X-Token: "+plants["env in a header"], "--header", "X-Plain: "+plants["header written out"], "--header", "X-Extra: "+plants["--header"])
			})
		})
	}
	s := &secretRun{t: t, on: network{web: look.Network{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}}, dir: t.TempDir()}
	s.run("probe", "http://u:"+plants["password of a URL"]+"@h/"+plants["path token"]+"?token="+plants["--url"])
	s.run("probe", "ftp://u:"+plants["password of a URL"]+"@h/?token="+plants["--url"])
	s.run("probe", "http://h/%zz?token="+plants["--url"])
	s.run("probe", "http://h/", "http://u:"+plants["password of a URL"]+"@h/?token="+plants["--url"])
	s.run("probe", "http://h/", "--header", "Authorization Bearer "+plants["--header"])
}

// TestSecretsOfScenarios is the same for commands that look at scenarios, right
// and wrong ones.
func TestSecretsOfScenarios(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	s := &secretRun{t: t, dir: t.TempDir()}
	write := func(text string) string {
		file := filepath.Join(s.dir, "secret.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const base = "http://127.0.0.1:1"
	good := planted(base, 0)
	file := write(good)
	for _, args := range [][]string{{"validate", file}, {"plan", file}, {"simulate", file}, {"run", file, "--out", s.dir}, {"rig", file},
		{"plan", file, "--url", "http://h/?token=" + plants["--url"]}, {"run", file, "--url", "htp://u:" + plants["--url"] + "@h/", "--out", s.dir},
		{"run", file, "--url", base + "/live.m3u8?token=" + plants["--url"], "--set", "target.headers.X-Set=" + plants["--set of a header"], "--set", "target.headers.X-Short=sh0rt", "--out", s.dir}} {
		want := 0
		switch {
		case args[0] == "run" && !slices.Contains(args, "htp://u:"+plants["--url"]+"@h/"):
			want = 112
		case args[0] == "simulate", args[0] == "rig", args[0] == "run":
			want = 104
		}
		if code := s.run(args...); code != want {
			t.Errorf("%s: exit code %d; want %d", args[0], code, want)
		}
	}
	for _, c := range [][2]string{
		{"url: \"http://", "url: \"htp://"},
		{"X-Plain: ", "X-Odd: \"a\\x01b" + plants["header written out"] + "\", X-Plain: "},
		{"chaos:", "chaoss:"},
		{"headers: {", "headers: {X-Token: [" + plants["header written out"] + "], X-More: "},
		{"stop: [sh", "stop: [\"--token\", \"" + plants["flag of a command"] + "\", sh"},
		{"name: secret", "name: \"${TOKEN}\""},
	} {
		if !strings.Contains(good, c[0]) {
			t.Fatalf("no %s", c[0])
		}
		file := write(strings.Replace(good, c[0], c[1], 1))
		for _, cmd := range []string{"validate", "plan", "run", "simulate"} {
			if code := s.run(cmd, file); code != 104 {
				t.Errorf("%s: %s: exit code %d; want 104", c[1], cmd, code)
			}
		}
	}
}
