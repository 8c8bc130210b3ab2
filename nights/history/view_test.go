package history

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hlsload/nights"
	"hlsload/reports"
)

func of(all ...nights.Night) *View {
	return Of(&History{Nights: all}, Looking{Base: 14, Compared: 100})
}

func key(hash string) func(n *nights.Night) {
	return func(n *nights.Night) { n.Key.Hash = hash }
}

func scenario(name string) func(n *nights.Night) {
	return func(n *nights.Night) { n.Scenario = name }
}

// value is a night with one value.
func value(day int, v float64, change ...func(n *nights.Night)) nights.Night {
	return night(day, append(change, func(n *nights.Night) { n.Measures[0].Values = []nights.Level{nights.Level(v)} })...)
}

func TestEmptyHistory(t *testing.T) {
	b, err := json.Marshal(of())
	if want := `{"schema":"hlsload.history/v1","nights":0,"from":"","to":"","problems":[],"damaged":[],"doubles":0,"series":[]}`; err != nil || string(b) != want {
		t.Errorf("%v: %s; want %s", err, b, want)
	}
}

// TestKeysAreApart: nights of different keys are series of their own, that with the newest
// night first, and scenarios stay together.
func TestKeysAreApart(t *testing.T) {
	v := of(night(0, key("old")), night(1, scenario("kill"), key("k")), night(2, key("new")), night(3, scenario("kill"), key("k")), night(4, key("new")), night(5, key("older"), scenario("gone")), night(6, key("new")))
	var got []string
	for _, s := range v.Series {
		got = append(got, fmt.Sprintf("%s %s %d %v", s.Scenario, s.Key.Hash, len(s.Nights), s.Former))
	}
	if want := []string{"soak new 3 false", "soak old 1 true", "gone older 1 false", "kill k 2 false"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}

// TestRunsThatNeverBegan: their key is not known; they are shown with the newest one of their
// scenario.
func TestRunsThatNeverBegan(t *testing.T) {
	v := of(night(0), night(1, void, key("")), night(2, key("k2")), night(3, void, key(""), scenario("other")))
	if len(v.Series) != 3 || v.Series[0].Scenario != "other" || v.Series[0].Key.Hash != "" || v.Series[1].Key.Hash != "k2" || len(v.Series[1].Nights) != 2 || v.Series[1].Nights[0].Verdict != reports.Void {
		t.Errorf("%+v", v.Series)
	}
}

// TestVoidNightsProveNothing: they are shown, and are in no trend, base or comparison.
func TestVoidNightsProveNothing(t *testing.T) {
	all := []nights.Night{}
	for i := range 30 {
		all = append(all, value(i, 5000+float64(i%3)*10))
	}
	odd := []nights.Level{900_000}
	for i := 20; i < 26; i++ {
		all[i].Verdict, all[i].Reason = reports.Void, "too slow"
		all[i].Measures[0].Values = odd
	}
	all[27].Verdict, all[27].Measures[0].Values = reports.Interrupted, odd
	s := of(all...).Series[0]
	if len(s.Nights) != 30 || s.InTrend() != 23 {
		t.Fatalf("%d nights, %d of them in trends; want 30 and 23", len(s.Nights), s.InTrend())
	}
	for i, n := range s.Nights {
		if v := s.Measures[0].Values[i]; n.Trend == math.IsNaN(float64(v)) || n.Outcome == nights.Worse || !n.Trend && n.Outcome != "" {
			t.Errorf("night %d (%s): value %v, outcome %q", i, n.Verdict, v, n.Outcome)
		}
	}
	if len(s.Turns()) != 0 {
		t.Errorf("change points %+v", s.Turns())
	}
}

func TestChangePoint(t *testing.T) {
	var all []nights.Night
	for i := range 40 {
		v := 5000 + float64(i*i%7)*10
		build := "v1"
		if i >= 28 {
			v, build = 1.2*v, "v2"
		}
		all = append(all, value(i, v, func(n *nights.Night) { n.Build, n.Release = build, "r"+build }))
	}
	void(&all[27])
	turns := of(all...).Series[0].Turns()
	if len(turns) != 1 || len(turns[0].Points) != 1 {
		t.Fatalf("%+v", turns)
	}
	c := turns[0].Points[0].Change
	if c.Night != 28 || c.Run != all[28].Run || c.Before != 5030 && c.Before != 5040 && c.Before != 5020 || !c.Worse || math.Abs(float64(c.Change)-.2) > .01 || c.Build != "v2" || c.BuildBefore != "v1" || c.Release != "rv2" || c.ReleaseBefore != "rv1" || !(c.P <= strong) {
		t.Errorf("%+v", c)
	}
}

// TestBetter: less is better, but of what less is worse of.
func TestBetter(t *testing.T) {
	for name, worse := range map[string]bool{"failover.p95{fault=a}": false, "failed_over{fault=a}": true, "bitrate.mean": true} {
		var all []nights.Night
		for i := range 40 {
			v := 5000.
			if i >= 20 {
				v = 4000
			}
			all = append(all, value(i, v, func(n *nights.Night) { n.Measures[0].Name = name }))
		}
		turns := of(all...).Series[0].Turns()
		if len(turns) != 1 || turns[0].Points[0].Worse != worse {
			t.Errorf("%s fell: %+v; want worse = %v", name, turns, worse)
		}
	}
}

func TestWorseNight(t *testing.T) {
	var all []nights.Night
	for i := range 20 {
		all = append(all, night(i, func(n *nights.Night) {
			n.NeverRecovered["a"] = 0
			if i == 19 {
				n.NeverRecovered["a"] = 3
			}
		}))
	}
	n := of(all...).Series[0].Newest()
	if n.Outcome != nights.Worse || n.Worst == nil || n.Worst.Measure != "never_recovered.count{fault=a}" || !n.Worst.Worse || n.Worst.New != 3 || !strings.Contains(n.Why, "3 sessions never recovered") {
		t.Errorf("%+v, %+v", n, n.Worst)
	}
	// The comparison of a night does not know of later ones.
	if n := of(all[:19]...).Series[0].Newest(); n.Outcome != nights.Same {
		t.Errorf("%+v; want the same", n)
	}
}

func TestDiffers(t *testing.T) {
	all := []nights.Night{night(0, key("old"), func(n *nights.Night) { n.Key.Players, n.Key.Profiles = 50, map[string]string{"hlsjs": "1"} }), night(1, key("new"), func(n *nights.Night) { n.Key.Profiles = map[string]string{"hlsjs": "2"} })}
	settings := map[string]map[string]string{
		all[0].Run: {"target.rig.edge.playlist_ttl": "1s", "duration": "1h"},
		all[1].Run: {"target.rig.edge.playlist_ttl": "10s", "duration": "1h", "recovery": "10s"},
	}
	for _, c := range []struct {
		kept   bool
		partly bool
		want   string
	}{
		{false, true, "players 50/100, profiles.hlsjs 1/2"},
		{true, false, "profiles.hlsjs 1/2, recovery /10s, target.rig.edge.playlist_ttl 1s/10s"},
	} {
		v := Of(&History{Nights: all}, Looking{Kept: func(string) bool { return c.kept }, Settings: func(run string) map[string]string { return settings[run] }})
		s := v.Series[1]
		var got []string
		for _, d := range s.Differs {
			got = append(got, d.Path+" "+d.Base+"/"+d.New)
		}
		if strings.Join(got, ", ") != c.want || s.Partly != c.partly {
			t.Errorf("folders kept %v: %q, partly %v; want %q, %v", c.kept, got, s.Partly, c.want, c.partly)
		}
	}
}

func TestOutsideIsNotAsked(t *testing.T) {
	Of(&History{Nights: []nights.Night{night(0, func(n *nights.Night) { n.Run = "../../etc" })}}, Looking{Kept: func(run string) bool { t.Errorf("asked for %q", run); return true }})
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		l    float64
		unit string
		want string
	}{{5200, "ms", "5.2 s"}, {math.Inf(1), "ms", "never"}, {.25, "share", "25 %"}, {math.NaN(), "", "no data"}, {3, "furlong", "3"}, {math.Inf(1), "share", "never"}} {
		if got := Words(nights.Level(c.l), c.unit); got != c.want {
			t.Errorf("%v %s: %q; want %q", c.l, c.unit, got, c.want)
		}
	}
}
