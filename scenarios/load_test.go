package scenarios

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the expected messages in testdata")

// environment is what the tests' files may refer to.
func environment(name string) (string, bool) {
	v, ok := map[string]string{
		"TOKEN": "s3cr3t-value", "EMPTY": "", "PLAYERS": "250", "HOST": "edge.example.com", "SHORT_DURATION": "20s", "NOT_A_NUMBER": "s3cr3t-players",
	}[name]
	return v, ok
}

// sourceOf reads a test file. Lines "# set: path=value", "# flag: name=value"
// and "# env: HLSLOAD_X=value" at its top are overrides.
func sourceOf(t testing.TB, file string) Source {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	src := Source{File: filepath.Base(file), Data: data, Getenv: environment, ReadFile: func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(filepath.Dir(file), name))
	}}
	src.Now = func() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if arg, ok := strings.CutPrefix(line, "# set: "); ok {
			o, err := Set(arg)
			if err != nil {
				t.Fatal(err)
			}
			src.Overrides = append(src.Overrides, o)
		}
		if arg, ok := strings.CutPrefix(line, "# flag: "); ok {
			name, val, _ := strings.Cut(arg, "=")
			o, err := Flag(name, val)
			if err != nil {
				t.Fatal(err)
			}
			src.Overrides = append(src.Overrides, o)
		}
		if arg, ok := strings.CutPrefix(line, "# env: "); ok {
			name, val, _ := strings.Cut(arg, "=")
			src.Overrides = append(src.Overrides, FromEnv(func(n string) (string, bool) { return val, n == name })...)
		}
	}
	return src
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	return list
}

// TestBad holds every mistake against the exact messages that it must cause.
func TestBad(t *testing.T) {
	for _, file := range files(t, "testdata/bad/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			sc, err := Load(sourceOf(t, file))
			if err == nil {
				t.Fatalf("loaded %q; want problems", sc.Name)
			}
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("error %T %v; want Problems", err, err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("an environment value shows:\n%s", got)
			}
			expected(t, strings.TrimSuffix(file, ".yaml")+".txt", got)
		})
	}
}

// expected compares with a file, or rewrites it.
func expected(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing; run with -update and review it", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
	}
}
