// Package player is one viewer as a state machine: join, reload, fetch, buffer,
// stall, switch, fail over, leave.
//
// Start with [New], then feed [Player.Step] with what happened and carry out
// the actions it returns; [Player.Wake] says when it wants to be called without
// anything having happened. How the player behaves is data: a profile
// (hlsload/player/profile) interpreted by this one engine.
//
// A session:
//
//	loading ──▶ playing ◀──▶ stalled      begin, stall, resume
//	   └───────────┴────────────┴──▶ over     finish: left, ended or fatal
//
// A track, of which there is one for the video or everything, and one for audio
// that comes by itself:
//
//	absent ──▶ wanted ──▶ current ──▶ exhausted     everything listed is loaded
//	   ▲         ▲           │ ▲          │
//	   │         │           ▼ └──────────┤         a reload brought news
//	   │         │        waiting ────────┤         the segment waits for a reload
//	   │         └───────────┴────────────┤         another rendition, or idle
//	   └──────────────────────────────────┘         reset: sound comes with the video
//
// While current, a track works through a chain: key, initialization section, segment.
// A recovery may be delayed in each of these states; it holds the chain up, until
// another rendition is wanted. When a track wants something is said once, by listDue
// and segmentDue: Step asks for what is due, and Wake returns the earliest instant that
// is still to come.
//
// The package is pure: no sockets, no clock, no goroutines, and no knowledge of
// being tested. Time is a duration since the start of the run. A Player belongs
// to one caller at a time.
package player
