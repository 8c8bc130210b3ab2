package tariff

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// readOf is what Service Quotas lists of CloudFront for an account.
func readOf(applied ...Applied) *Reading {
	for i := range applied {
		if applied[i].Service == "" {
			applied[i].Service = "cloudfront"
		}
	}
	return &Reading{Account: "123456789012", Seen: time.Date(2026, 12, 1, 23, 59, 0, 0, time.UTC), Regions: map[string]string{"cloudfront": "us-east-1"}, Applied: applied}
}

// TestGrant: what was granted goes over the default, with account, region and day.
func TestGrant(t *testing.T) {
	list := ListQuotas()
	before := list.Find("cloudfront.bps").Value
	got, remarks := list.Grant(readOf(
		Applied{Code: "L-0F1E9017", Name: "renamed", Value: 400, Unit: "Gigabits/Second"},
		Applied{Code: "L-00000000", Name: "REQUESTS per second per distribution", Value: 1e6, Unit: "None"},
	), []string{"cloudfront.bps", "cloudfront.rps", "s3.get_rps", "nothing"})
	bps, rps, get := got.Find("cloudfront.bps"), got.Find("cloudfront.rps"), got.Find("s3.get_rps")
	want := Evidence{Source: "granted to account 123456789012 in us-east-1", Seen: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Note: list.Find("cloudfront.bps").Note}
	if bps.Value != 400e9 || !bps.Granted || bps.Evidence != want {
		t.Errorf("by code: %+v; want 400 Gbit/s with %+v", bps, want)
	}
	if rps.Value != 1e6 || !rps.Granted || rps.Unsure || rps.Old(want.Seen.Add(MaxAge)) {
		t.Errorf("by name: %+v", rps)
	}
	if x := list.Find("s3.get_rps"); get.Value != x.Value || get.Granted || get.Source != x.Source || !strings.HasSuffix(get.Note, "; Service Quotas has no such quota, as far as is known") {
		t.Errorf("not in Service Quotas: %+v; want the default", get)
	}
	if list.Find("cloudfront.bps").Value != before || list.Find("s3.get_rps").Note == get.Note {
		t.Error("the list itself has changed")
	}
	if len(remarks) != 1 || remarks[0] != "quota s3.get_rps: Service Quotas has no such quota, as far as is known; the default is used" {
		t.Errorf("remarks %q; want one about S3", remarks)
	}
}

