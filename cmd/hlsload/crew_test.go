package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run"
	"hlsload/run/bus"
	"hlsload/run/bus/embedded"
	"hlsload/run/bus/natsbus"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// TestMachinesOfARun: flags that contradict each other, the scenario or this build are
// refused before anything starts, and what would be right is said.
func TestMachinesOfARun(t *testing.T) {
	const url = " --url http://127.0.0.1:1/a.m3u8"
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"--processes 2 --agents 2", exitUsage, "want one of the two flags"},
		{"--processes 0", exitUsage, "0 agents (want 1 to 1024)"},
		{"--agents -1", exitUsage, "-1 agents (want 1 to 1024)"},
		{"--agents 1025", exitUsage, "1025 agents (want 1 to 1024)"},
		{"--agents 1024 --local", exitUsage, "1024 agents (want 1 to 1023)"},
		{"--processes 2 --wait 0s", exitUsage, "--wait 0s (want a time such as 5m)"},
		{"--local", exitUsage, "--local: this run is on one machine (want --agents N, too)"},
		{"--wait 1m", exitUsage, "--wait: this run is on one machine"},
		{"--nats nats://127.0.0.1:1", exitUsage, "--nats: this run is on one machine"},
		{"--processes 2 --nats nats://127.0.0.1:1", exitUsage, "--nats: is for agents on other machines (got --processes; want --agents N)"},
		{"--processes 2 --rig-listen 192.0.2.1", exitUsage, "--rig-listen: is for agents on other machines"},
		{"--processes 2 --events", exitUsage, "--events: each agent has the events of its own players only"},
		{"--agents 2 --live 8080", exitUsage, "--live: the report while the run goes on is of one machine"},
		{"--agents 2 --nats nats://127.0.0.1:1 --listen 4222", exitUsage, "--listen: is for the NATS server inside this process (got --nats;"},
		{"--agents 2 --nats nats://127.0.0.1:1 --keys f", exitUsage, "--keys: is for the NATS server inside this process"},
		{"--agents 2 --creds f", exitUsage, "--creds: is for a NATS cluster"},
		{"--agents 2 --nats-prefix a.b", exitUsage, "--nats-prefix: is for a NATS cluster"},
		{"--agents 2 --run a.b", exitUsage, `--run: run "a.b" (want 1 to 64 letters`},
		{"--agents 2 --keys f --run r --listen 4222", exitUsage, "--run: stands in the file of --keys"},
		{"--agents 2 --keys f --reach a:1 --listen 4222", exitUsage, "--reach: stands in the file of --keys"},
		{"--agents 2 --keys f", exitUsage, "--keys: agents cannot reach a port that is drawn at random (want --listen ADDR, too)"},
		{"--agents 2 --reach a:1", exitUsage, "--reach: agents cannot reach a port that is drawn"},
		{"--agents 2 --reach a --listen 4222", exitUsage, "--reach: address"},
		{"--agents 2 --listen 4222x", exitUsage, `--listen "4222x" (want an address and a port`},
		{"--agents 2 --listen 0.0.0.0:4222", exitUsage, "--listen 0.0.0.0:4222: is all addresses of this machine (want --reach HOST:PORT, too"},
		{"--agents 2 --rig-listen 192.0.2.1" + url, exitUsage, "--rig-listen: the scenario watches a URL"},
	} {
		args := append([]string{"run", "pipeline-kill", "--out", filepath.Join(t.TempDir(), "out")}, strings.Fields(tc.args)...)
		code, _, stderr := executed(t, args...)
		if !embedded.Full && strings.Contains(stderr, "needs the full build") {
			continue // what the scenario says is looked at after that
		}
		if code != tc.code || !strings.Contains(stderr, tc.says) {
			t.Errorf("%s: exit code %d, want %d: %s (want %q)", tc.args, code, tc.code, stderr, tc.says)
		}
	}
	if sc := parse(t, loggedFleet+"fleet: {players: 2}\n"); sc.Target.Rig == nil {
		t.Fatal("want a scenario on the embedded channel")
	} else {
		m := &machines{agents: 2, given: map[string]bool{"agents": true}}
		if err := m.checkRig(sc); exitOf(err).code != exitInvalid || !strings.Contains(err.Error(), "want --rig-listen ADDRESS") {
			t.Errorf("%v", err)
		}
		m.given["rig-listen"] = true
		for address, good := range map[string]bool{"192.0.2.1": true, "::1": true, "rig.example": true, "": false, "0.0.0.0": false, "192.0.2.1:80": false, "[::1]:80": false} {
			m.rigListen = address
			if err := m.checkRig(sc); (err == nil) != good {
				t.Errorf("--rig-listen %q: %v", address, err)
			}
		}
	}
}

