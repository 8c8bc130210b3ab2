package run

import (
	"context"
	"fmt"
	"os"
	"time"
)

// stopFileEvery is how often the stop file is looked for: players are to be
// gone within a second.
const stopFileEvery = 200 * time.Millisecond

// stopFileThere reports whether a stop file exists. One that cannot be looked for
// counts, too: a switch that may not work is no switch.
func stopFileThere(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Sprintf("stop file: %s is there", path), true
	case os.IsNotExist(err):
		return "", false
	}
	return fmt.Sprintf("stop file: %v", err), true
}

// watchHalt ends all players on a halt, and the run once the fleet was halted for
// any reason.
func (r *live) watchHalt(ctx context.Context) {
	every := time.NewTicker(stopFileEvery)
	defer every.Stop()
	signalled := r.cfg.Halt
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.fleet.Halted():
			why, _ := r.fleet.HaltReason()
			r.chaos.conductor.Abort(r.sc.Redact(why))
			return
		case <-signalled:
			r.fleet.Halt("halted by the user")
			signalled = nil
		case <-every.C:
			if why, there := stopFileThere(r.stopFile()); there {
				r.fleet.Halt(why)
			}
		}
	}
}
