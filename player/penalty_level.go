package player

// penaltyLevel gives up the level that is played.
type penaltyLevel struct {
	ofLevel `yaml:",inline"`
}