// TestGrantRefuses: what is not understood, and what is not there, leaves the default, and is said.
func TestGrantRefuses(t *testing.T) {
	const code = "L-0F1E9017"
	for _, c := range []struct {
		name  string
		of    []Applied
		value float64 // 0 = the default stays
		want  string  // of the only remark; "" = none
	}{
		{"nothing", nil, 0, "quota cloudfront.bps: not found in Service Quotas of account 123456789012 in us-east-1; the default is used"},
		{"of another service", []Applied{{Service: "lambda", Code: code, Value: 1, Unit: "None"}}, 0, "not found in"},
		{"another one", []Applied{{Code: "L-A2C80159", Name: "Requests per second per distribution", Value: 1}}, 0, "not found in"},
		{"twice", []Applied{{Code: code, Value: 1, Unit: "None"}, {Code: code, Value: 2, Unit: "None"}}, 0, "listed more than once in"},
		{"the code counts more than the name", []Applied{{Name: "Data transfer rate per distribution", Value: 1, Unit: "None"}, {Code: code, Value: 2, Unit: "None"}}, 2e9, ""},
		{"no unit", []Applied{{Code: code, Value: 200}}, 200e9, ""},
		{"megabits", []Applied{{Code: code, Value: 5e5, Unit: "Megabits/Second"}}, 500e9, ""},
		{"terabits", []Applied{{Code: code, Value: 1.5, Unit: "TERABITS/SECOND"}}, 1.5e12, ""},
		{"bits", []Applied{{Code: code, Value: 9e11, Unit: "Bits/Second"}}, 9e11, ""},
		{"bytes", []Applied{{Code: code, Value: 200, Unit: "Gigabytes/Second"}}, 0, `its unit (got "Gigabytes/Second"; want one for bit/s)`},
		{"a count", []Applied{{Code: code, Value: 200, Unit: "Count"}}, 0, `its unit (got "Count"`},
		{"a hostile unit", []Applied{{Code: code, Value: 200, Unit: "\x1b[2J" + strings.Repeat("x", 1e5)}}, 0, `its unit (got "\x1b[2Jxxx`},
		{"zero", []Applied{{Code: code, Unit: "None"}}, 0, "its value (got 0; want more than 0"},
		{"negative", []Applied{{Code: code, Value: -200, Unit: "None"}}, 0, "its value (got -200; want more than 0"},
		{"not a number", []Applied{{Code: code, Value: math.NaN(), Unit: "None"}}, 0, "its value (got NaN;"},
		{"infinite", []Applied{{Code: code, Value: math.Inf(1), Unit: "None"}}, 0, "its value (got +Inf;"},
		{"huge", []Applied{{Code: code, Value: 150e9, Unit: "None"}}, 0, "its value (got 1.5e+11; want more than 0, at most 1e+15 bit/s)"},
		{"a minute", []Applied{{Code: code, Value: 200, Unit: "None", Period: time.Minute}}, 0, "its period (got 1m0s; want a second)"},
		{"a strange period", []Applied{{Code: code, Value: 200, Unit: "None", Period: -1}}, 0, "its period (want a second)"},
		{"a second", []Applied{{Code: code, Value: 200, Unit: "Gigabits/Second", Period: time.Second}}, 200e9, ""},
		{"failed", []Applied{{Code: code, Value: 200, Failed: "DEPENDENCY_ACCESS_DENIED_ERROR \x1b[0m"}}, 0, `AWS could not read it ("DEPENDENCY_ACCESS_DENIED_ERROR \x1b[0m")`},
	} {
		list := ListQuotas()
		got, remarks := list.Grant(readOf(c.of...), []string{"cloudfront.bps"})
		x, text := got.Find("cloudfront.bps"), strings.Join(remarks, "\n")
		want := c.value
		if want == 0 {
			want = list.Find("cloudfront.bps").Value
		}
		if x.Value != want || x.Granted != (c.value > 0) || x.Unsure != (c.value == 0) {
			t.Errorf("%s: %+v; want %g", c.name, x, want)
		}
		if !strings.Contains(text, c.want) || (c.want == "") != (text == "") || len(text) > 400 || strings.Contains(text, "\x1b") {
			t.Errorf("%s: %q; want %q", c.name, text, c.want)
		}
	}
}

// TestGrantOfRates: requests are a second, whatever period they are listed for.
func TestGrantOfRates(t *testing.T) {
	for _, c := range []struct {
		of   Applied
		want float64 // 0 = refused
	}{
		{Applied{Value: 500}, 500}, {Applied{Value: 500, Unit: "Count/Second"}, 500}, {Applied{Value: 600, Unit: "Count", Period: time.Minute}, 10},
		{Applied{Value: 600, Unit: "None", Period: time.Hour}, 600. / 3600}, {Applied{Value: 600, Unit: "Count/Second", Period: time.Minute}, 0}, {Applied{Value: 5, Unit: "Gigabits/Second"}, 0},
	} {
		c.of.Code = "L-A2C80159"
		got, remarks := ListQuotas().Grant(readOf(c.of), []string{"cloudfront.rps"})
		if x := got.Find("cloudfront.rps"); x.Granted != (c.want > 0) || c.want > 0 && x.Value != c.want || (len(remarks) == 0) != x.Granted {
			t.Errorf("%+v: %+v, %q; want %g", c.of, x, remarks, c.want)
		}
	}
}

