package run

import (
	"fmt"
	"hlsload/player/m3u8"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/sim/forecast"
	"testing"
)

// TestHostCeilings: a host has its part of what is expected, by what the look at
// the stream has seen there; what the scenario allows in all it allows to hosts in
// proportion.
func TestHostCeilings(t *testing.T) {
	sc := parse(t, "duration: 60s\ntarget: {url: http://a/x.m3u8}\nfleet: {players: 100}\n")
	e, err := expectLoad(t.Context(), sc, nil, forecast.Stream{}, true)
	if err != nil {
		t.Fatal(err)
	}
	lists, media := forecast.Of(m3u8.KindMultivariant, m3u8.KindMedia), forecast.Of(m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
	hosts := map[string]forecast.Kinds{"lists.example": lists, "media.example": media}
	var c, raised fleet.Ceiling
	e.ceilings(&c, &scenarios.Limits{}, hosts)
	l, g, all := c.Hosts["lists.example"], c.Hosts["media.example"], c.Total
	if !(l.Peak > 0 && l.Peak < all.Peak && g.Peak > 0 && g.Peak < all.Peak && l.Floor >= 100 && l.Floor < 400 && all.Floor == 400) {
		t.Errorf("lists %+v, media %+v, all %+v", l, g, all)
	}
	if c.Elsewhere.Peak != all.Peak || c.Elsewhere.Floor != all.Floor {
		t.Errorf("a host that was not met: %+v; want as all: %+v", c.Elsewhere, all)
	}
	if c.Bits != (fleet.Bound{Why: c.Bits.Why}) {
		t.Errorf("bodies of an unknown ladder: %+v; want no ceiling", c.Bits)
	}
	e.ceilings(&raised, &scenarios.Limits{Requests: int64(10 * max(all.Peak, all.Floor)), Bandwidth: 1}, hosts)
	if r := raised.Hosts["lists.example"]; raised.Total != (fleet.Bound{}) || r.Peak < 9*l.Peak || r.Peak > 11*l.Peak || r.Floor < 9*l.Floor {
		t.Errorf("with 10 times as much in all: %+v, %+v; want 10 times %+v", raised.Total, r, l)
	}
}

// TestAsked: what hosts are asked for, whichever pipeline they serve.
func TestAsked(t *testing.T) {
	list, media := forecast.Of(m3u8.KindMedia), forecast.Of(m3u8.KindInit, m3u8.KindSegment, m3u8.KindKey)
	for _, tc := range []struct {
		name     string
		media    []string
		segments []string
		want     map[string]forecast.Kinds
	}{
		{"one host", []string{"http://A/a.m3u8"}, []string{"http://a"}, map[string]forecast.Kinds{"a": forecast.All}},
		{"a dot at its end", []string{"http://A./a.m3u8"}, []string{"http://a.:80"}, map[string]forecast.Kinds{"a": forecast.All}},
		{"a host for each pipeline", []string{"https://b:8443/a.m3u8", "https://c/a.m3u8"}, []string{"b:8443"},
			map[string]forecast.Kinds{"a": forecast.Of(m3u8.KindMultivariant), "b": list | media, "c": list | media}},
		{"segments elsewhere", []string{"http://a/a.m3u8"}, []string{"s"}, map[string]forecast.Kinds{"a": list | forecast.Of(m3u8.KindMultivariant), "s": media}},
	} {
		s := &stream{urls: []string{"http://a/index.m3u8"}, media: tc.media, segments: tc.segments, fetch: look.New(look.Config{})}
		got := s.asked()
		if fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s: %v; want %v", tc.name, got, tc.want)
		}
		s.fetch.Close()
	}
}

// TestHosts: consent is asked of the target's own hosts first, however many others
// its playlists name.
func TestHosts(t *testing.T) {
	s := &stream{urls: []string{"https://z.example/index.m3u8", "http://y.example:8080/index.m3u8"}, fetch: look.New(look.Config{})}
	defer s.fetch.Close()
	for i := range 2 * look.MaxHosts {
		s.media = append(s.media, fmt.Sprintf("https://a%03d.example/%d.m3u8", i, i), "https://z.example/v.m3u8")
	}
	s.segments = []string{"b.example", "z.example"}
	got := s.hosts()
	if len(got) != 2+2*look.MaxHosts+1 || got[0] != "z.example" || got[1] != "http://y.example:8080" || got[2] != "a000.example" || got[len(got)-1] != "b.example" {
		t.Errorf("%q", got)
	}
}
