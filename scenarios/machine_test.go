package scenarios

import (
	"os"
	"strings"
	"testing"
	"time"
)

func loadMachine(text string) (*Machine, error) {
	return LoadMachine(Source{File: "machine.yaml", Data: []byte(text)})
}

// TestMachineIsReadBack: what is written is read.
func TestMachineIsReadBack(t *testing.T) {
	for _, m := range []Machine{
		{Cores: 2, Players: 5000, CPU: 52300 * time.Nanosecond, Network: 10e9, NetworkAssumed: true, Source: `make bench-fleet: "ours" # 1`, Seen: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		{Cores: 64, Players: 90_000, CPU: time.Millisecond, Network: 25e9, PricePerHour: 1.53, Source: "lab", Seen: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
	} {
		got, err := loadMachine(string(m.YAML()))
		if err != nil {
			t.Fatalf("%v\n%s", err, m.YAML())
		}
		same(t, "the machine", *got, m)
	}
}

// TestShownMachine: the file that docs/event.md shows is valid.
func TestShownMachine(t *testing.T) {
	data, err := os.ReadFile("../docs/event.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(data), "```yaml\n# Figures of a machine")
	text, _, closed := strings.Cut(text, "```\n")
	if !ok || !closed {
		t.Fatal("docs/event.md shows no machine")
	}
	if m, err := loadMachine("#" + text); err != nil || m.CPU != 52300*time.Nanosecond || m.PricePerHour != 0.17 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestBadMachines: each mistake has its position.
func TestBadMachines(t *testing.T) {
	const good = "version: 1\ncores: 2\nplayers: 5k\ncpu: 50us\nnetwork: 10Gbps\nsource: lab\nseen: 2026-12-01\n"
	if m, err := loadMachine(good); err != nil || m.Players != 5000 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, tc := range []struct{ old, new, want string }{
		{good, "", "machine.yaml:1:1: file of a machine is empty (want at least version, cores"},
		{good, "[]", "machine.yaml:1:1: "},
		{"cores: 2\n", "", "machine.yaml:1:1: cores is missing (want processors, such as cores: 2)"},
		{"version: 1", "version: 2", "machine.yaml:1:10: version: unknown version"},
		{"cores: 2", "cores: 0", "machine.yaml:2:8: cores: out of range"},
		{"players: 5k", "players: many", `machine.yaml:3:10: players: wrong type (got "many"; want a whole number from 1 to`},
		{"cpu: 50us", "cpu: 0s", "machine.yaml:4:6: cpu: out of range"},
		{"cpu: 50us", "cpu: 2s", "machine.yaml:4:6: cpu: out of range"},
		{"network: 10Gbps", "network: 10", "machine.yaml:5:10: network: not a rate"},
		{"source: lab", "source: [lab]", "machine.yaml:6:9: source: wrong type"},
		{"source: lab", `source: "a\nb"`, "machine.yaml:6:9: source: not a source"},
		{"source: lab", "source: " + strings.Repeat("x", 201), "machine.yaml:6:9: source: not a source"},
		{"2026-12-01", "2026-13-01", "machine.yaml:7:7: seen: not a day"},
		{"seen:", "price_per_hour: -1\nseen:", `machine.yaml:7:17: price_per_hour: out of range (got "-1"; want 0 to 1000000)`},
		{"seen:", "core: 2\nseen:", "machine.yaml:7:1: unknown key (got \"core\"; want"},
	} {
		if _, err := loadMachine(strings.Replace(good, tc.old, tc.new, 1)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q in place of %q: %v; want %s", tc.new, tc.old, err, tc.want)
		}
	}
}
