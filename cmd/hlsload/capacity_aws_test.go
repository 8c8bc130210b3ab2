//go:build full

package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hlsload/capacity/answer"
	"hlsload/chaos/aws/awstest"
)

// TestCapacityWithGranted: what the file says goes before what was granted, and that before the default;
// each row says which it is.
func TestCapacityWithGranted(t *testing.T) {
	setCredentials(t)
	t.Setenv("AWS_REGION", "eu-west-1")
	a := awstest.New(nil)
	server := httptest.NewServer(a)
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	at := ", at " + strings.TrimPrefix(server.URL, "http://")
	a.AddQuota("us-east-1", "cloudfront", awstest.QuotaJSON("L-0F1E9017", "Data transfer rate per distribution", 400, "Gigabits/Second"))
	a.AddQuota("us-east-1", "cloudfront", awstest.QuotaJSON("L-A2C80159", "Requests per second per distribution", 500_000, "None"))
	capacity := func(text string, more ...string) (code int, stdout, stderr string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "event.yaml")
		text = "version: 1\nevent: {name: small, duration: 10m}\naudience: {curve: [{at: 0s, viewers: 0}, {at: 1m, viewers: 500}]}\nscenario: pipeline-kill\n" + text
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var out, said bytes.Buffer
		code = executeOn(t.Context(), network{}, append([]string{"capacity", file, "--aws"}, more...), &out, &said)
		return code, out.String(), said.String()
	}
	code, stdout, stderr := capacity("quotas: {cloudfront.rps: 1M/s}\n", "--json")
	var got answer.Answer
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, stderr)
	}
	for _, want := range []struct {
		name    string
		limit   float64
		granted bool
		source  string
	}{
		{"cloudfront.bps", 400e9, true, "granted to account 123456789012 in us-east-1" + at},
		{"cloudfront.rps", 1e6, true, "event file"},
		{"s3.get_rps", 5500, false, "default: S3 User Guide performance; http-5xx-errors-s3"},
	} {
		found := false
		for _, q := range got.Quotas {
			if q.Name == want.name {
				found = true
				if q.Limit != want.limit || q.Granted != want.granted || q.Source != want.source || (q.Seen == "") != (q.Source == "event file") {
					t.Errorf("%+v; want %+v", q, want)
				}
			}
		}
		if !found {
			t.Errorf("no row of %s", want.name)
		}
	}
	for _, line := range []string{
		"Service Quotas: account 123456789012, cloudfront in us-east-1" + at + "\n",
		"warning: quota cloudfront.rps: the event file says 1000000/s, Service Quotas of account 123456789012 in us-east-1" + at + " says 500000/s; that of the event file is used\n",
		"warning: quota s3.get_rps: Service Quotas has no such quota, as far as is known; the default is used\n",
	} {
		if !strings.Contains(stderr, line) {
			t.Errorf("it does not say %q: %s", line, stderr)
		}
	}
	for _, q := range a.Requests() {
		if q.Mutates || strings.Contains(q.Body+q.Query, "planted") {
			t.Errorf("sent %+v", q)
		}
	}
	// Nothing is simulated when it cannot be read.
	a.AnswerQuotas("cloudfront", "\x1b[2J{")
	code, stdout, stderr = capacity("")
	if code != exitUsage || stdout != "" || !strings.HasPrefix(stderr, "hlsload: --aws: quotas of cloudfront in us-east-1: ") || strings.Contains(stderr, "simulation") || strings.Contains(stderr, "\x1b") || strings.Contains(stderr, "planted") {
		t.Errorf("exit %d: %s%q", code, stdout, stderr)
	}
}
