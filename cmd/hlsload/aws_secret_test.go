//go:build full

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// plantedOnAWS is a scenario via aws with secrets in all places: the keys of
// the bucket have one too.
func plantedOnAWS(base, faults string) string {
	target := func(p int) string {
		return fmt.Sprintf("%s/${PATH_}/p%d/index.m3u8?a=${TOKEN}&Signature=%s&n=%s", strings.Replace(base, "://", "://"+plants["user of a URL"]+":"+plants["password of a URL"]+"@", 1),
			p, plants["query of a URL"], plants["parameter of a URL"])
	}
	return "version: 1\nname: secret\nduration: 60s\nrecovery: 5s\ntarget:\n  url: [\"" + target(0) + "\", \"" + target(1) + "\"]\n" +
		"  headers: {X-Token: \"${HEADER}\", X-Plain: " + plants["header written out"] + ", Cookie: \"session=" + plants["cookie of the server"] + "\"}\n" +
		"aws: {account: \"123456789012\", region: eu-west-1, channel: \"1234567\", bucket: example-live, prefix: \"${PATH_}/\", pipelines: [\"${PATH_}/p0/*\", \"${PATH_}/p1/*\"], " +
		"function: invalidator, allow_sticky: true, tags: {hlsload: allow}, max_faults: 2}\n" +
		"fleet: {players: 2, arrive: {over: 1s}}\n" +
		"chaos:\n" + faults
}

const (
	plantedFreeze = " - {name: freeze-0, fault: playlist.freeze, via: aws, at: 12s, for: 20s, pipeline: 0}\n"
	plantedOff    = " - {name: off, fault: invalidator.off, via: aws, at: 12s, for: 20s}\n"
)

// echoing is AWS that shows, once it is told to, what it was sent: no such
// answer may be printed as it is.
type echoing struct {
	*awstest.Account
	when   func() bool
	broken bool // the connection breaks, and the error has the URL
}

func (e *echoing) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.when == nil || !e.when() {
		return e.Account.RoundTrip(r)
	}
	all := fmt.Sprintf("%s %s %s %s", r.URL, r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"), plantedEnv["AWS_SECRET_ACCESS_KEY"])
	if e.broken {
		return nil, errors.New("connection broke: " + all)
	}
	text, err := json.Marshal(map[string]string{"__type": "AccessDeniedException", "message": all, "Message": all})
	if err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {"application/json"}, "X-Amzn-Errortype": {"AccessDeniedException"}}
	if strings.Contains(r.Header.Get("Authorization"), "/s3/") || strings.Contains(r.Header.Get("Authorization"), "/sts/") {
		h = http.Header{"Content-Type": {"application/xml"}}
		text = []byte("<ErrorResponse><Error><Code>AccessDenied</Code><Message>" + strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(all) + "</Message></Error></ErrorResponse>")
		if strings.Contains(r.Header.Get("Authorization"), "/s3/") {
			text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("<ErrorResponse>")), []byte("</ErrorResponse>"))
		}
	}
	return &http.Response{StatusCode: 403, Status: "403 Forbidden", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, nil
}

// plantedLog is an access log of CloudFront with all that a viewer sent.
func plantedLog() string {
	return "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id\n" +
		strings.Join([]string{"2000-01-01", "00:00:05", "FRA56-P1", "1000", "192.0.2.1", "GET", "d111111abcdef8.cloudfront.net", "/" + plants["env in a URL's path"] + "/p0/index.m3u8", "200",
			"https://example.com/?token=" + plants["redirect"], "hlsload", "Signature=" + plants["query of a URL"] + "&t=" + plants["URI of a playlist"], "sid=" + plants["cookie of the server"], "Hit", "x"}, "\t") + "\n"
}

// TestSecretsOnAWS is [TestSecrets] for runs that change an account, and for
// everything that is asked of the account before and after.
func TestSecretsOnAWS(t *testing.T) {
	for name, value := range plantedEnv {
		t.Setenv(name, value)
	}
	for name, value := range map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"} {
		t.Setenv(name, value)
	}
	for _, c := range []struct {
		name        string
		faults      string
		from, until time.Duration // AWS echoes
		broken      bool
		code        int // of the run
	}{
		{name: "as usual", faults: plantedFreeze + plantedOff},
		{name: "echoes from the start", faults: plantedFreeze, until: time.Hour, code: reports.ExitFault},
		{name: "echoes at the fault", faults: plantedFreeze, from: 10 * time.Second, until: 20 * time.Second, code: reports.ExitFault},
		{name: "echoes at the undo", faults: plantedFreeze, from: 25 * time.Second, until: time.Hour, code: reports.ExitFault},
		{name: "breaks at the undo", faults: plantedOff, from: 25 * time.Second, until: time.Hour, broken: true, code: reports.ExitFault},
	} {
		if underRace && c.from > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &echoing{Account: awstest.New(nil), broken: c.broken}
				bucket := a.AddBucket("example-live", true)
				a.AddChannel("1234567", bucket, plants["env in a URL's path"]+"/p0/", plants["env in a URL's path"]+"/p1/")
				a.AddFunction("invalidator")
				before := a.State()
				m := runtest.NewNetwork()
				base, srv := m.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.SetCookie(w, &http.Cookie{Name: "sid", Value: plants["cookie of the server"], Path: "/"})
					bucket.ServeHTTP(w, r)
				}))
				defer srv.Close()
				s := &secretRun{t: t, on: network{listen: m.Listen, web: look.Network{Dial: m.Dial}, aws: a}, dir: t.TempDir()}
				file := filepath.Join(s.dir, "secret.yaml")
				if err := os.WriteFile(file, []byte(plantedOnAWS(base, c.faults)), 0o600); err != nil {
					t.Fatal(err)
				}
				log := filepath.Join(t.TempDir(), "edge.log")
				if err := os.WriteFile(log, []byte(plantedLog()), 0o600); err != nil {
					t.Fatal(err)
				}
				expect := func(want int, args ...string) {
					t.Helper()
					if code := s.run(args...); code != want {
						t.Errorf("%s: exit code %d; want %d", args[0], code, want)
					}
				}
				expect(0, "validate", file)
				expect(0, "plan", file)
				expect(exitUsage, "run", file, "--out", s.dir)
				expect(exitUsage, "run", file, "--confirm", "0123456789ab", "--out", s.dir)
				began := time.Now()
				a.when = func() bool { since := time.Since(began); return since >= c.from && since < c.until }
				expect(c.code, "run", file, "--yes", "--events", "--progress", "plain", "--out", s.dir)
				journal := filepath.Join(s.dir, "journal.ndjson")
				if c.until > 0 { // AWS echoes still, or once more
					began = time.Now().Add(-c.from)
					s.run("undo", journal, "--wait", "1s")
					s.run("aws-check", file)
					s.run("sweep", file, "--yes")
				}
				a.when = nil
				expect(0, "undo", journal)
				expect(0, "undo", journal)
				expect(0, "sweep", file)
				expect(0, "aws-check", file)
				if strings.Contains(c.faults, plantedFreeze) {
					expect(0, "aws-check", file, "--try", "freeze-0", "--yes", "--out", s.dir)
				}
				if c.from > 0 || c.until == 0 {
					s.run("report", s.dir)
					s.run("report", s.dir, "--logs", log)
				}
				if got := a.State(); got != before {
					t.Errorf("got\n%s\nwant\n%s", got, before)
				}
			})
		})
	}
}
