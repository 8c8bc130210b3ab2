package player

import "hlsload/player/policy"

// readLocations takes copies for other URLs of one level: each level moves by itself.
type readLocations struct {
	Key []string `yaml:"key"` // attributes that copies have in common: bandwidth, resolution, frame-rate, codecs, video-range, hdcp-level or stable-variant-id
}

func (r *readLocations) Limits(l *policy.Limits) { limitCopies(l, r.Key) }

func (r *readLocations) Copies() []string { return r.Key }

func (*readLocations) pick(p *Player, l *Level) int16 {
	r := p.location(l.ByPathway, p.main.rendition)
	if r >= 0 && p.penalty().sound() && p.mute(l) {
		return -1
	}
	return r
}

func (*readLocations) sound(p *Player, l *Level, own int16) int16 {
	current := int16(-1)
	if p.audio != nil {
		current = p.audio.rendition
	}
	if r := p.location(l.AudioByPathway, current); r >= 0 {
		return r
	}
	return own
}
