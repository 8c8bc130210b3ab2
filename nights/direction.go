package nights

// LessIsWorse reports whether less of a measure is worse, as of bitrate; of all others, more
// is.
func (m *Measure) LessIsWorse() bool { return m.sign() < 0 }
