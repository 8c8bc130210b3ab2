package fleet

import (
	"strings"
	"testing"
)

func TestPreflight(t *testing.T) {
	big := room{files: 1 << 20, ports: 28_000, memory: 64 << 30, manyLocal: true}
	for _, tc := range []struct {
		name    string
		room    room
		players int
		target  string
		fits    int
		sources int
		advice  string
	}{
		{"all fit", big, 1000, "http://127.0.0.1:80/", 1000, 0, ""},
		{"files", room{files: 1024, ports: 28_000, manyLocal: true}, 1000, "http://127.0.0.1:80/", 384, 0, "ulimit -n 2256"},
		{"more ports by more addresses", big, 100_000, "http://localhost:80/", 100_000, 9, ""},
		{"not on other systems", room{files: 1 << 20, ports: 28_000}, 100_000, "http://127.0.0.1/", 11_200, 0, "ip_local_port_range"},
		{"not to the world", big, 100_000, "https://cdn.example/", 11_200, 0, "several machines"},
		{"memory", room{files: 1 << 20, ports: 28_000, memory: 64<<20 + 60<<20, manyLocal: true}, 2000, "http://127.0.0.1/", 1024, 0, "memory"},
		{"memory with TLS", room{files: 1 << 20, ports: 28_000, memory: 64<<20 + 150<<20, manyLocal: true}, 2000, "https://127.0.0.1/", 1024, 0, "memory"},
		{"nothing", room{files: 100, ports: 1, memory: 1}, 10, "http://cdn.example/", 0, 0, "open files"},
	} {
		c := check(tc.room, tc.players, []string{tc.target})
		if c.Fits != tc.fits || c.Sources != tc.sources || (tc.advice == "") != (len(c.Advice) == 0) || !strings.Contains(strings.Join(c.Advice, "\n"), tc.advice) {
			t.Errorf("%s: %+v; want %d, %d sources, advice on %q", tc.name, c, tc.fits, tc.sources, tc.advice)
		}
		if err := c.Err(tc.players); (err != nil) != (tc.fits < tc.players) {
			t.Errorf("%s: error %v", tc.name, err)
		}
	}
	if c := Preflight(10, []string{"http://127.0.0.1/"}); c.Err(10) != nil {
		t.Errorf("ten players do not fit this machine: %v", c.Advice)
	}
}
