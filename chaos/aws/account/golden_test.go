package account

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
)

var update = flag.Bool("update", false, "rewrite the requests in testdata")

// recorder writes down the requests that change something, as the SDK makes
// them.
type recorder struct {
	*awstest.Account
	mu   sync.Mutex
	text strings.Builder
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Method != http.MethodGet && q.Method != http.MethodHead && !strings.HasPrefix(q.URL.Host, "sts.") {
		var body []byte
		if q.Body != nil {
			body, _ = io.ReadAll(q.Body)
			q.Body = io.NopCloser(bytes.NewReader(body))
			var tags map[string]any
			if bytes.Contains(body, []byte(`ags":{`)) && json.Unmarshal(body, &tags) == nil { // the SDK has them in any order
				body, _ = json.Marshal(tags)
			}
		}
		r.mu.Lock()
		fmt.Fprintf(&r.text, "%s %s%s", q.Method, q.URL.Host, q.URL.EscapedPath())
		if q.URL.RawQuery != "" {
			fmt.Fprintf(&r.text, "?%s", q.URL.RawQuery)
		}
		r.text.WriteByte('\n')
		for _, name := range []string{"If-Match", "X-Amz-Copy-Source", "X-Amz-Expected-Bucket-Owner", "Cache-Control", "Content-Type"} {
			if v := q.Header.Get(name); v != "" {
				fmt.Fprintf(&r.text, "%s: %s\n", name, v)
			}
		}
		fmt.Fprintf(&r.text, "\n%s\n\n", bytes.TrimRight(body, "\n"))
		r.mu.Unlock()
	}
	return r.Account.RoundTrip(q)
}

// What every fault and its undo ask AWS for, byte for byte but for the order of tags, is
// in testdata: a new version of the SDK that writes something else does not pass unseen.
func TestRequests(t *testing.T) {
	for _, f := range all() {
		t.Run(f.Name, func(t *testing.T) {
			var got string
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, f)
				rec := &recorder{Account: w.Account}
				a, err := Open(t.Context(), w.cfg, Options{Transport: rec})
				if err != nil {
					t.Fatal(err)
				}
				r := w.run(t, "0a1b2c3d")
				applier := aws.New(aws.Config{AWS: w.cfg, Drivers: a.Drivers, Run: "0a1b2c3d", Journal: r.journal})
				if err := applier.Apply(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				rec.text.WriteString("--- undo\n\n")
				time.Sleep(f.For)
				if err := applier.Undo(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				if err := applier.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
				got = rec.text.String()
			})
			same(t, filepath.Join("testdata", "requests", f.Name+".txt"), got)
		})
	}
}

// The plan of everything that can be done, as people read it.
func TestPlan(t *testing.T) {
	for file, list := range map[string][]*chaos.Fault{"plan.txt": every(), "plan-packaged.txt": packaged()} {
		testPlan(t, file, list)
	}
}

func testPlan(t *testing.T, file string, list []*chaos.Fault) {
	w := &world{}
	synctest.Test(t, func(t *testing.T) { w = worldFor(t, list...) })
	var faults []chaos.Fault
	for _, f := range list {
		faults = append(faults, *f)
	}
	p := aws.NewPlan(w.cfg, faults, Describe(w.cfg), Calls())
	same(t, filepath.Join("testdata", file), p.Text+"\n"+p.Policy+"\n"+p.Role+"\n"+strings.Join(p.Remarks, "\n")+"\n")
	if again := aws.NewPlan(w.cfg, faults, Describe(w.cfg), Calls()); again.Hash != p.Hash || len(p.Hash) != 12 {
		t.Errorf("hashes %s and %s", p.Hash, again.Hash)
	}
	faults[0].For++
	if other := aws.NewPlan(w.cfg, faults, Describe(w.cfg), Calls()); other.Hash == p.Hash {
		t.Error("another plan has the same hash")
	}
}

// The policy of a plan allows every request that the faults really make.
func TestPolicyIsEnough(t *testing.T) {
	for _, f := range all() {
		synctest.Test(t, func(t *testing.T) {
			w := worldFor(t, f)
			p := aws.NewPlan(w.cfg, []chaos.Fault{*f}, Describe(w.cfg), Calls())
			r := w.run(t, "0a1b2c3d")
			if _, err := w.open(t).Guard(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.apply(t.Context(), 0, f); err != nil {
				t.Fatal(err)
			}
			eventually(t, r.Look, f)
			if err := r.Undo(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			eventually(t, r.LookUndone, f)
			_ = r.Tidy(t.Context())
			for _, q := range w.Requests() {
				if action := q.Service + ":" + permission(q); !strings.Contains(p.Policy, `"`+action+`"`) {
					t.Errorf("%s: %s is not allowed by\n%s", f.Name, action, p.Policy)
				}
			}
		})
	}
}

// permission is what IAM calls an operation.
func permission(q awstest.Request) string {
	switch {
	case q.Service != "s3":
		return q.Op
	case q.Op == "DeleteObject" && strings.Contains(q.Query, "versionId="):
		return "DeleteObjectVersion"
	}
	switch q.Op {
	case "HeadObject":
		return "GetObject"
	case "CopyObject":
		return "PutObject"
	case "ListObjectsV2":
		return "ListBucket"
	case "ListObjectVersions":
		return "ListBucketVersions"
	}
	return q.Op
}

func same(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run with -update and review it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", file, difference(string(want), got))
	}
}
