package system

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be another process, which tries to lock a file.
func TestMain(m *testing.M) {
	if name := os.Getenv("HLSLOAD_TEST_LOCK"); name != "" {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
		if err == nil {
			err = Lock(f)
		}
		if err == nil {
			_, err = f.WriteString("by the other\n")
		}
		fmt.Print(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLock: one process at a time has a file; others can read it meanwhile, and it is free
// once it is closed.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "journal")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Lock(f); err != nil {
		t.Fatal(err)
	}
	other := func() string {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "HLSLOAD_TEST_LOCK="+name)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	if got := other(); got != ErrLocked.Error() {
		t.Errorf("another process gets %s; want %v", got, ErrLocked)
	}
	if _, err := f.WriteString("by the first\n"); err != nil {
		t.Fatal(err)
	}
	if err := Empty(f); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("again\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "again\n" {
		t.Errorf("got %q, %v", got, err)
	}
	f.Close()
	if got := other(); got != "<nil>" {
		t.Errorf("once it is closed another process gets %s", got)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "again\nby the other\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSyncDir(t *testing.T) {
	if err := SyncDir(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := SyncDir(filepath.Join(t.TempDir(), "nowhere")); err == nil && runtime.GOOS != "windows" {
		t.Error("a folder that is not there is synced")
	}
}

// TestRemoved: nothing is left of the file, also after what went wrong.
func TestRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	f, remove, err := Removed("said-*")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "hello")
	if got, err := io.ReadAll(io.NewSectionReader(f, 0, 100)); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	remove()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestUsed: what this process has used is known, and grows.
func TestUsed(t *testing.T) {
	before := CPUTime()
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
		_ = strings.Repeat("x", 1000)
	}
	if used := CPUTime() - before; used <= 0 || used > time.Minute {
		t.Errorf("%v of CPU time", used)
	}
	if peak := PeakMemory(); peak < 1<<20 || peak > 1<<36 {
		t.Errorf("%d bytes of memory at the peak", peak)
	}
	files := OpenFiles()
	var open []*os.File
	for range 20 {
		f, err := os.Open(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		open = append(open, f)
	}
	if more := OpenFiles() - files; more < 20 {
		t.Errorf("%d more files are open; want %d", more, len(open))
	}
	if n := MaxFiles(); n < 100 {
		t.Errorf("%d files may be open", n)
	}
}

// TestCauses are those of real connections.
func TestCauses(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	if _, err := w.WriteString("x"); !IsClosedPipe(err) || IsRefused(err) || IsExhausted(err) {
		t.Errorf("%v is no closed pipe", err)
	}
	if IsClosedPipe(nil) || IsReset(errors.New("reset")) {
		t.Error("no cause is one")
	}
}

// TestLimits: every system but Linux lacks something, and what it is stands there once.
func TestLimits(t *testing.T) {
	if all := Limits("linux"); len(all) != 0 {
		t.Errorf("Linux lacks %v", all)
	}
	for _, goos := range []string{"darwin", "windows"} {
		seen := map[string]bool{}
		for _, l := range Limits(goos) {
			if seen[l.What] || l.Instead == "" {
				t.Errorf("%s: %+v", goos, l)
			}
			seen[l.What] = true
		}
		if len(seen) < 5 {
			t.Errorf("%s lacks %d things", goos, len(seen))
		}
	}
}
