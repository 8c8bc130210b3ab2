package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// run writes the steps of a run that ended there.
func run(t *testing.T, path string, steps ...conduct.Step) {
	t.Helper()
	j, err := Create(path, func(s string) string { return strings.ReplaceAll(s, "hunter2", "${TOKEN}") })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if err := j.Record(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func step(id int, what conduct.StepType, kind chaos.Kind, via chaos.Via, err string) conduct.Step {
	f := chaos.NewFault("f"+string(rune('0'+id)), kind)
	f.Via, f.Occurrence, f.Pipeline = via, 1, 0
	f.StartCommand, f.StopCommand = []string{"start", "hunter2"}, []string{"stop", "--token=hunter2"}
	return conduct.Step{At: 1500 * time.Millisecond, Type: what, ID: id, Fault: &f, Err: err}
}

// crashed is what a run leaves that died with four faults open.
var crashed = []conduct.Step{
	step(0, conduct.StepApply, chaos.PipelineKill, chaos.ViaRig, ""),
	step(0, conduct.StepApplied, chaos.PipelineKill, chaos.ViaRig, ""),
	step(1, conduct.StepApply, chaos.Command, chaos.ViaCommand, ""),
	step(1, conduct.StepApplied, chaos.Command, chaos.ViaCommand, "half of it with hunter2"),
	step(2, conduct.StepApply, chaos.Command, chaos.ViaCommand, ""),
	step(2, conduct.StepApplied, chaos.Command, chaos.ViaCommand, ""),
	step(2, conduct.StepUndo, chaos.Command, chaos.ViaCommand, ""),
	step(2, conduct.StepUndone, chaos.Command, chaos.ViaCommand, ""), // is undone
	step(3, conduct.StepApply, chaos.EdgeFlush, chaos.ViaRig, ""),    // has nothing to undo
	step(4, conduct.StepApply, chaos.HTTPStatus, chaos.ViaViewer, ""),
	step(5, conduct.StepApply, chaos.Command, chaos.ViaCommand, ""),
	step(5, conduct.StepUndone, chaos.Command, chaos.ViaCommand, "exit status 1"), // was tried
}

// undoing notes which stop programs are asked for.
func undoing(asked *[]string, fail string) map[chaos.Via]Undoer {
	return map[chaos.Via]Undoer{chaos.ViaCommand: func(_ context.Context, l Line) error {
		*asked = append(*asked, l.Name+": "+strings.Join(l.Stop, " "))
		if l.Name == fail {
			return errors.New("still busy")
		}
		return nil
	}}
}

func TestUndo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	run(t, path, crashed...)
	text, _ := os.ReadFile(path)
	if strings.Contains(string(text), "hunter2") {
		t.Error("a secret was written")
	}
	var asked []string
	report, err := Undo(t.Context(), path, undoing(&asked, "f1"))
	if err == nil || err.Error() != "undo f1: still busy" {
		t.Errorf("error %v", err)
	}
	// The last one first; f1 fails and does not keep f0 from being undone.
	if want := []string{"f5: stop --token=${TOKEN}", "f1: stop --token=${TOKEN}"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	var actions []string
	for _, item := range report.Items {
		actions = append(actions, item.Line.Name+" "+item.Action)
	}
	want := []string{"f5 undone via command", "f4 nothing to do: the players ended with their process",
		"f1 undone via command", "f0 nothing to do: the embedded rig ended with its process"}
	if !slices.Equal(actions, want) {
		t.Errorf("actions %q, want %q", actions, want)
	}
	asked = nil
	if report, err = Undo(t.Context(), path, undoing(&asked, "")); err != nil || len(report.Items) != 1 || asked[0] != "f1: stop --token=${TOKEN}" {
		t.Errorf("again: %v, %+v", err, report)
	}
	asked = nil
	if report, err = Undo(t.Context(), path, undoing(&asked, "")); err != nil || len(report.Items) != 0 || asked != nil {
		t.Errorf("once more: %v, %+v", err, report)
	}
}

func TestUndoWithoutAnUndoer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	run(t, path, crashed[2])
	report, err := Undo(t.Context(), path, nil)
	if err == nil || len(report.Items) != 1 || report.Items[0].Action != "not undone" {
		t.Errorf("%v, %+v", err, report)
	}
}

func TestUndoOfADamagedJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	run(t, path, crashed...)
	text, _ := os.ReadFile(path)
	damaged := "not json\n\n" + string(text) + `{"step":"undone","id":1,"na`
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked []string
	report, err := Undo(t.Context(), path, undoing(&asked, ""))
	if err == nil || !strings.Contains(err.Error(), "line 1") || len(report.Items) != 4 || len(asked) != 2 {
		t.Errorf("%v, %+v, asked %q", err, report, asked)
	}
	if lines, _ := Read(path); len(Left(lines)) != 0 {
		t.Errorf("left %+v", Left(lines))
	}
	if _, err := Undo(t.Context(), path+".gone", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal that is not there: %v", err)
	}
}

