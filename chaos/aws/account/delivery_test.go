package account

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
)

// named finds a fault of [all].
func named(t *testing.T, name string) *chaos.Fault {
	t.Helper()
	for _, f := range all() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no fault %s", name)
	return nil
}

// What others change of a distribution, a policy or an output while a fault
// holds stays, and what is ours goes all the same.
func TestOthersChangeDelivery(t *testing.T) {
	const hls = "arn:aws:mediapackagev2:eu-west-1:123456789012:channelGroup/live/channel/news/originEndpoint/hls"
	other := `{"Sid":"new","Effect":"Deny","Principal":"*","Action":"mediapackagev2:HarvestObject","Resource":"` + hls + `"}`
	for _, c := range []struct {
		name  string
		fault string
		setup func(w *world) // before the fault
		meant func(w *world) // while it holds
		want  []string       // in the state, afterwards
		not   []string
	}{
		{"comment is changed", "edge.error_ttl-19", nil, func(w *world) { w.cdn.Replace("the live channel", "our channel") },
			[]string{"Comment{our channel}", "ErrorCachingMinTTL{1} ErrorCode{403}"}, []string{"ErrorCachingMinTTL{60}"}},
		{"one error is changed", "edge.error_ttl-19", nil, func(w *world) {
			w.cdn.Replace("<ErrorCachingMinTTL>60</ErrorCachingMinTTL><ErrorCode>404", "<ErrorCachingMinTTL>7</ErrorCachingMinTTL><ErrorCode>404")
		}, []string{"ErrorCachingMinTTL{7} ErrorCode{404}", "ErrorCachingMinTTL{1} ErrorCode{403}"}, []string{"ErrorCachingMinTTL{60}", "ErrorCode{503}"}},
		{"an error of ours gets a page", "edge.error_ttl-19", nil, func(w *world) {
			w.cdn.Replace("<ErrorCode>503</ErrorCode>", "<ErrorCode>503</ErrorCode><ResponseCode>503</ResponseCode><ResponsePagePath>/sorry.html</ResponsePagePath>")
		}, []string{"ErrorCode{503} ResponseCode{503} ResponsePagePath{/sorry.html}"}, []string{"ErrorCachingMinTTL{60}", "ErrorCode{504}"}},
		{"an entry is removed", "edge.error_ttl-19", nil, func(w *world) {
			w.cdn.Replace("<CustomErrorResponse><ErrorCachingMinTTL>60</ErrorCachingMinTTL><ErrorCode>403</ErrorCode><ResponseCode></ResponseCode><ResponsePagePath></ResponsePagePath></CustomErrorResponse>", "")
			w.cdn.Replace("<Quantity>8</Quantity></CustomErrorResponses>", "<Quantity>7</Quantity></CustomErrorResponses>")
		}, []string{"ErrorCode{404}"}, []string{"ErrorCode{403}", "ErrorCachingMinTTL{60}"}},
		{"there were no entries", "edge.error_ttl-19", func(w *world) {
			config := w.cdn.Config()
			from, to := strings.Index(config, "<CustomErrorResponses>"), strings.Index(config, "<Comment>")
			w.cdn.Replace(config[from:to], "<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>")
		}, nil, []string{"CustomErrorResponses{Quantity{0}}"}, []string{"ErrorCode{"}},
		{"another run takes the distribution", "edge.error_ttl-19", nil, func(w *world) { w.cdn.Tags["hlsload:run"] = "hlsload-ffffffff-f0n1" },
			[]string{"ErrorCachingMinTTL{60} ErrorCode{404}", "hlsload-ffffffff-f0n1"}, nil},
		{"output is switched on", "input.loss-18", nil, func(w *world) { w.flow.Switch(0, "ENABLED") }, []string{"output:1-BBBB:feed-0: ENABLED"}, nil},
		{"another run takes the output", "input.loss-18", nil, func(w *world) { w.flow.Outputs[0].Tags["hlsload:run"] = "hlsload-ffffffff-f0n1" },
			[]string{"output:1-BBBB:feed-0: DISABLED", "hlsload-ffffffff-f0n1"}, nil},
		{"policy grows", "packaged-origin.status-0", nil, func(w *world) {
			w.egress.SetPolicy(strings.Replace(w.egress.Policy(), `"Statement":[`, `"Statement":[`+other+`,`, 1))
		}, []string{`"Sid":"new"`, `"Sid":"everybody"`, "secret:cdn"}, []string{`"Effect":"Deny","Principal":"*","Action":["mediapackagev2:GetObject"`}},
		{"policy is replaced", "packaged-origin.status-0", nil, func(w *world) {
			w.egress.SetPolicy(`{"Version":"2012-10-17","Statement":[` + other + `]}`)
		}, []string{`"Statement":[{"Sid":"new"`}, []string{"everybody"}},
		{"CDN authorization is changed", "packaged-origin.status-0", nil, func(w *world) {
			w.egress.CDN = map[string]any{"CdnIdentifierSecretArns": []any{"arn:aws:secretsmanager:eu-west-1:123456789012:secret:rotated"}, "SecretsRoleArn": "arn:aws:iam::123456789012:role/cdn"}
		}, []string{"secret:rotated", `"Sid":"everybody"`}, nil},
		{"there was no policy", "packaged-origin.status-0", func(w *world) { w.egress.SetPolicy(""); w.egress.CDN = nil }, nil, []string{"originEndpoint/hls: tags map[hlsload:allow], cdn map[], policy \n"}, nil},
		{"there was no policy of the channel", "packaged-pipeline.kill-1", func(w *world) { w.ingest.SetPolicy("") }, nil, []string{"channel/news: tags map[hlsload:allow], cdn map[], policy \n"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := named(t, c.fault)
				w := worldFor(t, f)
				if c.setup != nil {
					c.setup(w)
				}
				r := w.run(t, "0a1b2c3d")
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if c.meant != nil {
					c.meant(w)
				}
				r.journal.Close()
				// An endpoint that others have closed meanwhile is not well.
				if _, err := w.undoJournal(t, r.path); err != nil && !(c.name == "policy is replaced" && strings.Contains(err.Error(), "an anonymous request is answered 403")) {
					t.Fatal(err)
				}
				got := w.State()
				for _, s := range c.want {
					if !strings.Contains(got, s) {
						t.Errorf("got\n%s\nwant %s", got, s)
					}
				}
				for _, s := range append(c.not, "hlsload0a1b2c3d", "hlsload-0a1b2c3d") {
					if strings.Contains(got, s) {
						t.Errorf("got\n%s\nwant no %s", got, s)
					}
				}
			})
		})
	}
}

