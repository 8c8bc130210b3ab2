package player

// returnOnError notices the end of a penalty when the current choice fails.
type returnOnError struct{}

func (*returnOnError) notices() bool { return false }

func (*returnOnError) ended(*Player) {}
