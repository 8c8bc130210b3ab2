package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/system"
)

// Journal is being written. It is safe for concurrent use.
type Journal struct {
	mu     sync.Mutex
	file   *os.File
	redact func(string) string
	// Reference is applied instead of redact to what an undo needs again: the
	// arguments of programs, and calls. It must mask nothing but turn values into
	// the ${NAME} they came from. Nil = redact is.
	Reference func(string) string

	dir  string
	torn bool // the last write may have left half a line
}

// Create makes the journal of a new run. A journal that is there already is
// replaced, unless its run goes on or left something to undo. redact is applied
// to every text of the scenario and of errors; it should turn values of secrets
// into the ${NAME} they came from, so that an undo can look them up again. Nil
// writes texts as they are.
//
// The file stays locked until [Journal.Close] or the end of the process, so
// that no run is undone which still goes on.
func Create(path string, redact func(string) string) (*Journal, error) {
	f, err := openLocked(path)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	lines, err := read(f)
	if errors.Is(err, ErrNewer) {
		f.Close()
		return nil, fmt.Errorf("create journal: %s: %w", path, err)
	}
	if left := Left(lines); len(left) > 0 {
		f.Close()
		return nil, fmt.Errorf("create journal: an earlier run left %d faults in %s (want it empty; put them back with: hlsload undo %s)", len(left), path, path)
	}
	dir, err := os.Getwd()
	if err == nil {
		err = system.Empty(f)
	}
	if err == nil {
		err = system.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("create journal: %w", err)
	}
	if redact == nil {
		redact = func(s string) string { return s }
	}
	j := &Journal{file: f, redact: redact, dir: dir}
	if err := j.begin(); err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

// begin writes which process the run is now.
func (j *Journal) begin() error {
	host, _ := os.Hostname()
	return j.write(Line{Time: time.Now().UTC(), Step: StepBegin, PID: os.Getpid(), Host: host})
}

// ErrBusy says that the run of a journal still goes on.
var ErrBusy = errors.New("its run is still in progress")

// busy is ErrBusy with the process of the run, as far as the file says, and what to
// do when that process hangs.
func busy(f *os.File) error {
	process := "its process"
	_ = each(f, func(_ int, l Line, err error) {
		if err == nil && l.Step == StepBegin {
			process = fmt.Sprintf("process %d on %s", l.PID, l.Host)
		}
	})
	return fmt.Errorf("%w: stop %s first, even if it is only suspended; hlsload sweep --yes SCENARIO removes what it left on AWS without stopping it", ErrBusy, process)
}

func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func lock(f *os.File) error {
	err := system.Lock(f)
	if errors.Is(err, system.ErrLocked) {
		return busy(f)
	}
	return err
}

// Record writes one step and returns once it is on disk. It is made for
// [conduct.Config.Record].
func (j *Journal) Record(s conduct.Step) error {
	f := s.Fault
	l := Line{
		Time: time.Now().UTC(), At: float64(s.At) / 1e6, Step: s.Type, ID: s.ID,
		Name: f.Name, Occurrence: f.Occurrence, Fault: f.Kind, Via: f.Via,
		Err: j.redact(s.Err), Detail: j.redact(s.Detail),
	}
	if f.Pipeline != chaos.Any {
		l.Pipeline = &f.Pipeline
	}
	// Both lines have what an undo needs: one of them may be damaged.
	if (s.Type == conduct.StepApply || s.Type == conduct.StepApplied) && f.Via == chaos.ViaCommand {
		l.Dir = j.dir
		for _, arg := range f.StopCommand {
			l.Stop = append(l.Stop, j.reference(arg))
		}
	}
	return j.write(l)
}

func (j *Journal) reference(s string) string {
	if j.Reference == nil {
		return j.redact(s)
	}
	return j.Reference(s)
}

// Call writes that a call is about to be made, and returns once that is on
// disk.
func (j *Journal) Call(f *chaos.Fault, c Call) error {
	concealed, err := c.conceal(j.reference)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	// What cannot be filled in again cannot be undone.
	if again, err := concealed.Reveal(os.LookupEnv); err != nil || !again.same(&c) {
		return fmt.Errorf("write journal: call %d: values of the environment cannot be distinguished from other text (got %v; want values that occur nowhere else)", c.N, concealed.Env)
	}
	c = concealed
	return j.write(Line{Time: time.Now().UTC(), Step: StepCall, ID: -1, Name: f.Name, Occurrence: f.Occurrence, Fault: f.Kind, Via: f.Via, Call: &c})
}

// Called writes what became of a call, with its change only if the answer added
// to it.
func (j *Journal) Called(f *chaos.Fault, c Call, failure error) error {
	short := Call{N: c.N, Run: c.Run, Service: c.Service, Op: c.Op, Target: c.Target, Change: c.Change}
	short, err := short.conceal(j.reference)
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	if again, err := short.Reveal(os.LookupEnv); err != nil || !again.same(&Call{N: c.N, Run: c.Run, Service: c.Service, Op: c.Op, Target: c.Target, Change: c.Change}) {
		short.Change, short.Env = nil, nil // the line before it has enough
	}
	l := Line{Time: time.Now().UTC(), Step: StepCalled, ID: -1, Name: f.Name, Occurrence: f.Occurrence, Fault: f.Kind, Via: f.Via, Call: &short}
	if failure != nil {
		l.Err = j.redact(failure.Error())
	}
	return j.write(l)
}

// Over writes that nothing is left of what calls have done.
func (j *Journal) Over(f *chaos.Fault) error {
	return j.write(Line{Time: time.Now().UTC(), Step: conduct.StepHealthy, ID: -1, Name: f.Name, Occurrence: f.Occurrence, Fault: f.Kind, Via: f.Via})
}

func (j *Journal) write(l Line) error {
	text, err := l.encode()
	if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.torn {
		text = append([]byte{'\n'}, text...)
	}
	if _, err := j.file.Write(text); err != nil {
		j.torn = true
		return fmt.Errorf("write journal: %w", err)
	}
	j.torn = false
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Path is the name of the file.
func (j *Journal) Path() string { return j.file.Name() }

// Close ends writing and unlocks the file.
func (j *Journal) Close() error { return j.file.Close() }