// A configuration takes its time to the edges, there and back, and nothing is
// said to be done before.
func TestErrorTTLIsDeployed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Delay = 3 * time.Minute
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		f := named(t, "edge.error_ttl-19")
		look := func(undone bool) (bool, string) {
			if undone {
				return r.LookUndone(t.Context(), f)
			}
			return r.Look(t.Context(), f)
		}
		for _, c := range []struct {
			undone bool
			do     func() error
			ttl    map[int]time.Duration // 404 had 2 s, 503 nothing
		}{
			{false, func() error { return r.apply(t.Context(), 0, f) }, map[int]time.Duration{404: time.Minute, 503: time.Minute}},
			{true, func() error { return r.Undo(t.Context(), f) }, map[int]time.Duration{404: 2 * time.Second, 503: 10 * time.Second}},
		} {
			if err := c.do(); err != nil {
				t.Fatal(err)
			}
			if seen, what := look(c.undone); seen || !strings.Contains(what, "InProgress") {
				t.Errorf("undone %v: seen at once: %v %s", c.undone, seen, what)
			}
			time.Sleep(w.Delay)
			if seen, what := look(c.undone); !seen || !strings.Contains(what, "Deployed") {
				t.Errorf("undone %v: %v %s", c.undone, seen, what)
			}
			for code, want := range c.ttl {
				if got := w.cdn.ErrorTTL(code); got != want {
					t.Errorf("undone %v: the edges keep %d for %v; want %v", c.undone, code, got, want)
				}
			}
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}

