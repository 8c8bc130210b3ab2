package chaos

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

// Traits of a kind that contradict each other.
func TestTraitsAgree(t *testing.T) {
	for i := range Kinds {
		s := &Kinds[i]
		lie := func(wrong bool, what string) {
			if wrong {
				t.Errorf("%s: %s", s.Kind, what)
			}
		}
		has := func(v Via) bool { return slices.Contains(s.Vias, v) }
		onAnswers := s.Part == PartAnswers || s.Part == PartTokens
		rewrites := s.missing != nil || s.shows != nil || s.edit != nil
		lie(s.Hangs != (s.act == actHang), "hangs, and its act is another")
		lie(s.Hangs && !s.Silent, "hangs, and yet every request is answered")
		lie(slices.Contains([]act{actSlow, actHang, actTruncate, actReset}, s.act) && !s.Silent, "keeps answers away and is not silent")
		lie(onAnswers && s.act == actNone, "acts on answers and does nothing to them")
		lie(!onAnswers && s.Part != PartStore && s.act != actNone, "acts on answers and is not about them")
		lie((s.refuses != nil) != (s.act == actRefuse), "refuses without saying whose token, or the other way round")
		lie((s.Part == PartTokens) != (s.act == actRefuse), "about tokens without refusing any")
		lie((s.link != nil) != (s.Part == PartLink), "about links without changing any")
		lie(rewrites && (s.Part != PartStore || !has(ViaViewer)), "rewrites what is not of the store, or not for viewers")
		lie(s.Part == PartStore && has(ViaViewer) && !rewrites && s.act == actNone, "viewers cannot be shown it")
		lie(s.Part == PartStore && rewrites && s.act != actNone, "acts on answers and on the thing itself")
		lie(s.shows != nil && s.pins == nil, "shows another playlist and keeps none")
		lie(s.older && s.shows == nil, "remembers for nothing")
		lie(s.viewerCannot != nil && !has(ViaViewer), "says what viewers cannot be shown, which they never are")
		lie((s.awsCannot != nil) != has(ViaAWS), "made on AWS without saying what that takes, or the other way round")
		lie(s.NeedsWriter && s.Part != PartStore && s.Part != PartInvalidator, "needs a writer where nothing is written")
		lie(s.EndsStream && s.Part != PartStore, "ends a stream that it does not touch")
		lie(s.ShowsInPlaylists && s.Requests != nil && !slices.Contains(s.Requests, m3u8.KindMedia), "shows in playlists that it does not hit")
		lie(has(ViaCommand) && (s.Field("start") == nil || s.Field("stop") == nil), "programs make it, and none can be named")
		lie(s.Instant && s.Part != PartCache && s.Part != PartAudience, "is over at once, and something of it stays")
		lie((s.Requests == nil) != (s.Part == PartLink || s.Part == PartAudience || s.Kind == EdgeFlush), "hits no request, or one that it does not touch")
	}
}

// A value that is put where a field keeps it is given, and a blank one is not.
func TestFieldsKeepTheirValues(t *testing.T) {
	for _, f := range Fields() {
		fault := NewFault("x", Command)
		if f.Given(&fault) {
			t.Errorf("%s is given in a fault in which nothing was set", f.Name)
		}
		set(t, &fault, f)
		if !f.Given(&fault) {
			t.Errorf("%s was set and is not given", f.Name)
		}
		f.problem(&fault) // asks for the value
	}
}

// set writes something that is fine for most kinds.
func set(t *testing.T, fault *Fault, f *Field) {
	t.Helper()
	switch p := f.Of(fault).(type) {
	case *int:
		*p = 403
	case *int64:
		*p = 1e6
	case *float64:
		*p = .5
	case *bool:
		*p = true
	case *time.Duration:
		*p = time.Second
	case *string:
		*p = "0"
		if f.Words != nil {
			*p = f.Words[len(f.Words)-1]
		}
	case *[]string:
		*p = []string{"true"}
		if f.Words != nil {
			*p = f.Words[:1]
		}
	case *[]m3u8.Kind:
		k, _ := m3u8.ParseKind(f.Words[0])
		*p = []m3u8.Kind{k}
	default:
		t.Fatalf("%s is kept as %T", f.Name, p)
	}
}

