package account

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws/policy"
	"hlsload/chaos/journal"
)

// edited is the policy of others with one more statement, which carries a
// secret.
const edited = `{"Version":"2012-10-17","Id":"cdn","Statement":[
  {"Sid":"cdn reads","Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::example-live/*"},
  {"Sid":"deployed","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-live/*","Condition":{"StringEquals":{"aws:Referer":"secret-of-the-cdn"}}}]}`

func freeze(t *testing.T) *chaos.Fault { return named(t, "playlist.freeze-6") }

// A policy that others are just changing is not written to: their next write
// and ours would overwrite each other.
func TestPolicyThatIsBeingChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := freeze(t)
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		go func() { // a deployment, in steps
			time.Sleep(2 * time.Second)
			w.bucket.SetPolicy(edited)
		}()
		err := r.apply(t.Context(), 0, f)
		if err == nil || !strings.Contains(err.Error(), `the policy of bucket example-live is being changed by another program (statement "deployed" is new within 5s`) {
			t.Errorf("got %v", err)
		}
		if p := w.bucket.Policy(); p != edited {
			t.Errorf("the policy was written to: %s", p)
		}
	})
}

// One that was the same since the rehearsal is written to at once, and so is
// one that was changed long ago; the run says that it was.
func TestPolicyThatRests(t *testing.T) {
	for _, changed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := freeze(t)
			w := worldFor(t, f)
			r := w.run(t, "0a1b2c3d")
			if err := r.Rehearse(t.Context(), []chaos.Fault{*f}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if changed {
				w.bucket.SetPolicy(edited)
				time.Sleep(time.Minute)
			}
			began := time.Now()
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); !changed && took > time.Second || changed && took < 5*time.Second {
				t.Errorf("changed %v: applied in %v", changed, took)
			}
			if err := r.Undo(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			if said := r.Review(t.Context()); len(said) > 0 {
				t.Errorf("nothing was changed while the fault held, but: %v", said)
			}
		})
	}
}

// What others do to a policy while a fault holds stays, and is told of: by the
// run, and by an undo from the journal.
func TestPolicyThatOthersEdit(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := freeze(t)
			w := worldFor(t, f)
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			doc, err := policy.Parse(w.bucket.Policy())
			if err != nil {
				t.Fatal(err)
			}
			w.bucket.SetPolicy(strings.Replace(doc.Without("cdn reads").String(), `"Statement":[`,
				`"Statement":[{"Sid":"deployed","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-live/*"},`, 1))
			var said []string
			if crashed {
				r.journal.Close()
				u := w.bare(t).Undoer(time.Minute)
				if _, err := journal.Undo(t.Context(), r.path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo}); err != nil {
					t.Fatal(err)
				}
				if said, err = u.Heal(t.Context()); err != nil {
					t.Fatal(err)
				}
			} else {
				if err := r.Undo(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				said = r.Review(t.Context())
			}
			text := strings.Join(said, "\n")
			if !strings.Contains(text, `the policy of bucket example-live was changed during the fault by another program (statement "cdn reads" is gone, statement "deployed" is new)`) {
				t.Errorf("crashed %v: said %q", crashed, text)
			}
			if p := w.bucket.Policy(); strings.Contains(p, "hlsload") || !strings.Contains(p, "deployed") || strings.Contains(p, "cdn reads") {
				t.Errorf("crashed %v: the policy is %s", crashed, p)
			}
		})
	}
}

// The journal tells policies apart without a word of them.
func TestNoPolicyInTheJournal(t *testing.T) {
	for _, f := range []*chaos.Fault{freeze(t), named(t, "packaged-origin.status-0"), named(t, "packaged-pipeline.kill-1")} {
		synctest.Test(t, func(t *testing.T) {
			w := worldFor(t, f)
			w.bucket.SetPolicy(edited)
			w.ingest.SetPolicy(strings.Replace(ingestPolicy, "encoder", "secret-of-the-cdn", 1))
			w.egress.SetPolicy(strings.Replace(egressPolicy, `"Principal":"*"`, `"Principal":"*","Condition":{"StringEquals":{"aws:Referer":"secret-of-the-cdn"}}`, 1))
			before := w.State()
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			r.journal.Close()
			text, _ := os.ReadFile(r.path)
			if s := string(text); strings.Contains(s, "aws:Referer") || strings.Contains(s, "mediapackagev2:GetHeadObject\\\",\\\"") ||
				f.Name != "packaged-pipeline.kill-1" && strings.Contains(s, "secret-of-the-cdn") || !strings.Contains(s, `"hash"`) {
				t.Errorf("%s: the journal is\n%s", f.Name, s)
			}
			w.put(t, r.path, before, "undo", 0)
		})
	}
}

// A statement whose time has passed denies nothing, though the process was asleep
// meanwhile.
func TestStatementWhoseTimeHasPassed(t *testing.T) {
	for _, name := range []string{"origin.status-15", "packaged-pipeline.kill-1"} {
		synctest.Test(t, func(t *testing.T) {
			f := named(t, name)
			w := worldFor(t, f)
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			if ok, seen := r.Look(t.Context(), f); !ok {
				t.Errorf("%s: not on: %s", name, seen)
			}
			time.Sleep(f.For + chaos.AWSMargin)
			if ok, seen := r.Look(t.Context(), f); ok || !strings.Contains(seen, "which expired") {
				t.Errorf("%s: after its time: %v, %s", name, ok, seen)
			}
			if err := r.Undo(t.Context(), f); err != nil {
				t.Error(err)
			}
		})
	}
}

// A policy that would be too long is refused before anything is changed.
func TestPackagerPolicyTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "packaged-origin.status-0")
		w := worldFor(t, f)
		w.egress.SetPolicy(strings.Replace(egressPolicy, "everybody", strings.Repeat("x", 6144-len(egressPolicy)), 1))
		err := w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{*f})
		if err == nil || !strings.Contains(err.Error(), "the policy of endpoint hls would become too long") {
			t.Errorf("got %v", err)
		}
	})
}
