package player

import "time"

// alignNumber goes by media sequence numbers; where no number is in both, by date-time.
type alignNumber struct{}

func (*alignNumber) byNumber() bool { return true }

func (*alignNumber) within(time.Duration) time.Duration { return maxDates }
