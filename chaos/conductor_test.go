package chaos

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts plays the scripts in testdata/conductor-*.txt. A script has
// lines of commands; what the conductor answers follows each, indented:
//
//	timeline duration=60s target=4s recovery=10s
//	fault NAME KIND at=10s for=20s pipeline=0   one more, before start
//	start
//	at 10s                   the instant comes; "tick" only when a wake asks for it
//	at 10s applied NAME [error words]
//	at 12s bites NAME yes|no words
//	at 30s undone NAME [error words]
//	at 31s healthy NAME yes|no words
//	at 15s abort words
//	at 15s stop words        an abort with grace
//	outcomes
func TestTranscripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/conductor-*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("transcript changed; got\n%s", got)
			}
		})
	}
}

// stage plays one script.
type stage struct {
	timeline Timeline
	faults   []Fault
	c        *Conductor
	out      strings.Builder
}

func play(t *testing.T, script string) string {
	s := &stage{}
	in := bufio.NewScanner(strings.NewReader(script))
	for in.Scan() {
		line := in.Text()
		if strings.HasPrefix(line, "  ") {
			continue // what was answered before
		}
		fmt.Fprintln(&s.out, line)
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			if err := s.command(words); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	return s.out.String()
}

func (s *stage) command(words []string) error {
	switch words[0] {
	case "timeline":
		for key, d := range durations(words[1:]) {
			switch key {
			case "duration":
				s.timeline.Duration = d
			case "target":
				s.timeline.Target = d
			case "recovery":
				s.timeline.Recovery = d
			case "linger":
				s.timeline.Linger = d
			}
		}
	case "fault":
		f := NewFault(words[1], Kind(words[2]))
		f.Rule = len(s.faults)
		d := durations(words[3:])
		f.At, f.For = d["at"], d["for"]
		for _, w := range words[3:] {
			fmt.Sscanf(w, "pipeline=%d", &f.Pipeline)
		}
		s.faults = append(s.faults, f)
	case "start":
		s.c = NewConductor(s.faults, s.timeline)
		s.step(0, Observation{Type: Tick})
	case "at":
		now, err := time.ParseDuration(words[1])
		if err != nil {
			return err
		}
		seen, err := s.observation(words[2:])
		if err != nil {
			return err
		}
		s.step(now, seen)
	case "outcomes":
		for _, o := range s.c.Outcomes() {
			s.outcome(o)
		}
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func durations(words []string) map[string]time.Duration {
	d := map[string]time.Duration{}
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok {
			d[key], _ = time.ParseDuration(value)
		}
	}
	return d
}

func (s *stage) observation(words []string) (Observation, error) {
	if len(words) == 0 {
		return Observation{Type: Tick}, nil
	}
	if words[0] == "abort" || words[0] == "stop" {
		return Observation{Type: Abort, Detail: strings.Join(words[1:], " "), OK: words[0] == "stop"}, nil
	}
	types := map[string]ObservationType{"applied": Applied, "bites": Bites, "undone": Undone, "healthy": Healthy}
	seen := Observation{Type: types[words[0]], ID: -1}
	for i := range s.faults {
		if len(words) > 1 && s.faults[i].Name == words[1] {
			seen.ID = i
		}
	}
	if seen.Type == Tick || seen.ID < 0 {
		return seen, fmt.Errorf("unknown observation")
	}
	rest := words[2:]
	switch seen.Type {
	case Applied, Undone:
		seen.Err = strings.Join(rest, " ")
	case Bites, Healthy:
		seen.OK, seen.Detail = rest[0] == "yes", strings.Join(rest[1:], " ")
	}
	return seen, nil
}

func (s *stage) step(now time.Duration, seen Observation) {
	for _, o := range s.c.Step(now, seen, nil) {
		if o.Type == OrderStop {
			fmt.Fprintln(&s.out, "  stop")
			continue
		}
		fmt.Fprintf(&s.out, "  %s %s\n", o.Type, o.Fault.Name)
	}
	wake := "never"
	if w := s.c.Wake(); w != Open {
		wake = w.String()
	}
	fmt.Fprintf(&s.out, "  wake %s\n", wake)
}

func (s *stage) outcome(o Outcome) {
	fmt.Fprintf(&s.out, "  %s:", o.Fault.Name)
	show := func(what string, was bool, at time.Duration) {
		if was {
			fmt.Fprintf(&s.out, " %s %v,", what, at)
		} else {
			fmt.Fprintf(&s.out, " not %s,", what)
		}
	}
	if !o.Tried {
		fmt.Fprintln(&s.out, " never begun")
		return
	}
	show("applied", o.Applied, o.AppliedAt)
	show("bitten", o.Bitten, o.BittenAt)
	show("undone", o.Undone, o.ClearedAt)
	show("healthy", o.UndoVerified, o.HealthyAt)
	if o.Cut {
		fmt.Fprint(&s.out, " cut,")
	}
	if void := o.Void(); void != "" {
		fmt.Fprintf(&s.out, " VOID %s\n", void)
	} else {
		fmt.Fprintln(&s.out, " good")
	}
}
