package player

import (
	"time"

	"hlsload/player/policy"
	"hlsload/player/units"
)

// penaltyLevelThenPause gives up the level that is played, and delays the playlist
// that is chosen in place of it, if that one was asked for a moment ago or is the
// last one (VHS playlist-controller excludePlaylist).
type penaltyLevelThenPause struct {
	ofLevel `yaml:",inline"`
	Pause   units.Span     `yaml:"pause"`   // how long ago the playlist must have been asked for, else it is delayed by as much
	Unknown units.Duration `yaml:"unknown"` // as Pause, of a playlist that was never loaded
	// Takes is what the player itself needs from the choice to the first frame of the
	// other playlist; it is waited for before that is asked for.
	Takes units.Duration `yaml:"takes"`
}

func (c *penaltyLevelThenPause) Limits(l *policy.Limits) {
	c.ofLevel.Limits(l)
	l.Span("pause", &c.Pause, time.Millisecond, time.Hour)
	l.Duration("unknown", &c.Unknown, 0, time.Hour)
	l.Duration("takes", &c.Takes, 0, time.Second)
}

// chosen delays the playlist. If it is the one that is still in use, because that
// of the other one never came, nothing changes but that it is loaded again when it
// would be after a load.
func (c *penaltyLevelThenPause) chosen(p *Player, left int16, last bool) {
	t := &p.main
	if t.rendition == left {
		return
	}
	rec, d := p.errs.find(t.rendition), time.Duration(c.Unknown)
	target, segment := p.targetDuration(MainTrack), p.segmentDuration()
	if rec == nil || rec.known {
		d = c.Pause.Of(target, segment)
	}
	asked := p.errs.was(t.rendition).asked
	back := t.mediaOf == t.rendition
	if back {
		asked = max(asked, t.loadedAt)
	}
	if last || asked > 0 && p.now-asked <= d {
		t.reloadAt(p.now + d)
	} else if t.listAt == p.now {
		t.reloadAt(p.now + time.Duration(c.Takes))
	}
	if back {
		t.wait()
		t.joint = noJoint
		t.reloadAt(t.listAt + p.betweenLoads(true))
	}
}
