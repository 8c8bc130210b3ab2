package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	ml "github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/medialive/types"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/journal"
)

// schedules are the requests that changed a schedule.
func schedules(w *world) (all []string) {
	for _, q := range w.Requests() {
		if q.Op == "BatchUpdateSchedule" {
			all = append(all, q.Body)
		}
	}
	return all
}

// A switch of the input begins ten seconds after it was asked for, is undone at
// the first try, and leaves no more than the action that MediaLive does not
// let be deleted. The next run may begin.
func TestInputSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "input.loss-5")
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		began := time.Now()
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 10*time.Second || took > 20*time.Second {
			t.Errorf("the fault is said to be on after %v; want 10 s, when the input changes", took)
		}
		if ok, seen := r.Look(t.Context(), f); !ok {
			t.Errorf("not on: %s", seen)
		}
		time.Sleep(20 * time.Second)
		if err := r.Undo(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		eventually(t, r.LookUndone, f)
		if err := r.Tidy(t.Context()); err != nil {
			t.Errorf("tidy: %v", err)
		}
		if got := w.channel.Actions(); !slices.Equal(got, []string{"hlsload-0a1b2c3d-f5n1-release"}) {
			t.Errorf("in the schedule: %v", got)
		}
		for _, body := range schedules(w)[1:] {
			if strings.Contains(body, "release") && strings.Contains(body, "deletes") {
				t.Errorf("one request switches back and deletes: a refused deletion would undo nothing: %s", body)
			}
		}
		a := w.open(t)
		if _, err := a.Guard(t.Context()); err != nil {
			t.Errorf("the next run: %v", err)
		}
		if left, _ := aws.Leftovers(t.Context(), a.Drivers); len(left) > 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

// The emulated schedule has the rules that the driver has to live with.
func TestScheduleRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.run(t, "0a1b2c3d")
		f := named(t, "input.loss-5")
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		api := ml.NewFromConfig(w.open(t).sdk)
		batch := func(create []types.ScheduleAction, remove ...string) error {
			in := &ml.BatchUpdateScheduleInput{ChannelId: sdk.String("1234567"), Deletes: &types.BatchScheduleActionDeleteRequest{}}
			for _, name := range remove {
				in.Deletes.ActionNames = append(in.Deletes.ActionNames, "hlsload-0a1b2c3d-f5n1-"+name)
			}
			if create != nil {
				in.Creates = &types.BatchScheduleActionCreateRequest{ScheduleActions: create}
			}
			_, err := api.BatchUpdateSchedule(t.Context(), in)
			return err
		}
		delete := func(name string) error { return batch(nil, name) }
		if err := delete("switch"); err == nil || !strings.Contains(err.Error(), "most recent input switch") {
			t.Errorf("the most recent switch: %v", err)
		}
		x := []types.ScheduleAction{{ActionName: sdk.String("x"),
			ScheduleActionSettings:      &types.ScheduleActionSettings{PauseStateSettings: &types.PauseStateScheduleActionSettings{Pipelines: []types.PipelinePauseStateSettings{}}},
			ScheduleActionStartSettings: &types.ScheduleActionStartSettings{ImmediateModeScheduleActionStartSettings: &types.ImmediateModeScheduleActionStartSettings{}}}}
		if err := batch(x, "switch"); err == nil {
			t.Error("a batch with one refused deletion was carried out")
		}
		if slices.Contains(w.channel.Actions(), "x") {
			t.Error("half of a batch was carried out")
		}
		time.Sleep(time.Until(expiry(w)) - 10*time.Second)
		if err := delete("deadman"); err == nil || !strings.Contains(err.Error(), "begins in less than 15s") {
			t.Errorf("an action that begins in 10 s: %v", err)
		}
		time.Sleep(11 * time.Second)
		if err := delete("switch"); err != nil {
			t.Errorf("a switch that another one has followed: %v", err)
		}
	})
}

// expiry is when the fault ends by itself.
func expiry(w *world) time.Time {
	for _, body := range schedules(w) {
		if _, rest, ok := strings.Cut(body, `"time":"`); ok {
			at, _, _ := strings.Cut(rest, `"`)
			t, _ := time.Parse(time.RFC3339, at)
			return t
		}
	}
	return time.Time{}
}

// Whenever an undo comes, before and after the fault has ended by itself or in
// the seconds in which nothing can be deleted, it ends well, in the run and from
// the journal, and every time that it is repeated.
func TestUndoAroundTheDeadman(t *testing.T) {
	for _, name := range []string{"input.loss-5", "pipeline.pause-0"} {
		for _, late := range []time.Duration{30, 50, 44, 46, 55, 58, 61, 70} {
			for _, crashed := range []bool{false, true} {
				t.Run(fmt.Sprint(name, " ", late, " ", crashed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := named(t, name)
						w := worldFor(t, f)
						before := w.State()
						r := w.run(t, "0a1b2c3d")
						if err := r.apply(t.Context(), 0, f); err != nil {
							t.Fatal(err)
						}
						time.Sleep(time.Until(expiry(w)) + late*time.Second - 60*time.Second)
						if crashed {
							r.journal.Close()
							w.put(t, r.path, before, "undo", 0)
							if done, err := w.undoJournal(t, r.path); err != nil || len(done.Items) != 0 {
								t.Errorf("again: %+v, %v", done, err)
							}
						} else {
							for range 60 {
								if r.Undo(t.Context(), f) == nil {
									break
								}
								time.Sleep(2 * time.Second)
							}
							eventually(t, r.LookUndone, f)
							if err := r.Tidy(t.Context()); err != nil {
								t.Errorf("tidy: %v", err)
							}
						}
						time.Sleep(time.Minute)
						if got := w.State(); got != before {
							t.Error(difference(before, got))
						}
						if left, _ := aws.Leftovers(t.Context(), w.open(t).Drivers); len(left) > 0 {
							t.Errorf("left: %+v", left)
						}
					})
				})
			}
		}
	}
}

// A deletion that is refused at the end is worth a word, and no failure.
func TestTidyingIsNoCondition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := named(t, "input.loss-5")
		w := worldFor(t, f)
		r := w.run(t, "0a1b2c3d")
		if err := r.apply(t.Context(), 0, f); err != nil {
			t.Fatal(err)
		}
		r.journal.Close()
		u := w.bare(t).Undoer(time.Minute)
		if _, err := journal.Undo(t.Context(), r.path, map[chaos.Via]journal.Undoer{chaos.ViaAWS: u.Undo}); err != nil {
			t.Fatal(err)
		}
		w.Mishap = func(q awstest.Request) awstest.Mishap {
			if q.Mutates {
				return awstest.Denied
			}
			return awstest.Nothing
		}
		seen, err := u.Heal(t.Context())
		if err != nil || !strings.Contains(strings.Join(seen, "\n"), "harmless leftovers") {
			t.Errorf("got %v, %v", seen, err)
		}
	})
}
