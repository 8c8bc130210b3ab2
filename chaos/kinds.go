package chaos

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
)

// Spec describes one kind of fault: what `hlsload list faults` prints, what
// [Check] holds an entry against, and what the kind does. Everything that
// another package has to know about a kind is a trait of it here.
type Spec struct {
	Kind      Kind
	Doc       string // one line
	Changes   string // the object or answer that it changes
	Selectors []Field
	Params    []Field
	// Vias are the appliers that can make it, the default on a rig first. The
	// default on a URL is the first of viewer, aws, command, manual among them.
	Vias []Via
	// Requests are the kinds of request it hits unless `kind` says otherwise.
	Requests []m3u8.Kind

	Part    Part // of the delivery that it disturbs
	Site    Site // where the rig decides on it, when it acts on answers or tokens
	Instant bool // happens at once and leaves nothing to undo; takes no `for`
	// NeedsWriter: it acts on what is being written, so a VOD cannot have it.
	NeedsWriter bool
	// Silent: it may leave a request without any answer, which then carries no mark.
	Silent bool
	// Hangs: it may keep requests open.
	Hangs bool
	// EndsStream: it may make a player believe that the presentation is over.
	EndsStream bool
	// ShowsInPlaylists: media playlists show it for as long as it holds.
	ShowsInPlaylists bool

	act     act                                                               // what it does to single answers
	refuses func(w *Window, now, issued time.Duration, viewerKnown bool) bool // of actRefuse: which tokens
	link    func(linkFaults, *Fault) linkFaults                               // what it leaves of a viewer's link
	rewriting
	// viewerCannot says what viewers cannot be shown, where answers are
	// rewritten but no new media is made.
	viewerCannot func(*Fault) objection
	// awsCannot says why an account cannot make it; nil when none can.
	awsCannot func(*AWS, *Fault) objection
	// twinGoesOn: a packager goes on with what the other pipeline writes.
	twinGoesOn bool
}

// Part is the part of the delivery that a kind of fault disturbs.
type Part uint8

// The parts.
const (
	PartUnknown     Part = iota // whatever the programs of the user change
	PartStore                   // what the origin holds: playlists and segments
	PartInvalidator             // what deletes stale playlists
	PartPackager                // when a packager answers errors
	PartAnswers                 // single answers on their way
	PartTokens                  // which tokens are accepted
	PartCache                   // what the edges keep
	PartLink                    // the viewer's link
	PartAudience                // the number of viewers; no answer is touched
)

// Default returns what applies the fault when the entry does not say; "" when
// nothing can on this target.
func (s *Spec) Default(onURL bool) Via {
	if !onURL {
		return s.Vias[0]
	}
	for _, v := range [...]Via{ViaViewer, ViaAWS, ViaCommand, ViaManual} {
		if slices.Contains(s.Vias, v) {
			return v
		}
	}
	return ""
}

// Possible returns what can apply the fault on this target.
func (s *Spec) Possible(onURL bool) []Via {
	var possible []Via
	for _, v := range s.Vias {
		if v != ViaRig && v != ViaManual || (v == ViaManual) == onURL {
			possible = append(possible, v)
		}
	}
	return possible
}

// Kinds are all faults, in the order in which they are listed to people. It
// must not be changed.
var Kinds = slices.Concat(pipelineKinds, playlistKinds, segmentKinds, originKinds, invalidatorKinds, edgeKinds, cacheKinds, viewerKinds, linkKinds, authKinds, audienceKinds, commandKinds, manualKinds)

var specs = map[Kind]*Spec{}

func init() {
	for i := range Kinds {
		specs[Kinds[i].Kind] = &Kinds[i]
	}
}

// Lookup returns the description of a kind, nil for an unknown one.
func Lookup(kind Kind) *Spec { return specs[kind] }

// unknown has no traits.
var unknown Spec

// Spec returns the description of the kind; that of an unknown one has no
// traits. The caller must not change it.
func (k Kind) Spec() *Spec {
	if s := specs[k]; s != nil {
		return s
	}
	return &unknown
}

// KindNames returns the names of all faults, as listed.
func KindNames() []string { return namesOf(func(*Spec) bool { return true }) }

// KindsVia names the faults that an applier can make.
func KindsVia(via Via) []string {
	return namesOf(func(s *Spec) bool { return slices.Contains(s.Vias, via) })
}

func namesOf(those func(*Spec) bool) []string {
	var names []string
	for i := range Kinds {
		if those(&Kinds[i]) {
			names = append(names, string(Kinds[i].Kind))
		}
	}
	return names
}

// Groups of requests and appliers that several families share.
var (
	allRequests = []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia, m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey}
	playlists   = []m3u8.Kind{m3u8.KindMedia}
	segments    = []m3u8.Kind{m3u8.KindSegment}

	writers = []Via{ViaRig, ViaViewer, ViaAWS, ViaCommand}
	servers = []Via{ViaRig, ViaViewer, ViaAWS}
	// Without AWS, which has no way to do it.
	ownWriters = []Via{ViaRig, ViaViewer, ViaCommand}
	edges      = []Via{ViaRig, ViaViewer}
	viewer     = []Via{ViaViewer}

	objects = fields(byPipeline, byRendition, byCohort, byShare)
)
