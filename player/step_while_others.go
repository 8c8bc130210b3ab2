package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// stepWhileOthers asks for the same URL again while playback goes on with the
// other tracks: after the delays, each counted from the last request, then with
// each packet of the other tracks (ffmpeg's hls_read_packet).
type stepWhileOthers struct {
	Delays []units.Duration `yaml:"delays"` // before each of the first retries
	// Picture is how long a packet of pictures lasts where the variant states no
	// FRAME-RATE, 1 ms to 1 s; 0 = the last delay repeats.
	Picture units.Duration `yaml:"picture"`
	Sound   units.Duration `yaml:"sound"` // as Picture, of sound
	// Forgives is how many failures in a row of every track are allowed: one
	// more ends the session.
	Forgives int `yaml:"forgives"`
}

func (s *stepWhileOthers) Limits(l *policy.Limits) {
	l.Delays("delays", &s.Delays, 1)
	l.Duration("picture", &s.Picture, 0, time.Second)
	l.Duration("sound", &s.Sound, 0, time.Second)
	if s.Picture > 0 && s.Picture < units.Duration(time.Millisecond) || s.Sound > 0 && s.Sound < units.Duration(time.Millisecond) {
		l.Wrong("picture", "out of range, or sound is (want 0 or 1ms to 1s each)")
	}
	policy.Within(l, "forgives", &s.Forgives, 0, 250)
}

func (s *stepWhileOthers) take(p *Player, f *flight, failure Failure, n int) (Decision, bool) {
	t := p.track(f.track)
	t.retryUntilDry, t.hole = uint8(s.Forgives)+1, span{}
	if s.failed(p) {
		p.fail(f, failure)
		return GiveUp, true
	}
	// The others set the pace, however long an answer takes, and have their turn.
	d := nth(s.Delays, n)
	if every := s.packet(p, f.track); n >= len(s.Delays) && every > 0 {
		d = every
	}
	p.again(f, max(d-(p.now-f.sent), min(d, time.Millisecond)))
	return NoDecision, true
}

// packet is how long it takes, on average, until the tracks other than tr give
// another packet of pictures or sound; 0 = the profile does not say.
func (s *stepWhileOthers) packet(p *Player, tr Track) time.Duration {
	rate := 0.0
	for i := range p.tracks() {
		t := p.track(i)
		if i == tr || !t.active() {
			continue
		}
		if v := p.ladder.Renditions[t.rendition].Variant; v != nil && s.Picture > 0 {
			frames := 1 / time.Duration(s.Picture).Seconds()
			if v.FrameRate >= 1 && v.FrameRate <= 1000 {
				frames = v.FrameRate
			}
			rate += frames
		}
		if s.Sound > 0 && !p.ladder.silent(int(t.rendition)) {
			rate += 1 / time.Duration(s.Sound).Seconds()
		}
	}
	if rate == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}

// failed reports whether every track has failed too often.
func (s *stepWhileOthers) failed(p *Player) bool {
	for i := range p.tracks() {
		if t := p.track(i); t.active() && int(max(t.tries[0], t.tries[1])) <= s.Forgives {
			return false
		}
	}
	return true
}