func TestHere(t *testing.T) {
	for listen, want := range map[string]string{":0": "", ":4222": "127.0.0.1:4222", "0.0.0.0:4222": "127.0.0.1:4222", "[::]:4222": "[::1]:4222", "192.0.2.1:4222": "192.0.2.1:4222", "host:1": "host:1"} {
		if got := here(listen); got != want {
			t.Errorf("%s: %q, want %q", listen, got, want)
		}
	}
}

// joinFor is a join string for a port at which nothing listens.
func joinFor(t *testing.T, role natsbus.Role) string {
	t.Helper()
	k, err := natsbus.NewKeys("r", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	j, err := k.Join(role, "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	return j.Text()
}

// TestJoinStringIsNotShown: whatever is wrong with a command line, its join string is not in
// the message.
func TestJoinStringIsNotShown(t *testing.T) {
	agent, halt := joinFor(t, natsbus.Agent), joinFor(t, natsbus.Halt)
	file := filepath.Join(t.TempDir(), "join")
	if err := os.WriteFile(file, []byte(agent[:60]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args []string
		env  string
		code int
		says string
	}{
		{[]string{"agent"}, "", exitUsage, "agent: no run given (want --join STRING, --join-file FILE, the variable HLSLOAD_JOIN, or --nats URL --run NAME)"},
		{[]string{"agent", "--join", agent[:len(agent)-1]}, "", exitUsage, "is damaged or cut off"},
		{[]string{"agent", "--join", agent[4:]}, "", exitUsage, "is not one"},
		{[]string{"agent", "--join", halt}, "", exitUsage, "is for hlsload halt (want that for hlsload agent)"},
		{[]string{"halt", "--join", agent}, "", exitUsage, "is for hlsload agent (want that for hlsload halt)"},
		{[]string{"agent", "--join-file", file}, "", exitUsage, "is damaged or cut off"},
		{[]string{"agent", "--join-file", large}, "", exitUsage, "has more than 65536 bytes"},
		{[]string{"agent", "--join-file", file + "x"}, "", exitUsage, "no such file"},
		{[]string{"agent"}, agent[:70], exitUsage, "is damaged or cut off"},
		{[]string{"agent", agent}, "", exitUsage, `too many arguments (got "hl1.…"`},
		{[]string{"agent", "--jion", agent}, "", exitUsage, "unknown flag: --jion"},
		{[]string{agent}, "", exitUsage, "unknown command"},
		{[]string{"run", agent}, "", exitUsage, "no such scenario"},
		{[]string{"agent", "--join", agent, "--join-file", file}, "", exitUsage, "want one of --join, --join-file and --nats"},
		{[]string{"agent", "--join", agent, "--run", "r"}, "", exitUsage, "--run: a join string names its run"},
		{[]string{"agent", "--join", agent, "--creds", "f"}, "", exitUsage, "--creds: is for a NATS cluster (got a join string"},
		{[]string{"agent", "--nats", "nats://127.0.0.1:1"}, "", exitUsage, "--nats: no run given"},
		{[]string{"agent", "--nats", "nats://127.0.0.1:1", "--run", "a.b"}, "", exitUsage, "--run: run"},
		{[]string{"agent", "--nats", "http://127.0.0.1:1", "--run", "r"}, "", exitUsage, "want nats://HOST:PORT"},
		{[]string{"agent", "--nats", "nats://127.0.0.1:1", "--run", "r", "--creds", file}, "", exitUsage, "credentials: hold no key"},
		{[]string{"agent", "--nats", "nats://127.0.0.1:1", "--run", "r", "--nats-prefix", "a..b"}, "", exitUsage, "prefix"},
		{[]string{"agent", "--join", agent, "--wait", "-1s"}, "", exitUsage, "--wait -1s"},
		{[]string{"agent", "--join", agent, "--progress", "pretty"}, "", exitUsage, "unknown --progress"},
		{[]string{"agent", "--join", agent, "--wait", "10ms"}, "", reports.ExitLost, "nothing listens there (waited 10ms; want a conductor that runs, or a longer --wait)"},
		{[]string{"agent", "--wait", "10ms"}, agent, reports.ExitLost, "nothing listens there"},
		{[]string{"halt", "--join", halt}, "", exitInternal, "halt run r: connect to 127.0.0.1:1: connection refused: nothing listens there"},
		{[]string{"halt", "--nats", "nats://joe:sesame77@127.0.0.1:1", "--run", "r"}, "", exitInternal, "halt run r: connect to 127.0.0.1:1: connection refused"},
	} {
		t.Setenv(joinVariable, tc.env)
		code, stdout, stderr := executed(t, tc.args...)
		if code != tc.code || !strings.Contains(stderr, tc.says) {
			t.Errorf("%.60q: exit code %d, want %d: %s (want %q)", tc.args, code, tc.code, stderr, tc.says)
		}
		for _, secret := range []string{agent[20:50], halt[len(halt)-30:], "sesame77"} {
			if strings.Contains(stdout+stderr, secret) {
				t.Errorf("%.60q shows a secret: %s%s", tc.args, stdout, stderr)
			}
		}
	}
}

// TestKeysAreForTheirOwnerOnly: three files that only their owner can read, and never over
// others.
func TestKeysAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	code, stdout, stderr := executed(t, "keys", "tonight", "--reach", "conductor.example:4222", "--out", dir)
	if code != 0 || !strings.Contains(stdout, "are for run tonight at conductor.example:4222 until") {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, conductorFile))
	if err != nil {
		t.Fatal(err)
	}
	k, reach, err := natsbus.ParseKeys(text)
	if err != nil || k.Run != "tonight" || reach != "conductor.example:4222" || time.Until(k.End) < 23*time.Hour {
		t.Errorf("%v, %s, %v", k, reach, err)
	}
	for name, role := range map[string]natsbus.Role{agentFile: natsbus.Agent, haltFile: natsbus.Halt} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if j, err := natsbus.ParseJoin(string(text)); err != nil || j.Role != role || j.Address != reach {
			t.Errorf("%s: %v, %v", name, j, err)
		}
		if strings.Contains(stdout, strings.TrimSpace(string(text))) {
			t.Errorf("%s is shown", name)
		}
	}
	for _, name := range []string{conductorFile, agentFile, haltFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.Remove(filepath.Join(dir, conductorFile)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ args, says string }{
		{"keys tonight --reach a:1 --out " + dir, agentFile + " is there already"},
		{"keys tonight --reach a:1", "no --out given"},
		{"keys tonight --out " + dir, "no --reach or no --out given"},
		{"keys a.b --reach a:1 --out x", "want 1 to 64 letters"},
		{"keys r --reach a --out x", "--reach: address"},
		{"keys r --reach a:1 --out x --lifetime 0s", "--lifetime 0s"},
		{"keys --reach a:1 --out x", "no RUN given"},
	} {
		if code, _, stderr := executed(t, strings.Fields(tc.args)...); code != exitUsage || !strings.Contains(stderr, tc.says) {
			t.Errorf("%s: exit code %d: %s (want %q)", tc.args, code, stderr, tc.says)
		}
	}
	if exists(filepath.Join(dir, conductorFile)) {
		t.Error("keys for join strings that are of other keys")
	}
}

// TestAgentsInTheProgress: the line has how many agents there are, the slowest and the lost.
func TestAgentsInTheProgress(t *testing.T) {
	for want, all := range map[string][]stage.AgentNow{
		"  agents 3/3, lag p99 4 ms (b)":          {{Name: "a", Up: true, Lag: time.Millisecond}, {Name: "b", Up: true, Lag: 4 * time.Millisecond}, {Name: "c", Up: true}},
		"  agents 1/2, lag p99 1 ms (a), lost b":  {{Name: "a", Up: true, Lag: time.Millisecond}, {Name: "b", Lag: 4 * time.Millisecond}},
		"  agents 0/5, lost a, b, c, 2 more":      {{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}},
		"  agents 1/1":                            {{Name: "a", Up: true}},
		"  agents 1/1, lag p99 1 ms (\uFFFD[31m)": {{Name: "\x1b[31m", Up: true, Lag: time.Millisecond}},
	} {
		if got := agentsNow(all); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var b strings.Builder
	p, err := newProgress(progressPlain, &b, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p.Agents(0, []stage.AgentNow{{Name: "a", Up: true}})
	p.Show(0, &record.Live{})
	if !strings.HasSuffix(b.String(), "origin 0/s  agents 1/1\n") {
		t.Errorf("%q", b.String())
	}
	bars := newBars(&b, time.Minute)
	bars.Agents(0, []stage.AgentNow{{Name: "a", Up: true}})
	bars.Show(0, &record.Live{})
	if got := <-bars.text[2]; !strings.HasSuffix(got, "  agents 1/1") {
		t.Errorf("%q", got)
	}
	bars.close()
	before := b.Len()
	if n, err := bars.Write([]byte("late\n")); n != 5 || err != nil || b.String()[before:] != "late\n" {
		t.Errorf("%d, %v, %q", n, err, b.String()[before:])
	}
}

// TestAgentThatIsTakenIn: the first message about its clock says so, once, and no other does.
func TestAgentThatIsTakenIn(t *testing.T) {
	var hub bus.Hub
	conductor, end := hub.Join(), hub.Join()
	defer conductor.Close()
	defer end.Close()
	var in int
	heard := make(chan string, 10)
	a := &admission{Bus: end, run: "r", in: func() { in++ }}
	for _, pattern := range []string{"hl.r.beat", "hl.r.a.x.>"} {
		if _, err := a.Subscribe(pattern, func(m *bus.Message) { heard <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	for i, subject := range []string{"hl.r.beat", "hl.r.a.x.answer", "hl.r.a.x.clock", "hl.r.a.x.clock"} {
		if err := conductor.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != subject || in != max(0, min(1, i-1)) {
			t.Errorf("after %s: %s, %d times", subject, got, in)
		}
	}
}

// TestProgressOfAnAgent: what is said before the length of the run is known is shown as lines,
// whatever goroutine says it.
func TestProgressOfAnAgent(t *testing.T) {
	var b strings.Builder
	p := &awaited{kind: progressPlain, w: &b}
	p.Mark(0, "early")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { _, _ = p.Write([]byte("said\n")) })
	}
	p.begin(time.Minute)
	p.Agents(0, nil)
	p.Show(0, &record.Live{})
	p.Mark(time.Second, "late")
	wait.Wait()
	p.close()
	for _, want := range []string{"0:00  ** early\n", "said\n", "0:00/1:00  playing 0", "0:01  ** late\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
	b.Reset()
	p = &awaited{kind: progressNone, w: &b}
	p.Mark(0, "early")
	p.begin(time.Minute)
	p.Show(0, &record.Live{})
	if _, err := p.Write([]byte("said\n")); err != nil || b.String() != "said\n" {
		t.Errorf("%v, %q", err, b.String())
	}
}

// TestReportOfAnAgent: an agent that left early says where its part is, and how to read it,
// unless the conductor has it.
func TestReportOfAnAgent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "part")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := &run.AgentConfig{Run: "r", ID: "1", Name: "a", Dir: dir}
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{nil, 0, ""},
		{&protocol.Exit{Cause: protocol.Gone, Text: "no beat"}, reports.ExitLost, "no beat"},
		{&protocol.Exit{Cause: protocol.Refused, Text: "another build"}, exitInvalid, "another build"},
		{&protocol.Exit{Cause: protocol.Stopped, Text: "enough"}, reports.ExitInterrupted, "the run was halted: enough"},
		{&run.Error{Kind: run.Lost, Text: "lost"}, reports.ExitLost, "lost"},
		{errors.New("a bug"), exitInternal, "a bug"},
	} {
		var b strings.Builder
		err := report(&b, cfg, true, left(t.Context(), tc.err), nil)
		exit := exitOf(err)
		if exit.code != tc.code || !strings.HasPrefix(exit.msg, tc.says) {
			t.Errorf("%v: exit code %d, %q", tc.err, exit.code, exit.msg)
		}
		if want := "run r is over for agent a: the conductor has what it measured\n"; (b.String() == want) != (tc.err == nil) {
			t.Errorf("%v: said %s", tc.err, b.String())
		}
		merge := "is in " + dir + "; this joins it with what other agents kept:\n  hlsload merge " + dir + " DIR…"
		if strings.Contains(exit.msg, merge) != (tc.err != nil && tc.code != reports.ExitInterrupted) {
			t.Errorf("%v: %s", tc.err, exit.msg)
		}
	}
	if err := report(&strings.Builder{}, cfg, false, errors.New("a bug"), errors.New("a full disk")); exists(dir) || err.Error() != "a bug\na full disk" {
		t.Errorf("%v; the directory is there: %v", err, exists(dir))
	}
}

func TestEnvironmentOfAChild(t *testing.T) {
	got := strings.Join(childEnv([]string{"PATH=/bin", "HLSLOAD_JOIN=old", "HLSLOAD_HALT=h", "HLSLOAD_PROGRESS=bar", "TOKEN=t"}, "new", 2), " ")
	if want := "GOMAXPROCS=2 PATH=/bin TOKEN=t HLSLOAD_JOIN=new"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// said is what is written by several goroutines.
type said struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestChildren: what agents say has their names before it, and no secrets; one that ends before
// the run ends the run; one that does not end is killed.
func TestChildren(t *testing.T) {
	hide := new(redact.Secrets)
	hide.Add("s3cr3t-join", "hl1.…")
	start := func(t *testing.T, p patience, began bool, scripts ...string) (*children, *said, chan struct{}) {
		out, canceled := new(said), make(chan struct{})
		c := &children{say: out, hide: hide.Text, cancel: func() { close(canceled) }, patience: p, died: make(chan run.Death, 8)}
		if began {
			c.begin()
		}
		for i, script := range scripts {
			if err := c.start(string(rune('1'+i)), "/bin/sh", []string{"-c", script}, "s3cr3t-join"); err != nil {
				t.Fatal(err)
			}
		}
		return c, out, canceled
	}
	short := patience{lost: 10 * time.Millisecond, last: 10 * time.Second, kill: 10 * time.Second}
	t.Run("well", func(t *testing.T) {
		c, out, _ := start(t, short, true, `echo "join $HLSLOAD_JOIN"; echo problem >&2; printf end`, `test "$(ps -o pgid= $$ | tr -d ' ')" = $$ && echo own group`)
		if why := c.end(true); why != "" {
			t.Errorf("%q", why)
		}
		for _, want := range []string{"agent 1: join hl1.…\n", "agent 1: problem\n", "agent 1: end\n"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in %s", want, out)
			}
		}
		if !strings.Contains(out.String(), "agent 2: own group") && !strings.Contains(out.String(), "not found") { // ps may be missing
			t.Errorf("it is in the group of this process: %s", out)
		}
	})
	t.Run("before the run", func(t *testing.T) {
		c, out, canceled := start(t, short, false, "exit 3", "exec sleep 60")
		select {
		case <-canceled:
		case <-time.After(20 * time.Second):
			t.Fatal("the run goes on")
		}
		if why := c.end(false); why != "agent 1 ended before the run began: exit status 3" || !strings.Contains(out.String(), why) {
			t.Errorf("%q, said %s", why, out)
		}
	})
	t.Run("during the run", func(t *testing.T) {
		c, out, _ := start(t, short, true, "kill -9 $$")
		if !c.await(20 * time.Second) {
			t.Fatal("it runs")
		}
		for range 1000 {
			if strings.Contains(out.String(), "agent 1: ended: signal: killed") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if why := c.end(true); why != "" || !strings.Contains(out.String(), "agent 1: ended: signal: killed") {
			t.Errorf("%q, said %s", why, out)
		}
		if how := c.how("1"); how != "its process ended: signal: killed" || c.how("2") != "" {
			t.Errorf("how it ended: %q, %q", how, c.how("2"))
		}
	})
	t.Run("never ends", func(t *testing.T) {
		c, out, _ := start(t, patience{last: 10 * time.Millisecond, kill: 100 * time.Millisecond}, true, `trap "" TERM; sleep 60; sleep 60`)
		began := time.Now()
		c.end(true)
		if d := time.Since(began); d > 20*time.Second || !strings.Contains(out.String(), "agents did not end within 10ms after the run") {
			t.Errorf("after %v: %s", d, out)
		}
	})
}
