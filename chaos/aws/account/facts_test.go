package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
)

// What a fault of reads cannot keep from reading is refused in the rehearsal,
// with the reason, and not after a fault that did nothing.
func TestOriginsThatNoStatementIsAbout(t *testing.T) {
	const host = "example-live.s3.eu-west-1.amazonaws.com"
	for _, c := range []struct {
		name, from, to, want string
	}{
		{"origin access control", "", "", ""},
		{"legacy", "<OriginAccessIdentity></OriginAccessIdentity>", "<OriginAccessIdentity>origin-access-identity/cloudfront/E127EXAMPLE51Z</OriginAccessIdentity>", "by an origin access identity, which has its own principal"},
		{"public", "<OriginAccessControlId>E327GJI25M56DG</OriginAccessControlId>", "<OriginAccessControlId></OriginAccessControlId>", "anonymously"},
		{"website", host, "example-live.s3-website-eu-west-1.amazonaws.com", "as a public website"},
		{"another", host, "another.s3.eu-west-1.amazonaws.com", "distribution E1EXAMPLE does not read bucket example-live (got origins another.s3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := named(t, "origin.status-15")
				w := worldFor(t, f)
				if c.from != "" {
					w.cdn.Replace(c.from, c.to)
				}
				err := w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{*f})
				if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v; want %q", err, c.want)
				}
				w.cfg.Distribution = "" // then everybody is denied, however they ask
				if err := w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{*f}); err != nil {
					t.Errorf("without a distribution: %v", err)
				}
			})
		})
	}
}

// A copy of a playlist has neither its ACL nor its tags.
func TestReplacedObjectsHaveNothingToLose(t *testing.T) {
	for _, name := range []string{"playlist.rollback-12", "playlist.endlist-13"} {
		synctest.Test(t, func(t *testing.T) {
			f := named(t, name)
			w := worldFor(t, f)
			time.Sleep(time.Minute)
			rehearse := func() error { return w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{*f}) }
			if err := rehearse(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			w.bucket.Public = true
			if err := rehearse(); err == nil || !strings.Contains(err.Error(), "has an ACL with further grants, which the replacement would not have (got a grant of READ") {
				t.Errorf("%s: with an ACL: %v", name, err)
			}
			w.bucket.Public, w.bucket.Tagged = false, true
			if err := rehearse(); err == nil || !strings.Contains(err.Error(), "has tags, which the replacement would not have (got 1; want none)") {
				t.Errorf("%s: with tags: %v", name, err)
			}
		})
	}
}

// The addresses that a channel writes from are held against those that the
// scenario has.
func TestWhereTheChannelWritesFrom(t *testing.T) {
	for _, c := range []struct {
		name   string
		egress []string
		warns  bool
	}{
		{"not told", nil, false},
		{"as written", []string{"198.51.100.20", "198.51.100.1"}, false},
		{"one has moved", []string{"198.51.100.1", "203.0.113.7"}, true},
		{"both in one block", []string{"198.51.100.17", "198.51.100.18"}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := worldFor(t, named(t, "packaged-pipeline.kill-1"))
			w.channel.Egress = c.egress
			warnings, err := w.open(t).Guard(t.Context())
			if said := strings.Join(warnings, "\n"); err != nil || strings.Contains(said, "it does not write from the addresses in aws.mediapackage.sources") != c.warns {
				t.Errorf("%s: %v, said %q", c.name, err, said)
			}
		})
	}
}

// Outputs that a MediaLive input has made are worth a word.
func TestOutputsOfAMediaLiveInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.flow.Made(1, "arn:aws:medialive:eu-west-1:123456789012:input:77")
		warnings, err := w.open(t).Guard(t.Context())
		if said := strings.Join(warnings, "\n"); err != nil || !strings.Contains(said, "output feed-1 was made by a MediaLive input") || strings.Contains(said, "output feed-0") {
			t.Errorf("%v, said %q", err, said)
		}
	})
}
