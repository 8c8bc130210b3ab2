package fleet

import "time"

// halting is the reason why a fleet was halted, and the time.
type halting struct {
	reason string
	at     time.Duration
}

// Halt ends all players at once: their connections are closed, and no further viewer
// arrives. [Fleet.Run] returns once the last session has ended. Only the first
// reason counts. It may be called from any goroutine.
func (f *Fleet) Halt(reason string) {
	if f.why.CompareAndSwap(nil, &halting{reason, f.now()}) {
		f.halt()
	}
}

// Halted is closed by [Fleet.Halt].
func (f *Fleet) Halted() <-chan struct{} { return f.halted.Done() }

// HaltReason is the reason why the fleet was halted, and the time; "" = it was not.
func (f *Fleet) HaltReason() (reason string, at time.Duration) {
	if h := f.why.Load(); h != nil {
		return h.reason, h.at
	}
	return "", 0
}
