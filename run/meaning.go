package run

import (
	"fmt"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/reports/figure"
	"hlsload/stage"
)

// meaning is what a run on this stream can and cannot show. It is said before the run
// and in the report. The error is a fault that could show nothing at all.
func (s *stream) meaning(faults []chaos.Fault) (notes []string, err error) {
	planned := entries(faults)
	if len(planned) == 0 {
		return nil, nil
	}
	for i := range planned {
		f := &planned[i]
		switch {
		case s.sample.EndList && f.Kind.Spec().NeedsWriter:
			return nil, &Error{Usage, fmt.Sprintf("fault %s (%s) would change nothing: the stream is not live (EXT-X-ENDLIST), so players read each playlist once (want a live stream, or a fault of segments, the origin, the edge or the network)", f.Name, f.Kind), nil}
		case f.Pipeline >= s.read.Pipelines:
			return nil, &Error{Usage, fmt.Sprintf("fault %s would change nothing: it selects pipeline %d, and this stream has %s (want one of them; hlsload probe shows them, target.pipelines names them)", f.Name, f.Pipeline, figure.Plural(s.read.Pipelines, "pipeline")), nil}
		}
	}
	if w := s.redundancy(); w != "" {
		notes = append(notes, w)
	}
	if w := atViewers(planned, s.duration); w != "" {
		notes = append(notes, w)
	}
	return notes, nil
}

// entries are the first occurrence of each entry of a timeline.
func entries(faults []chaos.Fault) (first []chaos.Fault) {
	for i := range faults {
		if faults[i].Occurrence <= 1 {
			first = append(first, faults[i])
		}
	}
	return first
}

// redundancy says why no player can fail over on this stream; "" = some can.
func (s *stream) redundancy() string {
	const cannot = ", so no player can fail over: the run shows how players end or wait, and an expectation of failed_over cannot hold"
	switch {
	case s.read.Pipelines < 2:
		return fmt.Sprintf("the stream has one pipeline with %s%s (want redundant variants; hlsload probe shows what players see)", figure.Plural(len(s.read.Variants), "variant"), cannot)
	case s.read.OwnOnly():
		return "each multivariant playlist lists its own pipeline only" + cannot + " (want both pipelines in each of them)"
	}
	return ""
}

// atViewers says what faults via viewer show, and what they do not; "" = there are none.
// A target duration of 0 is not known yet.
func atViewers(planned []chaos.Fault, target time.Duration) string {
	var names []string
	stale := false
	for i := range planned {
		f := &planned[i]
		if f.Via != chaos.ViaViewer || len(f.Kind.Spec().Vias) == 1 {
			continue // those that are the viewer's in any case
		}
		names = append(names, f.Name)
		stale = stale || f.AwaitsInvalidator()
	}
	if names == nil {
		return ""
	}
	w := strings.Join(names, ", ") + " via viewer: " + stage.AtViewers
	if stale {
		w += "; " + stage.AssumesStale(target)
	}
	return w
}
