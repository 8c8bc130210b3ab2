//go:build full

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/aws/awstest"
	"hlsload/reports"
	"hlsload/run/cloud"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// emulated is an account on loopback, and the stream that its channel makes.
type emulated struct {
	*awstest.Account
	channel  *awstest.Channel
	bucket   *awstest.Bucket
	endpoint string
	urls     string // a value for --set target.url
	env      []string
}

func newEmulated(t *testing.T) *emulated {
	t.Helper()
	e := &emulated{Account: awstest.New(nil)}
	e.bucket = e.AddBucket("example-live", true)
	e.channel = e.AddChannel("1234567", e.bucket, "live/p0/", "live/p1/")
	e.AddFunction("invalidator")
	addDelivery(e.Account)
	api, viewers := httptest.NewServer(e.Account), httptest.NewServer(e.bucket)
	t.Cleanup(api.Close)
	t.Cleanup(viewers.Close)
	e.endpoint = api.URL
	e.urls = fmt.Sprintf(`target.url=["%s/live/p0/index.m3u8", "%s/live/p1/index.m3u8"]`, viewers.URL, viewers.URL)
	e.env = []string{
		"AWS_ENDPOINT_URL=" + api.URL, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=planted-secret-key",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
	}
	return e
}

// program is hlsload in a process of its own.
func (e *emulated) program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "HLSLOAD_TEST_IS_THE_PROGRAM=1"), e.env...)
	return cmd
}

// bubble is an account and its stream in the time of a bubble.
type bubble struct {
	*awstest.Account
	channel *awstest.Channel
	bucket  *awstest.Bucket
	on      network
	urls    string
	srv     *http.Server
}

func newBubble() *bubble {
	b := &bubble{Account: awstest.New(nil)}
	b.bucket = b.AddBucket("example-live", true)
	b.channel = b.AddChannel("1234567", b.bucket, "live/p0/", "live/p1/")
	b.AddFunction("invalidator")
	m := runtest.NewNetwork()
	base, srv := m.Serve(b.bucket)
	b.srv, b.on = srv, network{listen: m.Listen, web: look.Network{Dial: m.Dial}, aws: b.Account}
	b.urls = fmt.Sprintf(`target.url=["%s/live/p0/index.m3u8", "%s/live/p1/index.m3u8"]`, base, base)
	return b
}

func (b *bubble) run(ctx context.Context, args ...string) (code int, said string) {
	var out bytes.Buffer
	code = executeOn(ctx, b.on, args, &out, &out)
	return code, out.String()
}

func setCredentials(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "planted-secret-key", "AWS_SESSION_TOKEN": "planted-session-token",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CREDENTIAL_EXPIRATION": "", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"} {
		t.Setenv(name, value)
	}
}

// claiming is how long a run waits at its start for other runs of the channel.
const claiming = 5 * time.Second

// claims reports whether a request claims the channel for a run, or gives it free.
func claims(q awstest.Request) bool {
	return strings.Contains(q.Body+q.Query, "hlsload%3Alock") || strings.Contains(q.Body+q.Query, "hlsload:lock")
}

