package player

// staleIgnored never notices that a playlist no longer changes.
type staleIgnored struct{}

func (*staleIgnored) found(*Player, flight, *track, bool) bool { return false }

func (*staleIgnored) then() Recovery { return nil }
