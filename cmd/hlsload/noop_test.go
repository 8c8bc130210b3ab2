package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
)

// nothing is an applier that does nothing. One that lies says that the fault
// shows and that it is gone.
type nothing struct {
	chaos.Applier
	lies bool
}

func (n nothing) Apply(context.Context, *chaos.Fault) error { return nil }
func (n nothing) Undo(context.Context, *chaos.Fault) error  { return nil }

func (n nothing) Look(ctx context.Context, f *chaos.Fault) (bool, string) {
	if n.lies {
		return true, "a lie"
	}
	return n.Applier.Look(ctx, f)
}

func (n nothing) LookUndone(ctx context.Context, f *chaos.Fault) (bool, string) {
	if n.lies {
		return true, "a lie"
	}
	return n.Applier.LookUndone(ctx, f)
}

// TestNothingInjected: no scenario that ships passes when its faults are not
// made, whoever is to make them: the run is void because they do not show, and
// if something claimed that they did, expectations would not hold. A scenario
// that passes without its fault proves nothing.
func TestNothingInjected(t *testing.T) {
	for _, name := range scenarios.Names() {
		if name == "soak" || strings.Contains(name, "/") {
			continue // an hour, with the faults of the others; or not for the embedded channel
		}
		for _, via := range []chaos.Via{chaos.ViaRig, chaos.ViaViewer} {
			for _, lies := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s via %s, lies %v", name, via, lies), func(t *testing.T) {
					t.Parallel()
					o := &overrides{cmd: &cobra.Command{}, players: "12"}
					sc, err := load(name, o)
					if err != nil {
						t.Fatal(err)
					}
					for i := range sc.Chaos {
						if kind := sc.Chaos[i].Kind; !slices.Contains(chaos.Lookup(kind).Vias, via) {
							t.Skipf("%s cannot be made via %s", kind, via)
						}
						o.set = append(o.set, fmt.Sprintf("chaos.%s.via=%s", sc.Chaos[i].Name, via))
					}
					if sc, err = load(name, o); err != nil {
						t.Fatal(err)
					}
					dir := t.TempDir()
					synctest.Test(t, func(t *testing.T) {
						time.Sleep(time.Until(simEpoch) - time.Second)
						m := runtest.NewNetwork()
						cmd, _, _ := quiet()
						exit := exitOf(perform(cmd, &run.Config{Scenario: sc, Applying: func(a chaos.Applier) chaos.Applier { return nothing{a, lies} }}, &output{dir: dir, progress: progressNone}, network{listen: m.Listen, web: look.Network{Dial: m.Dial}}))
						want := reports.ExitFault
						if lies {
							want = reports.ExitFail
						}
						if instant := chaos.Lookup(sc.Chaos[0].Kind).Instant; exit.code != want && !(instant && exit.code == reports.ExitFail) {
							t.Errorf("exit code %d; want %d", exit.code, want)
						}
					})
				})
			}
		}
	}
}
