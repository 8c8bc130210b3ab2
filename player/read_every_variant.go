package player

// readEveryVariant takes every variant for a level of its own, copies or not.
type readEveryVariant struct {
	together `yaml:"-"`
}

func (*readEveryVariant) Copies() []string { return nil }
