package player

// readPathways takes copies for pathways: all levels move from one to another together.
type readPathways struct {
	together `yaml:"-"`
	copies   `yaml:",inline"`
}