// What cannot be done is found before anything is.
func TestDeliveryIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault string
		world func(w *world)
		want  string // part of the error; "" = it can be done
	}{
		{"fine", "edge.error_ttl-19", func(*world) {}, ""},
		{"a setting that the SDK does not know", "edge.error_ttl-19", func(w *world) { w.cdn.Replace("<Staging>", "<Teleport><Key>planted-key</Key></Teleport><Staging>") },
			"would lose (got DistributionConfig/Teleport/Key; want a newer version)"},
		{"not deployed", "edge.error_ttl-19", func(w *world) { w.Delay = time.Minute; w.cdn.Replace("the live channel", "x") }, "it is being changed (got status InProgress; want Deployed)"},
		{"disabled", "edge.error_ttl-19", func(w *world) {
			w.cdn.Replace("</PriceClass><Enabled>true", "</PriceClass><Enabled>false")
		}, "not healthy (got it disabled; want it enabled)"},
		{"nothing to change", "edge.error_ttl-19", func(w *world) {
			config := w.cdn.Config()
			from, to := strings.Index(config, "<CustomErrorResponses>"), strings.Index(config, "<Comment>")
			var b strings.Builder
			for _, code := range []int{404, 414, 500, 501, 502, 503, 504} {
				fmt.Fprintf(&b, "<CustomErrorResponse><ErrorCode>%d</ErrorCode><ErrorCachingMinTTL>60</ErrorCachingMinTTL></CustomErrorResponse>", code)
			}
			w.cdn.Replace(config[from:to], "<CustomErrorResponses><Quantity>7</Quantity><Items>"+b.String()+"</Items></CustomErrorResponses>")
		}, "keeps all errors for 60 s already"},
		{"no tag", "edge.error_ttl-19", func(w *world) { delete(w.cdn.Tags, "hlsload") }, "distribution E1EXAMPLE does not carry a required tag (got no tag hlsload; want hlsload=allow)"},
		{"no tag", "edge.flush-20", func(w *world) { delete(w.cdn.Tags, "hlsload") }, "distribution E1EXAMPLE does not carry a required tag"},
		{"no such distribution", "edge.flush-20", func(w *world) { w.cfg.Distribution = "E2" }, "NoSuchDistribution"},
		{"room for one more", "edge.flush-20", func(w *world) {
			w.Delay = time.Hour
			for range 14 {
				w.cdn.Invalidate("/a/*")
			}
		}, ""},
		{"too many invalidations", "edge.flush-20", func(w *world) {
			w.Delay = time.Hour
			for range 8 {
				w.cdn.Invalidate("/a/*", "/b/*", "/c")
			}
		}, "too many invalidations are in progress (got 16 paths with * and 8 without; want at most 15 and 3000, these 1 included)"},
		{"output is off", "input.loss-18", func(w *world) { w.flow.Switch(0, "DISABLED") }, "the output is switched off already"},
		{"no such output", "input.loss-18", func(w *world) { w.cfg.Flow.Outputs[0] += "x" }, "no such output of flow feed"},
		{"no such endpoint", "packaged-origin.status-0", func(w *world) { w.cfg.Package.Endpoint = "dash" }, "ResourceNotFoundException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := named(t, c.fault)
				w := worldFor(t, f)
				c.world(w)
				err := w.run(t, "0a1b2c3d").Rehearse(t.Context(), []chaos.Fault{*f})
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("got %v; want %q", err, c.want)
				}
				for _, q := range w.Requests() {
					if q.Mutates {
						t.Errorf("rehearsing has changed something: %s", q.Op)
					}
				}
			})
		})
	}
}

func TestGuardDelivery(t *testing.T) {
	for _, c := range []struct {
		name     string
		packaged bool
		world    func(w *world)
		want     string
	}{
		{"fine", false, func(*world) {}, ""},
		{"fine", true, func(*world) {}, ""},
		{"a distribution that is only named needs no tag", false, func(w *world) { delete(w.cdn.Tags, "hlsload") }, ""},
		{"distribution is denied", false, func(w *world) { w.cdn.Tags["hlsload"] = "deny" }, "distribution E1EXAMPLE must not be touched"},
		{"distribution has another run", false, func(w *world) { w.cdn.Tags["hlsload:run"] = "hlsload-99999999-f0n1" }, "distribution E1EXAMPLE: another run is at work here"},
		{"flow has no tag", false, func(w *world) { delete(w.flow.Tags, "hlsload") }, "flow feed does not carry a required tag"},
		{"flow stands still", false, func(w *world) { w.flow.Status = "STANDBY" }, "flow feed: not healthy (got STANDBY; want ACTIVE)"},
		{"output is off", false, func(w *world) { w.flow.Switch(1, "DISABLED") }, "flow feed: not healthy (got output feed-1 switched off; want it on)"},
		{"output has another run", false, func(w *world) { w.flow.Outputs[1].Tags["hlsload:run"] = "hlsload-99999999-f0n1" }, "flow feed: another run is at work here"},
		{"endpoint has no tag", true, func(w *world) { delete(w.egress.Tags, "hlsload") }, "endpoint hls does not carry a required tag"},
		{"channel has no tag", true, func(w *world) { delete(w.ingest.Tags, "hlsload") }, "channel news does not carry a required tag"},
		{"channel has another run", true, func(w *world) {
			w.ingest.SetPolicy(strings.Replace(ingestPolicy, `"Sid":"encoder"`, `"Sid":"hlsload99999999f0n1"`, 1))
		}, "channel news: another run is at work here"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			if c.packaged {
				w = worldFor(t, packaged()[0])
			}
			c.world(w)
			_, err := w.open(t).Guard(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: got %v; want %q", c.name, err, c.want)
			}
		})
	}
}

