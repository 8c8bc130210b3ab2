package player

import "hlsload/player/policy"

// readPathways takes copies for pathways: all levels move from one to another together.
type readPathways struct {
	Key []string `yaml:"key"` // attributes that copies have in common: bandwidth, resolution, frame-rate, codecs, video-range, hdcp-level or stable-variant-id
}

func (r *readPathways) Limits(l *policy.Limits) { limitCopies(l, r.Key) }

func (r *readPathways) Copies() []string                         { return r.Key }
func (*readPathways) pick(p *Player, l *Level) int16             { return p.onPathway(l) }
func (*readPathways) sound(_ *Player, _ *Level, own int16) int16 { return own }
