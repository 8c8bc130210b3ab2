package run

import (
	"encoding/json"
	"fmt"
	"time"

	"hlsload/chaos"
	"hlsload/run/fleet"
)

// entry is what all agents have to know of the course of a run. Agents get all entries, in
// the order in which they happened.
type entry struct {
	Kind       entryKind       `json:"kind"`
	Rule       int             `json:"rule"` // of the fault
	Occurrence int             `json:"occurrence"`
	At         time.Duration   `json:"at"`
	Usual      []time.Duration `json:"usual,omitempty"` // startup times of the whole run at the onset, by cohort
	Lists      []playlist      `json:"lists,omitempty"` // media playlists at the onset, which all players see then
}

// playlist is a media playlist.
type playlist struct {
	URL  string `json:"url"`
	Body []byte `json:"body"`
}

// entryKind is a kind of an entry.
type entryKind string

// The kinds.
const (
	applied  entryKind = "applied" // a fault is on
	cleared  entryKind = "cleared"
	opened   entryKind = "open" // a window of a fault that players see because the agents show it
	shut     entryKind = "close"
	gathered entryKind = "gather" // a fault of the audience
)

func (e *entry) encode() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // it is a struct of numbers and a text
	}
	return b
}

// readEntry reads an entry, which comes from outside.
func readEntry(b []byte) (e entry, err error) {
	if err := json.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("read an entry of the course: %w", err)
	}
	switch e.Kind {
	case applied, cleared, opened, shut, gathered:
		if e.At < 0 {
			return e, fmt.Errorf("entry of the course at %v (want an instant of the run)", e.At)
		}
		return e, nil
	}
	return e, fmt.Errorf("entry of the course of kind %.20q (want that of the same build)", e.Kind)
}

// faultOf is the fault of an entry; nil = there is none.
func faultOf(faults []chaos.Fault, e *entry) *chaos.Fault {
	for i := range faults {
		if f := &faults[i]; f.Rule == e.Rule && f.Occurrence == e.Occurrence {
			return f
		}
	}
	return nil
}

// crowd is the viewers of a fleet at the instant of an entry.
type crowd struct {
	*fleet.Fleet
	at time.Duration
}

// Surge lets more viewers arrive from that instant on.
func (c crowd) Surge(n int, over time.Duration) { c.Fleet.Surge(c.at, n, over) }