// TestRunOnAWS is runs whose faults are made on an emulated account.
func TestRunOnAWS(t *testing.T) {
	setCredentials(t)
	pause := "testdata/scenarios/aws.yaml"
	var urls string
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		b.srv.Close()
		urls = b.urls // the same in every one
	})
	_, plan := newBubbleless(t, "plan", pause, "--set", urls)
	_, hash, _ := strings.Cut(strings.TrimSpace(plan), "--confirm ")
	for _, c := range []struct {
		name      string
		args      []string
		account   func(b *bubble)
		interrupt time.Duration
		code      int
		said      string
		untouched bool // nothing on AWS was changed
	}{
		{name: "pass", args: []string{"--yes"}, said: "PASS"},
		{name: "no consent", code: exitUsage, said: "this run would change AWS account 123456789012", untouched: true},
		{name: "another plan", args: []string{"--confirm", "0123456789ab"}, code: exitUsage, said: "this is not the plan that was confirmed", untouched: true},
		{name: "the plan", args: []string{"--confirm", hash}, said: "PASS"},
		{name: "more players than in the plan", args: []string{"--confirm", hash, "--players", "7"}, code: exitUsage, said: "not the plan", untouched: true},
		{name: "other stop conditions than in the plan", args: []string{"--confirm", hash, "--set", "stop=[stalled_now > 99% for 1m]"}, code: exitUsage, said: "not the plan", untouched: true},
		{name: "the plan has changed", args: []string{"--confirm", hash, "--set", "chaos.pause-0.for=21s"}, code: exitUsage, said: "not the plan", untouched: true},
		{name: "interrupted while it claims the channel", args: []string{"--yes"}, interrupt: claiming / 2, code: reports.ExitInterrupted, said: "interrupted before the run began", untouched: true},
		{name: "interrupted in the fault", args: []string{"--yes"}, interrupt: 20 * time.Second, code: reports.ExitInterrupted, said: "interrupted by the user"},
		{name: "interrupted just after the call", args: []string{"--yes"}, interrupt: claiming + 12*time.Second + 200*time.Millisecond, code: reports.ExitInterrupted, said: "interrupted by the user"},
		{name: "stop condition", args: []string{"--yes", "--set", `stop=["stalled_now > 1%"]`, "--set", "chaos.pause-0.for=40s", "--duration", "90s"}, code: reports.ExitInterrupted, said: "stop condition"},
		{name: "denied by a tag", args: []string{"--yes"}, account: func(b *bubble) { b.channel.Tags["hlsload"] = "deny" }, code: reports.ExitFault, said: "must not be touched", untouched: true},
		{name: "outside of the hours", args: []string{"--yes", "--set", `aws.hours={from: "09:00", to: "17:00", zone: UTC}`}, code: reports.ExitFault, said: "outside the hours in which faults are allowed", untouched: true},
		{name: "within the hours", args: []string{"--yes", "--set", `aws.hours={from: "23:00", to: "01:00", zone: UTC}`}, said: "PASS"},
		{name: "credentials that end", args: []string{"--yes", "--set", "chaos.pause-0.for=21s"}, account: func(b *bubble) { os.Setenv("AWS_CREDENTIAL_EXPIRATION", "2000-01-01T00:05:00Z") }, said: "the credentials expire too soon"},
		{name: "lever", args: []string{"--yes"}, account: func(b *bubble) { b.Engage("engaged") }, code: reports.ExitFault, said: "safety lever is engaged", untouched: true},
		{name: "lever during the run", args: []string{"--yes"}, account: func(b *bubble) { time.AfterFunc(claiming+15*time.Second, func() { b.Engage("engaged") }) }, code: reports.ExitInterrupted, said: "safety lever is engaged"},
		{name: "lever just before the fault", args: []string{"--yes"}, account: func(b *bubble) { time.AfterFunc(claiming+11*time.Second, func() { b.Engage("engaged") }) }, code: reports.ExitFault, said: "safety lever is engaged", untouched: true},
		{name: "no permission", args: []string{"--yes"}, account: func(b *bubble) {
			b.Mishap = func(q awstest.Request) awstest.Mishap {
				if q.Mutates && q.Service == "medialive" {
					return awstest.Denied
				}
				return awstest.Nothing
			}
		}, code: reports.ExitFault, said: "not authorized", untouched: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			t.Setenv("AWS_CREDENTIAL_EXPIRATION", "")
			synctest.Test(t, func(t *testing.T) {
				b := newBubble()
				defer b.srv.Close()
				if c.account != nil {
					c.account(b)
				}
				before := b.State()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.interrupt > 0 {
					time.AfterFunc(c.interrupt, cancel)
				}
				args := append([]string{"run", pause, "--out", dir, "--progress", "none", "--events"}, c.args...)
				code, said := b.run(ctx, append(args, "--set", b.urls)...)
				if code != c.code || !strings.Contains(strings.Join(strings.Fields(said), " "), c.said) {
					t.Errorf("exit code %d; want %d and %q in\n%s", code, c.code, c.said, said)
				}
				if got := b.State(); got != before {
					t.Errorf("got\n%s\nwant\n%s", got, before)
				}
				changes := 0
				for _, q := range b.Requests() {
					if q.Mutates && q.Service != "sts" && !claims(q) {
						changes++
					}
				}
				if (changes == 0) != c.untouched {
					t.Errorf("%d requests changed something", changes)
				}
				if strings.Contains(said, "planted-") {
					t.Errorf("a secret was printed:\n%s", said)
				}
			})
			for _, name := range files(t, dir) {
				if text, err := os.ReadFile(name); err != nil || strings.Contains(string(text), "planted-") {
					t.Errorf("%s has a secret, or cannot be read: %v", name, err)
				}
			}
		})
	}
}

