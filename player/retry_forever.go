package player

import "time"

// retryForever asks for the same URL again and again; no step follows.
type retryForever struct {
	repeats `yaml:",inline"`
}

func (*retryForever) ends() bool { return false }

func (r *retryForever) delay(p *Player, n int) (time.Duration, bool) { return r.after(p, n), true }
