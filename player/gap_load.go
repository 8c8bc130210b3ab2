package player

// gapLoad does not know the tag: the segment is asked for.
type gapLoad struct {
	passing `yaml:"-"`
}

func (*gapLoad) loads() bool { return true }
