package answer

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/player/m3u8"
	"hlsload/scenarios"
)

var update = flag.Bool("update", false, "rewrite the files of testdata")

// million is an event of a million viewers.
const million = `
version: 1
event: {name: final, duration: 30m, margin: 1.5}
audience:
  curve: [{at: -10m, viewers: 0}, {at: 0s, viewers: 600k}, {at: 10m, viewers: 1M}, {at: 20m, viewers: 1M}, {at: 30m, viewers: 500k}]
  session: {mean: 40m}
  regions: [{name: eu, share: 70%, pops: 60, price: us-eu}, {name: in, share: 30%, pops: 20, price: india}]
scenario: pipeline-kill
edge: {recs: auto, nodes: 2}
`

func eventOf(t testing.TB, text string, replace ...string) *scenarios.Event {
	t.Helper()
	text = strings.NewReplacer(replace...).Replace(text)
	e, err := scenarios.LoadEvent(scenarios.Source{File: "event.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return e
}

// byHand is a kernel without simulations: reloads every 4 s, most viewers on the highest of two renditions
// of pipeline 0; a dead playlist is asked for by half of them each second for 20 s.
func byHand(p *capacity.Plan) *kernel.Kernel {
	k := &kernel.Kernel{Classes: []kernel.Class{
		{Kind: m3u8.KindMultivariant, Pipeline: -1, Rendition: -1},
		{Kind: m3u8.KindMedia, Rendition: 1}, {Kind: m3u8.KindSegment, Rendition: 1},
		{Kind: m3u8.KindMedia, Rendition: 0}, {Kind: m3u8.KindSegment, Rendition: 0},
		{Kind: m3u8.KindMedia, Rendition: 1, Status: kernel.Missing},
	}}
	sizes := []float64{1000, 2000, 1.3e6, 2000, 2e5, 100}
	rates := func(r ...float64) (out []kernel.Rate) {
		for i, n := range r {
			out = append(out, kernel.Rate{Requests: n, Bytes: n * sizes[i]})
		}
		return out
	}
	for i := range p.Cohorts {
		k.Cohorts = append(k.Cohorts, kernel.Cohort{Name: p.Cohorts[i].Name, Steady: rates(0, .24, .24, .01, .01, 0),
			Join: [][]kernel.Rate{rates(1, .2, .5, .8, 1.5, 0), rates(0, 0, .2, 0, .1, 0), rates(0, 0, 0, 0, 0, 0)}})
	}
	const tenths = 200
	for i := range p.Faults {
		f := kernel.Fault{Name: p.Faults[i].Name, Viewers: 10_000, Fresh: make([][]float64, tenths)}
		for range p.Cohorts {
			f.Cohorts = append(f.Cohorts, kernel.Response{Affected: 1, Excess: slices.Repeat([][]kernel.Rate{rates(0, -.1, -.1, 0, 0, .5)}, tenths)})
		}
		f.Herd = slices.Repeat([][]float64{slices.Repeat([]float64{1}, len(k.Classes))}, tenths)
		f.Rush = make([]kernel.Rush, len(k.Classes))
		k.Faults = append(k.Faults, f)
	}
	return k
}

func questionOf(t testing.TB, e *scenarios.Event) *Question {
	t.Helper()
	p := PlanOf(e)
	k := byHand(&p)
	f, err := capacity.Predict(&p, k)
	if err != nil {
		t.Fatal(err)
	}
	return &Question{Event: e, Plan: &p, Kernel: k, Forecast: f, Errors: &capacity.Errors{Edge: .01, Origin: -.05}, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
}

func answerOf(t testing.TB, e *scenarios.Event) *Answer {
	t.Helper()
	a, err := Of(questionOf(t, e))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *Answer) quota(t testing.TB, name string) *Quota {
	t.Helper()
	for i := range a.Quotas {
		if a.Quotas[i].Name == name {
			return &a.Quotas[i]
		}
	}
	t.Fatalf("no row of quota %s", name)
	return nil
}

func near(t testing.TB, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within*math.Abs(want)) {
		t.Errorf("%s: %g; want %g", what, got, want)
	}
}

// TestPlanOf converts an event.
func TestPlanOf(t *testing.T) {
	e := eventOf(t, million)
	p := PlanOf(e)
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if n := len(p.Curve); n != 5 || p.Curve[0].At != -10*time.Minute || p.Curve[4] != (capacity.Point{At: 30 * time.Minute, Viewers: 5e5}) {
		t.Errorf("curve %v", p.Curve)
	}
	if len(p.Faults) != 1 || p.Faults[0].Name != "kill-0" || p.Onset != nil || p.PerViewer || p.Shields != 2 {
		t.Errorf("faults %v at %v, %d shields", p.Faults, p.Onset, p.Shields)
	}
	if eu, in := p.Regions[0], p.Regions[1]; eu.Regional != 4 || in.Regional != 2 || eu.Nodes != 2 || len(eu.Weights) != 60 {
		t.Errorf("regions with %d and %d regional caches; want 4 and 2: two and one, each of two nodes", eu.Regional, in.Regional)
	}
	p = PlanOf(eventOf(t, million, "nodes: 2}", "nodes: 1, cache_key: per_viewer}\nfaults: {at: 5m}", "{at: 30m, viewers: 500k}", "{at: 25m, viewers: 500k}"))
	if last := p.Curve[len(p.Curve)-1]; last.At != 30*time.Minute || last.Viewers != 5e5 || !p.PerViewer || p.Onset == nil || *p.Onset != 5*time.Minute {
		t.Errorf("it ends with %v, faults at %v, a key of each viewer: %v", last, p.Onset, p.PerViewer)
	}
}

// TestSharedOut: regional caches keep their sum, unless there are fewer than regions.
// TestJudged names exactly the rows of an answer, for both kinds of origin.
func TestJudged(t *testing.T) {
	for _, more := range []string{"", "origin: {kind: mediapackage}\n", "origin: {prefixes: {by: rendition}}\n"} {
		e := eventOf(t, million+more)
		var rows []string
		for _, q := range answerOf(t, e).Quotas {
			rows = append(rows, q.Name)
		}
		names := Judged(e)
		slices.Sort(rows)
		slices.Sort(names)
		if !slices.Equal(names, rows) || len(rows) < 4 {
			t.Errorf("%q: judged %q; rows of %q", more, names, rows)
		}
	}
}

func TestSharedOut(t *testing.T) {
	for _, tc := range []struct {
		caches int
		pops   []int
		want   []int
	}{
		{0, []int{5, 5}, []int{0, 0}},
		{13, []int{60, 20}, []int{10, 3}},
		{3, []int{1000, 1, 1}, []int{1, 1, 1}},
		{13, []int{1000, 1, 1}, []int{11, 1, 1}},
		{2, []int{9, 5, 1}, []int{1, 1, 1}},
		{1, []int{60}, []int{1}},
	} {
		if got := SharedOut(tc.caches, tc.pops); !slices.Equal(got, tc.want) {
			t.Errorf("%d to %v: %v; want %v", tc.caches, tc.pops, got, tc.want)
		}
	}
}

// TestMillion: the answer of an event that is far above the limits of a new account.
func TestMillion(t *testing.T) {
	began := time.Now()
	a := answerOf(t, eventOf(t, million))
	t.Log(time.Since(began), a.First)
	bps := a.quota(t, "cloudfront.bps")
	near(t, "peak", bps.Peak, 1e6*8*(.24*1.3e6+.01*2e5), .02)
	near(t, "head-room", bps.Headroom, 1-bps.Peak*1.5/150e9, 1e-4)
	if bps.ExceededAt == nil || *bps.ExceededAt != -600 && *bps.ExceededAt != -540 || !bps.Unsure || bps.Old || bps.Adjustable != "yes" || bps.Seen != "2026-11-29" {
		t.Errorf("%+v", bps)
	}
	if a.Quotas[0].Name != "cloudfront.bps" || !strings.HasPrefix(a.First, "cloudfront.bps breaks first, ") || !strings.Contains(a.First, "What would prevent it: a quota of ") ||
		!strings.HasPrefix(a.First, a.Headline+" "+a.Reason) || len(a.Prevents) != 3 {
		t.Errorf("first: %s", a.First)
	}
	rps := a.quota(t, "cloudfront.rps")
	if rps.By != "kill-0" || rps.ExceededAt == nil {
		t.Errorf("requests: %+v; want the peak in the fault", rps)
	}
	if get := a.quota(t, "s3.get_rps"); get.Headroom < .9 || get.ExceededAt != nil {
		t.Errorf("S3: %+v; want much head-room", get)
	}
	near(t, "writes", a.quota(t, "s3.put_rps").Peak, 2*5*2/4., 1e-9)
	for _, l := range a.Largest {
		switch l.Quota {
		case "cloudfront.bps":
			near(t, "largest", *l.Viewers, 150e9/1.5/bps.Peak*1e6, .02)
		case "s3.put_rps":
			if l.Viewers != nil {
				t.Errorf("writes have no largest audience, but %g", *l.Viewers)
			}
		}
	}
	near(t, "agents", float64(a.Rehearsal.Agents), math.Ceil(a.Rehearsal.FullBody.BPS/7e9), 1e-9)
	near(t, "agents for requests", float64(a.Rehearsal.RequestsOnly.Agents), 200, .01)
	if a.Rehearsal.FullBody.By != "network" || a.Rehearsal.RequestsOnly.Cost.High > a.Rehearsal.FullBody.Cost.Low {
		t.Errorf("%+v", a.Rehearsal)
	}
	if s := a.Sensitivity[0]; s.Input != "viewers" || s.HeadroomChange*s.Change >= 0 {
		t.Errorf("most sensitive: %+v", s)
	}
}

// TestNothingBreaks: with granted quotas it says what is nearest.
func TestNothingBreaks(t *testing.T) {
	a := answerOf(t, eventOf(t, million+"quotas: {cloudfront.bps: 10Tbps, cloudfront.rps: 5M/s}\n"))
	if !strings.HasPrefix(a.First, "Nothing breaks: the nearest limit is cloudfront.") || !a.Quotas[0].Granted || a.Quotas[0].ExceededAt != nil {
		t.Errorf("%s\n%+v", a.First, a.Quotas[0])
	}
}

// TestMistakes: both numbers, and which of the mistakes a plan has.
func TestMistakes(t *testing.T) {
	a := answerOf(t, eventOf(t, million))
	by := map[string]Mistake{}
	for _, m := range a.Mistakes.Each {
		by[m.Name] = m
		if m.Has {
			t.Errorf("the plan has %q", m.Name)
		}
	}
	if a.Mistakes.AsIs.OriginRPS > 40 || a.Mistakes.AsIs.OriginRPS != a.Mistakes.Right.OriginRPS {
		t.Errorf("as is: %+v; right: %+v", a.Mistakes.AsIs, a.Mistakes.Right)
	}
	if m := by["per-viewer cache key"]; m.OriginRPS < 4e5 || m.Extra.Low <= 0 || m.Headroom >= a.Mistakes.Right.Headroom {
		t.Errorf("a key of each viewer: %+v", m)
	}
	if m := by["uncached errors"]; m.OriginRPS != a.Mistakes.Right.OriginRPS || m.FaultRPS < 3*a.Mistakes.Right.FaultRPS || m.Fault != "kill-0" {
		t.Errorf("403: %+v; want more in the fault only than %+v", m, a.Mistakes.Right)
	}
	for _, name := range []string{"no shield", "no collapsing", "playlist TTL 0"} {
		if by[name].OriginRPS <= a.Mistakes.Right.OriginRPS {
			t.Errorf("%s: %+v; want more than %g/s", name, by[name].Case, a.Mistakes.Right.OriginRPS)
		}
	}
	a = answerOf(t, eventOf(t, million+"quotas: {cloudfront.bps: 100Tbps, cloudfront.rps: 5M/s}\n", "nodes: 2}", "nodes: 2, cache_key: per_viewer}"))
	if !a.Mistakes.Each[1].Has || a.Mistakes.AsIs.OriginRPS < 4e5 || a.Mistakes.Right.OriginRPS > 40 {
		t.Errorf("%+v", a.Mistakes)
	}
	if !strings.HasPrefix(a.First, "s3.get_rps breaks first, ") || !strings.Contains(a.First, "What would prevent it: keep what is of the viewer out of the cache key, or ") {
		t.Error(a.First)
	}
}

// TestOld: what was read long ago is marked, and what the user gave is not.
func TestOld(t *testing.T) {
	q := questionOf(t, eventOf(t, million+"quotas: {cloudfront.rps: 5M/s}\n"))
	q.Now = q.Now.AddDate(1, 0, 0)
	a, err := Of(q)
	if err != nil {
		t.Fatal(err)
	}
	if bps, rps := a.quota(t, "cloudfront.bps"), a.quota(t, "cloudfront.rps"); !bps.Old || rps.Old || rps.Seen != "" || rps.Source != "event file" {
		t.Errorf("%+v\n%+v", bps, rps)
	}
	for _, x := range a.Cost.Items {
		if !x.Old || x.Source == "" {
			t.Errorf("%+v; want it to be old, with a source", x)
		}
	}
	if w := a.Warnings; len(w) != 2 || !strings.Contains(w[0], "180 days ago, and perhaps no longer true: cloudfront.bps, s3.") || strings.Contains(w[0], "cloudfront.rps") || strings.Count(w[1], "cloudfront.out") != 1 {
		t.Errorf("warnings %q", w)
	}
	if a := answerOf(t, eventOf(t, million)); len(a.Warnings) != 0 {
		t.Errorf("warnings of new figures: %q", a.Warnings)
	}
}

// TestOrigins: prefixes and partitions divide what S3 is asked for; MediaPackage has other quotas.
func TestOrigins(t *testing.T) {
	const bad = "nodes: 2, cache_key: per_viewer}\norigin: "
	get := func(origin string) *Quota {
		return answerOf(t, eventOf(t, million, "nodes: 2}", bad+origin)).quota(t, "s3.get_rps")
	}
	all := get("{kind: s3}")
	parts := get("{partitions: 4}")
	rendition := get("{prefixes: {by: rendition}}")
	pipeline := get("{prefixes: {by: pipeline}}")
	if parts.Limit != 4*all.Limit || parts.Peak != all.Peak || rendition.Prefix != "rendition 1" || !(rendition.Peak < all.Peak) || pipeline.Prefix != "pipeline 0" || !(pipeline.Peak <= all.Peak) {
		t.Errorf("all %+v\npartitions %+v\nby rendition %+v\nby pipeline %+v", all, parts, rendition, pipeline)
	}
	a := answerOf(t, eventOf(t, million, "nodes: 2}", bad+"{kind: mediapackage}"))
	manifests, media := a.quota(t, "mediapackage.manifest_rps"), a.quota(t, "mediapackage.media_rps")
	if !(manifests.Peak > 2e5 && media.Peak > 2e5) || a.quota(t, "mediapackage.ingest_rps").Peak != 5 {
		t.Errorf("%+v\n%+v", manifests, media)
	}
	for _, x := range a.Cost.Items {
		if strings.HasPrefix(x.Name, "s3.") {
			t.Errorf("MediaPackage with the cost of %s", x.Name)
		}
	}
}

// TestMoreViewersLessHeadroom: more viewers never give more head-room, by any quota.
func TestMoreViewersLessHeadroom(t *testing.T) {
	q := questionOf(t, eventOf(t, million))
	v := q.variants()
	last := map[string]float64{}
	for scale := 1e-6; scale <= 100; scale *= 1.7 {
		_, quotas, err := v.predict(scaled(v.busy, scale), v.Kernel)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range quotas {
			if was, ok := last[x.Name]; ok && x.Headroom > was+1e-6 {
				t.Errorf("%g times the viewers: %s has %g, and %g before", scale, x.Name, x.Headroom, was)
			}
			last[x.Name] = x.Headroom
		}
	}
}

// TestBusy: around the busiest minute, the prediction is that of the whole event.
func TestBusy(t *testing.T) {
	for _, faults := range []string{"", "faults: {at: 25m}\n"} {
		q := questionOf(t, eventOf(t, million+faults))
		v := q.variants()
		f, _, err := v.predict(v.busy, q.Kernel)
		if err != nil {
			t.Fatal(err)
		}
		top, was := f.Minutes[f.Busiest], q.Forecast.Minutes[q.Forecast.Busiest]
		if top.At != was.At || math.Abs(top.Edge/was.Edge-1) > 1e-9 || math.Abs(top.Origin/was.Origin-1) > 1e-9 {
			t.Errorf("%q: at %v %g and %g; want at %v %g and %g", faults, top.At, top.Edge, top.Origin, was.At, was.Edge, was.Origin)
		}
		if a, b := f.Worst[0], q.Forecast.Worst[0]; a.At != b.At || math.Abs(a.Origin/b.Origin-1) > 1e-9 || a.Edge != b.Edge {
			t.Errorf("%q: fault at %v %g; want at %v %g", faults, a.At, a.Origin, b.At, b.Origin)
		}
	}
}

// TestRefused: a model that is far off gives no quotas and no costs.
func TestRefused(t *testing.T) {
	q := questionOf(t, eventOf(t, million))
	q.Errors = &capacity.Errors{PeakOrigin: .4, Origin: math.Inf(1)}
	a, err := Of(q)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Quotas) > 0 || a.Cost != nil || a.Mistakes != nil || len(a.Largest) > 0 || a.Rehearsal != nil || len(a.Minutes) != 40 || a.Model.OriginError != nil ||
		!strings.HasPrefix(a.First, "The model refuses to answer: ") {
		t.Errorf("%s %+v", a.First, a.Model)
	}
	if data, err := json.Marshal(a); err != nil || !strings.Contains(string(data), `"quotas":[]`) {
		t.Errorf("%v: %s", err, data)
	}
}

// TestEverySensitivity: each input of an event with sessions is varied, and the largest effect is first.
func TestEverySensitivity(t *testing.T) {
	a := answerOf(t, eventOf(t, million))
	seen, last := map[string]int{}, math.Inf(1)
	for _, s := range a.Sensitivity {
		seen[s.Input]++
		if size := math.Abs(s.HeadroomChange); size > last {
			t.Errorf("%+v after one of %g", s, last)
		} else {
			last = size
		}
		if s.Input == "playlist TTL" && s.OriginChange*s.Change >= 0 {
			t.Errorf("%+v; want fewer requests of the origin with a longer TTL", s)
		}
		if s.Input == "nodes" && s.OriginChange*s.Change <= 0 {
			t.Errorf("%+v; want more requests of the origin with more nodes", s)
		}
	}
	for _, in := range inputs {
		if seen[in.name] != 2 {
			t.Errorf("%s: %d rows; want 2", in.name, seen[in.name])
		}
	}
}

// TestPaced: with segments half as long again, a viewer asks for two thirds as often for as many bytes, and
// fails over with as many requests in a time half as long again.
func TestPaced(t *testing.T) {
	p := PlanOf(eventOf(t, million))
	k := byHand(&p)
	longer := paced(k, 1.5)
	was, is := k.Cohorts[0].Steady[2], longer.Cohorts[0].Steady[2]
	near(t, "requests", is.Requests, was.Requests/1.5, 1e-9)
	near(t, "bytes", is.Bytes, was.Bytes, 1e-9)
	sum := func(k *kernel.Kernel) (n float64) {
		for _, slot := range k.Faults[0].Cohorts[0].Excess {
			n += slot[5].Requests + slot[1].Requests
		}
		return n
	}
	near(t, "requests of a failover", sum(longer), sum(k), 1e-9)
	if n := len(longer.Faults[0].Fresh); n != 300 || len(longer.Faults[0].Herd) != n {
		t.Errorf("a fault of %d slots; want 300", n)
	}
	if k.Cohorts[0].Steady[2] != was || len(k.Faults[0].Fresh) != 200 {
		t.Error("the kernel itself is another one now")
	}
}

// FuzzAnswer: whatever the event, there is an error or an answer of finite numbers, and a quota with
// head-room is not said to break with fewer viewers.
func FuzzAnswer(f *testing.F) {
	f.Add(1e6, 1.5, int64(time.Hour), int64(time.Second), 60, 2, 2, 4000.0, 1e9)
	f.Add(1e9, 100.0, int64(1), int64(0), 1, 1, 0, 1e-3, 1.0)
	f.Add(1e-6, 1.0, int64(48*time.Hour), int64(time.Hour), 10_000, 1000, 1000, 1e300, math.Inf(1))
	f.Add(math.NaN(), math.NaN(), int64(-1), int64(-1), -1, -1, -1, math.NaN(), math.NaN())
	e := eventOf(f, million)
	f.Fuzz(func(t *testing.T, viewers, margin float64, span, ttl int64, pops, nodes, regional int, limit, bps float64) {
		own := *e
		own.Margin, own.Quotas = min(max(margin, 1), 100), slices.Clone(e.Quotas)
		for i := range own.Quotas {
			if limit > 0 && !math.IsInf(limit, 0) {
				own.Quotas[i].Value = limit
			}
		}
		if math.IsNaN(own.Margin) {
			own.Margin = 1
		}
		p := PlanOf(&own)
		p.Curve = []capacity.Point{{At: 0, Viewers: 0}, {At: time.Duration(span) % (2 * time.Hour), Viewers: viewers}}
		p.Channel.Edge.PlaylistTTL = time.Duration(ttl)
		for i := range p.Regions {
			r := &p.Regions[i]
			r.Pops, r.Weights, r.Nodes, r.Regional = min(pops, 500), nil, nodes, regional
		}
		k := byHand(&p)
		forecast, err := capacity.Predict(&p, k)
		if err != nil {
			return
		}
		a, err := Of(&Question{Event: &own, Plan: &p, Kernel: k, Forecast: forecast, Errors: &capacity.Errors{}, Machine: Machine{Cores: 2, Players: 5000, CPU: 1e-5, BPS: bps}})
		if err != nil {
			return
		}
		if _, err := json.Marshal(a); err != nil {
			t.Fatal(err) // a number that is not finite
		}
		for _, l := range a.Largest {
			if x := a.quota(t, l.Quota); l.Viewers != nil && x.Headroom > .05 && *l.Viewers < math.Floor(viewers*.9) {
				t.Errorf("%s has a head-room of %g with %g viewers, and is said to have none with more than %g", l.Quota, x.Headroom, viewers, *l.Viewers)
			}
		}
	})
}

// TestNotes: what is not in the figures is said.
func TestNotes(t *testing.T) {
	a := answerOf(t, eventOf(t, million, "{at: -10m, viewers: 0}, ", "", "recs: auto", "recs: 1"))
	text := strings.Join(a.Notes, "\n")
	for _, want := range []string{"the curve begins with 600000 viewers", "1 regional caches for 2 regions"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %q", want, text)
		}
	}
}

