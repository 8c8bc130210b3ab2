package player

import "hlsload/player/policy"

// StaleIgnored never notices that a playlist no longer changes.
type StaleIgnored struct{}

func (*StaleIgnored) Limits(*policy.Limits) {}

func (*StaleIgnored) found(*Player, flight, *track, bool) bool { return false }

func (*StaleIgnored) then() Recovery { return nil }
