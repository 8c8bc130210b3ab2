package player

import (
	"time"

	"hlsload/player/policy"
)

// AlignNumber goes by media sequence numbers; where no number is in both, by date-time.
type AlignNumber struct{}

func (*AlignNumber) Limits(*policy.Limits) {}

func (*AlignNumber) byNumber() bool { return true }

func (*AlignNumber) within(time.Duration) time.Duration { return maxDates }