// slowCleanup is AWS that takes long to free the channel after a run.
type slowCleanup struct {
	http.RoundTripper
	freeing func()
}

func (s *slowCleanup) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete && strings.Contains(r.URL.RawQuery, "lock") {
		s.freeing()
	}
	return s.RoundTripper.RoundTrip(r)
}

// TestCleanupIsNoPartOfTheRun: no player watches while a slow AWS is cleaned up,
// so that nothing it does then is measured.
func TestCleanupIsNoPartOfTheRun(t *testing.T) {
	setCredentials(t)
	dir := filepath.Join(t.TempDir(), "out")
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		var asked atomic.Int64
		b.srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			b.bucket.ServeHTTP(w, r)
		})
		freed := false
		b.on.aws = &slowCleanup{b.Account, func() {
			before := asked.Load()
			time.Sleep(90 * time.Second)
			if n := asked.Load() - before; n > 0 {
				t.Errorf("%d requests of players during the cleanup", n)
			}
			freed = true
		}}
		if code, said := b.run(t.Context(), "run", "testdata/scenarios/aws.yaml", "--out", dir, "--progress", "none", "--yes", "--set", b.urls); code != 0 || !freed {
			t.Errorf("exit code %d, freed: %v\n%s", code, freed, said)
		}
	})
}

// files are those below a directory, if there is one.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPanic: a program that panics puts back what it has changed before it ends.
func TestPanic(t *testing.T) {
	setCredentials(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		before, began := b.State(), time.Now()
		dial := b.on.web.Dial
		during, after := "", ""
		b.on.web.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if since := time.Since(began); since > 20*time.Second && during == "" {
				during = b.State()
				panic("a viewer has lost his mind")
			}
			return dial(ctx, network, addr)
		}
		code := 0
		b.on.exit = func(c int) { code, after = c, b.State() } // the program would end here
		_, said := b.run(t.Context(), "run", "testdata/scenarios/aws.yaml", "--yes", "--out", t.TempDir()+"/out", "--progress", "none", "--set", b.urls,
			"--set", "fleet.arrive.over=30s", "--set", "fleet.players=30")
		if during == before || !strings.Contains(during, "pipeline 0: paused true") {
			t.Errorf("there was no fault when it panicked:\n%s", during)
		}
		if after != before || code != exitInternal || !strings.Contains(said, "a viewer has lost his mind") || !strings.Contains(said, "put back") {
			t.Errorf("exit code %d, state\n%s\nsaid\n%s", code, after, said)
		}
	})
}

