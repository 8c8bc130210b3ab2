package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// deep is a journal with faults on AWS of several calls, and one of a program,
// all of them left.
func deep(t *testing.T) (path string, lines [][]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id := range 3 {
		f := chaos.NewFault(fmt.Sprintf("f%d", id), chaos.PlaylistDelete)
		f.Via, f.Occurrence = chaos.ViaAWS, 1
		if err := j.Record(conduct.Step{Type: conduct.StepApply, ID: id, Fault: &f}); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 2; n++ {
			c := Call{N: n, Run: "0a1b2c3d", Service: "s3", Op: "deny", Change: fmt.Appendf(nil, `{"key":"live/f%d-%d"}`, id, n)}
			if err := errors.Join(j.Call(&f, c), j.Called(&f, c, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Record(conduct.Step{Type: conduct.StepApplied, ID: id, Fault: &f}); err != nil {
			t.Fatal(err)
		}
	}
	p := step(3, conduct.StepApply, chaos.Command, chaos.ViaCommand, "")
	err = errors.Join(j.Record(p), j.Record(conduct.Step{Type: conduct.StepApplied, ID: 3, Fault: p.Fault}), j.Close())
	text, _ := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// tells is what a line says has to be undone; "" = nothing.
func tells(line []byte) string {
	l, err := decode(bytes.TrimSpace(line))
	switch {
	case err != nil:
		return ""
	case l.Step == StepCall:
		return string(l.Call.Change)
	case l.Via == chaos.ViaCommand:
		return strings.Join(l.Stop, " ")
	}
	return ""
}

// undone is what an undo of the journal undoes.
func undoneBy(t *testing.T, path string) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	_, _ = Undo(t.Context(), path, map[chaos.Via]Undoer{
		chaos.ViaCommand: func(_ context.Context, l Line) error { got[strings.Join(l.Stop, " ")] = true; return nil },
		chaos.ViaAWS: func(_ context.Context, l Line) error {
			for _, c := range l.Calls {
				got[string(c.Change)] = true
			}
			return nil
		},
	})
	return got
}

// Whatever becomes of some bytes of a journal, what the lines that are whole
// tell is undone, and nothing that was never written.
func TestUndoWhateverIsDamaged(t *testing.T) {
	path, lines := deep(t)
	text := bytes.Join(lines, nil)
	text = append(text, '\n')
	everything := map[string]bool{}
	for _, l := range lines {
		if what := tells(l); what != "" {
			everything[what] = true
		}
	}
	if len(everything) != 7 {
		t.Fatalf("the journal tells of %v", everything)
	}
	try := func(what string, from, to int, with []byte) {
		t.Helper()
		damaged := slices.Concat(text[:from], with, text[to:])
		want := map[string]bool{}
		at := 0
		for _, l := range lines {
			body := len(bytes.TrimRight(l, "\n"))
			if whole := at+body <= from || at >= to; whole && tells(l) != "" {
				want[tells(l)] = true
			}
			at += len(l)
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got := undoneBy(t, path)
		for w := range want {
			if !got[w] {
				t.Errorf("%s: not undone: %s", what, w)
			}
		}
		for g := range got {
			if !everything[g] {
				t.Errorf("%s: undone though it never was done: %s", what, g)
			}
		}
		if again := undoneBy(t, path); len(again) > 0 {
			t.Errorf("%s: undone twice: %v", what, slices.Collect(maps.Keys(again)))
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	at := 0
	for i, l := range lines {
		try(fmt.Sprintf("line %d is gone", i+1), at, at+len(l), nil)
		try(fmt.Sprintf("the end of line %d", i+1), at+len(l)-1, min(at+len(l), len(text)), []byte("x"))
		try(fmt.Sprintf("line %d is zeros", i+1), at, at+len(l), bytes.Repeat([]byte{0}, len(l)))
		at += len(l)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		from := random.IntN(len(text))
		to := min(len(text), from+random.IntN(1<<random.IntN(9)))
		with := make([]byte, random.IntN(2)*(to-from)+random.IntN(3))
		for i := range with {
			with[i] = byte(random.IntN(256))
		}
		try(fmt.Sprintf("bytes %d to %d are %q", from, to, with), from, to, with)
	}
}

// One bit that changes a name within a line is damage, though it still is JSON.
func TestDamageWithinAText(t *testing.T) {
	path, lines := deep(t)
	text := bytes.Replace(bytes.Join(lines, nil), []byte("live/f0-1"), []byte("live/g0-1"), 1)
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "line 3: damaged") {
		t.Errorf("got %v", err)
	}
	if got := undoneBy(t, path); len(got) != 6 || got[`{"key":"live/g0-1"}`] {
		t.Errorf("undone %v", got)
	}
}

// A journal of a later version may mean something else by the same words.
func TestNewerFormat(t *testing.T) {
	path, lines := deep(t)
	l, _ := decode(bytes.TrimSpace(lines[1]))
	text, _ := l.encode()
	text = bytes.Replace(text, []byte(`{"format":2`), []byte(`{"format":3`), 1)
	body := text[:bytes.LastIndex(text, sum)]
	newer := fmt.Appendf(slices.Clone(body), `,"crc":"%08x"}`+"\n", checksum(body))
	if err := os.WriteFile(path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "journal of a newer format (got format 3; want at most 2: use the hlsload that wrote it, or a newer one)"
	if done, err := Undo(t.Context(), path, nil); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), want) || len(done.Items) != 0 {
		t.Errorf("undo: got %v", err)
	}
	if _, err := Create(path, nil); !errors.Is(err, ErrNewer) {
		t.Errorf("create: got %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, newer) {
		t.Error("the journal was written to")
	}
}

// A journal from before formats had numbers is undone as ever.
func TestFormerFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	text := `{"time":"2026-01-01T00:00:00Z","t_ms":0,"step":"apply","id":0,"name":"f","occurrence":1,"fault":"playlist.freeze","via":"aws"}
{"time":"2026-01-01T00:00:01Z","t_ms":0,"step":"call","id":-1,"name":"f","occurrence":1,"fault":"playlist.freeze","via":"aws","call":{"n":1,"run":"0a1b2c3d","account":"1","region":"r","service":"s3","op":"deny","target":"t","change":{"sid":"x"}}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := undoneBy(t, path); !got[`{"sid":"x"}`] {
		t.Errorf("undone %v", got)
	}
	if got := undoneBy(t, path); len(got) > 0 {
		t.Errorf("undone again: %v", got)
	}
}

// An undo that fails because the run goes on names its process.
func TestBusyNamesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	host, _ := os.Hostname()
	want := fmt.Sprintf("stop process %d on %s first", os.Getpid(), host)
	if _, err := Undo(t.Context(), path, nil); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "hlsload sweep --yes") {
		t.Errorf("got %v; want %s", err, want)
	}
}
