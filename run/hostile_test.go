package run

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/reports/record"
	"hlsload/run/crew/protocol"
)

// What another machine sends, hostile or not, is bounded and fit to be shown.
func TestReadLeavings(t *testing.T) {
	wild := leavings{CPU: -1, RSS: math.MinInt64, Goroutines: math.MaxInt64, LocalErrors: -5, LocalError: "a\x1b[31m\nb", Connections: math.MaxInt64, Addresses: -1, Withheld: map[string]int64{}}
	for i := range 1000 {
		wild.Withheld[fmt.Sprintf("https://h%d\r", i)] = -1
		wild.Warnings = append(wild.Warnings, strings.Repeat("w\u202e", 2000))
	}
	line, err := json.Marshal(&wild)
	if err != nil {
		t.Fatal(err)
	}
	l, rest, err := readLeavings(append(line, "\npart"...))
	if err != nil || string(rest) != "part" {
		t.Fatalf("%v, %q", err, rest)
	}
	if l.CPU != 0 || l.RSS != 0 || l.Goroutines != maxLeftCount || l.LocalErrors != 0 || l.Connections != maxLeftCount || l.Addresses != 0 || len(l.Withheld) != maxLeftHosts || len(l.Warnings) != maxLeftWarnings {
		t.Errorf("%+v", l)
	}
	for _, text := range append(l.Warnings, l.LocalError) {
		if len(text) > maxLeftText || strings.ContainsAny(text, "\x1b\n\r\u202e") {
			t.Errorf("%.80q", text)
		}
	}
	for host, n := range l.Withheld {
		if strings.Contains(host, "\r") || n != 0 {
			t.Errorf("%q: %d", host, n)
		}
	}
	for _, data := range []string{"", "{}", "[]\n", `{"cpu":"x"}` + "\n"} {
		if _, _, err := readLeavings([]byte(data)); err == nil {
			t.Errorf("%q is read", data)
		}
	}
}

func TestReadPlanAndEntry(t *testing.T) {
	for text, want := range map[string]string{
		`{"agents":2,"agent":1}`: "", `{"agents":0}`: "agent 0 of 0", `{"agents":2,"agent":2}`: "agent 2 of 2", `{"agents":4000}`: "of 4000", `[]`: "read the plan",
		`{"agents":1,"channel":{"main":["http://127.0.0.1:1","http://127.0.0.1:2"]}}`:                               "",
		`{"agents":1,"channel":{"main":["http://[::1]:1"],"twin":["http://[::1]:2"]}}`:                              "",
		`{"agents":1,"channel":{"main":[]}}`:                                                                        "0 and 0 edges",
		`{"agents":1,"channel":{"main":["http://127.0.0.1:1","http://127.0.0.1:2"],"twin":["http://127.0.0.1:3"]}}`: "2 and 1 edges",
		`{"agents":1,"channel":{"main":["http://127.0.0.1:1","http://127.0.0.1:1"]}}`:                               "each once",
		`{"agents":1,"channel":{"main":["http://127.0.0.1:1/path"]}}`:                                               "want http://HOST:PORT",
		`{"agents":1,"channel":{"main":["https://127.0.0.1:1"]}}`:                                                   "want http://HOST:PORT",
		`{"agents":1,"channel":{"main":["http://a:b@127.0.0.1:1"]}}`:                                                "want http://HOST:PORT",
		`{"agents":1,"channel":{"main":["\u001b[2J"]}}`:                                                             `\x1b`,
	} {
		_, err := readPlan([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{`{"kind":"applied","at":5}`: "", `{"kind":"applied","at":-5}`: "at -5ns", `{"kind":"end"}`: `kind "end"`, `{`: "read an entry"} {
		_, err := readEntry([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// What several agents say is said once, and what the conductor knows itself not at all.
func TestWarningsOfAgents(t *testing.T) {
	r := &live{}
	for i, warnings := range [][]string{{"few tokens", "odd", "odd"}, {"odd", "mine"}, {"few tokens"}} {
		m := member{Member: protocol.Member{Info: protocol.Info{Name: string(rune('a' + i))}}, part: &delivered{leavings: leavings{Warnings: warnings}}}
		r.crew.members = append(r.crew.members, m)
	}
	if got, want := r.left([]string{"few tokens"}).Warnings, []string{"agents a, b: odd", "agent b: mine"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
}

// Rows that cannot be read are said once for each agent, not each second.
func TestUnreadableRows(t *testing.T) {
	var marks marks
	r := &live{ground: &ground{progress: &marks}}
	r.crew.members = []member{{Member: protocol.Member{Info: protocol.Info{Name: "a"}}}}
	r.crew.assembled = make(chan struct{})
	for range 3 {
		(&lead{r}).Rows(0, time.Second, []byte("rubbish"))
	}
	(&lead{r}).Rows(0, time.Second, []byte(`{"entries":-1}`+"\n"))
	if len(marks) != 1 || !strings.Contains(marks[0], "agent a says cannot be read") {
		t.Errorf("%q", marks)
	}
}

// marks is a progress that keeps what is marked.
type marks []string

func (m *marks) Show(time.Duration, *record.Live)  {}
func (m *marks) Mark(_ time.Duration, text string) { *m = append(*m, text) }
