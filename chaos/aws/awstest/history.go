package awstest

import "time"

// history is what was set, the newest last: it takes effect, and shows in
// answers, some time after that.
type history[T any] []setting[T]

type setting[T any] struct {
	value       T
	acts, shows time.Time
}

func (h *history[T]) set(v T, acts, shows time.Time) {
	*h = append(*h, setting[T]{v, acts, shows})
}

// last is what was set last.
func (h history[T]) last() (v T) {
	if len(h) > 0 {
		v = h[len(h)-1].value
	}
	return v
}

// acting is what is in effect at an instant.
func (h history[T]) acting(now time.Time) (v T) {
	for _, s := range h {
		if !s.acts.After(now) {
			v = s.value
		}
	}
	return v
}

// shown is what can be read at an instant, and how many were set until then.
func (h history[T]) shown(now time.Time) (v T, number int) {
	for i, s := range h {
		if !s.shows.After(now) {
			v, number = s.value, i+1
		}
	}
	return v, number
}
