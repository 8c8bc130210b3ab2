package tariff

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func near(got, want, share float64) bool { return math.Abs(got-want) <= share*math.Abs(want) }

func TestCost(t *testing.T) {
	p := ListPrices()
	tiered := 850 + 3200 + 6000 + 14_000 + 0.03*524_000 + 0.025*(3_800_000-1_024_000)
	for _, c := range []struct {
		name, region string
		n, before    float64
		low, high    float64
	}{
		{Out, "us-eu", 0, 0, 0, 0},
		{Out, "us-eu", 1e12, 0, 85, 85},
		{Out, "us-eu", 1e12, 10e12, 80, 80},
		{Out, "us-eu", 2e12, 9e12, 85 + 80, 85 + 80},
		{Out, "us-eu", 3.8e15, 0, tiered, tiered},
		{Out, "us-eu", 1e15, 6e15, 20_000, 20_000},
		{Out, "india", 1e12, 0, 109, 109},
		{Out, "", 1e12, 0, 85, 120},
		{Out, "", 20e12, 0, 850 + 800, 1200 + 1000},
		{Out, "atlantis", 1e12, 0, 85, 120}, // where it is is not known
		{HTTPS, "india", 1e6, 0, 1, 2.2},
		{HTTPS, "us-eu", 1e6, 0, 1, 1},
		{"cloudfront.invalidations", "", 1500, 0, 2.5, 2.5},
		{"cloudfront.invalidations", "us-eu", 1500, 1000, 7.5, 7.5}, // the same anywhere
		{"something else", "", 1e6, 0, 0, 0},
		{Out, "us-eu", -1e12, 0, 0, 0},
		{Out, "us-eu", math.NaN(), 0, 0, 0},
		{Out, "us-eu", 1e12, -5, 85, 85},
	} {
		if low, high := p.Cost(c.name, c.region, c.n, c.before); !near(low, c.low, 1e-9) || !near(high, c.high, 1e-9) {
			t.Errorf("%g of %s in %q after %g: %g to %g; want %g to %g", c.n, c.name, c.region, c.before, low, high, c.low, c.high)
		}
	}
}

// TestCostIsMonotoneAndContinuous: more never costs less, no quantity makes the cost jump,
// and two halves of a month cost what the whole does.
func TestCostIsMonotoneAndContinuous(t *testing.T) {
	p := ListPrices()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		x := p.Rows[rng.IntN(len(p.Rows))]
		region := []string{x.Region, ""}[rng.IntN(2)]
		unit := priceUnits[x.Unit].n
		q, before, more := math.Exp(rng.Float64()*20)*unit, math.Exp(rng.Float64()*20)*unit, rng.Float64()*unit
		if rng.IntN(4) == 0 {
			before, q = 0, max(1, x.From)*unit // at the edge of a tier
		}
		low, high := p.Cost(x.Name, region, q, before)
		lowMore, highMore := p.Cost(x.Name, region, q+more, before)
		if lowMore < low || highMore < high {
			t.Fatalf("%g more than %g of %s in %q after %g costs less: %g to %g, not %g to %g", more, q, x.Name, region, before, lowMore, highMore, low, high)
		}
		dearest := 0.0
		for _, row := range p.Rows {
			if row.Name == x.Name {
				dearest = max(dearest, row.Value)
			}
		}
		if most := dearest*more/unit + 1e-9*(high+dearest) + 1e-12*dearest*(before+q)/unit; lowMore-low > most || highMore-high > most {
			t.Fatalf("%g more than %g of %s in %q after %g costs %g and %g more; want at most %g", more, q, x.Name, region, before, lowMore-low, highMore-high, most)
		}
		if low > high {
			t.Fatalf("%g of %s in %q: %g to %g", q, x.Name, region, low, high)
		}
		if region == "" {
			continue
		}
		first, _ := p.Cost(x.Name, region, before, 0)
		second, _ := p.Cost(x.Name, region, q, before)
		if whole, _ := p.Cost(x.Name, region, before+q, 0); !near(first+second, whole, 1e-9) {
			t.Fatalf("%s in %s: %g and %g cost %g and %g, together %g", x.Name, region, before, q, first, second, whole)
		}
	}
}

