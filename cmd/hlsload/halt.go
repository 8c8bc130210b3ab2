package main

import (
	"os"
	"os/signal"
	"syscall"
)

// haltSignals returns a channel that is closed when all players must leave at once:
// on SIGUSR1, or on the second interrupt. The faults are still undone.
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
