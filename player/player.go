package player

import (
	"math"
	"time"

	"hlsload/player/draw"
	"hlsload/player/estimate"
	"hlsload/player/m3u8"
)

// Never is the instant that does not come.
const Never = time.Duration(math.MaxInt64)

// Config is what one player is made of.
type Config struct {
	Profile *Profile
	URL     string    // of the multivariant playlist
	Seed    draw.Seed // of this player
	// Epoch is the wall-clock instant, in nanoseconds since 1970, at which the
	// run's clock stood at 0. It gives date-times of playlists their meaning.
	Epoch int64
	// Public makes the player treat its URL as a public address, so that a loopback
	// rig does not trigger private-network behaviour.
	Public bool
	// Cautious bounds how often URLs that failed are asked for again, whatever
	// the profile does: see [MaxRepeats].
	Cautious bool
	// Progress returns how many bytes of the body of a fetch in flight have
	// arrived. nil = always 0.
	Progress func(FetchID) int64

	work work
}

// work is what the players of a Config need only at times. They take turns.
type work struct {
	out   []Action          // of the step that is taken
	spare [rooms][][]flight // room for fetches, by size
}

// state is where a session stands.
type state uint8

const (
	loading state = iota // nothing has been played yet
	playing
	stalled // wants to play and cannot
	over    // nothing follows
)

// Player is one viewer. Make it with [New].
type Player struct {
	cfg    *Config // but for its Seed
	seed   draw.Seed
	ladder *Ladder
	now    time.Duration

	state state
	// undecided: something changed that the choice of level
	// depends on.
	undecided bool
	inTurn    bool    // it does one thing at a time, as its loader says
	pathway   int16   // of pathway grouping
	forced    int16   // level that the next segment must come from; -1 = free
	lastLevel int16   // of the last loaded segment; -1 = none
	rate      float32 // of playback, less 1
	stalls    uint32
	nextID    FetchID
	since     time.Duration // when the state began; the join before the first frame

	// Playback: while playing, the position is anchor + (now - anchorAt).
	anchorAt time.Duration
	anchor   time.Duration
	dry      time.Duration // what runsDry found, until the next Step; noDry = not asked
	began    time.Duration // media time that loading is held to have begun at

	main    track
	audio   *track   // nil until audio comes by itself
	flights []flight // nil while there are none
	visited uint64   // renditions that were left, of the first 64

	estimate estimate.Estimate
	switched time.Duration
	errs     errorBook
	// start is when the multivariant playlist may be asked for; once it is
	// there, when the first frame comes, 0 = not known.
	start   time.Duration
	orphans *orphan
	// caution is nil unless the player is cautious.
	caution *Caution
	survey  *survey // of all playlists before the first segment; nil = none, or done

	// pdt is date-time minus media time, in Unix nanoseconds; noPDT = none seen.
	pdt int64
}

const (
	noPDT = math.MinInt64
	noDry = time.Duration(math.MinInt64)
)

// span is a stretch of media time.
type span struct{ from, to time.Duration }

func (s span) empty() bool { return s.to <= s.from }

// New returns a player that joins at now. Call [Player.Step] with a Tick at
// once: it asks for the multivariant playlist.
func New(cfg Config, now time.Duration) *Player {
	cfg.work = work{}
	p := new(Player)
	p.Join(&cfg, cfg.Seed, now)
	return p
}

// Join makes p the player of another session, as [New] does, in place. cfg is shared by
// players of one caller, who must not change it; seed is this player's.
func (p *Player) Join(cfg *Config, seed draw.Seed, now time.Duration) {
	*p = Player{cfg: cfg, seed: seed, now: now, since: now, forced: -1, lastLevel: -1, pdt: noPDT, dry: noDry, start: now}
	p.inTurn = cfg.Profile.Loader.Is.inTurn()
	p.estimate = cfg.Profile.Estimate.Is.Start(p.firstRate(), p.private())
	p.main.reset()
	if cfg.Cautious {
		p.caution = new(Caution)
	}
}

// tracks is how many tracks there are so far.
func (p *Player) tracks() Track {
	if p.audio == nil {
		return AudioTrack
	}
	return Tracks
}

func (p *Player) track(t Track) *track {
	if t == MainTrack {
		return &p.main
	}
	if p.audio == nil {
		p.audio = new(track)
		p.audio.reset()
	}
	return p.audio
}