// TestCostExampleOfAWS holds the list against the cost example 2 of AWS's solution
// "Live Streaming on AWS with Amazon S3": 10,000 viewers of one hour, ladder hd-1080p,
// of which CloudFront is $1,531 and MediaLive $3.11 an hour and pipeline.
//
// Covered are the bytes to viewers, all on the top rendition (4.1 Mbit/s, up to 4.2 with
// audio), at the first price of the United States and Europe, by GB or GiB, and the
// encoder. Not covered are requests (hd-1080p with 4 s segments: 0.5 a second and viewer,
// 18 M, $18), what S3 asks for, and free tiers.
func TestCostExampleOfAWS(t *testing.T) {
	p := ListPrices()
	const published = 1531.0
	for _, rate := range []float64{4.1e6, 4.2e6} {
		bytes := 10_000 * 3600 * rate / 8
		untiered := p.Tiers(Out, "us-eu")[0].Value
		for name, gb := range map[string]float64{"GB": 1e9, "GiB": 1 << 30} {
			if cost := bytes / gb * untiered; !near(cost, published, 0.10) {
				t.Errorf("%g bit/s by %s: $%.0f; want $%.0f within 10 %%", rate, name, cost, published)
			}
		}
		if cost, _ := p.Cost(Out, "us-eu", bytes, 0); !near(cost, published, 0.10) {
			t.Errorf("%g bit/s with tiers: $%.0f; want $%.0f within 10 %%", rate, cost, published)
		}
	}
	hour := func(name string) float64 {
		cost, _ := p.Cost("medialive."+name, "us-east-1", 1, 0)
		return cost
	}
	if ladder := hour("input.hd") + 4*hour("output.sd") + 2*hour("output.hd"); !near(ladder, 3.11, 0.01) {
		t.Errorf("an hour of hd-1080p costs $%.3f; want $3.11", ladder)
	}
}

// TestListsAreComplete: every figure has its source and day, and what is unsure says why.
func TestListsAreComplete(t *testing.T) {
	check := func(name string, e *Evidence) {
		if e.Source == "" || e.Seen.IsZero() || e.Unsure && e.Note == "" {
			t.Errorf("%s: %+v", name, e)
		}
		if strings.Contains(e.Source, "memory") && !e.Unsure {
			t.Errorf("%s: from memory, and not marked unsure", name)
		}
	}
	quotas, prices := ListQuotas(), ListPrices()
	for i := range quotas {
		check(quotas[i].Name, &quotas[i].Evidence)
	}
	for i := range prices.Rows {
		check(prices.Rows[i].Name, &prices.Rows[i].Evidence)
	}
	for name, want := range map[string]float64{"cloudfront.bps": 150e9, "cloudfront.rps": 250e3, "s3.get_rps": 5500, "s3.put_rps": 3500} {
		if q := quotas.Find(name); q == nil || q.Value != want {
			t.Errorf("%s: %+v; want %g", name, q, want)
		}
	}
	regions := strings.Join(prices.Regions(Out), " ")
	if want := "us-eu south-america africa-middle-east japan australia south-east-asia india"; regions != want {
		t.Errorf("regions %s; want %s", regions, want)
	}
	for _, region := range prices.Regions(Out) {
		if tiers := prices.Tiers(Out, region); len(tiers) != 7 || !slices.IsSortedFunc(tiers, func(a, b Price) int { return int(b.Value*1e6 - a.Value*1e6) }) {
			t.Errorf("%s: %+v; want seven tiers, each cheaper than the one before", region, tiers)
		}
	}
}

func TestOldFigures(t *testing.T) {
	p, q := ListPrices(), ListQuotas()
	seen := p.Seen()
	for days, want := range map[int]bool{179: false, 181: true} {
		now := seen.AddDate(0, 0, days)
		if old := slices.Contains(p.Old(now), Out); old != want {
			t.Errorf("prices after %d days: old %v", days, old)
		}
		if old := slices.Contains(q.Old(now), "s3.get_rps"); old != want {
			t.Errorf("quotas after %d days: old %v", days, old)
		}
	}
	granted, err := q.With(map[string]float64{"s3.get_rps": 20_000})
	if err != nil || slices.Contains(granted.Old(seen.AddDate(10, 0, 0)), "s3.get_rps") {
		t.Errorf("a granted quota is old: %v", err)
	}
	if names := p.Old(seen.AddDate(1, 0, 0)); len(names) != len(slices.Compact(slices.Sorted(slices.Values(names)))) {
		t.Errorf("a name stands twice in %v", names)
	}
}