// TestTogether: faults that come together are as far apart as in the scenario, each where the curve is by then.
func TestTogether(t *testing.T) {
	text := strings.Replace(million, "pipeline-kill", "soak", 1)
	a := answerOf(t, eventOf(t, text+"faults: {at: 5m, each: false}\n"))
	for i, want := range []struct {
		fault       string
		at, viewers float64
	}{{"late-0", 300, 8e5}, {"slow", 600, 1e6}, {"late-1", 900, 1e6}, {"return", 1200, 1e6}} {
		if w := a.Worst[i]; w.Fault != want.fault || w.At != want.at || w.Viewers != want.viewers {
			t.Errorf("fault %s at %g s with %g viewers; want %+v", w.Fault, w.At, w.Viewers, want)
		}
	}
	// What varies an input has the same faults.
	if got := a.Mistakes.AsIs.FaultRPS; got < a.Worst[0].OriginRPS*.99 {
		t.Errorf("the plan as it is has %g/s in its worst fault; want %g/s", got, a.Worst[0].OriginRPS)
	}
	for _, w := range answerOf(t, eventOf(t, text+"faults: {at: 5m}\n")).Worst {
		if w.At != 300 {
			t.Errorf("fault %s alone at %g s; want 300", w.Fault, w.At)
		}
	}
}

