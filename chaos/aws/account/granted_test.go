package account

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos/aws/awstest"
)

// listed is an account whose quotas of CloudFront are listed in us-east-1, and of MediaPackage where it is.
func listed(t *testing.T) *awstest.Account {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "planted-secret-key", "AWS_SESSION_TOKEN": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_ENDPOINT_URL": ""} {
		t.Setenv(name, value)
	}
	a := awstest.New(nil)
	a.AddQuota("us-east-1", "cloudfront", awstest.QuotaJSON("L-AAAAAAAA", "Distributions", 200, "None"))
	a.AddQuota("us-east-1", "cloudfront", awstest.QuotaJSON("L-A2C80159", "Requests per second per distribution", 500_000, "None"))
	a.AddQuota("us-east-1", "cloudfront", awstest.QuotaJSON("L-0F1E9017", "Data transfer rate per distribution", 400, "Gigabits/Second"))
	a.AddQuota("eu-west-1", "mediapackagev2", awstest.QuotaJSON("L-A7040149", "Channel Groups", 7, "None"))
	return a
}

func find(r *tariff.Reading, code string) *tariff.Applied {
	for i := range r.Applied {
		if r.Applied[i].Code == code {
			return &r.Applied[i]
		}
	}
	return &tariff.Applied{}
}

// TestGranted reads the lists of two services where they are, in pages of any size, and nothing else.
func TestGranted(t *testing.T) {
	for _, page := range []int{0, 1, 2} {
		a := listed(t)
		a.PageQuotas(page)
		r, err := Granted(t.Context(), Options{Transport: a, Now: func() time.Time { return time.Unix(1e9, 0) }}, []string{"cloudfront", "mediapackagev2"})
		if err != nil {
			t.Fatal(err)
		}
		if r.Account != a.ID || r.Seen.Unix() != 1e9 || r.Server != "" || r.Regions["cloudfront"] != "us-east-1" || r.Regions["mediapackagev2"] != "eu-west-1" || len(r.Applied) != 4 {
			t.Errorf("pages of %d: %+v", page, r)
		}
		if x := find(r, "L-0F1E9017"); x.Value != 400 || x.Unit != "Gigabits/Second" || x.Service != "cloudfront" || x.Name != "Data transfer rate per distribution" {
			t.Errorf("pages of %d: %+v", page, x)
		}
		for _, q := range a.Requests() {
			if q.Op != "GetCallerIdentity" && q.Op != "ListServiceQuotas" {
				t.Errorf("sent %s %s; want to read quotas only", q.Service, q.Op)
			}
		}
	}
}

// TestGrantedValues: whatever a list says comes through as it is, or is an error.
func TestGrantedValues(t *testing.T) {
	for object, want := range map[string]tariff.Applied{
		`{"QuotaCode": "L-A2C80159"}`: {Value: math.NaN()},
		`{"QuotaCode": "L-A2C80159", "Value": -5, "Unit": "None", "Period": {"PeriodUnit": "MINUTE", "PeriodValue": 5}}`:    {Value: -5, Unit: "None", Period: 5 * time.Minute},
		`{"QuotaCode": "L-A2C80159", "Value": 5, "Period": {"PeriodUnit": "FORTNIGHT", "PeriodValue": 1}}`:                  {Value: 5, Period: -1},
		`{"QuotaCode": "L-A2C80159", "Value": 5, "Period": {"PeriodUnit": "WEEK", "PeriodValue": 2147483647}}`:              {Value: 5, Period: -1},
		`{"QuotaCode": "L-A2C80159", "Value": "NaN"}`:                                                                       {Value: math.NaN()},
		`{"QuotaCode": "L-A2C80159", "Value": "Infinity"}`:                                                                  {Value: math.Inf(1)},
		`{"QuotaCode": "L-A2C80159", "ErrorReason": {"ErrorCode": "DEPENDENCY_ACCESS_DENIED_ERROR", "ErrorMessage": "no"}}`: {Value: math.NaN(), Failed: "DEPENDENCY_ACCESS_DENIED_ERROR no"},
	} {
		a := listed(t)
		a.AnswerQuotas("cloudfront", `{"Quotas": [`+object+`]}`)
		r, err := Granted(t.Context(), Options{Transport: a}, []string{"cloudfront"})
		if err != nil {
			t.Errorf("%s: %v", object, err)
			continue
		}
		got := *find(r, "L-A2C80159")
		if math.IsNaN(want.Value) && math.IsNaN(got.Value) {
			want.Value, got.Value = 0, 0
		}
		if want.Service, want.Code = "cloudfront", "L-A2C80159"; got != want {
			t.Errorf("%s: %+v; want %+v", object, got, want)
		}
		if _, remarks := tariff.ListQuotas().Grant(r, []string{"cloudfront.rps"}); len(remarks) != 1 {
			t.Errorf("%s: granted, %q; want a remark and the default", object, remarks)
		}
	}
}

// slow answers after a while, or when the request is given up.
type slow struct {
	*awstest.Account
	takes time.Duration
	calls int
}

func (s *slow) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Header.Get("X-Amz-Target") != "" {
		s.calls++
		select {
		case <-time.After(s.takes):
		case <-q.Context().Done():
			return nil, q.Context().Err()
		}
	}
	return s.Account.RoundTrip(q)
}

// endless has a body that never ends.
type endless struct{ *awstest.Account }

