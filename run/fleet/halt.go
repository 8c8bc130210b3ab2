package fleet

import "time"

// halting is why a fleet was halted, and when.
type halting struct {
	reason string
	at     time.Duration
}

// Halt ends all players at once, wherever they are: their connections are
// closed and no viewer arrives any more. [Fleet.Run] returns once the last one is
// gone. Only the first reason counts. It may be called from any goroutine.
func (f *Fleet) Halt(reason string) {
	if f.why.CompareAndSwap(nil, &halting{reason, f.now()}) {
		f.halt()
	}
}

// Halted is closed by [Fleet.Halt].
func (f *Fleet) Halted() <-chan struct{} { return f.halted.Done() }

// HaltReason is why the fleet was halted, and when; "" = it was not.
func (f *Fleet) HaltReason() (reason string, at time.Duration) {
	if h := f.why.Load(); h != nil {
		return h.reason, h.at
	}
	return "", 0
}