// TestWrong: what does not belong together is an error.
func TestWrong(t *testing.T) {
	for _, tc := range []struct {
		set  func(*Question)
		want string
	}{
		{func(q *Question) { q.Kernel = nil }, "needs an event"},
		{func(q *Question) { q.Forecast = &capacity.Forecast{} }, "without a minute"},
		{func(q *Question) { q.Plan.Regions = q.Plan.Regions[:1] }, "want its own plan"},
		{func(q *Question) { q.Plan.Curve = nil }, "curve: 0 points"},
		{func(q *Question) { q.Kernel = &kernel.Kernel{} }, "a kernel of 0 cohorts"},
		{func(q *Question) { q.Machine = Machine{Cores: 2, Players: -1, CPU: 1, BPS: 1} }, "-1 players"},
		{func(q *Question) { q.Machine = Machine{Cores: 2, Players: 1, CPU: math.NaN(), BPS: 1} }, "NaN s a request"},
	} {
		q := questionOf(t, eventOf(t, million))
		tc.set(q)
		if _, err := Of(q); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v; want an error with %q", err, tc.want)
		}
	}
}

// TestAbsurd: the least and the largest events have answers.
func TestAbsurd(t *testing.T) {
	for _, curve := range []string{"{at: 0s, viewers: 1}", "{at: 0s, viewers: 0}, {at: 1s, viewers: 100M}", "{at: -1h, viewers: 100M}, {at: 1m, viewers: 0}"} {
		text := strings.Replace(million, million[strings.Index(million, "{at: -10m"):strings.Index(million, "]\n  session")], curve, 1)
		a := answerOf(t, eventOf(t, text))
		if _, err := json.Marshal(a); err != nil {
			t.Errorf("%s: %v", curve, err)
		}
		t.Log(a.First)
	}
}

