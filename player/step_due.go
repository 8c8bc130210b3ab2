package player

import (
	"time"

	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// stepDue asks for the same segment again when playback has come to it; not if
// it has.
type stepDue struct {
	// Chunk is how many bytes are read at once: with each of them the segment is
	// asked for again; 0 = not before it is due.
	Chunk int64 `yaml:"chunk"`
}

func (s *stepDue) Limits(l *policy.Limits) { policy.Within(l, "chunk", &s.Chunk, 0, 1e9) }

func (s *stepDue) take(p *Player, f *flight, _ Failure, n int) (Decision, bool) {
	t := p.track(f.track)
	early := p.ahead(t)
	if f.kind != m3u8.KindSegment || early <= touching {
		return NoDecision, false
	}
	t.segAt = p.now + min(p.lasts(early), s.nextRead(p, f, n))
	return NoDecision, true
}

// nextRead is how long it takes until a player that reads piece by piece does
// so again; at the first piece it looks twice.
func (s *stepDue) nextRead(p *Player, f *flight, n int) time.Duration {
	v := p.ladder.Renditions[f.rendition].Variant
	if s.Chunk == 0 || v == nil || v.Bandwidth <= 0 {
		return Never
	}
	if n == 0 {
		return 0
	}
	return time.Duration(float64(s.Chunk) * 8 / float64(v.Bandwidth) * float64(time.Second))
}
