package player

// behindWindowStart goes to the start of the window.
type behindWindowStart struct {
	windowStart `yaml:",inline"`
}
