package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/run"
	"hlsload/run/bus/embedded"
	"hlsload/run/bus/natsbus"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
)

// machines are those that carry the players of a run, as flags say. The zero value is this
// machine alone.
type machines struct {
	processes, agents      int
	given                  map[string]bool // flags
	local                  bool
	listen, reach, keyFile string
	cluster                cluster
	run, rigListen         string
	wait                   time.Duration

	source   scenarios.Source // of the scenario
	children *children        // nil = none
	closers  []func()
}

func (m *machines) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&m.processes, "processes", 0, "let `N` agent processes on this machine carry the players (full build)")
	f.IntVar(&m.agents, "agents", 0, "wait for `N` agents on other machines, which carry the players (full build, unless --nats is given)")
	f.BoolVar(&m.local, "local", false, "this process carries players, too, besides the agents")
	f.StringVar(&m.listen, "listen", "", "`ADDR` for --agents: a port of this machine alone, or address:port (default a free port of this machine alone)")
	f.StringVar(&m.reach, "reach", "", "`HOST:PORT` at which agents reach --listen, when that is another address")
	f.StringVar(&m.keyFile, "keys", "", "`FILE` conductor.key that hlsload keys wrote, for --agents: the join strings are known before the run")
	m.cluster.register(cmd)
	f.StringVar(&m.run, "run", "", "`NAME` of the run for --agents (default one at random)")
	f.StringVar(&m.rigListen, "rig-listen", "", "`ADDRESS` of this machine, without a port, at which agents on other machines reach the embedded channel")
	f.DurationVar(&m.wait, "wait", defaultWait, "wait for `D` until all agents are there")
}

// many reports whether other processes carry players.
func (m *machines) many() bool { return m.given["processes"] || m.given["agents"] }

// carriers is how many agents carry the players; 0 = this process alone.
func (m *machines) carriers() int {
	n := m.processes + m.agents
	if m.local && n > 0 {
		n++
	}
	return n
}

// ofAgents are the flags that make sense with --agents only.
var ofAgents = []string{"listen", "reach", "keys", "nats", "creds", "nats-prefix", "run", "rig-listen"}

// check refuses flags that contradict each other, the scenario or this build.
func (m *machines) check(cmd *cobra.Command, out *output, sc *scenarios.Scenario) error {
	m.given = map[string]bool{}
	for _, name := range append([]string{"processes", "agents", "local", "wait"}, ofAgents...) {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			m.given[name] = true
		}
	}
	if err := m.checkFlags(out); err != nil || !m.many() {
		return err
	}
	if !embedded.Full && m.given["processes"] {
		return inCore("--processes", "a NATS server")
	}
	if !embedded.Full && !m.given["nats"] {
		return inCore("--agents without --nats", "a NATS server")
	}
	return m.checkRig(sc)
}

func (m *machines) checkFlags(out *output) error {
	switch {
	case m.given["processes"] && m.given["agents"]:
		return misused("--processes and --agents: agents are on this machine or on others (want one of the two flags)")
	case !m.many():
		for _, name := range append([]string{"local", "wait"}, ofAgents...) {
			if m.given[name] {
				return misused("--%s: this run is on one machine (want --agents N, too)", name)
			}
		}
		return nil
	case m.given["processes"]:
		for _, name := range ofAgents {
			if m.given[name] {
				return misused("--%s: is for agents on other machines (got --processes; want --agents N)", name)
			}
		}
	}
	most := protocol.MaxAgents
	if m.local {
		most--
	}
	switch n := m.processes + m.agents; {
	case n < 1 || n > most:
		return misused("%d agents (want 1 to %d)", n, most)
	case m.wait <= 0:
		return misused("--wait %v (want a time such as 5m)", m.wait)
	case out.events:
		return misused("--events: each agent has the events of its own players only (want a run without --processes and --agents)")
	case out.live != "":
		return misused("--live: the report while the run goes on is of one machine (want a run without --processes and --agents, or --metrics ADDR)")
	}
	if m.given["run"] {
		if err := natsbus.CheckRun(m.run); err != nil {
			return misused("--run: %v", err)
		}
	}
	return m.checkServer()
}

