package openmetrics

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/content"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/record"
)

// sized is a configuration with so many cohorts, faults and expectations.
func sized(cohorts, faults, expectations int) *record.Config {
	cfg := &record.Config{Scenario: reports.Scenario{Name: "sized"}, Pipelines: 2, TargetDuration: time.Second, Duration: time.Minute, Expect: make([]*expect.Expectation, expectations)}
	for i := range cfg.Expect {
		cfg.Expect[i] = new(expect.Expectation)
	}
	for i := range cohorts {
		cfg.Cohorts = append(cfg.Cohorts, record.Cohort{Name: fmt.Sprint("cohort-", i), Profile: fmt.Sprint("profile-", i%3)})
	}
	for i := range faults {
		f := chaos.NewFault(fmt.Sprint("fault-", i), chaos.EdgeSlow)
		f.Rule, f.Occurrence = i, 1
		cfg.Faults = append(cfg.Faults, f)
	}
	return cfg
}

// gathered are the metrics of an instant, by name.
func gathered(t testing.TB, x *Exporter, r *Run) map[string]*dto.MetricFamily {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(x.Collector(func() *Run { return r }))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]*dto.MetricFamily{}
	for _, f := range families {
		m[f.GetName()] = f
	}
	return m
}

// full is a run that has every sample that a run can have.
func full(t testing.TB, cfg *record.Config) *Run {
	t.Helper()
	c, err := record.New(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	sums := c.Sums()
	sums.Headers, sums.AtOrigin = true, 7
	for k := range sums.Requests {
		sums.Requests[k].Why = everyError()
	}
	over := &reports.Summary{Verdict: reports.Pass}
	for i := range len(cfg.Expect) + 1 {
		over.Expectations = append(over.Expectations, reports.ExpectationResult{Expr: fmt.Sprint("expectation ", i), Value: 1, Pass: true})
	}
	return Alone("", time.Minute, sums, over)
}

// everyError counts each error that there can be once.
func everyError() map[string]int64 {
	m := map[string]int64{"other": 1}
	for status := 400; status < 1000; status++ {
		m[fmt.Sprint(status)] = 1
	}
	for f := player.NoFailure + 1; !strings.HasPrefix(f.String(), "failure("); f++ {
		m[f.String()] = 1
	}
	for k := content.Kind(1); !strings.HasPrefix(k.String(), "content("); k++ {
		m[k.String()] = 1
	}
	return m
}

// TestBudget: whatever the scenario, there are no more series than announced, no more than
// the budget, and nothing is lost in what is added up.
func TestBudget(t *testing.T) {
	for _, cohorts := range []int{1, 2, 5, 30, 300} {
		for _, faults := range []int{0, 1, 7, chaos.MaxEntries} {
			for _, expectations := range []int{0, 10, 900} {
				cfg := sized(cohorts, faults, expectations)
				x, r := New(cfg, nil), full(t, cfg)
				for i := range r.Sums.Cohorts {
					r.Sums.Cohorts[i].Started = int64(i + 1)
				}
				for i := range r.Sums.Faults {
					for k := range r.Sums.Faults[i].Cohorts {
						r.Sums.Faults[i].Cohorts[k].Undecided = int64(i + k)
					}
				}
				m := gathered(t, x, r)
				n := programSeries
				for _, f := range m {
					each := 1
					if f.GetType() == dto.MetricType_HISTOGRAM {
						each = perHistogram
					}
					n += each * len(f.GetMetric())
				}
				what := fmt.Sprintf("%d cohorts, %d faults, %d expectations", cohorts, faults, expectations)
				if x.Series() > Budget || n > x.Series() {
					t.Errorf("%s: %d series, %d announced, %d allowed", what, n, x.Series(), Budget)
				}
				if bounded := x.wanted > Budget; bounded != (x.Warning() != "") || !bounded && n < x.Series()-len(usual)*int(m3u8.Kinds)-50 {
					t.Errorf("%s: %d series of %d, %d wanted, warning %q", what, n, x.Series(), x.wanted, x.Warning())
				}
				if got, want := total(m["hlsload_sessions_started_total"]), float64(cohorts*(cohorts+1)/2); got != want {
					t.Errorf("%s: %v sessions, want %v", what, got, want)
				}
				undecided := 0
				for i := range faults {
					for k := range cohorts {
						undecided += i + k
					}
				}
				if got := total(m["hlsload_fault_affected_sessions"]); got != float64(undecided) {
					t.Errorf("%s: %v sessions affected, want %v", what, got, undecided)
				}
			}
		}
	}
	got := New(sized(30, 64, 900), nil).Warning()
	if want := `metrics: this scenario would have 71,278 series, more than 2,000: what faults do is not divided by cohort; 15 of 64 faults have series of their own, the others are added up as "other"; 14 of 30 cohorts have series of their own, the others are added up as "other"; 28 of 901 expectations have series of their own, the others have none`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestBudgetOfAgents: a run over many machines has no more series than others, and says
// which of them are up.
func TestBudgetOfAgents(t *testing.T) {
	for _, agents := range []int{1, 2, 32, 50, 300, 1024} {
		for _, cohorts := range []int{1, 5, 30} {
			for _, faults := range []int{0, 7, chaos.MaxEntries} {
				cfg := sized(cohorts, faults, 10)
				cfg.Agents = agents
				x, r := New(cfg, nil), full(t, cfg)
				r.Agents = nil
				for i := range agents {
					a := Agent{Name: fmt.Sprint("agent-", i), Up: i%3 > 0, Compared: true, ClockOffset: time.Duration(i) * time.Millisecond}
					a.Lag.Duration(time.Duration(i) * time.Millisecond)
					r.Agents = append(r.Agents, a)
				}
				m, n := gathered(t, x, r), programSeries
				for _, f := range m {
					each := 1
					if f.GetType() == dto.MetricType_HISTOGRAM {
						each = perHistogram
					}
					n += each * len(f.GetMetric())
				}
				what := fmt.Sprintf("%d agents, %d cohorts, %d faults", agents, cohorts, faults)
				if x.Series() > Budget || n > x.Series() {
					t.Errorf("%s: %d series, %d announced, %d allowed", what, n, x.Series(), Budget)
				}
				if up := total(m["hlsload_agent_up"]); len(m["hlsload_agent_up"].GetMetric()) != agents || up != float64(agents-(agents+2)/3) {
					t.Errorf("%s: %v up", what, up)
				}
				last := fmt.Sprint("agent-", agents-1)
				for _, name := range []string{"hlsload_tester_lag_seconds", "hlsload_agent_clock_offset_seconds"} {
					own := m[name].GetMetric()
					if len(own) > maxLags || len(own) < min(agents, 2) || !slices.ContainsFunc(own, func(m *dto.Metric) bool { return m.GetLabel()[0].GetValue() == last }) {
						t.Errorf("%s: %s of %d agents, or not of the slowest", what, name, len(own))
					}
				}
			}
		}
	}
	cfg := sized(3, 2, 10)
	cfg.Agents = 1000
	got := New(cfg, nil).Warning()
	if want := "metrics: this scenario would have 2,376 series, more than 2,000: what faults do is not divided by cohort; only the 16 slowest of 1,000 agents have their lag"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAgents: the summary says what became of agents; equal names are one agent, and what an
// agent says about errors has few codes.
func TestAgents(t *testing.T) {
	cfg := sized(1, 0, 0)
	cfg.Agents = 3
	r := full(t, cfg)
	r.Agents = []Agent{{Name: "b", Up: true}, {Name: "a\xff", Up: true}, {Name: "a", Up: true, Compared: true, ClockOffset: -time.Second}}
	for i := range r.Agents {
		r.Agents[i].Lag.Duration(time.Second)
	}
	r.Over.Agents = []reports.AgentSummary{{Name: "b", LostAtS: reports.NoData, ClockOffsetMs: 250}, {Name: "gone", LostAtS: 7, ClockOffsetMs: reports.NoData}}
	r.Sums.Requests[0].Why = map[string]int64{"\xff": 1}
	for i := range 999 {
		r.Sums.Requests[0].Why[fmt.Sprint("x", i)] = 1
	}
	var b strings.Builder
	if err := New(cfg, nil).WriteText(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`hlsload_agent_up{agent="a"} 1`, `hlsload_agent_up{agent="b"} 1`, `hlsload_agent_up{agent="gone"} 0`,
		`hlsload_agent_clock_offset_seconds{agent="a"} -1`, `hlsload_agent_clock_offset_seconds{agent="b"} 0.25`,
		`hlsload_tester_lag_seconds_count{agent="a"} 2`, `hlsload_tester_lag_seconds_count{agent="b"} 1`,
		`code="other",kind="multivariant"}`,
	} {
		if strings.Count(b.String(), want) != 1 {
			t.Errorf("%q is not there once", want)
		}
	}
	for _, no := range []string{`offset_seconds{agent="gone"}`, `count{agent="gone"}`} {
		if strings.Contains(b.String(), no) {
			t.Errorf("%q is there", no)
		}
	}
	if n := strings.Count(b.String(), `kind="multivariant"} 1`); n > maxCodes {
		t.Errorf("%d codes", n)
	}
}

// total adds up the values of a metric.
func total(f *dto.MetricFamily) (sum float64) {
	for _, m := range f.GetMetric() {
		sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	return sum
}

// TestCodes: each request counts once, under one of a few codes.
func TestCodes(t *testing.T) {
	cfg := sized(1, 0, 0)
	r := full(t, cfg)
	errors := int64(len(everyError()))
	r.Sums.Requests[m3u8.KindSegment].Answers = errors - 1 + 1000 // a playlist that contradicts itself was a good answer
	codes := map[string]float64{}
	for _, m := range gathered(t, New(cfg, nil), r)["hlsload_requests_total"].GetMetric() {
		if m.GetLabel()[1].GetValue() == "segment" {
			codes[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	sum := 0.
	for _, n := range codes {
		sum += n
	}
	if len(codes) > maxCodes || sum != float64(errors-1+1000) || codes[good] != 1000 || codes["404"] != 1 || codes["4xx"] != 91 || codes["other"] != 401 || codes["timeout"] != 1 || codes["mismatch"] != 0 {
		t.Errorf("%d codes (at most %d), %v requests of %d: %v", len(codes), maxCodes, sum, errors-1+1000, codes)
	}
}

// TestLabels: secrets are hidden, long texts cut, and what then has the same name is one.
func TestLabels(t *testing.T) {
	cfg := sized(0, 0, 0)
	cfg.Scenario.Name = "of s3cret"
	for _, name := range []string{"s3cret", "***", "web"} {
		cfg.Cohorts = append(cfg.Cohorts, record.Cohort{Name: name, Profile: "p-" + name})
		f := chaos.NewFault(name, chaos.EdgeSlow)
		f.Rule, f.Occurrence = len(cfg.Faults), 1
		cfg.Faults = append(cfg.Faults, f)
	}
	r := full(t, cfg)
	for i := range r.Sums.Cohorts {
		r.Sums.Cohorts[i].Started = 1
		r.Sums.Faults[i].On = i == 0
	}
	long := strings.Repeat("é", maxLabel)
	r.Over.Expectations = []reports.ExpectationResult{{Expr: "s3cret"}, {Expr: "***"}, {Expr: long + "1", Value: reports.Never}, {Expr: long + "2"}, {Expr: "none", NotMeasured: true}}
	x := New(cfg, func(s string) string { return strings.ReplaceAll(s, "s3cret", "***") })
	x.size.expectations = 10
	var b strings.Builder
	if err := x.WriteText(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	for want, n := range map[string]int{
		"s3cret": 0, "of ***": 1,
		`hlsload_sessions_started_total{cohort="***",profile="p-***"} 2`:        1,
		`hlsload_fault_active{fault="***",pipeline="any",type="edge.slow"} 1`:   1,
		`hlsload_expectation_value{expectation="` + long[:maxLabel] + `"} +Inf`: 1,
		"hlsload_expectation_pass{":      2,
		"# TYPE hlsload_players gauge\n": 1,
		`hlsload_startup_seconds_bucket{cohort="web",profile="p-web",le="+Inf"} 0`:          1,
		`hlsload_fault_affected_sessions{cohort="web",fault="web",outcome="left",profile=`:  1,
		`hlsload_run_info{run="",scenario="of ***",seed="0",sha256="",version=""} 1` + "\n": 1,
	} {
		if got := strings.Count(b.String(), want); got != n {
			t.Errorf("%q: %d times, want %d", want, got, n)
		}
	}
}

// TestHistogram compares buckets with those of a naive count.
func TestHistogram(t *testing.T) {
	cfg := sized(1, 0, 0)
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := full(t, cfg)
		h := &r.Sums.Cohorts[0].Startup
		if seed%2 == 1 {
			*h = reports.CoarseHistogram()
		}
		var seconds []float64
		sum := 0.
		for range rng.IntN(500) {
			v := time.Duration(math.Exp(rng.Float64()*20)) * time.Microsecond
			switch rng.IntN(5) {
			case 0:
				v = 0
			case 1:
				v = time.Duration(ofStartups[rng.IntN(len(ofStartups))] * float64(time.Second))
			}
			h.Duration(v)
			seconds = append(seconds, v.Seconds())
			sum += v.Seconds()
		}
		upTo := func(bound float64) (n int) {
			for _, s := range seconds {
				if s <= bound {
					n++
				}
			}
			return n
		}
		got := gathered(t, New(cfg, nil), r)["hlsload_startup_seconds"].GetMetric()[0].GetHistogram()
		if got.GetSampleCount() != uint64(len(seconds)) || math.Abs(got.GetSampleSum()-sum) > 1e-6*sum {
			t.Errorf("seed %d: %d values, sum %v; want %d, %v", seed, got.GetSampleCount(), got.GetSampleSum(), len(seconds), sum)
		}
		if len(got.GetBucket()) != 12 {
			t.Fatalf("%d classic buckets", len(got.GetBucket()))
		}
		for _, b := range got.GetBucket() {
			if n := int(b.GetCumulativeCount()); n < upTo(b.GetUpperBound()) || n > upTo(1.01*b.GetUpperBound()) {
				t.Errorf("seed %d: %d values up to %v, want %d to %d", seed, n, b.GetUpperBound(), upTo(b.GetUpperBound()), upTo(1.01*b.GetUpperBound()))
			}
		}
		if got.GetSchema() != 3 || got.CreatedTimestamp != nil || int(got.GetZeroCount()) != upTo(0) {
			t.Errorf("seed %d: schema %d, created %v, %d zeros; want 3, nothing, %d", seed, got.GetSchema(), got.CreatedTimestamp, got.GetZeroCount(), upTo(0))
		}
		native := nativeBuckets(got)
		n := int(got.GetZeroCount())
		for _, i := range slices.Sorted(maps.Keys(native)) {
			n += int(native[i])
			bound := math.Pow(2, float64(i)/8)
			if n < upTo(bound*(1-1e-9)) || n > upTo(1.01*bound) {
				t.Errorf("seed %d: %d values up to native bound %v, want %d to %d", seed, n, bound, upTo(bound), upTo(1.01*bound))
			}
		}
		if n != len(seconds) {
			t.Errorf("seed %d: %d values in native buckets, want %d", seed, n, len(seconds))
		}
	}
}

// nativeBuckets are the counts of native buckets by index.
func nativeBuckets(h *dto.Histogram) map[int]int64 {
	m := map[int]int64{}
	index, count, next := 0, int64(0), 0
	for _, span := range h.GetPositiveSpan() {
		index += int(span.GetOffset())
		for range span.GetLength() {
			count += h.GetPositiveDelta()[next]
			m[index] = count
			next++
			index++
		}
	}
	return m
}

func TestRowsOf(t *testing.T) {
	names := func(names ...string) (all [][]string) {
		for _, n := range names {
			all = append(all, []string{n, "of " + n})
		}
		return all
	}
	for _, c := range []struct {
		names []string
		most  int
		want  string
	}{
		{nil, 0, "[] []"},
		{[]string{"a", "b"}, 2, "[[a of a] [b of b]] [0 1]"},
		{[]string{"a", "b", "a"}, 2, "[[a of a] [b of b]] [0 1 0]"},
		{[]string{"a", "b", "c"}, 2, "[[a of a] [other other]] [0 1 1]"},
		{[]string{"a", "b", "c"}, 1, "[[other other]] [0 0 0]"},
		{[]string{"other", "b", "c", "d"}, 2, "[[other of other]] [0 0 0 0]"},
		{[]string{"a", "b", "other"}, 2, "[[a of a] [other other]] [0 1 1]"},
	} {
		r := rowsOf(names(c.names...), c.most)
		if got := fmt.Sprint(r.labels, r.of); got != c.want {
			t.Errorf("%v, at most %d: got %s, want %s", c.names, c.most, got, c.want)
		}
	}
}
