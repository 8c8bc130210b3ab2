package scenarios

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestShippedScenariosAreValid(t *testing.T) {
	want := []string{"error-caching", "event-end", "kickoff", "origin-5xx", "pipeline-kill", "pipeline-kill-no-invalidator", "playlist-freeze", "segment-404", "single-pipeline", "soak", "soak-hard", "aws/pipeline-failover"}
	if got := strings.Join(Names(), " "); got != strings.Join(want, " ") {
		t.Errorf("names %s; want %s", got, strings.Join(want, " "))
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			src, err := Open(name)
			if err != nil {
				t.Fatal(err)
			}
			sc, err := Load(src)
			if err != nil {
				t.Fatal(err)
			}
			if sc.Name != path.Base(name) {
				t.Errorf("name %q; want that of the file", sc.Name)
			}
			if !strings.HasPrefix(string(src.Data), "# ") || sc.Description.Raw == "" {
				t.Error("no opening comment or no description")
			}
			if len(sc.Expect) < 3 {
				t.Errorf("%d expectations; want what the comment promises", len(sc.Expect))
			}
			if sc.Duration > 2*time.Minute && !strings.HasPrefix(name, "soak") && sc.Target.Rig != nil || sc.Fleet.Audience.Peak() > 1000 {
				t.Errorf("%v, %d players; want what a laptop carries", sc.Duration, sc.Fleet.Audience.Peak())
			}
		})
	}
}

// TestPlan compares the text of plan for every shipped scenario.
func TestPlan(t *testing.T) {
	for _, name := range Names() {
		src, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := Load(src)
		if err != nil {
			t.Fatal(err)
		}
		expected(t, filepath.Join("testdata", "plan", strings.ReplaceAll(name, "/", "-")+".txt"), sc.Plan())
	}
}

// TestPlanOfURL has every way to apply a fault, and a secret in a URL, a
// header and a command.
func TestPlanOfURL(t *testing.T) {
	sc, err := Load(sourceOf(t, "testdata/good/url.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	plan := sc.Plan()
	if strings.Contains(plan, "s3cr3t") || !strings.Contains(plan, "${TOKEN}") {
		t.Error("an environment value shows, or its reference does not")
	}
	expected(t, "testdata/plan/url.txt", plan)
	if sc, err = Load(sourceOf(t, "testdata/good/authorized.yaml")); err != nil {
		t.Fatal(err)
	}
	plan = sc.Plan()
	if strings.Contains(plan, "abcdef") || strings.Contains(plan, "opaque-thing") {
		t.Errorf("a secret shows:\n%s", plan)
	}
	expected(t, "testdata/plan/authorized.txt", plan)
	for host, want := range map[string]bool{"edge.example.com": true, "segments.example.net": true, "a.cdn.example.com": true, "cdn.example.com": false, "example.com": false} {
		if got := sc.Consents(host); got != want {
			t.Errorf("consent for %s: %v", host, got)
		}
	}
}

// TestPlanOfContent has everything that the channel can carry.
func TestPlanOfContent(t *testing.T) {
	for _, name := range []string{"content", "vod"} {
		expected(t, "testdata/plan/"+name+".txt", load(t, "testdata/good/"+name+".yaml").Plan())
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	text := "version: 1\nname: mine\nfleet: {cohorts: [{network: {trace: train.csv}}]}\n"
	for name, data := range map[string]string{file: text, filepath.Join(dir, "train.csv"): "0,1000000\n10,3000000\n"} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(sc.Fleet.Audience.Cohorts[0].Network.Trace); n != 2 {
		t.Errorf("%d trace points; want 2", n)
	}
	for _, c := range []struct{ name, file, note string }{
		{"soak", "soak.yaml", ""},
		{"soak.yaml", "soak.yaml", ""}, // the file is here
		{"scenarios/soak.yaml", "soak.yaml", "there is no file scenarios/soak.yaml: taking the scenario soak that ships"},
		{"./scenarios/aws/pipeline-failover.yaml", "aws/pipeline-failover.yaml", "taking the scenario aws/pipeline-failover that ships"},
		{"pipeline-failover.yaml", "aws/pipeline-failover.yaml", "taking the scenario aws/pipeline-failover that ships"},
	} {
		if src, err := Open(c.name); err != nil || src.File != c.file || !strings.Contains(src.Note, c.note) || c.note == "" && src.Note != "" {
			t.Errorf("Open(%q): file %q, note %q, %v; want file %q, note %q", c.name, src.File, src.Note, err, c.file, c.note)
		}
	}
	for name, want := range map[string]string{
		"pipeline-kil":                      "did you mean pipeline-kill?",
		filepath.Join(dir, "soaq.yaml"):     "did you mean soak?",
		filepath.Join(dir, "nothing", "x"):  "no such scenario",
		"../scenarios/pipeline-kill/../etc": "no such scenario",
		dir:                                 "reading the scenario",
		"":                                  "no such scenario",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v; want an error with %q", name, err, want)
		}
	}
}

func TestOpenStopsReadingAtTheLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(file, make([]byte, MaxBytes+1000), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(src.Data) != MaxBytes+1 {
		t.Errorf("read %d bytes; want one over the limit", len(src.Data))
	}
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("error %v; want that the scenario is too large", err)
	}
}
