package run

import (
	"context"
	"fmt"
	"os"
	"time"

	"hlsload/run/crew/protocol"
)

// stopFileEvery is how often the stop file is looked for: players must be gone
// within a second.
const stopFileEvery = 200 * time.Millisecond

// stopFileThere reports whether a stop file exists. A path that cannot be read
// counts as one: a stop file that may not work is not safe to run with.
func stopFileThere(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Sprintf("stop file: %s exists", path), true
	case os.IsNotExist(err):
		return "", false
	}
	return fmt.Sprintf("stop file: %v", err), true
}

// watchHalt halts the players of all agents on a signal or a stop file, and ends the run once
// it is halted for any reason.
func (r *live) watchHalt(ctx context.Context) {
	every := time.NewTicker(stopFileEvery)
	defer every.Stop()
	signalled := r.cfg.Halt
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.crew.halting:
			r.chaos.conductor.Abort(r.sc.Redact(r.crew.end().why))
			return
		case <-signalled:
			r.crew.conductor.Halt(protocol.Now, "halted by the user", "")
			signalled = nil
		case <-every.C:
			if why, there := stopFileThere(r.stopFile()); there {
				r.crew.conductor.Halt(protocol.Now, why, "")
			}
		}
	}
}