// checkServer checks the flags that say where the NATS server is.
func (m *machines) checkServer() error {
	if m.given["nats"] {
		for _, name := range []string{"listen", "reach", "keys"} {
			if m.given[name] {
				return misused("--%s: is for the NATS server inside this process (got --nats; want one of them)", name)
			}
		}
		return nil
	}
	if err := m.cluster.unused("the NATS server inside this process"); err != nil {
		return err
	}
	if m.given["keys"] {
		for _, name := range []string{"reach", "run"} {
			if m.given[name] {
				return misused("--%s: stands in the file of --keys (want the flag left out, or other keys)", name)
			}
		}
	}
	if m.given["reach"] {
		if err := natsbus.CheckReach(m.reach); err != nil {
			return misused("--reach: %v", err)
		}
	}
	if !m.given["listen"] {
		for _, name := range []string{"reach", "keys"} {
			if m.given[name] {
				return misused("--%s: agents cannot reach a port that is drawn at random (want --listen ADDR, too)", name)
			}
		}
		m.listen = ":0"
		return nil
	}
	if _, err := strconv.ParseUint(m.listen, 10, 16); err == nil {
		m.listen = ":" + m.listen
	}
	host, port, err := net.SplitHostPort(m.listen)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		return misused("--listen %.80q (want an address and a port, such as 192.0.2.1:4222, or a port of this machine alone, such as 4222)", m.listen)
	}
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() && !m.given["reach"] && !m.given["keys"] {
		return misused("--listen %s: is all addresses of this machine (want --reach HOST:PORT, too: the one that agents reach)", m.listen)
	}
	return nil
}

// checkRig checks that agents reach the embedded channel.
func (m *machines) checkRig(sc *scenarios.Scenario) error {
	switch {
	case m.given["rig-listen"] && sc.Target.Rig == nil:
		return misused("--rig-listen: the scenario watches a URL, not the embedded channel (want the flag left out)")
	case m.given["agents"] && sc.Target.Rig != nil && !m.given["rig-listen"]:
		return &exitError{exitInvalid, "agents on other machines cannot reach the embedded channel: each would look for it on its own loopback (want --rig-listen ADDRESS of this machine, --url URL, or --processes N)", nil}
	case !m.given["rig-listen"]:
		return nil
	}
	a, err := netip.ParseAddr(m.rigListen)
	if _, _, perr := net.SplitHostPort(m.rigListen); err != nil && perr == nil || m.rigListen == "" || a.IsUnspecified() {
		return misused("--rig-listen %.80q (want an address or a name of this machine that agents reach, without a port)", m.rigListen)
	}
	return nil
}

