package audience

import (
	"math"
	"strings"
	"testing"

	"hlsload/player/link"
)

func regions() []Region {
	return []Region{{Name: "eu", Share: .7, Pops: 3, Network: &link.Config{Name: "home"}}, {Name: "in", Share: .2, Pops: 1}, {Name: "us", Share: .1, Pops: 2}}
}

func TestRegions(t *testing.T) {
	cfg := &Config{Players: 10_000, Cohorts: cohorts(.6, .3, .1), Entry: []float64{.5, .5}, Regions: regions()}
	cfg.Session.Mean = 60 * sec
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	first := []int{0, 3, 4, 6}
	var n, pops [6]int
	cells := map[[3]int]int{}
	a := New(cfg, 7)
	for _, v := range all(a) {
		r := int(v.Region)
		n[r]++
		cells[[3]int{int(v.Cohort), int(v.Entry), r}]++
		p := v.PopOf(6)
		pops[p]++
		if p < first[r] || p >= first[r+1] {
			t.Fatalf("viewer %d of region %d is at POP %d", v.Player, r, p)
		}
		if on := cfg.Link(&v); (r == 0) != (on == cfg.Regions[0].Network) || r > 0 && on != &cfg.Cohorts[v.Cohort].Network {
			t.Fatalf("viewer %d of region %d has link %v", v.Player, r, on)
		}
		if w, _ := a.Ended(v.Leave, v, Left); w.Region != v.Region || w.PopOf(6) < first[r] || w.PopOf(6) >= first[r+1] {
			t.Fatalf("after %+v comes %+v", v, w)
		}
	}
	if n != [6]int{7000, 2000, 1000} {
		t.Errorf("viewers by region %v; want 7000, 2000 and 1000", n)
	}
	for p, k := range pops {
		want := []float64{7000. / 3, 7000. / 3, 7000. / 3, 2000, 500, 500}[p]
		if math.Abs(float64(k)-want) > 5*math.Sqrt(want) {
			t.Errorf("%d viewers at POP %d; want about %.0f", k, p, want)
		}
	}
	for cell, k := range cells {
		want := 10_000 * []float64{.6, .3, .1}[cell[0]] * .5 * cfg.Regions[cell[2]].Share
		if math.Abs(float64(k)-want) > 2 {
			t.Errorf("%d viewers of cohort %d, entry %d and region %d; want %.0f", k, cell[0], cell[1], cell[2], want)
		}
	}
}

// TestRegionsChangeNothingElse: apart from where they are, viewers are the same with and
// without regions.
func TestRegionsChangeNothingElse(t *testing.T) {
	cfg := Config{Players: 500, Arrive: Arrive{Over: 10 * sec, Shape: Poisson}, Cohorts: cohorts(.6, .4), Entry: []float64{.5, .5}}
	cfg.Session.Mean = 60 * sec
	without := all(New(&cfg, 7))
	cfg.Regions = regions()
	for i, v := range all(New(&cfg, 7)) {
		v.Region, v.site = 0, site{}
		if v != without[i] {
			t.Fatalf("viewer %+v; want %+v", v, without[i])
		}
	}
}

// TestPopsThatAreNot: a channel with fewer POPs than the regions have is no reason to panic.
func TestPopsThatAreNot(t *testing.T) {
	cfg := &Config{Players: 100, Cohorts: cohorts(1), Regions: regions()}
	for _, v := range all(New(cfg, 7)) {
		if p := v.PopOf(2); p < 0 || p > 1 {
			t.Fatalf("viewer %d is at POP %d of 2", v.Player, p)
		}
	}
}

func TestCohortLink(t *testing.T) {
	home, far := &link.Config{Name: "home"}, &link.Config{Name: "far"}
	for _, tc := range []struct {
		name    string
		regions []Region
		want    string
		same    bool
	}{
		{"none", nil, "own", true},
		{"without links", []Region{{Share: .5}, {Share: .5}}, "own", true},
		{"one", []Region{{Share: 1, Network: home}}, "home", true},
		{"two", []Region{{Share: .5, Network: home}, {Share: .5, Network: far}}, "home", false},
		{"some", []Region{{Share: .5}, {Share: .5, Network: far}}, "far", false},
	} {
		cfg := &Config{Cohorts: []Cohort{{Network: link.Config{Name: "own"}}}, Regions: tc.regions}
		if on, same := cfg.CohortLink(0); on.Name != tc.want || same != tc.same {
			t.Errorf("%s: %s, %v; want %s, %v", tc.name, on.Name, same, tc.want, tc.same)
		}
	}
}

func TestValidateRegions(t *testing.T) {
	many := make([]Region, MaxRegions+1)
	for i := range many {
		many[i].Share = 1. / (MaxRegions + 1)
	}
	for want, regions := range map[string][]Region{
		"":                        regions(),
		"shares do not add up":    {{Share: .5}},
		"POPs in some":            {{Share: .5, Pops: 2}, {Share: .5}},
		"POPs out of range":       {{Share: 1, Pops: -1}},
		"too many POPs":           {{Share: .5, Pops: 200}, {Share: .5, Pops: 200}},
		`region "x": network: `:   {{Name: "x", Share: 1, Network: &link.Config{Loss: 2}}},
		"regions: too many (got ": many,
	} {
		err := (&Config{Players: 1, Cohorts: cohorts(1), Regions: regions}).Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v: error %v; want one about %q", regions, err, want)
		}
	}
}