// TestLostCredentials: what cannot be undone is said, with the command that
// puts it back, and put back later.
func TestLostCredentials(t *testing.T) {
	slow(t)
	setCredentials(t)
	dir := filepath.Join(t.TempDir(), "out")
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		before, began := b.State(), time.Now()
		b.Mishap = func(awstest.Request) awstest.Mishap {
			if time.Since(began) > 25*time.Second {
				return awstest.Expired
			}
			return awstest.Nothing
		}
		code, said := b.run(t.Context(), "run", "testdata/scenarios/aws.yaml", "--yes", "--out", dir, "--progress", "none", "--set", b.urls)
		flat := strings.Join(strings.Fields(said), " ")
		if code != reports.ExitFault || !strings.Contains(flat, "VOID") || !strings.Contains(flat, "ExpiredToken") ||
			!strings.Contains(flat, "fault pause-0 may be left on AWS; put it back with: hlsload undo "+dir+"/journal.ndjson") {
			t.Errorf("exit code %d:\n%s", code, said)
		}
		if took := time.Since(began); took < cloud.Patience || took > 2*cloud.Patience {
			t.Errorf("gave up after %v", took)
		}
		b.Mishap = nil
		for _, want := range []string{"pause-0, occurrence 1: pipeline.pause: undone via aws", "nothing was left behind"} {
			code, said = b.run(t.Context(), "undo", filepath.Join(dir, "journal.ndjson"))
			if code != 0 || !strings.Contains(said, want) {
				t.Errorf("undo: exit code %d; want %q in\n%s", code, want, said)
			}
		}
		if got := b.State(); got != before {
			t.Errorf("got\n%s\nwant\n%s", got, before)
		}
	})
}

// TestSweepCommand finds what a run has left, and removes it when told.
func TestSweepCommand(t *testing.T) {
	setCredentials(t)
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		before := b.State()
		b.channel.Pause("hlsload-99999999-f0n1-hold-p1", 1)
		b.bucket.SetPolicy(`{"Version":"2012-10-17","Statement":[{"Sid":"hlsload99999999f1n1","Effect":"Deny","Principal":"*","Action":"s3:PutObject",` +
			`"Resource":"arn:aws:s3:::example-live/live/p0/*","Condition":{"DateLessThan":{"aws:CurrentTime":"2000-01-01T00:05:00Z"}}}]}`)
		left := b.State()
		for _, c := range []struct {
			args []string
			said []string
			want string
		}{
			{nil, []string{"run 99999999: arn:aws:medialive:eu-west-1:123456789012:channel:1234567: schedule actions hlsload-99999999-f0n1-…, stays until it is removed",
				"policy statement hlsload99999999f1n1, ends by itself in 5m0s", "remove it with: hlsload sweep --yes testdata/scenarios/aws.yaml"}, left},
			{[]string{"--yes", "--run", "11111111"}, []string{"nothing was left behind"}, left},
			{[]string{"--yes"}, []string{"removed"}, before},
			{[]string{"--yes"}, []string{"nothing was left behind"}, before},
		} {
			code, said := b.run(t.Context(), append([]string{"sweep", "testdata/scenarios/aws.yaml"}, c.args...)...)
			for _, want := range c.said {
				if code != 0 || !strings.Contains(said, want) {
					t.Errorf("%v: exit code %d; want %q in\n%s", c.args, code, want, said)
				}
			}
			if got := b.State(); got != c.want {
				t.Errorf("%v: got\n%s\nwant\n%s", c.args, got, c.want)
			}
		}
	})
}