// open meets the agents, or starts them, and says in cfg that they carry the players. The
// context ends with the command, or when an agent that was started here ended before the run.
func (m *machines) open(cmd *cobra.Command, cfg *run.Config, p progress, dir string) (context.Context, error) {
	ctx := cmd.Context()
	if !m.many() {
		return ctx, nil
	}
	c := &run.Crew{Run: m.run, Agents: m.processes + m.agents, Source: m.source, RigListen: m.rigListen, Wait: m.wait}
	hide := secretsOf(ctx).Text
	warn := func(line string) { fmt.Fprintln(printable{p}, hide(line)) }
	cfg.Crew = c
	if m.given["nats"] {
		return ctx, m.meet(cmd, c, warn)
	}
	s, err := m.serve(cmd, cfg, warn)
	if err != nil || !m.given["processes"] {
		return ctx, err
	}
	j, err := s.Join(natsbus.Agent)
	if err != nil {
		return ctx, internal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	m.children = &children{say: p, hide: hide, cancel: cancel, patience: usualPatience, died: make(chan run.Death, m.processes), cores: max(1, runtime.GOMAXPROCS(0)/m.processes)}
	c.Ended, c.Died = m.children.how, m.children.died
	m.closers = append(m.closers, cancel)
	exe, err := os.Executable()
	if err != nil {
		return ctx, internal(fmt.Errorf("start agents: %w", err))
	}
	for i := range m.processes {
		name := strconv.Itoa(i + 1)
		args := []string{"agent", "--name", name, "--allow-commands", "--progress", progressNone, "--wait", m.wait.String(), "--out", filepath.Join(dir, agentsDir, name)}
		if err := m.children.start(name, exe, args, j.Text()); err != nil {
			return ctx, internal(fmt.Errorf("start agent %s: %w", name, err))
		}
	}
	return ctx, nil
}

// agentsDir is where agents that were started here keep their parts, in the directory of the
// results.
const agentsDir = "agents"

// meet connects to a cluster that exists.
func (m *machines) meet(cmd *cobra.Command, c *run.Crew, warn func(string)) error {
	secrets := secretsOf(cmd.Context())
	at, err := m.cluster.read(secrets)
	if err != nil {
		return err
	}
	c.Run = cmp.Or(c.Run, run.NewID())
	attach := func(role natsbus.Role) (*natsbus.Bus, error) {
		b, err := natsbus.Attach(cmd.Context(), *at, role, c.Run, natsbus.Options{Name: "hlsload " + role.String(), Warn: warn})
		if err != nil {
			return nil, forbidden(fmt.Errorf("--nats: %w", err))
		}
		m.closers = append(m.closers, b.Close)
		return b, nil
	}
	b, err := attach(natsbus.Conductor)
	if err != nil {
		return err
	}
	c.Bus = b
	if m.local {
		b, err := attach(natsbus.Agent)
		if err != nil {
			return err
		}
		c.Local, c.LocalID = b, b.ID()
	}
	where := m.cluster.flags(secrets) + " --run " + c.Run
	m.invite(cmd.ErrOrStderr(), c, "hlsload agent"+where, "hlsload halt"+where)
	return nil
}

// serve starts the NATS server inside this process.
func (m *machines) serve(cmd *cobra.Command, cfg *run.Config, warn func(string)) (embedded.Server, error) {
	c := cfg.Crew
	keys, reach, err := m.keys(cfg)
	if err != nil {
		return nil, err
	}
	listen := cmp.Or(m.listen, ":0")
	s, err := embedded.Start(natsbus.ServerOptions{Keys: keys, Listen: listen, Reach: reach, Refused: few(warn)})
	if err != nil {
		return nil, forbidden(err)
	}
	m.closers = append(m.closers, s.Close)
	c.Run = keys.Run
	b, err := s.Bus(cmd.Context(), natsbus.Options{Name: "hlsload conductor", Warn: warn})
	if err != nil {
		return nil, internal(err)
	}
	m.closers = append(m.closers, b.Close)
	c.Bus = b
	var texts [2]string
	for i, role := range []natsbus.Role{natsbus.Agent, natsbus.Halt} {
		j, err := s.Join(role)
		if err != nil {
			return nil, internal(err)
		}
		texts[i] = j.Text()
		hideJoin(secretsOf(cmd.Context()), texts[i])
		hideJoin(cfg.Scenario.Secrets(), texts[i])
	}
	if m.local {
		if err := m.join(cmd.Context(), c, s, keys, warn); err != nil {
			return nil, err
		}
	}
	switch {
	case m.given["keys"]:
		m.invite(cmd.ErrOrStderr(), c, "hlsload agent --join-file agent.join", "hlsload halt --join-file halt.join")
	case m.given["agents"]:
		m.invite(cmd.ErrOrStderr(), c, "hlsload agent --join "+texts[0], "hlsload halt --join "+texts[1])
	}
	return s, nil
}

// keys are those of the server, and where agents reach it; "" = where it listens.
func (m *machines) keys(cfg *run.Config) (k *natsbus.Keys, reach string, err error) {
	needed := m.wait + cfg.Scenario.Duration + time.Hour
	if !m.given["keys"] {
		k, err = natsbus.NewKeys(cmp.Or(m.run, run.NewID()), time.Now(), max(natsbus.Lifetime, needed))
		return k, m.reach, internal(err)
	}
	text, err := readSmall(m.keyFile)
	if err != nil {
		return nil, "", forbidden(fmt.Errorf("reading the keys: %w", err))
	}
	if k, reach, err = natsbus.ParseKeys(text); err != nil {
		return nil, "", forbidden(fmt.Errorf("--keys %s: %w", m.keyFile, err))
	}
	if left := time.Until(k.End); left < needed {
		return nil, "", forbidden(fmt.Errorf("--keys %s: end at %s (want keys for %v from now on: hlsload keys --lifetime)", m.keyFile, k.End.UTC().Format("2006-01-02 15:04 UTC"), needed))
	}
	return k, reach, nil
}

// join connects the agent in this process. It does not depend on how other machines reach
// the server.
func (m *machines) join(ctx context.Context, c *run.Crew, s embedded.Server, keys *natsbus.Keys, warn func(string)) error {
	j, err := s.Join(natsbus.Agent)
	if at := here(m.listen); err == nil && at != "" {
		j, err = keys.Join(natsbus.Agent, at)
	}
	if err != nil {
		return internal(err)
	}
	b, err := natsbus.Dial(ctx, j, natsbus.Options{Name: "hlsload agent of the conductor", Warn: warn})
	if err != nil {
		return internal(err)
	}
	m.closers = append(m.closers, b.Close)
	c.Local, c.LocalID = b, b.ID()
	return nil
}

// here is how this machine reaches an address at which it listens; "" = the port is drawn.
func here(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 {
		return ""
	}
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
		if a.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

// invite says how to start agents, and how to end the run.
func (m *machines) invite(w io.Writer, c *run.Crew, agent, halt string) {
	fmt.Fprintf(printable{w}, "run %s waits up to %v for %s:\n  %s\nthis ends it on all machines:\n  %s\n", c.Run, m.wait, figure.Plural(c.Agents, "agent"), agent, halt)
}

// few passes on the first lines only: a stranger who tries again and again must not fill the
// terminal.
func few(warn func(string)) func(string) {
	const most = 20
	var n atomic.Int64
	return func(line string) {
		switch n := n.Add(1); {
		case n <= most:
			warn(line)
		case n == most+1:
			warn("more connections were refused; they are not shown")
		}
	}
}

// begun says that the players come.
func (m *machines) begun() {
	if m.children != nil {
		m.children.begin()
	}
}

// over ends all that open began, in reverse order. It is called when the run is over, and
// returns its error, or the reason why it could not begin.
func (m *machines) over(began bool, err error) error {
	if m.children != nil {
		if why := m.children.end(began); !began && why != "" {
			err = &run.Error{Kind: run.Lost, Text: why, Err: err}
		}
	}
	for i := len(m.closers) - 1; i >= 0; i-- {
		m.closers[i]()
	}
	m.closers = nil
	return err
}

// tidy removes the parts of agents that were started here, if the results have all of them. s
// is nil if there was no run.
func (m *machines) tidy(dir string, s *reports.Summary) {
	if m.children == nil {
		return
	}
	parts := filepath.Join(dir, agentsDir)
	lost := func(a reports.AgentSummary) bool { return a.LostAtS.Known() }
	if s != nil && !slices.ContainsFunc(s.Agents, lost) && exists(filepath.Join(dir, reports.SummaryFile)) {
		_ = os.RemoveAll(parts)
	}
	for _, ch := range m.children.all {
		_ = os.Remove(filepath.Join(parts, ch.name)) // if it is empty
	}
	_ = os.Remove(parts)
}
