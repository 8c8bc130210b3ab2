package link

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestNetworks(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range Networks() {
		if err := n.Validate(); err != nil {
			t.Errorf("%s: %v", n.Name, err)
		}
		if n.Name == "" || seen[n.Name] || n.About == "" || n.Source == "" {
			t.Errorf("%q: want a name of its own, a line about it and a source", n.Name)
		}
		seen[n.Name] = true
		if c, ok := Preset(n.Name); !ok || c.Down != n.Down {
			t.Errorf("%s: preset not found by its name", n.Name)
		}
	}
	for _, name := range []string{"unlimited", "home", "fibre", "mobile-4g", "mobile-3g", "mobile-5g", "wifi-poor", "satellite"} {
		if !seen[name] {
			t.Errorf("no preset %q", name)
		}
	}
	if _, ok := Preset("carrier pigeon"); ok {
		t.Error("found a preset that does not exist")
	}
	if c, _ := Preset("unlimited"); !c.Unlimited() {
		t.Error("the preset unlimited has limits")
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Down: 1, Up: 1, RTT: time.Second, Jitter: time.Second, Loss: 0.5, Spread: 1}, nil},
		{Config{Down: -1, Up: 1e15}, []string{"down: rate", "up: rate"}},
		{Config{RTT: -1, Jitter: time.Hour}, []string{"rtt: delay", "jitter: delay"}},
		{Config{Loss: 1, Spread: -0.1}, []string{"loss:", "spread:"}},
		{Config{Trace: []TracePoint{{1, 1}}}, []string{"begin at 0"}},
		{Config{Trace: []TracePoint{{0, 1}, {0, 1}}}, []string{"point 2: not after"}},
		{Config{Trace: []TracePoint{{0, 0}, {5, 0}}}, []string{"nothing ever gets through"}},
	} {
		err := tc.cfg.Validate()
		if tc.want == nil {
			if err != nil {
				t.Errorf("%+v: %v", tc.cfg, err)
			}
			continue
		}
		for _, w := range tc.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%+v: error %v; want one about %q", tc.cfg, err, w)
			}
		}
	}
}

func TestParseTrace(t *testing.T) {
	for _, tc := range []struct{ in, want, err string }{
		{"seconds,bps\n# a comment\n100,5e6\n\n101.5, 1000000\n", "0s 5000000, 1.5s 1000000", ""},
		{"0,1\n", "0s 1", ""},
		{"", "", "empty"},
		{"0,1\n0,2\n", "", "line 2: not after"},
		{"0,1\nx,y\n", "", "line 2: not a point"},
		{"0,-1\n", "", "line 1: not a point"},
		{"0;1\n", "", "line 1: not a point"},
		{"0,nan\n", "", "line 1: not a point"},
		{"0,0\n1,0\n", "", "nothing ever gets through"},
		{strings.Repeat("9", 70_000) + ",1\n", "", "trace"},
	} {
		got, err := ParseTrace(strings.NewReader(tc.in))
		var parts []string
		for _, p := range got {
			parts = append(parts, p.At.String()+" "+strconv.FormatInt(p.Down, 10))
		}
		if s := strings.Join(parts, ", "); s != tc.want {
			t.Errorf("%.30q: %s; want %s", tc.in, s, tc.want)
		}
		if (tc.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%.30q: error %v; want %q", tc.in, err, tc.err)
		}
	}
}