// Step takes what happened at now and appends the player's actions to
// out. It may be called at any time; instants must not decrease.
func (p *Player) Step(now time.Duration, ev *Event, out []Action) []Action {
	if p.state == over {
		return out
	}
	work := &p.cfg.work
	work.out = out
	if p.nextID == 0 {
		p.now = now
		p.note(&Sample{Type: Joined, Pipeline: -1, Rendition: -1})
	}
	p.play(now)
	p.now, p.dry = now, noDry
	switch ev.Type {
	case Head:
		p.head(ev)
	case End:
		p.end(ev)
	case Failed:
		p.failed(ev)
	case Leave:
		p.finish(Left, "")
	}
	p.timeouts()
	if p.orphans != nil {
		p.reloadOrphans()
	}
	p.abandon()
	if p.delays() {
		p.recoverDelayed()
	}
	if p.errs.any() {
		p.returns()
	}
	p.pump()
	p.catchUp()
	if p.caution != nil {
		p.release()
	}
	p.settle()
	out, work.out = work.out, nil
	return out
}

// Wake returns when the player wants a Tick if nothing else happens before;
// [Never] if it waits for events only.
func (p *Player) Wake() time.Duration {
	if p.state == over {
		return Never
	}
	at := p.playWake()
	if p.caution != nil {
		at = min(at, p.releaseWake())
	}
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 {
			at = min(at, p.flightWake(f))
		}
	}
	if p.ladder == nil {
		if p.flight(0, m3u8.KindMultivariant) == nil {
			at = min(at, p.start)
		}
		return at
	}
	if p.errs.any() {
		at = min(at, p.errs.wake(p))
	}
	for s := p.orphans; s != nil; s = s.next {
		at = min(at, max(s.at, p.now))
	}
	if t := p.survey; t != nil {
		if t.at > 0 {
			at = min(at, max(t.at, p.now))
		}
		for i := range p.tracks() {
			if tr := p.track(i); t.probes != nil && tr.active() && !tr.listed() {
				at = min(at, max(p.listDue(i, tr), p.now))
			}
		}
		return at // else its fetches are awaited
	}
	if p.delays() {
		at = min(at, p.delayedWake())
	}
	return min(at, p.slideWake(), p.loader().wake(p))
}

// Over reports whether the session has ended.
func (p *Player) Over() bool { return p.state == over }

// Playing reports whether media is being played, and Stalled whether playback
// ran dry; before the first frame both are false.
func (p *Player) Playing() bool { return p.state == playing }

// Stalled: see [Player.Playing].
func (p *Player) Stalled() bool { return p.state == stalled }

// note records a sample of this instant.
func (p *Player) note(s *Sample) {
	if s.At == 0 {
		s.At = p.now
	}
	p.act(Note).Sample = *s
}

// act adds an action, for the caller to fill in before there is another one: an Action
// is too large to be made first and copied then.
func (p *Player) act(t ActionType) *Action {
	out := append(p.cfg.work.out, Action{})
	p.cfg.work.out = out
	a := &out[len(out)-1]
	a.Type = t
	return a
}

// begin is the transition to the first frame.
func (p *Player) begin() {
	took := p.now - p.since
	p.setState(playing, p.now)
	p.anchorAt = p.now
	p.note(&Sample{Type: Started, Duration: took, Pipeline: p.pipeline(), Rendition: p.main.shown})
}

// stall is the transition to standing still; it happened at the given instant.
func (p *Player) stall(at time.Duration) {
	p.setState(stalled, at)
	p.stalls++
	p.note(&Sample{At: at, Type: StallStart, Pipeline: p.pipeline(), Rendition: p.main.shown})
	p.starved()
}

// resume is the transition from standing still to playing.
func (p *Player) resume() {
	p.note(&Sample{Type: StallEnd, Duration: p.now - p.since, Pipeline: p.pipeline(), Rendition: p.main.shown})
	p.setState(playing, p.now)
	p.anchorAt = p.now
}

// finish ends the session: Left, Ended or Fatal.
func (p *Player) finish(how SampleType, reason string) {
	if p.state == over {
		return
	}
	if p.state == stalled {
		p.note(&Sample{Type: StallEnd, Duration: p.now - p.since, Pipeline: p.pipeline(), Rendition: p.main.shown})
	}
	for i := range p.flights {
		if f := &p.flights[i]; f.id != 0 {
			p.drop(f)
		}
	}
	p.setState(over, p.now)
	p.note(&Sample{Type: how, Reason: reason, Pipeline: p.pipeline(), Rendition: p.main.rendition})
	p.act(Done)
}

func (p *Player) setState(s state, at time.Duration) {
	p.state, p.since = s, at
}

// pipeline is that of the main track's current rendition.
func (p *Player) pipeline() int8 { return p.pipelineOf(int(p.main.rendition)) }

func (p *Player) pipelineOf(rendition int) int8 {
	if p.ladder == nil || rendition < 0 {
		return -1
	}
	return int8(p.ladder.Renditions[rendition].Pipeline)
}
