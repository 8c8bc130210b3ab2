package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/run"
	"hlsload/run/bus"
	"hlsload/run/bus/embedded"
	"hlsload/run/bus/natsbus"
)

// conductor opens the bus of a run as hlsload run does with these flags. It answers nothing.
func conductor(t *testing.T, args ...string) (c *run.Crew, m *machines, said func() string) {
	t.Helper()
	if !embedded.Full {
		t.Skip("the core build has no NATS server")
	}
	cmd, _, stderr := quiet()
	ctx, _ := withSecrets(t.Context())
	cmd.SetContext(ctx)
	m = new(machines)
	m.register(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	cfg := &run.Config{Scenario: parse(t, loggedFleet+"fleet: {players: 2}\n")}
	if err := m.check(cmd, new(output), cfg.Scenario); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.over(true, nil); err != nil {
			t.Error(err)
		}
	})
	if _, err := m.open(cmd, cfg, &silent{w: stderr}, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	// What was printed on purpose is hidden everywhere else.
	printed := stderr.String()
	for _, join := range joins.FindAllString(printed, -1) {
		if got := secretsOf(cmd.Context()).Text("got "+join) + cfg.Scenario.Redact("got "+join); strings.Contains(got, join[20:]) {
			t.Errorf("a join string is not hidden: %s", got)
		}
	}
	return cfg.Crew, m, func() string { return printed }
}

var joins = regexp.MustCompile(`hl1\.[A-Za-z0-9_-]+`)