// complete is an entry with everything that the kind requires via an applier.
func complete(t *testing.T, s *Spec, via Via) Entry {
	t.Helper()
	e := entry(s.Kind, func(e *Entry) { e.Via = via })
	for i := range s.Params {
		if p := &s.Params[i]; p.Required && p.takes(via) || p.Name == "then" && via == ViaViewer {
			set(t, &e.Fault, p)
		}
	}
	e.Fill(via != ViaRig)
	return e
}

// Every kind can be filled in, checked, expanded and decided via each of its
// appliers, and changes something for a viewer where a viewer is shown it.
func TestEveryKindGoesAllTheWay(t *testing.T) {
	account := &AWS{Account: "1", Region: "r", Channel: "c", SpareInput: "s", Bucket: "b", Distribution: "d", Function: "f", FaultRole: "r", Package: PackageAWS{Channel: "c", Endpoint: "e"}, AllowSticky: true}
	for i := range Kinds {
		s := &Kinds[i]
		for _, via := range s.Vias {
			e := complete(t, s, via)
			target := &Target{URL: via != ViaRig, AWS: account}
			for _, p := range Check(&e, target) {
				t.Errorf("%s via %s: %s", s.Kind, via, p)
			}
			for j := range s.Params {
				if p := &s.Params[j]; p.Required && p.takes(via) {
					lacks := e
					blank := NewFault("", "")
					reflect.ValueOf(p.Of(&lacks.Fault)).Elem().Set(reflect.ValueOf(p.Of(&blank)).Elem())
					if len(Check(&lacks, target)) == 0 {
						t.Errorf("%s via %s: %s is not missed", s.Kind, via, p.Name)
					}
				}
			}
			faults := Expand([]Entry{e}, time.Hour)
			if len(faults) != 1 {
				t.Fatalf("%s: %d occurrences, want 1", s.Kind, len(faults))
			}
			if via == ViaViewer {
				shown(t, s, &faults[0])
			}
		}
	}
}

// shown looks whether a viewer is shown the fault.
func shown(t *testing.T, s *Spec, f *Fault) {
	t.Helper()
	r := NewRewriter(RewriterConfig{Faults: []Fault{*f}})
	playlist := func(n int) []byte {
		text := "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:" + itoa(n) + "\n"
		for i := range 5 {
			text += "#EXTINF:4,\n" + itoa(n+i) + ".ts\n"
		}
		return []byte(text)
	}
	viewer := Thing{Kind: m3u8.KindMedia, Pipeline: 0, Rendition: 0, Renditions: 1, Pop: Any, HasViewer: true, Issued: f.At - time.Second}
	p := NewPlan(draw.Seed(1))
	var marks Marks
	for n := range 40 {
		now := time.Duration(n) * time.Second
		if now == f.At {
			p = p.With(f, now)
		}
		if n%12 > 8 {
			viewer.Issued = now
		}
		for _, kind := range []m3u8.Kind{m3u8.KindMedia, m3u8.KindSegment} {
			viewer.Kind = kind
			url, body := "http://h/0.m3u8", playlist(n/4)
			if kind == m3u8.KindSegment {
				url, body = "http://h/"+itoa(n/4+4)+".ts", nil
			}
			_, effect := r.Rewrite(now, p, &viewer, url, Answer{Status: 200, Body: body})
			marks |= effect.Marks
		}
		_, _, _, ofLink := p.Link(now, &viewer)
		marks |= ofLink
	}
	if seen := marks.Has(f.Rule); seen != (s.Part != PartAudience) {
		t.Errorf("%s: a viewer was shown it: %v", s.Kind, seen)
	}
}
