package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/player/m3u8"
)

// world is an emulated account with a channel that writes to a bucket, and
// what a run knows of it.
type world struct {
	*awstest.Account
	channel  *awstest.Channel
	bucket   *awstest.Bucket
	function *awstest.Function
	cdn      *awstest.Distribution
	ingest   *awstest.Packager // a channel of MediaPackage
	egress   *awstest.Packager // its endpoint
	flow     *awstest.Flow
	cfg      *chaos.AWS
	now      func() time.Time // of the run's machine; nil = that of the account
}

// foreignPolicy is what others have in the policy of the bucket, written as
// they like it.
const foreignPolicy = `{"Version": "2012-10-17", "Id": "cdn",
  "Statement": {"Sid": "cdn reads", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example-live/*"}}`

// TestMain sets what the SDK finds in its environment.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	} {
		os.Setenv(name, value)
	}
	os.Unsetenv("AWS_CA_BUNDLE") // costs more than everything else here
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		os.Setenv("TMPDIR", "/dev/shm") // journals are synced very often here
	}
	os.Exit(m.Run())
}

// number is a size of a test that the environment may change.
func number(t *testing.T, name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	if testing.Short() {
		return def / 8
	}
	return def
}

// newWorld must be called where time is that of a bubble.
func newWorld(t *testing.T) *world {
	w := &world{Account: awstest.New(nil)}
	w.bucket = w.AddBucket("example-live", true)
	w.channel = w.AddChannel("1234567", w.bucket, "live/p0/", "live/p1/")
	w.cfg = &chaos.AWS{
		Account: w.ID, Region: w.Region, Channel: "1234567", Bucket: "example-live", Prefix: "live/",
		Pipelines: []string{"live/p0/*", "live/p1/*"}, Tags: []chaos.Tag{{Key: "hlsload", Value: "allow"}},
		Function: "invalidator", SpareInput: "spare", AllowSticky: true, AllowMultivariant: true, Watchdog: "arn:aws:iam::123456789012:role/hlsload-watchdog",
	}
	w.cfg.FaultRole = "arn:aws:iam::123456789012:role/faults"
	w.function = w.AddFunction("invalidator")
	w.function.Extension = true
	w.cdn = w.AddDistribution("E1EXAMPLE")
	w.flow = w.AddFlow("feed", "feed-0", "feed-1")
	w.cfg.Distribution = "E1EXAMPLE"
	w.cfg.Flow = chaos.FlowAWS{ARN: w.flow.ARN, Outputs: []string{w.flow.Outputs[0].ARN, w.flow.Outputs[1].ARN}}
	w.ingest = w.AddPackager("channelGroup/live/channel/news")
	w.egress = w.AddPackager("channelGroup/live/channel/news/originEndpoint/hls")
	w.ingest.SetPolicy(ingestPolicy)
	w.egress.SetPolicy(egressPolicy)
	w.egress.CDN = map[string]any{"CdnIdentifierSecretArns": []any{"arn:aws:secretsmanager:eu-west-1:123456789012:secret:cdn"}, "SecretsRoleArn": "arn:aws:iam::123456789012:role/cdn"}
	w.bucket.SetPolicy(foreignPolicy)
	return w
}

