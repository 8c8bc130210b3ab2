package player

import "time"

// catchUpNever plays at the rate of the media.
type catchUpNever struct{}

func (*catchUpNever) rate(time.Duration) float64 { return 0 }
