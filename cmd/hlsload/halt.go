package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// haltSignals returns a channel that is closed when all players are to leave at
// once: by SIGUSR1, or when an interrupt is repeated because undoing takes too
// long for somebody. The undoing goes on.
func haltSignals() <-chan struct{} {
	halted := make(chan struct{})
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with the program
		interrupts := 0
		for s := range signals {
			if s != syscall.SIGUSR1 {
				if interrupts++; interrupts < 2 {
					continue
				}
			}
			close(halted)
			return
		}
	}()
	return halted
}

// stopFileEvery is how often the stop file is looked for: players are to be
// gone within a second.
const stopFileEvery = 200 * time.Millisecond

// stopFileThere tells whether a stop file exists. One that cannot be looked for
// counts, too: a switch that may not work is no switch.
func stopFileThere(path string) (string, bool) {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Sprintf("stop file: %s is there", path), true
	case os.IsNotExist(err):
		return "", false
	}
	return fmt.Sprintf("stop file: %v", err), true
}

// watchHalt ends all players when somebody says so, and the run when the fleet
// was halted, whoever did that.
func (r *realRun) watchHalt(ctx context.Context) {
	every := time.NewTicker(stopFileEvery)
	defer every.Stop()
	signalled := r.network.halt
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.fleet.Halted():
			why, _ := r.fleet.HaltReason()
			r.conductor.Abort(r.sc.Redact(why))
			return
		case <-signalled:
			r.fleet.Halt("halted by the user")
			signalled = nil
		case <-every.C:
			if r.stopFile == "" {
				continue
			}
			if why, there := stopFileThere(r.stopFile); there {
				r.fleet.Halt(why)
			}
		}
	}
}