func TestGrantedQuotas(t *testing.T) {
	list := ListQuotas()
	got, err := list.With(map[string]float64{"cloudfront.bps": 400e9})
	if err != nil {
		t.Fatal(err)
	}
	if q := got.Find("cloudfront.bps"); q.Value != 400e9 || !q.Granted || q.Unsure || q.Unit != BitsPerSecond {
		t.Errorf("got %+v", q)
	}
	if list.Find("cloudfront.bps").Granted || got.Find("cloudfront.rps").Granted {
		t.Error("what was not granted has changed")
	}
	_, err = list.With(map[string]float64{"cloudfront.pbs": 1, "s3.get_rps": 0, "s3.put_rps": math.NaN()})
	for _, want := range []string{`no quota of that name (got "cloudfront.pbs")`, "quota s3.get_rps: out of range", "quota s3.put_rps: out of range"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

const ownRow = "name: cloudfront.out, region: us-eu, unit: GB, value: 0.01, source: contract, seen: 2026-11-01"

func TestPricesOfOnesOwn(t *testing.T) {
	own, err := ParsePrices([]byte("currency: USD\nprices:\n  - {" + ownRow + "}\n  - {name: othercdn.out, region: any, unit: GB, value: 0.02, source: offer, seen: 2026-11-01}\n"))
	if err != nil {
		t.Fatal(err)
	}
	list := ListPrices()
	p, err := list.With(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, region string
		want         float64
	}{{Out, "us-eu", 1000}, {Out, "india", 1090 + 90_000*0.085}, {"othercdn.out", "us-eu", 2000}} {
		if c.region == "india" {
			c.want = 10_000*0.109 + 40_000*0.085 + 50_000*0.082
		}
		if got, _ := p.Cost(c.name, c.region, 100e12, 0); !near(got, c.want, 1e-9) {
			t.Errorf("%s in %s: %g; want %g", c.name, c.region, got, c.want)
		}
	}
	if got, _ := list.Cost(Out, "us-eu", 1e12, 0); got != 85 {
		t.Errorf("the list has changed: %g", got)
	}
	for text, want := range map[string]string{
		"currency: EUR\nprices: [{" + ownRow + "}]":                                               "two currencies (got EUR; want USD)",
		"currency: USD\nprices: [{" + strings.Replace(ownRow, "unit: GB", "unit: hour", 1) + "}]": "counts something else (got hour; want GB)",
	} {
		own, err := ParsePrices([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := list.With(own); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// TestMistakesInPrices: everything that is wrong, each with its position.
func TestMistakesInPrices(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "1:1: not valid YAML"},
		{"[]", "1:1: not a list of this kind (want a mapping)"},
		{"a: [", "not valid YAML"},
		{"currency: USD", "1:1: prices is missing (want a list)"},
		{"currency: USD\nprices: []", "2:9: prices: bad length (got 0 rows; want 1 to 5000)"},
		{"currency: USD\nprices: {}", "2:9: prices: wrong type (want a list)"},
		{"currency: USD\nprices: [x]", "2:10: wrong type (want a mapping with name, region, unit, from, value, source, seen, unsure, note)"},
		{"currency: dollars\nprises: []", "1:11: currency: got \"dollars\"; want three capital letters, such as USD\n2:1: unknown key (got \"prises\"; want currency, prices)\n1:1: prices is missing (want a list)"},
		{"currency: USD\nprices:\n- {name: a b, region: x, unit: TB, value: -1, from: 1e3, source: ' ', seen: soon, unsure: perhaps, sure: [], note: {}}",
			"3:10: name: got \"a b\"; want at most 64 letters, digits, - _ ., beginning with a letter or digit\n" +
				"3:32: unit: got \"TB\"; want one of 10k requests, 1M lines, 1M requests, 1k requests, GB, hour, path\n" +
				"3:43: value: got \"-1\"; want the price of one unit, such as 0.085\n" +
				"3:53: from: got \"1e3\"; want a number of units in a month, such as 10_000\n" +
				"3:66: source: got \" \"; want where the figure is from\n" +
				"3:77: seen: got \"soon\"; want the day on which it was read, such as 2026-11-29\n" +
				"3:91: unsure: got \"perhaps\"; want true or false\n" +
				"3:100: unknown key (got \"sure\"; want name, region, unit, from, value, source, seen, unsure, note)\n" +
				"3:116: note: wrong type (want a text)"},
		{"currency: USD\nprices: [{" + ownRow + ", value: 1}]", `duplicate key (got "value")`},
		{"currency: USD\nprices: [{" + ownRow + "}, {" + ownRow + "}]", "duplicate tier (got cloudfront.out in us-eu from 0 a second time)"},
		{"currency: USD\nprices: [{" + ownRow + ", from: 5}]", "2:10: cloudfront.out in us-eu has no price of its first unit (want a tier from 0)"},
		{"currency: USD\nprices: [{" + ownRow + "}, {" + strings.Replace(ownRow, "unit: GB", "unit: path", 1) + ", from: 5}]", "cloudfront.out has two units (got path; want GB, as above)"},
		{"currency: USD\nprices: [{" + ownRow + ", note: " + strings.Repeat("x", maxText+1) + "}]", "note: too long (got 501 bytes; want at most 500)"},
		{"currency: &a USD\nprices: [{name: *a}]", "2:17: name: wrong type"},
		{"currency: USD\n---\ncurrency: USD", "1:1: not valid YAML"},
		{strings.Repeat("#", MaxBytes+1), "1:1: file is too large"},
	} {
		p, err := ParsePrices([]byte(c.text))
		var ps Problems
		if !errors.As(err, &ps) {
			t.Errorf("%.100q: got %+v, %v; want problems", c.text, p, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100q: got\n%v\nwant\n%s", c.text, err, c.want)
		}
	}
}

func TestMistakesInQuotas(t *testing.T) {
	const row = "{name: a, what: x, value: 1, unit: count, scope: y, adjustable: yes, source: z, seen: 2026-01-01}"
	if q, err := parseQuotas([]byte("quotas: [" + row + "]")); err != nil || len(q) != 1 {
		t.Fatalf("%+v, %v", q, err)
	}
	for text, want := range map[string]string{
		"quotas: [" + row + ", " + row + "]":                                                  `duplicate name (got "a")`,
		"quotas: [" + strings.Replace(row, "1,", "0,", 1) + "]":                               `value: got "0"; want a number of more than 0`,
		"quotas: [" + strings.Replace(row, "yes", "maybe", 1) + "]":                           `adjustable: got "maybe"; want yes, no or support`,
		"quotas: [" + strings.Replace(row, "count", "furlong", 1) + "]":                       `unit: got "furlong"; want one of bit/s, 1/s, count, bytes, s`,
		"quotas: [" + strings.Replace(row, "name", "aws_code: L-0f1e9017, name", 1) + "]":     `aws_code: got "L-0f1e9017"; want the code of a quota, such as L-0F1E9017`,
		"quotas: [" + strings.Replace(row, "name", "aws_service: Cloud Front, name", 1) + "]": `aws_service: got "Cloud Front"; want the code of a service`,
		"quotas: [{}]": "scope is missing",
	} {
		if _, err := parseQuotas([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// FuzzParse: no input panics, every refusal has a position, and what is taken has a
// finite cost.
func FuzzParse(f *testing.F) {
	f.Add(priceFile)
	f.Add(quotaFile)
	f.Add([]byte("currency: USD\nprices: [{" + ownRow + "}]"))
	f.Add([]byte("currency: USD\nprices: [{name: *x, from: &x 1e999}]"))
	f.Add([]byte("quotas: {<<: [{}]}\n"))
	f.Add([]byte("prices: [[[[[[[[[[{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(err error) bool {
			var ps Problems
			if err == nil {
				return true
			}
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("error %T %v; want problems", err, err)
			}
			for _, p := range ps {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Errorf("problem without a position or text: %+v", p)
				}
			}
			return false
		}
		if q, err := parseQuotas(data); check(err) {
			for i := range q {
				if !(q[i].Value > 0) || q.Find(q[i].Name) != &q[i] {
					t.Errorf("bad quota %+v", q[i])
				}
			}
			q.Old(time.Now())
		}
		if p, err := ParsePrices(data); check(err) {
			for _, x := range p.Rows {
				low, high := p.Cost(x.Name, x.Region, 1e15, 1)
				if low != high || !(high >= 0) || math.IsInf(high, 0) {
					t.Errorf("%+v costs %g to %g", x, low, high)
				}
			}
			if _, err := p.With(p); err != nil {
				t.Error(err)
			}
		}
	})
}

func ExamplePrices_Cost() {
	low, high := ListPrices().Cost(Out, "", 20e12, 0) // 20 TB, the region is not known
	fmt.Printf("%.0f to %.0f", low, high)
	// Output: 1650 to 2200
}
