package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/scenarios"
)

// secrets are values of the environment that a scenario uses.
var secrets = map[string]string{
	"TOKEN":  "t0k3n/with+odd=chars&more",
	"PATH_":  "hiddenpath",
	"HEADER": "Bearer verysecret~value",
}

// revealed are the ways in which a value could show up.
func revealed(in []byte) (found []string) {
	for _, v := range secrets {
		for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v), strings.ReplaceAll(v, "&", `\u0026`), strings.ReplaceAll(v, "&", "&amp;")} {
			if bytes.Contains(in, []byte(form)) {
				found = append(found, form)
			}
		}
	}
	return found
}

// TestSecrets plants values of the environment in the URL and the headers of a
// target that does all it can to have them shown, and searches everything that
// a run says and writes.
func TestSecrets(t *testing.T) {
	token := url.QueryEscape(secrets["TOKEN"])
	for name, strange := range map[string]http.HandlerFunc{
		"as usual": nil,
		"echoes":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s", r.URL, r.Header) },
		"echoes in a playlist": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "#EXTM3U\n#EXT-X-%s\n#EXT-X-TARGETDURATION:x%s\n", r.Header.Get("X-Token"), r.URL)
		},
		"echoes in variants": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,NAME=\"%s\"\n%s/media.m3u8?%s\n", r.Header.Get("X-Token"), secrets["PATH_"], r.URL.RawQuery)
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), 302) },
		"redirects elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "ftp://"+secrets["PATH_"]+"/?"+r.URL.RawQuery, 302)
		},
		"forbids": status(403),
		"breaks":  func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"silent":  silence,
	} {
		for _, after := range []time.Duration{0, 10 * time.Second} {
			t.Run(fmt.Sprintf("%s after %v", name, after), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					h := &healthy{began: time.Now()}
					usual := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						path, ok := strings.CutPrefix(r.URL.Path, "/"+secrets["PATH_"])
						if !ok || r.Header.Get("X-Token") != secrets["HEADER"] {
							t.Errorf("%s came with X-Token %q", r.URL, r.Header.Get("X-Token"))
						}
						r.URL.Path = path
						h.pass(w, r)
					})
					base, srv := m.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if strange == nil || time.Since(h.began) < after {
							usual(w, r)
							return
						}
						strange(w, r)
					}))
					defer srv.Close()
					text := "version: 1\nname: secret\nduration: 40s\ntarget:\n  url: \"" + base + "/${PATH_}/index.m3u8?a=${TOKEN}\"\n  headers: {X-Token: \"${HEADER}\"}\n" +
						"fleet: {players: 2, arrive: {over: 1s}, cohorts: [{name: a, profile: hlsjs-1.7}]}\n" +
						"chaos:\n - {name: freeze, fault: playlist.freeze, at: 8s, for: 6s}\n" +
						" - {name: prog, fault: command, at: 20s, for: 5s, start: [\"false\", \"${TOKEN}\"], stop: [\"echo\", \"${TOKEN}\"]}\n"
					env := func(name string) (string, bool) {
						if name == "TOKEN" {
							return token, true // as it stands in a URL
						}
						v, ok := secrets[name]
						return v, ok
					}
					sc, err := scenarios.Load(scenarios.Source{File: "secret.yaml", Data: []byte(text), Getenv: env})
					if err != nil {
						t.Fatal(err)
					}
					dir := t.TempDir()
					cmd, stdout, stderr := quiet()
					r := &realRun{cmd: cmd, sc: sc, faults: sc.Faults(), out: &output{dir: dir, progress: progressPlain, events: true}, network: network{dial: m.dial}}
					exit := exitOf(r.do(t.Context()))
					fmt.Fprintln(stderr, exit.msg)
					fmt.Fprint(stdout, sc.Plan())
					for what, text := range map[string]io.Reader{"stdout": stdout, "stderr": stderr} {
						b, _ := io.ReadAll(text)
						if found := revealed(b); found != nil {
							t.Errorf("%s shows %q:\n%s", what, found, b)
						}
					}
					files := 0
					err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
						if err != nil || d.IsDir() {
							return err
						}
						files++
						b, err := os.ReadFile(path)
						if found := revealed(b); found != nil {
							at := bytes.Index(b, []byte(found[0]))
							t.Errorf("%s shows %q: …%s", d.Name(), found, b[max(0, at-200):min(len(b), at+100)])
						}
						return err
					})
					if err != nil || after > 0 && files < 5 {
						t.Errorf("%d files, %v", files, err)
					}
				})
			})
		}
	}
}
