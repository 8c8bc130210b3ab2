package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/run/bus/embedded"
)

const tiny = "testdata/scenarios/tiny.yaml"

// program lets processes that this test starts be the program.
func program(t *testing.T) {
	t.Helper()
	if !embedded.Full {
		t.Skip("the core build has no NATS server")
	}
	if testing.Short() {
		t.Skip("a run takes some seconds")
	}
	t.Setenv("HLSLOAD_TEST_IS_THE_PROGRAM", "1")
}

// command is a command that runs beside others.
type command struct {
	code     int
	out, err said
	done     chan struct{}
}

func begin(ctx context.Context, args ...string) *command {
	c := &command{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.code = execute(ctx, args, &c.out, &c.err)
	}()
	return c
}

// ends waits for the end of a command.
func (c *command) ends(t *testing.T, code int) {
	t.Helper()
	select {
	case <-c.done:
		if c.code != code {
			t.Errorf("exit code %d, want %d: %s%s", c.code, code, &c.out, &c.err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("it does not end: %s%s", &c.out, &c.err)
	}
}

// says waits until a command said something.
func (c *command) says(t *testing.T, what string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(c.err.String(), what); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never says %q: %s%s", what, &c.out, &c.err)
		}
	}
}

// TestProcesses: a run over processes of this machine has one verdict, names its agents, and
// leaves nothing else behind.
func TestProcesses(t *testing.T) {
	program(t)
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := executed(t, "run", tiny, "--processes", "2", "--local", "--progress", "plain", "--out", dir)
	if code != 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	s, err := reports.Read(dir)
	if err != nil || len(s.Agents) != 3 || s.Players.Started != 12 || s.Faults[0].Affected == 0 || !s.Faults[0].UndoVerified {
		t.Errorf("%v: agents %+v, players %+v", err, s.Agents, s.Players)
	}
	for _, want := range []string{"agent 1: joined run ", "agent 2: joined run ", "  agents 3/3"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("nothing says %q: %s", want, stderr)
		}
	}
	if joins.MatchString(stdout+stderr) || exists(filepath.Join(dir, agentsDir)) {
		t.Errorf("a join string is shown, or parts are left: %s", stderr)
	}
}

// TestAgentsOfOtherMachines: agents that were there first, with keys from before the run, carry
// it until a halt from a third place; each ends with 105.
func TestAgentsOfOtherMachines(t *testing.T) {
	program(t)
	keys, out, port := t.TempDir(), t.TempDir(), freePort(t)
	if code, _, stderr := executed(t, "keys", "tonight", "--reach", "127.0.0.1:"+port, "--out", keys); code != 0 {
		t.Fatal(stderr)
	}
	file := func(name string) string { return filepath.Join(keys, name) }
	var agents []*command
	for _, name := range []string{"east", "west"} {
		agents = append(agents, begin(t.Context(), "agent", "--join-file", file(agentFile), "--name", name, "--progress", "plain", "--out", filepath.Join(out, name),
			"--prom", filepath.Join(out, name+".prom")))
	}
	agents[0].says(t, "nothing listens there; trying again for 5m0s\n")
	conductor := begin(t.Context(), "run", tiny, "--agents", "2", "--keys", file(conductorFile), "--listen", port, "--rig-listen", "127.0.0.1", "--duration", "60s", "--progress", "plain", "--out", filepath.Join(out, "run"))
	for i, name := range []string{"east", "west"} {
		agents[i].says(t, "joined run tonight as agent "+name+"\n")
	}
	conductor.says(t, "gone: pipeline.kill is on")
	if code, stdout, stderr := executed(t, "halt", "--join-file", file(haltFile), "--reason", "complaints"); code != 0 || !strings.Contains(stdout, "has taken the halt") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	conductor.ends(t, reports.ExitInterrupted)
	for i, name := range []string{"east", "west"} {
		agents[i].ends(t, reports.ExitInterrupted)
		if text, err := os.ReadFile(filepath.Join(out, name+".prom")); err != nil || !strings.Contains(string(text), "hlsload_requests_total") {
			t.Errorf("metrics of %s: %v", name, err)
		}
	}
	s, err := reports.Read(filepath.Join(out, "run"))
	if err != nil || s.Verdict != reports.Interrupted || len(s.Agents) != 2 || !s.Faults[0].UndoVerified || !strings.Contains(conductor.out.String(), "complaints") {
		t.Errorf("%v: %+v: %s", err, s, &conductor.out)
	}
	// Both kept their parts, which merge reads without the conductor.
	code, stdout, stderr := executed(t, "merge", filepath.Join(out, "east"), filepath.Join(out, "west"), "--out", filepath.Join(out, "merged"))
	if code != reports.ExitLost || !strings.HasPrefix(stdout, "VOID ") {
		t.Errorf("merge: exit code %d: %s%s", code, stdout, stderr)
	}
	if m, err := reports.Read(filepath.Join(out, "merged")); err != nil || m.Players.Started != s.Players.Started {
		t.Errorf("merged: %v", err)
	}
	if code, _, stderr := executed(t, "merge", keys); code != exitUsage || !strings.Contains(stderr, "want directories in which agents kept their parts") {
		t.Errorf("merge of something else: exit code %d: %s", code, stderr)
	}
	if all := agents[0].err.String() + agents[1].err.String() + conductor.err.String(); joins.MatchString(all) {
		t.Errorf("a join string is shown: %s", all)
	}
}

// TestNoConductor: an agent waits for so long for a conductor on a bus that is there, and an
// interrupted one ends at once.
func TestNoConductor(t *testing.T) {
	_, _, invitation := conductor(t, "--agents", "1", "--rig-listen", "127.0.0.1", "--run", "tonight")
	t.Setenv(joinVariable, joins.FindString(invitation()))
	dir := filepath.Join(t.TempDir(), "part")
	a := begin(t.Context(), "agent", "--wait", "1s", "--out", dir)
	a.ends(t, reports.ExitLost)
	if !strings.Contains(a.err.String(), "no conductor took this agent into run tonight within 1s (want one that runs, or a longer --wait)") || exists(dir) {
		t.Errorf("%s; the directory is there: %v", &a.err, exists(dir))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begin(ctx, "agent", "--out", dir).ends(t, reports.ExitInterrupted)
}

// TestMetricsOfAnAgentStay: --linger ends after two scrapes, though an agent has no verdict.
func TestMetricsOfAnAgentStay(t *testing.T) {
	program(t)
	port := freePort(t)
	r := begin(t.Context(), "run", tiny, "--agents", "1", "--rig-listen", "127.0.0.1", "--duration", "7s", "--progress", "none", "--out", filepath.Join(t.TempDir(), "run"))
	r.says(t, "hlsload halt --join ")
	a := begin(t.Context(), "agent", "--join", joins.FindString(r.err.String()), "--progress", "none", "--out", t.TempDir(), "--metrics", port, "--linger")
	r.ends(t, 0)
	a.says(t, "until they have been scraped twice")
	var scrapes sync.WaitGroup
	for range 2 {
		scrapes.Go(func() {
			if res, err := http.Get("http://127.0.0.1:" + port + "/metrics"); err == nil {
				res.Body.Close()
			}
		})
	}
	scrapes.Wait()
	a.ends(t, 0)
}