func (e endless) RoundTrip(q *http.Request) (*http.Response, error) {
	res, err := e.Account.RoundTrip(q)
	if err == nil && q.Header.Get("X-Amz-Target") != "" {
		res.Body, res.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"Quotas": [`), zeros{})), -1
	}
	return res, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestGrantedErrors: what cannot be read is an error that says why, soon, and never a value.
func TestGrantedErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(a *awstest.Account) http.RoundTripper // nil = the account
		of    string
		want  string
		limit time.Duration // of the time that it takes
	}{
		{"no such service", func(a *awstest.Account) http.RoundTripper { return nil }, "lambda", "quotas of lambda in eu-west-1: Service Quotas ListServiceQuotas: NoSuchResourceException: The request failed", 0},
		{"denied", func(a *awstest.Account) http.RoundTripper {
			a.Mishap = func(q awstest.Request) awstest.Mishap {
				if q.Service == "servicequotas" {
					return awstest.Denied
				}
				return awstest.Nothing
			}
			return nil
		}, "cloudfront", "(want a role that may servicequotas:ListServiceQuotas)", 0},
		{"expired", func(a *awstest.Account) http.RoundTripper {
			a.Mishap = func(awstest.Request) awstest.Mishap { return awstest.Expired }
			return nil
		}, "cloudfront", "identify the caller on AWS: ", 0},
		{"throttled", func(a *awstest.Account) http.RoundTripper {
			a.Mishap = func(q awstest.Request) awstest.Mishap {
				if q.Service == "servicequotas" {
					return awstest.Throttled
				}
				return awstest.Nothing
			}
			return nil
		}, "cloudfront", "TooManyRequestsException: Rate exceeded", grantedTime},
		{"garbage", func(a *awstest.Account) http.RoundTripper { a.AnswerQuotas("cloudfront", "<html>\x1b[2J"); return nil }, "cloudfront", "quotas of cloudfront in us-east-1: ", grantedTime},
		{"a number too large for a float", func(a *awstest.Account) http.RoundTripper {
			a.AnswerQuotas("cloudfront", `{"Quotas": [{"QuotaCode": "L-0F1E9017", "Value": 1e400}]}`)
			return nil
		}, "cloudfront", "quotas of cloudfront in us-east-1: ", grantedTime},
		{"pages without an end", func(a *awstest.Account) http.RoundTripper { a.PageQuotas(-1); return nil }, "cloudfront", "too many pages (got 50, and more to come)", 0},
		{"an answer without an end", func(a *awstest.Account) http.RoundTripper { return endless{a} }, "cloudfront", "the answer is too large", grantedTime},
		{"no answer", func(a *awstest.Account) http.RoundTripper { return &slow{a, time.Hour, 0} }, "cloudfront", "quotas of cloudfront in us-east-1: no answer from AWS within 15s, several times", grantedTime},
		{"another account's answer", func(a *awstest.Account) http.RoundTripper { a.ID = "12345"; return nil }, "cloudfront", `no account (got "12345"; want twelve digits)`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := listed(t)
			synctest.Test(t, func(t *testing.T) {
				on := c.do(a)
				if on == nil {
					on = a
				}
				began := time.Now()
				r, err := Granted(t.Context(), Options{Transport: on}, []string{c.of})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%+v, %v; want an error with %q", r, err, c.want)
				}
				if took := time.Since(began); took > c.limit {
					t.Errorf("it took %v; want at most %v", took, c.limit)
				}
				if n := len(a.Requests()); n > 1+maxPages {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// TestGrantedRetries: one that is throttled, or slow, is asked for again.
func TestGrantedRetries(t *testing.T) {
	a := listed(t)
	n := 0
	a.Mishap = func(q awstest.Request) awstest.Mishap {
		if q.Service == "servicequotas" {
			if n++; n == 1 {
				return awstest.Throttled
			}
		}
		return awstest.Nothing
	}
	synctest.Test(t, func(t *testing.T) {
		if r, err := Granted(t.Context(), Options{Transport: a}, []string{"cloudfront"}); err != nil || len(r.Applied) != 3 || n != 2 {
			t.Errorf("%+v, %v after %d requests", r, err, n)
		}
	})
}

// TestGrantedNeeds a region and credentials, and stops when it is told to.
func TestGrantedNeeds(t *testing.T) {
	a := listed(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := Granted(ctx, Options{Transport: a}, []string{"cloudfront"}); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("%v; want to be stopped", err)
	}
	t.Setenv("AWS_REGION", "")
	if _, err := Granted(t.Context(), Options{Transport: a}, []string{"mediapackagev2"}); err == nil || !strings.Contains(err.Error(), "quotas of mediapackagev2: no region (want AWS_REGION") {
		t.Errorf("%v; want a region", err)
	}
	if r, err := Granted(t.Context(), Options{Transport: a}, []string{"cloudfront"}); err != nil || len(r.Applied) != 3 {
		t.Errorf("%+v, %v; CloudFront has no region", r, err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
	if r, err := Granted(t.Context(), Options{Transport: a}, []string{"cloudfront"}); err != nil || r.Server != "127.0.0.1:4566" {
		t.Errorf("%+v, %v; want the server that answered", r, err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := Granted(t.Context(), Options{Transport: a}, []string{"cloudfront"}); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("%v; want credentials", err)
	}
}