// TestAWSCheck looks, and tries a fault.
func TestAWSCheck(t *testing.T) {
	setCredentials(t)
	t.Setenv("AWS_CREDENTIAL_EXPIRATION", "")
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		before := b.State()
		code, said := b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml")
		for _, want := range []string{
			"guards: a run may begin", "channel 1234567: STANDARD, RUNNING, 2 pipelines running", "bucket example-live: versions Enabled",
			"bucket example-live: written by arn:aws:iam::123456789012:role/MediaLiveAccessRole",
			`live/p0/index_1280x720.m3u8: media, target duration 4s, 10 segments, Cache-Control "max-age=2", written`, "function invalidator: reserved concurrency none",
			"faults: all of them can be applied", "found: output    hls of pipeline 0, s3://example-live/live/p0/index", "section aws, as far as it could be found:", "  bucket: example-live\n",
		} {
			if code != 0 || !strings.Contains(said, want) {
				t.Errorf("exit code %d; want %q in\n%s", code, want, said)
			}
		}
		for _, q := range b.Requests() {
			if q.Mutates && q.Service != "sts" {
				t.Errorf("%s %s changes something", q.Service, q.Op)
			}
		}
		code, said = b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml", "--json")
		kinds := map[any]int{}
		lines, _ := documentedFields(t, said)["lines"].([]any)
		for _, l := range lines {
			kinds[l.(map[string]any)["kind"]]++
		}
		if code != 0 || kinds["guards"] != 1 || kinds["section"] != 1 || kinds["faults"] != 1 || kinds["fact"] < 4 || kinds["found"] == 0 || kinds["event"] != 0 {
			t.Errorf("exit code %d: %v\n%s", code, kinds, said)
		}
		if code, said := b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml", "--try", "pause-0", "--out", t.TempDir()); code != exitUsage || !strings.Contains(said, "no --confirm") {
			t.Errorf("no consent: exit code %d\n%s", code, said)
		}
		code, said = b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml", "--try", "pause-0", "--yes", "--out", t.TempDir())
		for _, want := range []string{"** pause-0 applied", "live/p0/index_1280x720.m3u8 is not written any more (media sequence", "** pause-0 bites", "** pause-0 undone", "live/p0/index_1280x720.m3u8 is written", "** pause-0 healthy"} {
			if code != 0 || !strings.Contains(said, want) {
				t.Errorf("exit code %d; want %q in\n%s", code, want, said)
			}
		}
		if strings.Contains(said, "live/p1/index_1280x720.m3u8 is not") {
			t.Errorf("the other pipeline stopped too:\n%s", said)
		}
		if got := b.State(); got != before {
			t.Errorf("got\n%s\nwant\n%s", got, before)
		}
		t.Logf("%s", said)

		// Credentials that end before everything is surely undone.
		os.Setenv("AWS_CREDENTIAL_EXPIRATION", time.Now().Add(5*time.Minute).Format(time.RFC3339))
		code, said = b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml", "--try", "pause-0", "--yes", "--out", t.TempDir())
		if code != 0 || !strings.Contains(said, "warning: the credentials expire too soon") {
			t.Errorf("exit code %d\n%s", code, said)
		}
	})
}

// TestNoCredentials: what needs AWS says in one line that there are no credentials.
func TestNoCredentials(t *testing.T) {
	setCredentials(t)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	for _, command := range []string{"aws-check", "sweep"} {
		code, stdout, stderr := executed(t, command, "testdata/scenarios/aws.yaml")
		if code != reports.ExitFault || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "hlsload: no AWS credentials found (want AWS_PROFILE,") {
			t.Errorf("%s: exit code %d\n%s%s", command, code, stdout, stderr)
		}
	}
}

// TestAWSCheckWithThePlansPolicy: what the plan says that a run needs is enough
// to look, too.
func TestAWSCheckWithThePlansPolicy(t *testing.T) {
	setCredentials(t)
	_, plan := newBubbleless(t, "plan", "testdata/scenarios/aws.yaml")
	synctest.Test(t, func(t *testing.T) {
		b := newBubble()
		defer b.srv.Close()
		denied := 0
		b.Mishap = func(q awstest.Request) awstest.Mishap {
			action := q.Op
			switch action {
			case "ListObjectsV2":
				action = "ListBucket"
			case "HeadObject":
				action = "GetObject"
			}
			service := q.Service
			if service == "monitoring" { // what requests are signed for
				service = "cloudwatch"
			}
			if strings.Contains(plan, `"`+service+":"+action+`"`) {
				return awstest.Nothing
			}
			denied++
			return awstest.Denied
		}
		code, said := b.run(t.Context(), "aws-check", "testdata/scenarios/aws.yaml")
		for _, want := range []string{"guards: a run may begin", "versions not known (AccessDenied)", "function invalidator: reserved concurrency not known", "faults: all of them can be applied"} {
			if code != 0 || !strings.Contains(said, want) {
				t.Errorf("exit code %d; want %q in\n%s", code, want, said)
			}
		}
		if denied != 2 {
			t.Errorf("%d requests were denied", denied)
		}
	})
}

// newBubbleless runs a command that needs no network.
func newBubbleless(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = execute(t.Context(), args, &out, &out)
	return code, out.String()
}