// Another file is not taken for the journal of a run that has left nothing.
func TestUndoOfAnotherFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, []byte(strings.Repeat(`{"t_ms":1.5,"player":0,"event":"join"}`+"\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := Undo(t.Context(), path, nil)
	if err == nil || !strings.Contains(err.Error(), "line 1: not a step of a fault (want the journal.ndjson of a run)") || strings.Count(err.Error(), "not a step of") != maxStrangers || len(done.Items) != 0 {
		t.Errorf("got %v, %+v", err, done)
	}
}

func TestCreateKeepsWhatIsNotUndone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	run(t, path, crashed...)
	if _, err := Create(path, nil); err == nil || !strings.Contains(err.Error(), "left 4 faults") || !strings.Contains(err.Error(), "hlsload undo "+path) {
		t.Errorf("got %v", err)
	}
	var asked []string
	if _, err := Undo(t.Context(), path, undoing(&asked, "")); err != nil {
		t.Fatal(err)
	}
	j, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if lines, err := Read(path); err != nil || len(lines) != 0 {
		t.Errorf("the new journal has %d lines, %v", len(lines), err)
	}
	if _, err := Undo(t.Context(), path, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("undo of a run that goes on: %v", err)
	}
	if _, err := Create(path, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("two runs, one journal: %v", err)
	}
}

func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	run(t, path, crashed[2], crashed[3])
	lines, err := Read(path)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	dir, _ := os.Getwd()
	l := lines[0]
	if l.Step != conduct.StepApply || l.Name != "f1" || l.Occurrence != 1 || l.Fault != chaos.Command || *l.Pipeline != 0 || l.At != 1500 ||
		l.Dir != dir || !slices.Equal(l.Stop, []string{"stop", "--token=${TOKEN}"}) || time.Since(l.Time) > time.Hour {
		t.Errorf("%+v", l)
	}
	if lines[1].Err != "half of it with ${TOKEN}" || !slices.Equal(lines[1].Stop, l.Stop) {
		t.Errorf("%+v", lines[1])
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"step":"apply","id":1,"fault":"command","via":"command","stop":["x"]}` + "\n" + `{"step":"undone","id":1}` + "\n{"))
	f.Add([]byte("\n\n[]\nnull\n{\"id\":-1,\"step\":\"apply\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, _ := read(strings.NewReader(string(text)))
		left := Left(lines)
		if len(left) > len(lines) {
			t.Fatalf("%d lines left of %d", len(left), len(lines))
		}
		for _, l := range left {
			if l.Step != conduct.StepApply && l.Step != conduct.StepApplied && l.Step != StepCall {
				t.Fatalf("left %+v", l)
			}
		}
	})
}

// Calls are on disk with what it takes to undo them, without the values of the
// environment, and whole again when those are set.
func TestCalls(t *testing.T) {
	t.Setenv("BUCKET", "value-of-the-environment")
	path := filepath.Join(t.TempDir(), "journal.ndjson")
	j, err := Create(path, func(s string) string { return strings.ReplaceAll(s, "value-of-the-environment", "${BUCKET}") })
	if err != nil {
		t.Fatal(err)
	}
	f := chaos.NewFault("freeze", chaos.PlaylistFreeze)
	f.Via, f.Occurrence = chaos.ViaAWS, 2
	change := `{"n":12345678901234567890,"policy":"{\"a\":\"${aws:username} ${OTHER}\"}","bucket":["value-of-the-environment"]}`
	call := Call{N: 1, Run: "0a1b2c3d", Service: "s3", Op: "deny", Target: "arn:aws:s3:::value-of-the-environment", Undo: "put it back", Change: []byte(change)}
	steps := []error{
		j.Record(conduct.Step{Type: conduct.StepApply, ID: 3, Fault: &f}),
		j.Call(&f, call), j.Called(&f, call, nil),
		j.Call(&f, Call{N: 2, Service: "s3", Op: "remove", Change: []byte(`{}`)}), j.Called(&f, Call{N: 2}, errors.New("no")),
		j.Record(conduct.Step{Type: conduct.StepUndone, ID: 3, Fault: &f}), // an answer; there was no look
		j.Close(),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), "value-of-the-environment") {
		t.Errorf("a value of the environment is in\n%s", text)
	}
	lines, err := Read(path)
	left := Left(lines)
	if err != nil || len(left) != 1 || len(left[0].Calls) != 2 || !left[0].Calls[0].Answered || left[0].Calls[1].Answered {
		t.Fatalf("%v, left %+v", err, left)
	}
	got, err := left[0].Calls[0].Reveal(os.LookupEnv)
	if err != nil || got.Target != call.Target || string(got.Change) != `{"bucket":["value-of-the-environment"],"n":12345678901234567890,"policy":"{\"a\":\"${aws:username} ${OTHER}\"}"}` {
		t.Errorf("%v: %+v %s", err, got, got.Change)
	}
	if _, err := left[0].Calls[0].Reveal(func(string) (string, bool) { return "", false }); err == nil || !strings.Contains(err.Error(), "${BUCKET}") {
		t.Errorf("without the variable: %v", err)
	}
	lines = append(lines, Line{Step: conduct.StepHealthy, ID: 3, Name: "freeze", Occurrence: 2, Fault: f.Kind, Via: f.Via})
	if left := Left(lines); len(left) != 0 {
		t.Errorf("seen healthy, but left: %+v", left)
	}
}

// A redactor that masks destroys what an undo needs: then nothing is changed.
func TestCallThatCannotBeUndone(t *testing.T) {
	j, err := Create(filepath.Join(t.TempDir(), "journal.ndjson"), func(s string) string { return strings.ReplaceAll(s, "key", "***") })
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	f := chaos.NewFault("x", chaos.PlaylistDelete)
	if err := j.Call(&f, Call{N: 1, Change: []byte(`{"object":"live/key"}`)}); err == nil {
		t.Error("the call was written though it could not be undone")
	}
}