// TestFiles keeps capacity.json of some events: as planned, with a mistake, without anything that breaks,
// with one region, hours and no fault, and of a model that refuses. What
// people read is made from these files in hlsload/capacity/page.
func TestFiles(t *testing.T) {
	for name, e := range map[string]*scenarios.Event{
		"million": eventOf(t, million, "final, ", "final, starts: 2026-12-12T18:00Z, "),
		"mistake": eventOf(t, million+"quotas: {cloudfront.bps: 10Tbps, cloudfront.rps: 5M/s}\norigin: {prefixes: {by: rendition}}\n", "nodes: 2}", "nodes: 2, cache_key: per_viewer}"),
		"nothing": eventOf(t, million, "600k", "1k", "1M", "2k", "500k", "1k"),
		"calm":    calm(t),
	} {
		golden(t, "testdata/"+name+".json", written(t, answerOf(t, e)))
	}
	q := questionOf(t, eventOf(t, million))
	q.Errors = &capacity.Errors{Edge: .5}
	a, err := Of(q)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/refused.json", written(t, a))
}

// calm is an event of hours in one region, without a fault.
func calm(t *testing.T) *scenarios.Event {
	t.Helper()
	e, err := scenarios.LoadEvent(scenarios.Source{File: "event.yaml", Data: []byte(`
version: 1
event: {name: calm, duration: 5h}
audience: {curve: [{at: 0s, viewers: 0}, {at: 1m, viewers: 500}, {at: 5h, viewers: 800}]}
scenario: calm.yaml
`), ReadFile: func(string) ([]byte, error) {
		return []byte("version: 1\nname: calm\ntarget: {rig: {pipelines: 1}}\nfleet: {players: 100}\nduration: 60s\n"), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// written is an answer with a line for each minute and each row.
func written(t *testing.T, a *Answer) string {
	t.Helper()
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "},{", "},\n{") + "\n"
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%v: it is not %s (want go test ./capacity/answer -update):\n%s", err, file, got)
	}
}

// TestKeys: scripts read these.
func TestKeys(t *testing.T) {
	data, err := json.Marshal(answerOf(t, eventOf(t, million, "duration: 30m", "starts: 2026-12-12T18:00Z, duration: 30m")))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	collect(v, "", keys)
	got := strings.Join(slices.Sorted(maps.Keys(keys)), "\n") + "\n"
	golden(t, "testdata/keys.txt", got)
}

func collect(v any, path string, keys map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		for k, v := range x {
			if path == "worst[].origin_by_prefix" {
				k = "PREFIX"
			}
			collect(v, strings.TrimPrefix(path+"."+k, "."), keys)
		}
	case []any:
		for _, v := range x {
			collect(v, path+"[]", keys)
		}
	default:
		keys[fmt.Sprintf("%s %s", path, map[bool]string{true: "null", false: fmt.Sprintf("%T", v)}[v == nil])] = true
	}
}