// TestEventFileGoesFirst: what the file says stays, and a difference is said.
func TestEventFileGoesFirst(t *testing.T) {
	list, err := ListQuotas().With(map[string]float64{"cloudfront.bps": 400e9, "cloudfront.rps": 1e6, "s3.get_rps": 11_000})
	if err != nil {
		t.Fatal(err)
	}
	got, remarks := list.Grant(readOf(Applied{Code: "L-0F1E9017", Value: 200, Unit: "None"}, Applied{Code: "L-A2C80159", Value: 1e6, Unit: "None"}), []string{"cloudfront.bps", "cloudfront.rps", "s3.get_rps"})
	if !reflect.DeepEqual(got, list) {
		t.Errorf("the file's values have changed: %+v", got.Find("cloudfront.bps"))
	}
	want := "quota cloudfront.bps: the event file says 400Gbps, Service Quotas of account 123456789012 in us-east-1 says 200Gbps; that of the event file is used"
	if len(remarks) != 1 || remarks[0] != want {
		t.Errorf("%q; want %q", remarks, want)
	}
}

// TestEntries: every place in Service Quotas can be found in only one way, and what it may have is converted.
func TestEntries(t *testing.T) {
	list := ListQuotas()
	seen, services := map[string]string{}, 0
	for i := range list {
		x := &list[i]
		if x.AWS == (Entry{}) {
			continue
		}
		services++
		if x.AWS.Service == "" || x.AWS.Name == "" {
			t.Errorf("%s: %+v; want a service and a name", x.Name, x.AWS)
		}
		for _, key := range []string{x.AWS.Code, x.AWS.Service + strings.ToLower(x.AWS.Name)} {
			if other := seen[key]; key != "" && other != "" {
				t.Errorf("%s and %s are both %s", other, x.Name, key)
			}
			seen[key] = x.Name
		}
		if value, err := x.convert(&Applied{Value: 1}); err != nil || value <= 0 {
			t.Errorf("%s: %g, %v; want a value without a unit to be understood", x.Name, value, err)
		}
	}
	if services < 15 {
		t.Errorf("%d quotas are known to Service Quotas; want more", services)
	}
	if got := list.Services([]string{"s3.get_rps", "lambda.concurrency", "cloudfront.rps", "cloudfront.bps", "nothing"}); !reflect.DeepEqual(got, []string{"cloudfront", "lambda"}) {
		t.Errorf("services %q", got)
	}
}

// FuzzGrant: whatever is listed, a value is in its range, and either it was granted or one clean line says
// why not.
func FuzzGrant(f *testing.F) {
	f.Add("L-0F1E9017", "Data transfer rate per distribution", "Gigabits/Second", "", 400., int64(0))
	f.Add("L-A2C80159", "", "None", "\x1b[2J\n", math.Inf(-1), int64(-1))
	f.Add("L-A2C80159", "requests per second per distribution", "count", "", 1e308, int64(1))
	f.Add("", "CHANNEL GROUPS", "", "", 5e-324, int64(math.MaxInt64))
	list := ListQuotas()
	var all []string
	for i := range list {
		all = append(all, list[i].Name)
	}
	f.Fuzz(func(t *testing.T, code, name, unit, failed string, value float64, period int64) {
		r := &Reading{Account: "123456789012", Regions: map[string]string{}}
		for _, service := range list.Services(all) {
			r.Regions[service] = "us-east-1"
			r.Applied = append(r.Applied, Applied{Service: service, Code: code, Name: name, Unit: unit, Failed: failed, Value: value, Period: time.Duration(period)})
		}
		got, remarks := list.Grant(r, all)
		granted := 0
		for i := range got {
			if !(got[i].Value > 0 && got[i].Value <= most) {
				t.Errorf("%s is %g", got[i].Name, got[i].Value)
			}
			if got[i].Granted {
				granted++
			} else if got[i].Value != list[i].Value {
				t.Errorf("%s is %g, and not granted", got[i].Name, got[i].Value)
			}
		}
		if granted+len(remarks) != len(all) {
			t.Errorf("%d granted and %d remarks of %d quotas", granted, len(remarks), len(all))
		}
		for _, text := range remarks {
			if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) || len(text) > 1000 {
				t.Errorf("remark %q", text)
			}
		}
	})
}
