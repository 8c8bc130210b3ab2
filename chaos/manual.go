package chaos

import "time"

// Faults that a person makes.
var manualKinds = []Spec{
	{
		Kind: Manual, Vias: []Via{ViaManual}, Requests: allRequests,
		Doc:       "a person makes the fault and ends it when the run says so; when it began and ended is read from the media playlists",
		Changes:   "whatever that person changes; pipeline says whose media playlists show it",
		Selectors: fields(byPipeline), Params: fields(soon),
	},
}

// maxWithin is the default of within, for windows that are as long.
const maxWithin = time.Minute

var soon = Field{Name: "within", Type: "duration", Default: "1m, at most the window", Vias: []Via{ViaManual},
	Doc: "how soon the media playlists must show it after the run has said so, and how soon they must advance again at the end", Says: "the playlists must show it within %s",
	of: func(f *Fault) any { return &f.Within },
	wrong: func(f *Fault) string {
		return unless(f.Within >= time.Second && f.Within <= f.For, "duration out of range (got %v; want 1s to the length of the window, %v)", f.Within, f.For)
	}}