// What others have in the policies of the packager.
const (
	ingestPolicy = `{"Version":"2012-10-17","Id":"in","Statement":[{"Sid":"encoder","Effect":"Allow","Principal":"*","Action":"mediapackagev2:PutObject","Resource":"arn:aws:mediapackagev2:eu-west-1:123456789012:channelGroup/live/channel/news"}]}`
	egressPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"everybody","Effect":"Allow","Principal":"*","Action":["mediapackagev2:GetObject","mediapackagev2:GetHeadObject"],"Resource":"arn:aws:mediapackagev2:eu-west-1:123456789012:channelGroup/live/channel/news/originEndpoint/hls"}]}`
)

// worldFor is the world in which a fault of [all] can be made: those that
// packaged returns are made where a packager is the origin.
func worldFor(t *testing.T, faults ...*chaos.Fault) *world {
	w := newWorld(t)
	for _, f := range faults {
		if strings.HasPrefix(f.Name, "packaged-") {
			w.cfg.Bucket, w.cfg.Prefix, w.cfg.Pipelines, w.cfg.SpareInput, w.cfg.Flow = "", "", nil, "", chaos.FlowAWS{}
			w.cfg.Package = chaos.PackageAWS{Group: "live", Channel: "news", Endpoint: "hls", Sources: []string{"198.51.100.1", "198.51.100.16/28"}}
		}
	}
	return w
}

func (w *world) open(t *testing.T) *Account {
	t.Helper()
	a, err := Open(t.Context(), w.cfg, Options{Transport: w.Account, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// bare opens the account as `hlsload undo` does, which has no scenario: all that it
// knows of what was changed is in the journal.
func (w *world) bare(t *testing.T) *Account {
	t.Helper()
	a, err := Open(t.Context(), &chaos.AWS{Account: w.cfg.Account, Region: w.cfg.Region}, Options{Transport: w.Account, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run is a run that can crash.
type run struct {
	*aws.Applier
	journal *journal.Journal
	path    string
}

func (w *world) run(t *testing.T, id string) *run {
	t.Helper()
	a := w.open(t)
	r := &run{path: filepath.Join(t.TempDir(), "journal.ndjson")}
	var err error
	if r.journal, err = journal.Create(r.path, nil); err != nil {
		t.Fatal(err)
	}
	r.Applier = aws.New(aws.Config{AWS: w.cfg, Drivers: a.Drivers, Run: id, Journal: r.journal, Refresh: a.Refresh})
	return r
}

// apply does what the conductor does.
func (r *run) apply(ctx context.Context, id int, f *chaos.Fault) error {
	if err := r.journal.Record(conduct.Step{Type: conduct.StepApply, ID: id, Fault: f}); err != nil {
		return err
	}
	return r.Apply(ctx, f)
}

// undoJournal is `hlsload undo` in another process.
func (w *world) undoJournal(t *testing.T, path string) (journal.Report, error) {
	t.Helper()
	a := w.bare(t)
	return journal.Undo(t.Context(), path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: a.Undoer(time.Minute).Undo})
}

func pauseFault(pipeline int) *chaos.Fault {
	f := chaos.NewFault("pause", chaos.PipelinePause)
	f.Via, f.Pipeline, f.Occurrence, f.For = chaos.ViaAWS, pipeline, 1, time.Minute
	return &f
}

// eventually looks until it sees it, as the conductor does.
func eventually(t *testing.T, look func(context.Context, *chaos.Fault) (bool, string), f *chaos.Fault) {
	t.Helper()
	detail := ""
	for range 60 {
		ok := false
		if ok, detail = look(t.Context(), f); ok {
			return
		}
	}
	t.Fatalf("never: %s", detail)
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		f := pauseFault(1)
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		eventually(t, r.Look, f)
		if got := w.State(); !strings.Contains(got, "pipeline 1: paused true") || !strings.Contains(got, "pipeline 0: paused false") {
			t.Errorf("state\n%s", got)
		}
		if err := r.Undo(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		eventually(t, r.LookUndone, f)
		if got := w.State(); got != before {
			t.Errorf("got\n%s\nwant\n%s", got, before)
		}
	})
}

// The process is gone after the call; another one undoes it from the journal.
func TestUndoFromJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		if err := r.apply(t.Context(), 0, pauseFault(0)); err != nil {
			t.Fatal(err)
		}
		r.journal.Close()
		for range 2 {
			if _, err := w.undoJournal(t, r.path); err != nil {
				t.Fatal(err)
			}
			if got := w.State(); got != before {
				t.Errorf("got\n%s\nwant\n%s", got, before)
			}
		}
		lines, err := journal.Read(r.path)
		if err != nil || len(lines) < 5 || lines[1].Call == nil || lines[3].Call.Undo == "" || !json.Valid(lines[1].Call.Change) {
			t.Errorf("journal: %v %+v", err, lines)
		}
	})
}

// MediaLive ends it when hlsload does not.
func TestPauseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.run(t, "0a1b2c3d")
		if err := r.apply(t.Context(), 0, pauseFault(0)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + chaos.AWSMargin + time.Second)
		if got := w.State(); !strings.Contains(got, "pipeline 0: paused false") {
			t.Errorf("state\n%s", got)
		}
	})
}

// What people have paused stays paused, whatever our faults do, and what two
// faults hold is free when both are undone.
func TestPauseKeepsTheWholeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.channel.Pause("maintenance", 1)
		r := w.run(t, "0a1b2c3d")
		a, b := pauseFault(0), pauseFault(0)
		b.Rule = 1
		for i, f := range []*chaos.Fault{a, b} {
			if err := r.apply(t.Context(), i, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			undo *chaos.Fault
			want bool // pipeline 0 is paused afterwards
		}{{a, true}, {b, false}} {
			if err := r.Undo(t.Context(), c.undo); err != nil {
				t.Fatal(err)
			}
			got := w.State()
			if strings.Contains(got, "pipeline 0: paused true") != c.want || !strings.Contains(got, "pipeline 1: paused true") {
				t.Errorf("want pipeline 0 paused %v\n%s", c.want, got)
			}
		}
	})
}

// every returns a fault of every sort that this account can make.
func every() []*chaos.Fault {
	var all []*chaos.Fault
	add := func(kind chaos.Kind, pipeline int, more func(f *chaos.Fault)) {
		f := chaos.NewFault(fmt.Sprintf("%s-%d", kind, len(all)), kind)
		f.Via, f.Pipeline, f.Occurrence, f.Rule, f.For = chaos.ViaAWS, pipeline, 1, len(all), time.Minute
		if more != nil {
			more(&f)
		}
		all = append(all, &f)
	}
	kinds := func(k ...m3u8.Kind) func(*chaos.Fault) { return func(f *chaos.Fault) { f.Kinds = k } }
	add(chaos.PipelinePause, 0, nil)
	add(chaos.PipelinePause, chaos.Any, nil)
	add(chaos.PipelineKill, 1, nil)
	add(chaos.PipelineKill, 1, func(f *chaos.Fault) { f.Resume = "restart" })
	add(chaos.PipelineKill, chaos.Any, func(f *chaos.Fault) { f.Resume = "restart" })
	add(chaos.InputLoss, chaos.Any, nil)
	add(chaos.PlaylistFreeze, 0, nil)
	add(chaos.PlaylistFreeze, 1, func(f *chaos.Fault) { f.Rendition = "highest" })
	add(chaos.PlaylistFreeze, chaos.Any, func(f *chaos.Fault) { f.Rendition = "640x360" })
	add(chaos.PlaylistDelete, 0, nil)
	add(chaos.PlaylistDelete, 1, func(f *chaos.Fault) { f.Once = true })
	add(chaos.PlaylistDelete, 0, kinds(m3u8.KindMultivariant, m3u8.KindMedia))
	add(chaos.PlaylistRollback, 0, func(f *chaos.Fault) { f.Segments = 2 })
	add(chaos.PlaylistEndlist, 1, func(f *chaos.Fault) { f.Rendition = "0" })
	add(chaos.SegmentMissing, 0, nil)
	add(chaos.OriginStatus, 0, func(f *chaos.Fault) { f.Code = 403 })
	add(chaos.OriginStatus, 1, func(f *chaos.Fault) { f.Code, f.Kinds = 403, []m3u8.Kind{m3u8.KindSegment} })
	add(chaos.InvalidatorOff, chaos.Any, nil)
	add(chaos.InputLoss, 0, nil)
	add(chaos.EdgeErrorTTL, chaos.Any, func(f *chaos.Fault) { f.TTL = time.Minute })
	add(chaos.EdgeFlush, chaos.Any, func(f *chaos.Fault) { f.For = 0 })
	add(chaos.InvalidatorThrottle, chaos.Any, func(f *chaos.Fault) { f.Concurrency = 2 })
	add(chaos.InvalidatorSlow, chaos.Any, func(f *chaos.Fault) { f.By = 30 * time.Second })
	return all
}

// packaged returns those that can be made where a packager is the origin.
func packaged() []*chaos.Fault {
	var all []*chaos.Fault
	add := func(kind chaos.Kind, pipeline int, more func(f *chaos.Fault)) {
		f := chaos.NewFault(fmt.Sprintf("packaged-%s-%d", kind, len(all)), kind)
		f.Via, f.Pipeline, f.Occurrence, f.Rule, f.For = chaos.ViaAWS, pipeline, 1, len(all), time.Minute
		if more != nil {
			more(&f)
		}
		all = append(all, &f)
	}
	add(chaos.OriginStatus, chaos.Any, func(f *chaos.Fault) { f.Code = 403 })
	add(chaos.PipelineKill, 0, nil)
	add(chaos.PipelineKill, chaos.Any, nil)
	add(chaos.PipelineKill, 1, func(f *chaos.Fault) { f.Resume = "restart" })
	add(chaos.InputLoss, 1, nil)
	add(chaos.PackagerErrors, chaos.Any, func(f *chaos.Fault) { f.Conditions = []string{"slate_input", "missing_drm_key"} })
	add(chaos.PackagerErrors, chaos.Any, func(f *chaos.Fault) { f.Conditions = []string{} })
	return all
}

// all returns every fault that can be made, each in the world of [worldFor].
func all() []*chaos.Fault { return append(every(), packaged()...) }

// Every fault is made, seen, undone, and leaves the account as it was.
func TestEveryFault(t *testing.T) {
	for _, f := range all() {
		t.Run(f.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, f)
				w.Delay, w.Lag = 2*time.Second, 3*time.Second
				if field, why := w.cfg.Realises(f); field != "" {
					t.Fatalf("%s: %s", field, why)
				}
				before := w.State()
				r := w.run(t, "0a1b2c3d")
				if err := r.Rehearse(t.Context(), []chaos.Fault{*f}); err != nil {
					t.Fatal(err)
				}
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				eventually(t, r.Look, f)
				if f.Kind != chaos.PlaylistDelete || !f.Once {
					if got := w.State(); got == before && f.Kind != chaos.PlaylistRollback && !chaos.Lookup(f.Kind).Instant {
						t.Errorf("nothing has changed")
					}
				}
				if err := r.Undo(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				eventually(t, r.LookUndone, f)
				if err := r.Tidy(t.Context()); err != nil {
					t.Error(err)
				}
				if got := w.State(); got != before {
					t.Error(difference(before, got))
				}
			})
		})
	}
}

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		name  string
		world func(w *world)
		want  string // part of the error; "" = none
		warns string
	}{
		{"fine", func(*world) {}, "", ""},
		{"another account", func(w *world) { w.cfg.Account = "999999999999" }, "the credentials are for another account (got 123456789012; want 999999999999", ""},
		{"clock", func(w *world) { w.Skew = 2 * time.Minute }, "this machine's clock differs from AWS's (got 2m", ""},
		{"lever", func(w *world) { w.Engage("engaged") }, "safety lever is engaged (set by the tester)", ""},
		{"no lever", func(w *world) { w.Engage("") }, "", "safety lever could not be read"},
		{"denied", func(w *world) { w.channel.Tags["hlsload"] = "deny" }, "channel 1234567 must not be touched", ""},
		{"no tag", func(w *world) { delete(w.channel.Tags, "hlsload") }, "channel 1234567 does not carry a required tag (got no tag hlsload; want hlsload=allow)", ""},
		{"paused", func(w *world) { w.channel.Pause("x", 0) }, "not healthy (got pipelines [0] paused", ""},
		{"another run", func(w *world) { w.channel.Pause("hlsload-99999999-f0n1-hold-p0", 0) }, "another run is at work here", ""},
		{"another run", func(w *world) { w.channel.Pause("hlsload-99999999-f0n1-deadman") }, "another run is at work here", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			c.world(w)
			warnings, err := w.open(t).Guard(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: got %v; want %s", c.name, err, c.want)
			}
			if c.warns != "" && !slices.ContainsFunc(warnings, func(s string) bool { return strings.Contains(s, c.warns) }) {
				t.Errorf("%s: warnings %q; want %s", c.name, warnings, c.warns)
			}
		})
	}
}

// A policy that would become longer than S3 takes it is found before anything
// is changed.
func TestPolicyTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.bucket.SetPolicy(`{"Version":"2012-10-17","Statement":[{"Sid":"` + strings.Repeat("x", 20_000) + `","Effect":"Deny","Principal":"*","Action":"s3:PutBucketAcl","Resource":"arn:aws:s3:::example-live"}]}`)
		f := chaos.NewFault("freeze", chaos.PlaylistFreeze)
		f.Via, f.Pipeline, f.Occurrence, f.For = chaos.ViaAWS, 0, 1, time.Minute
		err := w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{f})
		if err == nil || !strings.Contains(err.Error(), "the policy of bucket example-live would become too long with a statement about 2 resources (got 20") {
			t.Errorf("got %v", err)
		}
	})
}

// TestStill: what comes up after the guards have looked keeps the next fault
// from being made.
func TestStill(t *testing.T) {
	const run = "0a1b2c3d"
	for _, c := range []struct {
		name  string
		world func(w *world)
		alone bool
		want  string // part of the error; "" = none
	}{
		{"fine", func(*world) {}, true, ""},
		{"lever", func(w *world) { w.Engage("engaged") }, true, "safety lever is engaged"},
		{"our own mark", func(w *world) { w.channel.Pause("hlsload-"+run+"-f0n1-hold-p0", 0) }, false, ""},
		{"another run's mark", func(w *world) { w.channel.Pause("hlsload-99999999-f0n1-hold-p0", 0) }, true, "another run has started in the meantime"},
		{"another run's function", func(w *world) { w.function.Tags["hlsload:run"] = "hlsload-99999999-f0n1" }, false, "another run has started in the meantime"},
		{"a pipeline has gone", func(w *world) { w.channel.Lose(1) }, true, "not healthy (got RECOVERING with 1 pipelines running; want RUNNING with 2)"},
		{"a pipeline has gone, as another fault wants", func(w *world) { w.channel.Lose(1) }, false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			c.world(w)
			if err := w.open(t).Still(t.Context(), run, c.alone); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: got %v; want %s", c.name, err, c.want)
			}
		})
	}
}

// A fault is alone until one is held, and again when that is undone.
func TestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		var asked []bool
		refuse := false
		r.Applier = aws.New(aws.Config{AWS: w.cfg, Drivers: w.open(t).Drivers, Run: "0a1b2c3d", Journal: r.journal, Before: func(_ context.Context, alone bool) error {
			asked = append(asked, alone)
			if refuse {
				return errors.New("not now")
			}
			return nil
		}})
		a, b := pauseFault(0), pauseFault(1)
		b.Rule = 1
		for i, f := range []*chaos.Fault{a, b} {
			if err := r.apply(t.Context(), i, f); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []*chaos.Fault{a, b} {
			if err := r.Undo(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		refuse = true
		c := pauseFault(0)
		c.Rule = 2
		if err := r.apply(t.Context(), 2, c); err == nil || err.Error() != "not now" {
			t.Errorf("got %v; want a refusal", err)
		}
		if want := []bool{true, false, true}; !slices.Equal(asked, want) {
			t.Errorf("alone: %v; want %v", asked, want)
		}
		if err := r.Tidy(t.Context()); err != nil {
			t.Error(err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}

// What a run has left is found without its journal, and removed.
func TestSweep(t *testing.T) {
	for _, f := range all() {
		t.Run(f.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, f)
				before := w.State()
				r := w.run(t, "0a1b2c3d")
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				a := w.open(t)
				left, err := aws.Leftovers(t.Context(), a.Drivers)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range left {
					if l.Run != "0a1b2c3d" || l.What == "" || !strings.HasPrefix(l.Target, "arn:aws:") {
						t.Errorf("%+v", l)
					}
					if err := l.Remove(t.Context()); err != nil {
						t.Errorf("%s: %v", l.What, err)
					}
				}
				time.Sleep(time.Minute)
				if left, _ := aws.Leftovers(t.Context(), a.Drivers); len(left) > 0 {
					t.Errorf("still there: %+v", left)
				}
				if got := w.State(); got != before && !unswept(f) {
					t.Error(difference(before, got))
				}
			})
		})
	}
}

// unswept reports whether a fault deletes objects: what stands for them is a
// delete marker, which carries no name. Only a journal knows them.
func unswept(f *chaos.Fault) bool {
	return f.Kind == chaos.SegmentMissing || f.Kind == chaos.PlaylistDelete && len(f.Kinds) > 0
}

// TestClocksApart: what is undone does not depend on whose clock is right, as
// far as the guards let them be apart.
func TestClocksApart(t *testing.T) {
	for _, apart := range []time.Duration{-maxSkew, maxSkew} {
		for _, f := range every() {
			t.Run(fmt.Sprintf("%v %v", f.Kind, apart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					before := w.State()
					w.now = func() time.Time { return time.Now().Add(apart) }
					r := w.run(t, "0a1b2c3d")
					if err := r.apply(t.Context(), 0, f); err != nil {
						t.Fatal(err)
					}
					time.Sleep(5 * time.Second)
					r.journal.Close()
					u := w.bare(t).Undoer(time.Minute)
					if _, err := journal.Undo(t.Context(), r.path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo}); err != nil {
						t.Fatal(err)
					}
					if _, err := u.Heal(t.Context()); err != nil {
						t.Error(err)
					}
					if got := w.State(); got != before {
						t.Errorf("got\n%s\nwant\n%s", got, before)
					}
				})
			})
		}
	}
}

// Another program changes the same things while a fault holds: that stays, and
// what is ours goes all the same.
func TestOthersChangeIt(t *testing.T) {
	find := func(kind chaos.Kind) *chaos.Fault {
		for _, f := range every() {
			if f.Kind == kind {
				return f
			}
		}
		return nil
	}
	other := `{"Version":"2012-10-17","Statement":[{"Sid":"other","Effect":"Deny","Principal":"*","Action":"s3:PutBucketAcl","Resource":"arn:aws:s3:::example-live"}]}`
	for _, c := range []struct {
		name  string
		kind  chaos.Kind
		setup func(w *world) // before the fault
		meant func(w *world) // while it holds
		want  string         // in the state, afterwards
	}{
		{"policy is replaced", chaos.PlaylistFreeze, nil, func(w *world) { w.bucket.SetPolicy(other) }, `"Sid":"other"`},
		{"policy grows", chaos.PlaylistFreeze, nil, func(w *world) {
			p := strings.Replace(w.bucket.Policy(), `"Statement":[`, `"Statement":[{"Sid":"new","Effect":"Deny","Principal":"*","Action":"s3:PutBucketAcl","Resource":"arn:aws:s3:::example-live"},`, 1)
			w.bucket.SetPolicy(p)
		}, `"Sid":"new"`},
		{"policy is deleted", chaos.PlaylistFreeze, nil, func(w *world) { w.bucket.SetPolicy("") }, "policy \n"},
		{"there was no policy", chaos.PlaylistFreeze, func(w *world) { w.bucket.SetPolicy("") }, nil, "policy \n"},
		{"our statement was all, and is deleted", chaos.PlaylistFreeze, func(w *world) { w.bucket.SetPolicy("") }, func(w *world) { w.bucket.SetPolicy("") }, "policy \n"},
		{"pipeline 1 is paused for maintenance", chaos.PipelinePause, nil, func(w *world) { w.channel.Pause("maintenance", 0, 1) }, "pipeline 0: paused true\n  pipeline 1: paused true"},
		{"an operator unpauses", chaos.PipelinePause, nil, func(w *world) { w.channel.Pause("enough") }, "pipeline 0: paused false\n  pipeline 1: paused false"},
		{"our action is deleted, which unpauses nothing", chaos.PipelinePause, nil, func(w *world) {
			w.channel.Forget("hlsload-0a1b2c3d-f0n1-hold-p0")
			w.channel.Forget("hlsload-0a1b2c3d-f0n1-deadman")
		}, "pipeline 0: paused false"},
		{"function had a reservation", chaos.InvalidatorOff, func(w *world) { w.function.Reserved = new(int32); *w.function.Reserved = 7 }, nil, "reserved 7,"},
		{"function is switched on", chaos.InvalidatorOff, nil, func(w *world) { w.function.Reserved = new(int32); *w.function.Reserved = 5 }, "reserved 5,"},
		{"another run takes the function", chaos.InvalidatorOff, nil, func(w *world) { w.function.Tags["hlsload:run"] = "hlsload-ffffffff-f0n1" }, "reserved 0,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if c.setup != nil {
					c.setup(w)
				}
				r := w.run(t, "0a1b2c3d")
				f := find(c.kind)
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if c.meant != nil {
					c.meant(w)
				}
				time.Sleep(10 * time.Second)
				r.journal.Close()
				u := w.bare(t).Undoer(0)
				if _, err := journal.Undo(t.Context(), r.path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo}); err != nil {
					t.Fatal(err)
				}
				_, _ = u.Heal(t.Context()) // what others do may keep it from being well
				got := w.State()
				if !strings.Contains(got, c.want) {
					t.Errorf("got\n%s\nwant %s", got, c.want)
				}
				if strings.Contains(got, "hlsload0a1b2c3d") || strings.Contains(got, "hlsload-0a1b2c3d") {
					t.Errorf("ours is left:\n%s", got)
				}
			})
		})
	}
}

// Trouble that passes does not keep a fault from being undone: throttling, a
// service that is down, credentials that were lost for a while.
func TestTroubleWhileUndoing(t *testing.T) {
	for _, trouble := range []awstest.Mishap{awstest.Throttled, awstest.Unavailable, awstest.Denied, awstest.Expired, awstest.Unsent, awstest.Unanswered} {
		for _, f := range all() {
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, f)
				before := w.State()
				r := w.run(t, "0a1b2c3d")
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				n := 0
				w.Mishap = func(awstest.Request) awstest.Mishap {
					if n++; time.Since(began) < 20*time.Second && n%3 != 0 {
						return trouble
					}
					return awstest.Nothing
				}
				for r.Undo(t.Context(), f) != nil {
					if time.Since(began) > 5*time.Minute {
						t.Fatalf("%s, mishap %d: never undone", f.Name, trouble)
					}
					time.Sleep(time.Second)
				}
				w.Mishap = nil
				eventually(t, r.LookUndone, f)
				if err := r.Tidy(t.Context()); err != nil {
					t.Error(err)
				}
				if got := w.State(); got != before {
					t.Errorf("%s, mishap %d: %s", f.Name, trouble, difference(before, got))
				}
			})
		}
	}
}

// What the list of faults promises of AWS is what every has, and the other way
// round.
func TestKinds(t *testing.T) {
	var made []string
	for _, f := range all() {
		made = append(made, string(f.Kind))
	}
	slices.Sort(made)
	promised := chaos.KindsVia(chaos.ViaAWS)
	slices.Sort(promised)
	if made = slices.Compact(made); !slices.Equal(made, promised) {
		t.Errorf("made %v, promised %v", made, promised)
	}
}

// A journal cannot make us take away what no run has left.
func TestForeignMarks(t *testing.T) {
	for _, c := range []journal.Call{
		{N: 1, Run: "0a1b2c3d", Service: "s3", Op: "deny", Change: []byte(`{"bucket":"example-live","owner":"123456789012","sid":"cdn reads"}`)},
		{N: 1, Run: "0a1b2c3d", Service: "s3", Op: "deny", Change: []byte(`{"bucket":"example-live","owner":"123456789012","sid":"hlsloadffffffff" }`)},
		{N: 1, Run: "0a1b2c3d", Service: "medialive", Op: "pause", Change: []byte(`{"channel":"1234567","mark":"maintenance"}`)},
		{N: 1, Run: "0a1b2c3d", Service: "lambda", Op: "off", Change: []byte(`{"function":"f","mark":"hlsload-ffffffff-f0n1"}`)},
		{N: 1, Run: "0a1b2c3d", Service: "cloudfront", Op: "error-ttl", Change: []byte(`{"distribution":"E1EXAMPLE","mark":"hlsload-ffffffff-f0n1","ttl":2,"before":[{"code":404,"there":true}]}`)},
		{N: 1, Run: "0a1b2c3d", Service: "mediapackagev2", Op: "deny", Change: []byte(`{"group":"live","channel":"news","sid":"encoder"}`)},
		{N: 1, Run: "0a1b2c3d", Service: "mediaconnect", Op: "cut", Change: []byte(`{"flow":"f","output":"o","mark":"by hand"}`)},
		{N: 1, Run: "0a1b2c3d", Service: "s3", Op: "format", Change: []byte(`{}`)},
		{N: 1, Run: "0a1b2c3d", Service: "ec2", Op: "deny", Change: []byte(`{}`)},
		{N: 1, Run: "0a1b2c3d", Service: "s3", Op: "deny", Change: []byte(`[]`)},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			before := w.State()
			err := w.bare(t).Undoer(0).Undo(t.Context(), journal.Line{Calls: []journal.Call{c}})
			if err == nil || !strings.Contains(err.Error(), "journal: call 1") {
				t.Errorf("%s %s: %v", c.Service, c.Change, err)
			}
			if got := w.State(); got != before || len(w.Requests()) > 0 {
				t.Errorf("%s %s: %s", c.Service, c.Change, difference(before, got))
			}
		})
	}
}
