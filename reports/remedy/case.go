package remedy

import (
	"slices"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/m3u8"
)

// Stream is what is known of the stream that a fault hit.
type Stream struct {
	Pipelines int
	Embedded  bool // it is the embedded channel
	// Deletes: playlists that are no longer written are deleted; Prevented: they would be,
	// if no fault prevented it.
	Deletes, Prevented bool
	Rejoins            bool // viewers whose session ended by an error come back
	// Before: another fault began on another pipeline at most [KeptAway] before this one.
	Before   bool
	ErrorTTL time.Duration // for which the edges keep errors; only of the embedded channel
	Lowest   int64         // bit/s of the lowest rendition; 0 = not known
}

// KeptAway is for how long players keep away from a pipeline after an error.
const KeptAway = 5 * time.Minute

// incident is one player in one fault.
type incident struct {
	fault  *chaos.Fault
	stream *Stream
	player *player.Profile
	dies   bool // sessions ended by an error
}

// Condition is something that must be so in an incident.
type Condition struct {
	Text string // as in "one of several pipelines"
	of   func(*incident) bool
}

var (
	other = Condition{"something else is healthy", func(i *incident) bool { return !everywhere(i) }}
	every = Condition{"nothing else is healthy", everywhere}
	dies  = Condition{"sessions end by an error", func(i *incident) bool { return i.dies }}

	// At a URL it is not known whether stale playlists are deleted; a 404 would have
	// ended a session.
	standing = Condition{"playlists stand still at 200", func(i *incident) bool {
		f := i.fault
		return in(f.Kind, frozen) || hides.of(i) || (f.AwaitsInvalidator() || in(f.Kind, written) && f.By > 0) && !i.stream.Deletes && (i.stream.Embedded || !i.dies)
	}}
	gone      = Condition{"playlists are gone", func(i *incident) bool { return !standing.of(i) }}
	undeleted = Condition{"nothing deletes stale playlists", func(i *incident) bool { return in(i.fault.Kind, written) && !i.stream.Deletes && !i.stream.Prevented }}
	prevented = Condition{"another fault prevents that stale playlists are deleted", func(i *incident) bool { return i.stream.Prevented }}
	deleted   = Condition{"stale playlists are deleted", func(i *incident) bool { return i.fault.AwaitsInvalidator() && i.stream.Deletes }}

	hides = Condition{"a CDN hides 5xx", func(i *incident) bool {
		return in(i.fault.Kind, hidden) && i.fault.Code >= 500 && i.fault.Via != chaos.ViaViewer
	}}
	shows  = Condition{"players see 5xx", func(i *incident) bool { return i.fault.Code >= 500 && !hides.of(i) }}
	client = Condition{"players see 4xx", func(i *incident) bool { return i.fault.Code >= 400 && i.fault.Code < 500 }}
	lists  = Condition{"playlists hang, too", func(i *incident) bool {
		return len(i.fault.Kinds) == 0 || slices.Contains(i.fault.Kinds, m3u8.KindMedia)
	}}
	joins = Condition{"of multivariant playlists", func(i *incident) bool { return len(i.fault.Kinds) == 1 && i.fault.Kinds[0] == m3u8.KindMultivariant }}

	forGood    = Condition{"viewers do not come back", func(i *incident) bool { return !i.stream.Rejoins }}
	single     = Condition{"there is one pipeline", func(i *incident) bool { return i.stream.Pipelines < 2 && i.fault.Pipeline != chaos.Any }}
	remembered = Condition{"another pipeline failed within the 5 minutes before", func(i *incident) bool { return i.stream.Before }}
	narrow     = Condition{"`down` below the lowest rendition", func(i *incident) bool { return i.stream.Lowest > i.fault.Down }}
	longErrors = Condition{"errors are kept for longer than 1 s, or it is not known", func(i *incident) bool { return !i.stream.Embedded || i.stream.ErrorTTL > time.Second }}
)

// everywhere reports whether a fault hits whatever a viewer could move to.
func everywhere(i *incident) bool {
	return (i.fault.Pipeline == chaos.Any || i.stream.Pipelines < 2) && i.fault.Rendition == ""
}

func in(k chaos.Kind, kinds []chaos.Kind) bool { return slices.Contains(kinds, k) }

func all(conditions []Condition, i *incident) bool {
	return !slices.ContainsFunc(conditions, func(c Condition) bool { return !c.of(i) })
}