// A lost answer does not make two invalidations.
func TestFlushOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		lost := 0
		w.Mishap = func(q awstest.Request) awstest.Mishap {
			if q.Op == "CreateInvalidation" && lost < 2 {
				lost++
				return awstest.Unanswered
			}
			return awstest.Nothing
		}
		w.Delay = 30 * time.Second
		w.cfg.FlushPaths = []string{"/live/*", "/logo.png"}
		r := w.run(t, "0a1b2c3d")
		f := named(t, "edge.flush-20")
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		if seen, what := r.Look(t.Context(), f); seen || !strings.Contains(what, "invalidation I000001 of distribution E1EXAMPLE is InProgress") {
			t.Errorf("at once: %v %s", seen, what)
		}
		time.Sleep(w.Delay)
		if seen, what := r.Look(t.Context(), f); !seen {
			t.Error(what)
		}
		if lost != 2 || !strings.Contains(w.Requests()[len(w.Requests())-1].Op, "GetInvalidation") {
			t.Errorf("%d answers lost, %+v", lost, w.Requests())
		}
	})
}

// What a packager lets in and out, at every instant of a fault that is not
// undone: it ends by itself.
func TestDeniedUntil(t *testing.T) {
	for _, c := range []struct {
		fault string
		holds [3]bool // let in: a viewer, the encoder of pipeline 0, of pipeline 1
	}{
		{"packaged-origin.status-0", [3]bool{false, true, true}},
		{"packaged-pipeline.kill-1", [3]bool{true, false, true}},
		{"packaged-pipeline.kill-2", [3]bool{true, false, false}},
		{"packaged-input.loss-4", [3]bool{true, true, false}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := named(t, c.fault)
			w := worldFor(t, f)
			w.Delay = 5 * time.Second
			time.Sleep(w.Delay)
			asks := func() [3]bool {
				return [3]bool{
					w.viewer(t) == http.StatusOK,
					w.ingest.Allows("PutObject", w.channel.Role, "198.51.100.1"),
					w.ingest.Allows("PutObject", w.channel.Role, "198.51.100.20"),
				}
			}
			free := [3]bool{true, true, true}
			if got := asks(); got != free {
				t.Fatalf("before: %v", got)
			}
			r := w.run(t, "0a1b2c3d")
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			if got := asks(); got != free {
				t.Errorf("%s: at once: %v", c.fault, got)
			}
			eventually(t, r.Look, f)
			time.Sleep(w.Delay)
			if got := asks(); got != c.holds {
				t.Errorf("%s: while it holds: %v; want %v", c.fault, got, c.holds)
			}
			time.Sleep(f.For + chaos.AWSMargin)
			if got := asks(); got != free {
				t.Errorf("%s: after its end: %v", c.fault, got)
			}
			left, err := aws.Leftovers(t.Context(), w.open(t).Drivers)
			if err != nil || len(left) != 1 || left[0].Expires.After(time.Now()) || left[0].Run != "0a1b2c3d" {
				t.Errorf("%s: left %+v, %v", c.fault, left, err)
			}
		})
	}
}

// viewer asks the endpoint as anybody would.
func (w *world) viewer(t *testing.T) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a1b2c3.egress.d4e5f6.mediapackagev2.eu-west-1.amazonaws.com/out/v1/live/news/hls/index.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// An endpoint that answers anybody is asked: a policy alone is not believed.
func TestEndpointIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "packaged-origin.status-0")
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		w.Delay = time.Minute
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		if seen, what := r.Look(t.Context(), f); seen || !strings.Contains(what, "an anonymous request is answered 200") {
			t.Errorf("before the policy holds: %v %s", seen, what)
		}
		time.Sleep(w.Delay)
		if seen, what := r.Look(t.Context(), f); !seen || !strings.Contains(what, "an anonymous request is answered 403") {
			t.Errorf("while it holds: %v %s", seen, what)
		}
		if err := r.Undo(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if seen, what := r.LookUndone(t.Context(), f); seen || !strings.Contains(what, "an anonymous request is answered 403") {
			t.Errorf("before the undo holds: %v %s", seen, what)
		}
		time.Sleep(w.Delay)
		if seen, what := r.LookUndone(t.Context(), f); !seen || !strings.Contains(what, "an anonymous request is answered 200") {
			t.Errorf("afterwards: %v %s", seen, what)
		}
	})
}

