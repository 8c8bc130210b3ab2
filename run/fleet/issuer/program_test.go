package issuer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hlsload/player/ticket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sh(t *testing.T, limit time.Duration, script string) *Program {
	t.Helper()
	p, err := Start(Config{Args: []string{"sh", "-c", script}, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Many sessions ask at a time, and each gets its own token.
func TestIssue(t *testing.T) {
	p := sh(t, time.Minute, `while read -r line; do n=${line#*player\":}; n=${n%%,*}; echo "{\"token\":\"token-$n\",\"expires\":60}"; done`)
	var all sync.WaitGroup
	for n := range int64(100) {
		all.Go(func() {
			got, err := p.Issue(t.Context(), ticket.Ask{Player: n, Session: 1, Cohort: "web", Reason: ticket.ToJoin})
			if err != nil || got.Fields["token"] != fmt.Sprint("token-", n) || time.Until(got.Expires) < 30*time.Second {
				t.Errorf("player %d: %+v, %v", n, got, err)
			}
		})
	}
	all.Wait()
}

// TestTail: of what is cut off, no half line is shown.
func TestTail(t *testing.T) {
	for _, c := range []struct {
		write []string
		want  string
	}{
		{[]string{"one\n", "two\n"}, "one\ntwo\n"},
		{[]string{strings.Repeat("x", keptTail)}, strings.Repeat("x", keptTail)},
		{[]string{strings.Repeat("secret", keptTail)}, ""},
		{[]string{strings.Repeat("secret", 100), strings.Repeat("x", keptTail-10), "\nend\n"}, "end\n"},
	} {
		var l tail
		for _, s := range c.write {
			l.Write([]byte(s))
		}
		if got := l.String(); got != c.want {
			t.Errorf("%.40q: %.80q; want %.80q", c.write, got, c.want)
		}
	}
}

func TestBadPrograms(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		ends               bool
	}{
		{"rubbish", `while read -r l; do echo rubbish; done`, "not an object of JSON", false},
		{"a refusal", `while read -r l; do echo '{"error":"no such player"}'; done`, `refused ("no such player")`, false},
		{"it ends", `read -r l; exit 3`, "its output ended", true},
		{"it never began", `exit 1`, "its output ended", true},
		{"it says nothing", `sleep 600`, "it took longer than 50ms", true},
		{"an endless line", `read -r l; while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done`, "a line that does not end", true},
		{"it talks", `echo '{}'; sleep 600`, "without being asked", true},
	} {
		limit := time.Minute
		if c.name == "it says nothing" {
			limit = 50 * time.Millisecond
		}
		p := sh(t, limit, c.script)
		if c.name == "it talks" || c.name == "it never began" {
			<-p.ended
		}
		_, err := p.Issue(t.Context(), ticket.Ask{})
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrEnded) != c.ends {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
		_, err = p.Issue(t.Context(), ticket.Ask{})
		if err == nil || errors.Is(err, ErrEnded) != c.ends {
			t.Errorf("%s: then %v", c.name, err)
		}
		p.Close()
		if _, err := p.Issue(t.Context(), ticket.Ask{}); !errors.Is(err, ErrEnded) {
			t.Errorf("%s: after the end %v", c.name, err)
		}
	}
	for _, args := range [][]string{nil, {""}, {"/no/such/program"}} {
		if p, err := Start(Config{Args: args}); err == nil {
			p.Close()
			t.Errorf("%q was started", args)
		}
	}
}

// A session that leaves while it waits does not take another one's token.
func TestLeaving(t *testing.T) {
	p := sh(t, time.Minute, `while read -r line; do n=${line#*player\":}; n=${n%%,*}; echo "{\"token\":\"$n\"}"; done`)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for n := range int64(20) {
		if _, err := p.Issue(gone, ticket.Ask{Player: 100 + n}); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if got, err := p.Issue(t.Context(), ticket.Ask{Player: n}); err != nil || got.Fields["token"] != fmt.Sprint(n) {
			t.Errorf("player %d: %+v, %v", n, got, err)
		}
	}
}

// The program ends with the run, with all that it started, and what it said last
// is kept.
func TestClose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	p := sh(t, time.Minute, `sleep 600 & echo $! >`+file+`; i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done; while read -r l; do echo '{}'; done; sleep 600`)
	if _, err := p.Issue(t.Context(), ticket.Ask{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	p.Close()
	for {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if syscall.Kill(pid, 0) != nil || err != nil || strings.Contains(string(status), ") Z ") {
			break
		}
		time.Sleep(time.Millisecond) // an orphan is reaped a moment later
	}
	if said := p.Said(); !strings.HasSuffix(said, "line 1999\n") || len(said) > keptTail {
		t.Errorf("it said %d bytes: %.40q", len(said), said)
	}
}
