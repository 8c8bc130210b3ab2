package account

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
)

// crash is a process that dies at a certain step. Steps are what lies between
// two things that others can see: before and after a line of the journal,
// before a request that changes something, and between request and answer.
type crash struct {
	at   int // step at which it dies; 0 = never
	n    int // steps so far
	dead bool
	die  context.CancelFunc
}

var errDead = errors.New("the process is dead")

func (c *crash) step() bool {
	c.n++
	if c.n == c.at {
		c.dead = true
		c.die()
	}
	return c.dead
}

// mishap is what a request of a dead process meets.
func (c *crash) mishap(q awstest.Request) awstest.Mishap {
	switch {
	case c.dead:
		return awstest.Unsent
	case !q.Mutates:
		return awstest.Nothing
	case c.step():
		return awstest.Unsent
	case c.step():
		return awstest.Unanswered
	}
	return awstest.Nothing
}

// dying is a journal that ends with its process.
type dying struct {
	*crash
	*journal.Journal
}

func (d *dying) Call(f *chaos.Fault, c journal.Call) error {
	return d.write(func() error { return d.Journal.Call(f, c) })
}

func (d *dying) Called(f *chaos.Fault, c journal.Call, failure error) error {
	return d.write(func() error { return d.Journal.Called(f, c, failure) })
}

func (d *dying) Over(f *chaos.Fault) error {
	return d.write(func() error { return d.Journal.Over(f) })
}

func (d *dying) Record(s conduct.Step) error {
	return d.write(func() error { return d.Journal.Record(s) })
}

func (d *dying) write(line func() error) error {
	if d.dead || d.step() {
		return errDead
	}
	err := line()
	if d.step() {
		return errDead
	}
	return err
}

// deed is something that a run does, or that happens meanwhile.
type deed struct {
	fault *chaos.Fault
	undo  bool
	pause time.Duration // before it
}

// live does deeds until the end, or the crash, and returns the journal.
func (w *world) live(t *testing.T, deeds []deed, c *crash) (path string) {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	defer die()
	c.die = die
	r := w.run(t, "0a1b2c3d")
	j := &dying{c, r.journal}
	a := w.open(t)
	applier := aws.New(aws.Config{AWS: w.cfg, Drivers: a.Drivers, Run: "0a1b2c3d", Journal: j})
	w.Mishap = c.mishap
	_ = applier.Lock(ctx, time.Now().Add(10*time.Minute))
	ids := map[*chaos.Fault]int{}
	for _, d := range deeds {
		if c.dead {
			break
		}
		time.Sleep(d.pause)
		if !d.undo {
			ids[d.fault] = len(ids)
			if j.Record(conduct.Step{Type: conduct.StepApply, ID: ids[d.fault], Fault: d.fault}) == nil {
				_ = applier.Apply(ctx, d.fault)
			}
			continue
		}
		_ = j.Record(conduct.Step{Type: conduct.StepUndo, ID: ids[d.fault], Fault: d.fault})
		if applier.Undo(ctx, d.fault) == nil {
			_ = j.Record(conduct.Step{Type: conduct.StepUndone, ID: ids[d.fault], Fault: d.fault})
		}
	}
	if !c.dead {
		_ = applier.Unlock(ctx)
	}
	w.Mishap = nil
	r.journal.Close()
	return r.path
}

// put checks that undoing a journal puts everything back, also when the undo
// itself crashes at a step of its own and is done again.
func (w *world) put(t *testing.T, path, before, what string, undoCrash int) {
	t.Helper()
	if undoCrash > 0 {
		ctx, die := context.WithCancel(t.Context())
		c := &crash{at: undoCrash, die: die}
		w.Mishap = c.mishap
		u := w.bare(t).Undoer(10 * time.Second)
		_, _ = journal.Undo(ctx, path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo})
		w.Mishap = nil
		die()
	}
	u := w.bare(t).Undoer(5 * time.Minute)
	if _, err := journal.Undo(t.Context(), path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo}); err != nil {
		t.Fatalf("%s: undo: %v", what, err)
	}
	if _, err := u.Heal(t.Context()); err != nil {
		t.Errorf("%s: not well again: %v", what, err)
	}
	time.Sleep(time.Minute) // what restarts by itself has done so
	if got := w.State(); got != before {
		t.Fatalf("%s:\n%s", what, difference(before, got))
	}
}

// difference lists the lines that are in one of two texts only.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

// A process that dies at any step of any fault leaves what its journal undoes.
func TestUndoAfterEveryCrash(t *testing.T) {
	for _, f := range all() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				c := &crash{at: at}
				synctest.Test(t, func(t *testing.T) {
					w := worldFor(t, f)
					before := w.State()
					path := w.live(t, []deed{{fault: f}, {fault: f, undo: true, pause: 30 * time.Second}}, c)
					w.put(t, path, before, fmt.Sprintf("crash at step %d", at), 0)
				})
				if t.Failed() || !c.dead {
					return
				}
			}
		})
	}
}

// So does one that does several things, at the same time and after another,
// and whose undo crashes too. HLSLOAD_TEST_SEEDS says how many are tried.
func TestUndoAfterGeneratedRuns(t *testing.T) {
	for seed := range uint64(number(t, "HLSLOAD_TEST_SEEDS", 40)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			deeds := generate(random)
			measured := &crash{}
			synctest.Test(t, func(t *testing.T) {
				w := worldFor(t, deeds[0].fault)
				w.live(t, deeds, measured)
			})
			for range 4 {
				at, undoAt := 1+random.IntN(measured.n+1), random.IntN(8)
				synctest.Test(t, func(t *testing.T) {
					w := worldFor(t, deeds[0].fault)
					w.Delay = time.Duration(random.IntN(3)) * time.Second
					w.Lag = time.Duration(random.IntN(5)) * time.Second
					w.channel.RefusesMixed = random.IntN(4) == 0
					if random.IntN(3) == 0 {
						w.cfg.Watchdog = ""
					}
					before := w.State()
					path := w.live(t, deeds, &crash{at: at})
					time.Sleep(time.Duration(random.IntN(150)) * time.Second) // some faults end by themselves
					w.put(t, path, before, fmt.Sprintf("%v, crash at step %d of %d, of the undo at %d", describe(deeds), at, measured.n, undoAt), undoAt)
				})
			}
		})
	}
}

// generate makes up to four faults that overlap, each undone or not.
func generate(random *rand.Rand) []deed {
	all := every()
	if random.IntN(4) == 0 {
		all = packaged()
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var deeds []deed
	for _, f := range all[:1+random.IntN(4)] {
		deeds = append(deeds, deed{fault: f, pause: time.Duration(random.IntN(20)) * time.Second})
		if random.IntN(3) > 0 { // undone somewhere later
			deeds = append(deeds, deed{fault: f, undo: true, pause: time.Duration(random.IntN(40)) * time.Second})
		}
	}
	// Some undos come after the next applies.
	for i := 1; i+1 < len(deeds); i++ {
		if deeds[i].undo && !deeds[i+1].undo && random.IntN(2) == 0 {
			deeds[i], deeds[i+1] = deeds[i+1], deeds[i]
		}
	}
	return deeds
}

func describe(deeds []deed) []string {
	var out []string
	for _, d := range deeds {
		what := "apply "
		if d.undo {
			what = "undo "
		}
		out = append(out, what+d.fault.Name)
	}
	return out
}
