package player

import "time"

// abandonNever waits for every segment.
type abandonNever struct{}

func (*abandonNever) first(time.Duration) time.Duration { return Never }

func (*abandonNever) starting() bool { return false }

func (*abandonNever) look(*Player, *flight) time.Duration { return Never }