// killed are the faults in which runs are killed.
var killed = [][]string{
	{"chaos.pause-0.fault=pipeline.pause"},
	{"chaos.pause-0.fault=playlist.freeze"},
	{"chaos.pause-0.fault=invalidator.off", "chaos.pause-0.pipeline=null"},
	{"chaos.pause-0.fault=playlist.delete", "chaos.pause-0.kind=multivariant"},
	{"chaos.pause-0.fault=segment.missing"},
	{"chaos.pause-0.fault=pipeline.kill"},
	{"chaos.pause-0.fault=input.loss", "chaos.pause-0.pipeline=null"},
	{"chaos.pause-0.fault=input.loss", "aws.mediaconnect={flow: arn:aws:mediaconnect:eu-west-1:123456789012:flow:1-AAAA:feed, outputs: [arn:aws:mediaconnect:eu-west-1:123456789012:output:1-BBBB:feed-0]}"},
	{"chaos.pause-0.fault=edge.error_ttl", "chaos.pause-0.ttl=30s", "chaos.pause-0.pipeline=null", "aws.distribution=E1EXAMPLE"},
	{"chaos.pause-0.fault=origin.status", "chaos.pause-0.code=403", "chaos.pause-0.pipeline=null", "aws.bucket=null", "aws.pipelines=null", "aws.mediapackage={group: live, channel: news, endpoint: hls}"},
}

// TestKilled kills runs at random moments and undoes what they left from their
// journals. HLSLOAD_TEST_KILLS says how often.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds of real time")
	}
	kills := len(killed)
	if n, err := strconv.Atoi(os.Getenv("HLSLOAD_TEST_KILLS")); err == nil {
		kills = n
	}
	// Not as parallel subtests: they wait most of the time.
	var all sync.WaitGroup
	places := make(chan struct{}, 8)
	for i := range kills {
		all.Go(func() {
			places <- struct{}{}
			kill(t, i)
			<-places
		})
	}
	all.Wait()
}

// kill kills one run and undoes what it left.
func kill(t *testing.T, i int) {
	e := newEmulated(t)
	before := e.State()
	dir := filepath.Join(t.TempDir(), "out")
	args := []string{"run", "testdata/scenarios/aws.yaml", "--yes", "--out", dir, "--progress", "none",
		"--set", e.urls, "--set", "chaos.pause-0.at=1s", "--set", "chaos.pause-0.for=3s", "--duration", "20s"}
	for _, set := range killed[i%len(killed)] {
		args = append(args, "--set", set)
	}
	what := fmt.Sprintf("run %d: %v", i, killed[i%len(killed)])
	cmd := e.program(t.Context(), args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	// From the first call that changes something, at a moment of the next
	// seconds.
	random := rand.New(rand.NewPCG(uint64(i), 4))
	deadline := time.Now().Add(time.Minute)
	for !e.changed() && time.Now().Before(deadline) {
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(time.Duration(random.Int64N(int64(5 * time.Second))))
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !e.changed() {
		t.Errorf("%s: nothing was changed\n%s", what, &output)
		return
	}
	undo, err := e.program(t.Context(), "undo", filepath.Join(dir, "journal.ndjson")).CombinedOutput()
	if err != nil {
		t.Errorf("%s: undo: %v\n%s", what, err, undo)
	}
	t.Logf("%s: undo said\n%s", what, undo)
	if got := e.State(); got != before {
		t.Errorf("%s: left behind:\n%s\nwant\n%s", what, got, before)
	}
	again, err := e.program(t.Context(), "undo", filepath.Join(dir, "journal.ndjson")).CombinedOutput()
	if err != nil || !strings.Contains(string(again), "nothing was left behind") {
		t.Errorf("%s: again: %v\n%s", what, err, again)
	}
}

// changed reports whether a request has changed something.
func (e *emulated) changed() bool {
	for _, r := range e.Requests() {
		if r.Mutates && r.Service != "sts" {
			return true
		}
	}
	return false
}