// freePort is a port at which nothing listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestInvitation: what the conductor prints can be pasted, and each string is for its own command.
func TestInvitation(t *testing.T) {
	c, _, said := conductor(t, "--agents", "2", "--rig-listen", "127.0.0.1", "--run", "tonight", "--local")
	if c.Run != "tonight" || c.Agents != 2 || c.RigListen != "127.0.0.1" || c.Wait != defaultWait || c.Local == nil || c.LocalID == "" {
		t.Errorf("%+v", c)
	}
	for command, role := range map[string]natsbus.Role{"agent": natsbus.Agent, "halt": natsbus.Halt} {
		m := regexp.MustCompile(`(?m)^  hlsload ` + command + ` --join (\S+)$`).FindStringSubmatch(said())
		if m == nil {
			t.Fatalf("no command for %s:\n%s", command, said())
		}
		j, err := natsbus.ParseJoin(m[1])
		if err != nil || j.Role != role || j.Run != "tonight" {
			t.Fatalf("%s: %v, %v", command, j, err)
		}
		b, err := natsbus.Dial(t.Context(), j, natsbus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		b.Close()
	}
	if !strings.Contains(said(), "run tonight waits up to 5m0s for 2 agents:\n") {
		t.Error(said())
	}
	// The agent of this process is one as any other.
	heard := make(chan string, 1)
	if _, err := c.Bus.Subscribe("hl.tonight.join", func(m *bus.Message) { heard <- string(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Bus.(*natsbus.Bus).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Local.Publish("hl.tonight.join", []byte(c.LocalID)); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-heard:
		if got != c.LocalID {
			t.Errorf("got %s", got)
		}
	case <-time.After(20 * time.Second):
		t.Error("the local agent is not heard")
	}
}

// TestKeysBeforeTheRun: join strings that were written before the run fit its conductor, and a
// halt ends it.
func TestKeysBeforeTheRun(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	if code, _, stderr := executed(t, "keys", "tonight", "--reach", "127.0.0.1:"+port, "--out", dir); code != 0 {
		t.Fatal(stderr)
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	c, _, said := conductor(t, "--agents", "1", "--rig-listen", "127.0.0.1", "--keys", file(conductorFile), "--listen", port)
	if c.Run != "tonight" || joins.MatchString(said()) || !strings.Contains(said(), "hlsload agent --join-file agent.join\n") {
		t.Errorf("run %s: %s", c.Run, said())
	}
	if code, _, stderr := executed(t, "halt", "--join-file", file(haltFile)); code != exitInternal || !strings.Contains(stderr, "no conductor answered") {
		t.Errorf("without a conductor: exit code %d: %s", code, stderr)
	}
	if _, err := c.Bus.Subscribe("hl.tonight.halt", func(m *bus.Message) {
		if text := string(m.Data); m.Wanted() && strings.Contains(text, `"reason":"enough"`) && strings.Contains(text, `"by":"`) && strings.Contains(text, `"mode":"now"`) {
			_ = m.Reply([]byte("taken"))
		}
	}); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := executed(t, "halt", "--join-file", file(haltFile), "--reason", "enough"); code != 0 || stdout != "run tonight: its conductor has taken the halt\n" {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(file(haltFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(haltVariable, string(text))
	if code, _, stderr := executed(t, "halt", "--reason", "enough"); code != 0 {
		t.Errorf("by %s: exit code %d: %s", haltVariable, code, stderr)
	}
	t.Setenv(haltVariable, "")
	// Keys of another run with this address: the server is not the right one, which another try
	// would not change.
	other := t.TempDir()
	if code, _, stderr := executed(t, "keys", "tonight", "--reach", "127.0.0.1:"+port, "--out", other); code != 0 {
		t.Fatal(stderr)
	}
	for _, args := range [][]string{{"agent", "--join-file", filepath.Join(other, agentFile)}, {"halt", "--join-file", filepath.Join(other, haltFile)}} {
		if code, _, stderr := executed(t, args...); code != exitUsage || !strings.Contains(stderr, "its key is not that of the join string") {
			t.Errorf("%s: exit code %d: %s", args[0], code, stderr)
		}
	}
}

// TestKeysThatEnd: a run does not begin with keys that end before it does.
func TestKeysThatEnd(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := executed(t, "keys", "tonight", "--reach", "127.0.0.1:1", "--out", dir, "--lifetime", "10m"); code != 0 {
		t.Fatal(stderr)
	}
	m := &machines{given: map[string]bool{"keys": true}, wait: defaultWait, keyFile: filepath.Join(dir, conductorFile)}
	cfg := &run.Config{Scenario: parse(t, loggedFleet+"fleet: {players: 2}\n")}
	if _, _, err := m.keys(cfg); exitOf(err).code != exitUsage || !strings.Contains(err.Error(), "want keys for") {
		t.Errorf("%v", err)
	}
	m.keyFile = filepath.Join(dir, agentFile)
	if _, _, err := m.keys(cfg); exitOf(err).code != exitUsage || !strings.Contains(err.Error(), "damaged, or something else") {
		t.Errorf("%v", err)
	}
	m.given = nil
	if k, reach, err := m.keys(cfg); err != nil || reach != "" || time.Until(k.End) < natsbus.Lifetime-time.Minute {
		t.Errorf("%v, %s, %v", k, reach, err)
	}
}

// TestPatiently: an agent waits for a server that is not there yet, says so once, and does
// not wait where that would not help.
func TestPatiently(t *testing.T) {
	there := errors.New("connection refused")
	for _, tc := range []struct {
		errs  []error // of the first tries
		code  int
		tries int
	}{
		{[]error{there}, 0, 2},
		{[]error{natsbus.ErrRefused}, exitUsage, 1},
		{[]error{there, natsbus.ErrDenied}, exitUsage, 2},
		{[]error{there, there, there, there, there, there}, reports.ExitLost, 3},
	} {
		var b strings.Builder
		n := 0
		_, err := patiently(t.Context(), 3*time.Second, &b, func(context.Context) (*natsbus.Bus, error) {
			if n++; n <= len(tc.errs) {
				return nil, tc.errs[n-1]
			}
			return nil, nil
		})
		if exitOf(err).code != tc.code || n != tc.tries || strings.Count(b.String(), "; trying again for") != min(1, n-1) {
			t.Errorf("%v: %v after %d tries: %s", tc.errs, err, n, b.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := patiently(ctx, time.Hour, new(strings.Builder), func(context.Context) (*natsbus.Bus, error) { return nil, there }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestProcessesThatEnd: agents that end before the run end it, which says why and leaves its
// reports.
func TestProcessesThatEnd(t *testing.T) {
	const why = "agent 1 ended before the run began: exit status 2"
	m := &machines{children: &children{ended: why}}
	err := m.over(false, &run.Error{Kind: run.Interrupted, Text: "interrupted before the run began"})
	out := &output{dir: t.TempDir()}
	cmd, _, _ := quiet()
	exit := exitOf(out.unbegun(cmd, parse(t, loggedFleet+"fleet: {players: 2}\n"), err))
	if exit.code != reports.ExitLost || !strings.Contains(exit.msg, why+"\nwhat helps: ") {
		t.Errorf("exit code %d: %s", exit.code, exit.msg)
	}
	if s, err := reports.Read(out.dir); err != nil || s.ExitCode != reports.ExitLost || s.Verdict != reports.Void {
		t.Errorf("%v, %v", s, err)
	}
}
