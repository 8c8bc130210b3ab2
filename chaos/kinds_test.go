package chaos

import (
	"slices"
	"testing"
)

// The table of the scenario format: what users were promised.
func TestKindsKeepThePromise(t *testing.T) {
	writers := []Via{ViaRig, ViaViewer, ViaAWS, ViaCommand}
	servers := []Via{ViaRig, ViaViewer, ViaAWS}
	ownWriters, edges := []Via{ViaRig, ViaViewer, ViaCommand}, []Via{ViaRig, ViaViewer} // AWS cannot
	promised := []struct {
		kind     Kind
		vias     []Via
		onURL    Via
		instant  bool
		required []string
	}{
		{PipelineKill, writers, ViaViewer, false, nil},
		{PipelinePause, writers, ViaViewer, false, nil},
		{PipelineDrift, ownWriters, ViaViewer, false, []string{"by"}},
		{InputLoss, writers, ViaViewer, false, nil},
		{PlaylistFreeze, writers, ViaViewer, false, nil},
		{PlaylistDelete, writers, ViaViewer, false, nil},
		{PlaylistRollback, writers, ViaViewer, false, []string{"by"}},
		{PlaylistEndlist, writers, ViaViewer, false, nil},
		{SegmentMissing, servers, ViaViewer, false, nil},
		{SegmentLate, edges, ViaViewer, false, []string{"by"}},
		{SegmentTruncate, edges, ViaViewer, false, nil},
		{OriginStatus, servers, ViaViewer, false, []string{"code"}},
		{OriginSlow, edges, ViaViewer, false, []string{"by"}},
		{OriginHang, edges, ViaViewer, false, nil},
		{InvalidatorOff, []Via{ViaRig, ViaAWS}, ViaAWS, false, nil},
		{InvalidatorSlow, []Via{ViaRig, ViaAWS}, ViaAWS, false, []string{"by"}},
		{InvalidatorThrottle, []Via{ViaAWS}, ViaAWS, false, []string{"concurrency"}},
		{PackagerErrors, []Via{ViaAWS}, ViaAWS, false, []string{"conditions"}},
		{EdgeStatus, []Via{ViaRig, ViaViewer}, ViaViewer, false, []string{"code"}},
		{EdgeSlow, []Via{ViaRig, ViaViewer}, ViaViewer, false, []string{"by"}},
		{EdgeHang, []Via{ViaRig, ViaViewer}, ViaViewer, false, nil},
		{EdgeErrorTTL, []Via{ViaRig, ViaAWS}, ViaAWS, false, []string{"ttl"}},
		{EdgeFlush, []Via{ViaRig, ViaAWS}, ViaAWS, true, nil},
		{HTTPStatus, []Via{ViaViewer}, ViaViewer, false, []string{"code"}},
		{HTTPSlow, []Via{ViaViewer}, ViaViewer, false, []string{"by"}},
		{HTTPHang, []Via{ViaViewer}, ViaViewer, false, nil},
		{HTTPTruncate, []Via{ViaViewer}, ViaViewer, false, nil},
		{HTTPReset, []Via{ViaViewer}, ViaViewer, false, nil},
		{NetBandwidth, []Via{ViaViewer}, ViaViewer, false, []string{"down"}},
		{NetLatency, []Via{ViaViewer}, ViaViewer, false, []string{"by"}},
		{NetDown, []Via{ViaViewer}, ViaViewer, false, nil},
		{AuthExpire, edges, ViaViewer, false, nil},
		{AuthRevoke, edges, ViaViewer, false, nil},
		{AuthClock, edges, ViaViewer, false, []string{"by"}},
		{ViewersSurge, []Via{ViaViewer}, ViaViewer, true, []string{"players"}},
		{ViewersReconnect, []Via{ViaViewer}, ViaViewer, true, nil},
		{Command, []Via{ViaCommand}, ViaCommand, false, []string{"start", "stop"}},
		{Manual, []Via{ViaManual}, ViaManual, false, nil},
	}
	if len(Kinds) != len(promised) {
		t.Errorf("%d kinds, want %d", len(Kinds), len(promised))
	}
	for _, want := range promised {
		s := Lookup(want.kind)
		if s == nil {
			t.Errorf("%s is not listed", want.kind)
			continue
		}
		if !slices.Equal(s.Vias, want.vias) || s.Default(false) != want.vias[0] || s.Default(true) != want.onURL {
			t.Errorf("%s: vias %v, default %s on a rig, %s on a URL; want %v, %s, %s", s.Kind, s.Vias, s.Default(false), s.Default(true), want.vias, want.vias[0], want.onURL)
		}
		if s.Instant != want.instant {
			t.Errorf("%s: instant = %v", s.Kind, s.Instant)
		}
		var required []string
		for _, f := range s.Params {
			if f.Required && (f.Vias == nil || s.Kind == Command) {
				required = append(required, f.Name)
			}
		}
		if !slices.Equal(required, want.required) {
			t.Errorf("%s requires %v, want %v", s.Kind, required, want.required)
		}
		if s.Doc == "" || s.Changes == "" {
			t.Errorf("%s is not described", s.Kind)
		}
		for _, f := range append(slices.Clone(s.Selectors), s.Params...) {
			if f.of == nil || f.Type == "" || f.Doc == "" {
				t.Errorf("%s: key %q keeps its value nowhere, or is not described", s.Kind, f.Name)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"pipeline.kil", "pipeline.kill"},
		{"pipline.kill", "pipeline.kill"},
		{"playlist.frezee", "playlist.freeze"},
		{"segment.mising", "segment.missing"},
		{"http.staus", "http.status"},
		{"net.dwon", "net.down"},
		{"comand", "command"},
		{"zzzzzzzz", ""},
		{"", ""},
	} {
		if got := Nearest(c.word, KindNames()); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