// Two faults of one run in one policy: each takes away its own.
func TestTwoStatements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := named(t, "packaged-pipeline.kill-1"), named(t, "packaged-input.loss-4")
		w := worldFor(t, a)
		before := w.State()
		r := w.run(t, "0a1b2c3d")
		for i, f := range []*chaos.Fault{a, b} {
			if err := r.apply(t.Context(), i, f); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Undo(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if p := w.ingest.Policy(); strings.Contains(p, "hlsload0a1b2c3df1n1") || !strings.Contains(p, "hlsload0a1b2c3df4n1") {
			t.Errorf("policy %s", p)
		}
		if err := r.Undo(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if got := w.State(); got != before {
			t.Error(difference(before, got))
		}
	})
}

// The policy of a plan allows what is done and nothing else: every action on
// every resource is seen, in the fault's good course or when there was no policy
// before, and nothing is seen that it does not have.
func TestPolicyIsExact(t *testing.T) {
	services := []string{"cloudfront", "mediapackagev2", "mediaconnect"}
	for _, name := range []string{"edge.error_ttl-19", "edge.flush-20", "input.loss-18", "packaged-origin.status-0", "packaged-pipeline.kill-1", "packaged-input.loss-4"} {
		seen, allowed := map[string]bool{}, map[string]bool{}
		for _, bare := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := named(t, name)
				w := worldFor(t, f)
				if bare {
					w.ingest.SetPolicy("")
					w.egress.SetPolicy("")
					w.Delay = time.Second
					w.cdn.Invalidate("/a/*") // in progress
				}
				plan := aws.NewPlan(w.cfg, []chaos.Fault{*f}, Describe(w.cfg), Calls())
				var doc struct {
					Statement []struct{ Action, Resource []string }
				}
				if err := json.Unmarshal([]byte(plan.Policy), &doc); err != nil {
					t.Fatal(err)
				}
				for _, s := range doc.Statement {
					for _, a := range s.Action {
						for _, r := range s.Resource {
							if service, _, _ := strings.Cut(a, ":"); slices.Contains(services, service) {
								allowed[a+" "+r] = true
							}
						}
					}
				}
				r := w.run(t, "0a1b2c3d")
				if _, err := w.open(t).Guard(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := r.Rehearse(t.Context(), []chaos.Fault{*f}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(w.Delay)
				if err := r.apply(t.Context(), 0, f); err != nil {
					t.Fatal(err)
				}
				eventually(t, r.Look, f)
				if err := r.Undo(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				eventually(t, r.LookUndone, f)
				if _, err := aws.Leftovers(t.Context(), w.open(t).Drivers); err != nil {
					t.Fatal(err)
				}
				for _, q := range w.Requests() {
					if slices.Contains(services, q.Service) {
						seen[q.Service+":"+q.Op+" "+q.Resource] = true
					}
				}
			})
		}
		// Which of the two the service asks for is not known.
		delete(allowed, "mediaconnect:UpdateFlowOutput arn:aws:mediaconnect:eu-west-1:123456789012:flow:1-AAAA:feed")
		for call := range seen {
			if !allowed[call] {
				t.Errorf("%s: %s is made but not allowed", name, call)
			}
		}
		for call := range allowed {
			if !seen[call] {
				t.Errorf("%s: %s is allowed but never made", name, call)
			}
		}
	}
}

func TestDeliveryFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := worldFor(t, packaged()[0])
		w.cfg.Flow = chaos.FlowAWS{ARN: w.flow.ARN, Outputs: []string{w.flow.Outputs[0].ARN}}
		got, err := aws.Facts(t.Context(), w.open(t).Drivers)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"distribution E1EXAMPLE: Deployed, enabled true",
			"distribution E1EXAMPLE: errors are kept for 10 s, but 403 for 1 s 404 for 2 s 500 for 10 s",
			"channel news: a policy of 1 statements",
			"endpoint hls: a policy of 1 statements; an anonymous request is answered 200",
			"flow feed: ACTIVE", "output feed-0, of pipeline 0: ENABLED",
		} {
			if !slices.Contains(got, want) {
				t.Errorf("got %q; want %s", got, want)
			}
		}
		for _, q := range w.Requests() {
			if q.Mutates {
				t.Errorf("%s changes something", q.Op)
			}
		}
	})
}
