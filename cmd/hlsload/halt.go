package main

import (
	"os"
	"os/signal"
	"slices"

	"hlsload/system"
)

// haltSignals returns a channel that is closed when all players must leave at once:
// on SIGUSR1, or on the second interrupt. The faults are still undone.
func haltSignals() <-chan struct{} {
	halted := make(chan struct{})
	signals := make(chan os.Signal, 8)
	asked := slices.Clone(system.Ends[:2])
	if system.Halt != nil {
		asked = append(asked, system.Halt)
	}
	signal.Notify(signals, asked...)
	go func() { // ends with the program
		interrupts := 0
		for s := range signals {
			if s != system.Halt {
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
