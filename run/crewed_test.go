package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos/inject"
	"hlsload/player/audience"
	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run/bus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
)

// party is a run over several agents in one process, over a network in memory.
type party struct {
	t      *testing.T
	on     Network
	hub    bus.Hub
	source scenarios.Source
	local  bool
	names  []string
	dirs   []string

	stop   []context.CancelFunc // of each agent
	exits  []error
	wait   sync.WaitGroup
	config func(*Config)
	agent  func(*AgentConfig)
}

func newParty(t *testing.T, text string, names ...string) *party {
	m := runtest.NewNetwork()
	return &party{t: t, on: Network{Listen: m.Listen, Target: look.Network{Dial: m.Dial}}, names: names,
		source: scenarios.Source{File: "test.yaml", Data: []byte("version: 1\nname: test\n" + text)}}
}

func (p *party) scenario() *scenarios.Scenario {
	p.t.Helper()
	sc, err := scenarios.Load(p.source)
	if err != nil {
		p.t.Fatal(err)
	}
	return sc
}

// alone performs the scenario on one machine.
func (p *party) alone() *reports.Summary {
	p.t.Helper()
	s, err := Do(p.t.Context(), &Config{Scenario: p.scenario(), Dir: p.t.TempDir(), Network: p.on})
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// together performs it on all agents.
func (p *party) together() (*reports.Summary, error) {
	crew := &Crew{Run: "r", Bus: p.hub.Join(), Agents: len(p.names), Source: p.source, Wait: time.Minute}
	defer crew.Bus.Close()
	if p.local {
		crew.Local, crew.LocalID = p.hub.Join(), "local"
		defer crew.Local.Close()
	}
	p.exits = make([]error, len(p.names))
	for i, name := range p.names {
		dir := p.t.TempDir()
		cfg := &AgentConfig{Run: "r", Name: name, Bus: p.hub.Join(), Dir: dir, Network: p.on}
		if p.agent != nil {
			p.agent(cfg)
		}
		p.dirs = append(p.dirs, dir)
		ctx, stop := context.WithCancel(context.Background())
		p.stop = append(p.stop, stop)
		p.wait.Go(func() {
			defer cfg.Bus.Close()
			p.exits[i] = Agent(ctx, cfg)
		})
	}
	cfg := &Config{Scenario: p.scenario(), Dir: p.t.TempDir(), Network: p.on, Crew: crew}
	if p.config != nil {
		p.config(cfg)
	}
	s, err := Do(p.t.Context(), cfg)
	for _, stop := range p.stop {
		defer stop()
	}
	p.wait.Wait()
	return s, err
}

// outcomes are the counts of a run that do not depend on the timings of a network.
func outcomes(s *reports.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d: %d sessions, %d at the end, %d fatal\n", s.Verdict, s.ExitCode, s.Players.Started, s.Players.PlayingAtEnd, s.Players.Fatal)
	for i := range s.Faults {
		f := &s.Faults[i]
		fmt.Fprintf(&b, "%s %d: affected %d, failed over %d, never recovered %d, undone %v %s\n", f.Name, f.Occurrence, f.Affected, f.FailedOver, f.NeverRecovered, f.UndoVerified, f.Problem)
	}
	return b.String()
}

const kill = `duration: 90s
fleet:
  players: 90
  arrive: {over: 10s}
  cohorts:
    - {name: web, share: 60%, profile: hlsjs-1.7}
    - {name: tv, share: 30%, profile: shaka-5.2}
    - {name: calm, share: 10%, profile: hlsjs-1.7, faults: none}
target: {rig: {ladder: mini, segment: 2s}}
chaos: [{name: gone, fault: pipeline.kill, pipeline: 0, at: 30s, for: 20s}]
expect: ["failed_over{fault=gone} >= 95%"]
`

// T4: three agents have the verdict and the counts of one machine, whether or not the
// conductor carries players, too.
func TestAgentsAreOneRun(t *testing.T) {
	var want *reports.Summary
	synctest.Test(t, func(t *testing.T) { want = newParty(t, kill).alone() })
	for _, tc := range []struct {
		local bool
		names []string
	}{{false, []string{"a", "b", "c"}}, {true, []string{"a", "b"}}, {true, nil}} {
		synctest.Test(t, func(t *testing.T) {
			p := newParty(t, kill, tc.names...)
			p.local = tc.local
			s, err := p.together()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := outcomes(s), outcomes(want); got != want {
				t.Errorf("%d agents, local %v:\n%s; want, as on one machine,\n%s", len(tc.names), tc.local, got, want)
			}
			for i, exit := range p.exits {
				if exit != nil {
					t.Errorf("agent %s left with %v", p.names[i], exit)
				}
			}
			a, b := s.Faults[0].FailoverMs.P50, want.Faults[0].FailoverMs.P50
			if math.Abs(float64(a-b)) > .05*float64(b) {
				t.Errorf("failover %v ms; want %v within 5 %%", a, b)
			}
			n := int64(0)
			for _, a := range s.Agents {
				n += a.Players
			}
			if all := len(tc.names) + map[bool]int{true: 1}[tc.local]; len(s.Agents) != all || n != s.Players.Started {
				t.Errorf("%d agents with %d players; want %d with %d", len(s.Agents), n, all, s.Players.Started)
			}
			if s.Origin.Requests == 0 || s.Origin.Source != want.Origin.Source {
				t.Errorf("%d requests at the origin (%s)", s.Origin.Requests, s.Origin.Source)
			}
		})
	}
}

// The viewers of several agents are in the regions, at the POPs and on the links that they
// have on one machine.
func TestAgentsKeepRegions(t *testing.T) {
	text := strings.Replace(kill, "  cohorts:", "  regions: [{name: eu, share: 70%, pops: 3}, {name: in, share: 30%, pops: 2, network: mobile-4g}]\n  cohorts:", 1)
	var want, got *reports.Summary
	synctest.Test(t, func(t *testing.T) { want = newParty(t, text).alone() })
	synctest.Test(t, func(t *testing.T) {
		var err error
		if got, err = newParty(t, text, "a", "b").together(); err != nil {
			t.Fatal(err)
		}
	})
	if outcomes(got) != outcomes(want) {
		t.Errorf("got\n%s; want, as on one machine,\n%s", outcomes(got), outcomes(want))
	}
	if len(want.Edge.ByPop) != 5 || len(got.Edge.ByPop) != 5 {
		t.Errorf("POPs %v, and on one machine %v; want 5", got.Edge.ByPop, want.Edge.ByPop)
	}
	for pop, n := range want.Edge.ByPop {
		if k := got.Edge.ByPop[pop]; math.Abs(float64(k-n)) > .03*float64(n) {
			t.Errorf("%d requests at %s; want %d, as on one machine, within 3 %%", k, pop, n)
		}
	}
}

const viewers = `duration: 60s
recovery: 5s
fleet:
  players: 30
  arrive: {over: 2s}
  cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]
target: {rig: {ladder: mini, segment: 2s}}
chaos:
  - {name: slow, fault: net.bandwidth, down: 300kbps, at: 10s, for: 5s}
  - {name: more, fault: viewers.surge, players: 60, over: 5s, at: 20s}
  - {name: again, fault: viewers.reconnect, share: 50%, at: 30s}
  - {name: frozen, fault: playlist.freeze, pipeline: 0, via: viewer, at: 40s, for: 8s}
`

// Faults that the agents show to their players themselves are those of one machine.
func TestAgentsShowFaults(t *testing.T) {
	var want *reports.Summary
	synctest.Test(t, func(t *testing.T) { want = newParty(t, viewers).alone() })
	if want.Players.Started < 90+40 || want.Verdict != reports.Pass {
		t.Fatalf("one machine: %s", outcomes(want))
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := newParty(t, viewers, "a", "b").together()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := outcomes(s), outcomes(want); got != want {
			t.Errorf("got\n%s; want, as on one machine,\n%s", got, want)
		}
	})
}

// F1, F2: an agent that is lost makes the run void, at once and by its name, and the faults
// are undone; within limits.lost the rest is judged by its worst case.
func TestLostAgent(t *testing.T) {
	for _, tc := range []struct {
		limit string
		code  int
		early bool
	}{{"", reports.ExitLost, true}, {"limits: {lost: 40%}\n", reports.ExitFail, false}, {"limits: {lost: 40%}\nexpect: [\"failed_over{fault=gone} >= 60%\"]\n", reports.ExitPass, false}} {
		synctest.Test(t, func(t *testing.T) {
			text := kill + tc.limit
			if strings.Contains(tc.limit, "expect") {
				text = strings.Replace(kill, "expect: [\"failed_over{fault=gone} >= 95%\"]\n", "", 1) + tc.limit
			}
			p := newParty(t, text, "a", "b", "c")
			lost := &cut{}
			p.agent = func(cfg *AgentConfig) {
				if cfg.Name == "b" {
					lost.Bus = cfg.Bus
					cfg.Bus = lost
				}
			}
			time.AfterFunc(40*time.Second, lost.off)
			s, err := p.together()
			if err != nil {
				t.Fatal(err)
			}
			var of reports.AgentSummary
			for _, a := range s.Agents {
				if a.Name == "b" {
					of = a
				}
			}
			if s.ExitCode != tc.code || !of.LostAtS.Known() || of.Reason == "" || s.Players.Lost != of.Players || !s.Faults[0].UndoVerified {
				t.Errorf("%s: exit code %d, agent %+v, lost %d: %s", tc.limit, s.ExitCode, of, s.Players.Lost, s.VoidReason)
			}
			if tc.early && (s.DurationS > 45 || !strings.Contains(s.VoidReason, "agent b")) || !tc.early && s.DurationS < 90 {
				t.Errorf("%s: %v s, %s", tc.limit, s.DurationS, s.VoidReason)
			}
			exit := (*protocol.Exit)(nil)
			if !errors.As(p.exits[1], &exit) || exit.Cause != protocol.Gone {
				t.Errorf("the lost agent left with %v", p.exits[1])
			}
			if kept, _ := filepath.Glob(filepath.Join(p.dirs[1], "p*-r-*")); len(kept) != 2 {
				t.Errorf("it kept %v; want its part and its plan", kept)
			}
		})
	}
}

// cut is a bus that can be cut off.
type cut struct {
	bus.Bus
	mu  sync.Mutex
	out bool
}

func (c *cut) off() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = true
}

func (c *cut) is() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out
}

func (c *cut) Publish(subject string, data []byte) error {
	if c.is() {
		return errors.New("cut off")
	}
	return c.Bus.Publish(subject, data)
}

func (c *cut) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	return c.Bus.Subscribe(pattern, func(m *bus.Message) {
		if !c.is() {
			handle(m)
		}
	})
}

// Whatever halts the run reaches all players within a second.
func TestHaltReachesAllAgents(t *testing.T) {
	for _, tc := range []struct {
		name string
		how  func(p *party, halt chan struct{}, stopFile string)
		want string
	}{
		{"a signal", func(_ *party, halt chan struct{}, _ string) { close(halt) }, "halted by the user"},
		{"the stop file", func(_ *party, _ chan struct{}, file string) { os.WriteFile(file, nil, 0o600) }, "stop file"},
		{"an agent", func(p *party, _ chan struct{}, _ string) { p.stop[0]() }, "agent a: interrupted by the user"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newParty(t, kill, "a", "b")
			halt, file := make(chan struct{}), filepath.Join(t.TempDir(), "stop")
			p.config = func(cfg *Config) { cfg.Halt, cfg.StopFile = halt, file }
			time.AfterFunc(40*time.Second, func() { tc.how(p, halt, file) })
			s, err := p.together()
			if err != nil {
				t.Fatal(err)
			}
			if s.ExitCode != reports.ExitInterrupted || !strings.Contains(s.Interrupted, tc.want) || s.DurationS > 41 || !s.Faults[0].UndoVerified {
				t.Errorf("%s: exit code %d after %v s: %s, %s", tc.name, s.ExitCode, s.DurationS, s.Interrupted, s.VoidReason)
			}
		})
	}
}

// A run does not begin with agents that cannot take part in it.
func TestAgentsThatCannot(t *testing.T) {
	for _, tc := range []struct {
		name  string
		agent func(*AgentConfig)
		kind  Kind
		want  string
	}{
		{"another build", func(cfg *AgentConfig) { cfg.Build = "other" }, Lost, "1 of 2 agents joined"},
		{"none comes", func(cfg *AgentConfig) { cfg.Run = "another" }, Lost, "1 of 2 agents joined"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newParty(t, kill, "a", "b")
			p.agent = func(cfg *AgentConfig) {
				if cfg.Name == "b" {
					tc.agent(cfg)
				}
			}
			time.AfterFunc(2*time.Minute, func() { p.stop[1]() })
			s, err := p.together()
			var refused *Error
			if s != nil || !errors.As(err, &refused) || refused.Kind != tc.kind || !strings.Contains(refused.Text, tc.want) {
				t.Errorf("%s: %v, %v", tc.name, s, err)
			}
		})
	}
}

// The parts of a ceiling are the whole, and those of the players are all.
func TestShares(t *testing.T) {
	whole := fleet.Ceiling{Requests: 1000, Bandwidth: 1_000_000_007, Bytes: 1 << 40, Total: fleet.Bound{Peak: 100, Floor: 50}, Hosts: map[string]fleet.Bound{"h": {Peak: 10}}}
	for _, agents := range []int{1, 2, 3, 7, 200} {
		var sum fleet.Ceiling
		players, slots, peak, host := 0, 0, 0., 0.
		for i := range agents {
			s := share{i, agents}
			c := s.ceiling(whole)
			sum.Requests, sum.Bandwidth, sum.Bytes = sum.Requests+c.Requests, sum.Bandwidth+c.Bandwidth, sum.Bytes+c.Bytes
			players, slots, peak, host = players+s.players(12_345), slots+s.count(), peak+c.Total.Peak, host+c.Hosts["h"].Peak
		}
		if sum.Requests != whole.Requests || sum.Bandwidth != whole.Bandwidth || sum.Bytes != whole.Bytes || math.Abs(peak-100) > 1e-6 || math.Abs(host-10) > 1e-6 || players != 12_345 || slots != audience.SlotCount {
			t.Errorf("%d agents: %+v, %d players, %d slots, peak %v, host %v", agents, sum, players, slots, peak, host)
		}
	}
}

var _ Watched = merged{}
var _ Watched = Alone{(*record.Collector)(nil)}

// F5: agents that lose their conductor fall silent within 3 s and keep their parts, which are
// joined without a verdict.
func TestMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, kill, "a", "b", "c")
		lost := &cut{}
		p.config = func(cfg *Config) {
			lost.Bus = cfg.Crew.Bus
			cfg.Crew.Bus = lost
		}
		time.AfterFunc(60*time.Second, lost.off)
		if s, err := p.together(); err != nil || s.ExitCode != reports.ExitLost || s.Players.Lost != 90 {
			t.Fatalf("%s, %v; want all lost", outcomes(s), err)
		}
		s, err := Merge(p.dirs, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		if s.ExitCode != reports.ExitLost || s.Verdict != reports.Void || !strings.Contains(s.VoidReason, "3 of 3 agents") || s.Players.Started != 90 || s.DurationS < 58 || s.DurationS > 63 {
			t.Errorf("%s after %v s: %s\n%s", s.Verdict, s.DurationS, s.VoidReason, outcomes(s))
		}
		if f := &s.Faults[0]; f.Affected == 0 || f.FailedOver != f.Affected || f.ClearedAtS.Order() < 50 {
			t.Errorf("%+v; want what the players saw", f)
		}
		if s, err = Merge(p.dirs[:2], os.LookupEnv); err != nil || !strings.Contains(strings.Join(s.Warnings, "; "), "the part of 1 agent is missing (number 2)") {
			t.Errorf("two of three: %v, %v", s.Warnings, err)
		}
		if _, err = Merge([]string{p.dirs[0], p.dirs[0]}, os.LookupEnv); err == nil || !strings.Contains(err.Error(), "each part once") {
			t.Errorf("the same twice: %v", err)
		}
		if _, err = Merge([]string{t.TempDir()}, os.LookupEnv); err == nil || !strings.Contains(err.Error(), "plan-") {
			t.Errorf("nothing there: %v", err)
		}
		part, _ := filepath.Glob(filepath.Join(p.dirs[0], "part-*"))
		if err := os.WriteFile(part[0], []byte("{}\nrubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = Merge(p.dirs, os.LookupEnv); err == nil || !strings.Contains(err.Error(), "read part") {
			t.Errorf("damaged: %v", err)
		}
	})
}

// Players of all agents see the same playlist while it is frozen, whatever their own players
// saw before.
func TestAgentsShowTheSamePlaylist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, strings.Replace(viewers, "players: 30", "players: 2", 1), "a", "b")
		var mu sync.Mutex
		frozen := map[string]map[string]bool{} // bodies, by URL
		p.config = func(cfg *Config) {
			cfg.Crew.Bus = &tap{Bus: cfg.Crew.Bus, seen: func(subject string, data []byte) {
				if !strings.HasSuffix(subject, ".course") {
					return
				}
				_, rest, _ := strings.Cut(string(data), "\n")
				for dec := json.NewDecoder(strings.NewReader(rest)); ; {
					var e entry
					if dec.Decode(&e) != nil {
						return
					}
					mu.Lock()
					for _, l := range e.Lists {
						if frozen[l.URL] == nil {
							frozen[l.URL] = map[string]bool{}
						}
						frozen[l.URL][string(l.Body)] = true
					}
					mu.Unlock()
				}
			}}
		}
		if _, err := p.together(); err != nil {
			t.Fatal(err)
		}
		if len(frozen) != 3 { // the renditions of pipeline 0
			t.Fatalf("%d playlists; want 3", len(frozen))
		}
		for u, bodies := range frozen {
			if len(bodies) != 1 {
				t.Errorf("%s: %d versions; want one", u, len(bodies))
			}
		}
	})
}

// tap is a bus that shows what is published.
type tap struct {
	bus.Bus
	seen func(subject string, data []byte)
}

func (b *tap) Publish(subject string, data []byte) error {
	b.seen(subject, data)
	return b.Bus.Publish(subject, data)
}

// What the conductor does before its own players come, such as a fault at 0 s on a busy
// machine, reaches them.
func TestEntriesBeforeThePlayers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := readyFor(t, strings.Replace(onePlayer, "pipeline: 0,", "pipeline: 0, via: viewer,", 1)+"{rig: {ladder: mini}}", newParty(t, "").on)
		f := &r.faults[0]
		a := &agent{host: r, progress: r.progress, guard: func() {}, stop: func(string) {}}
		data, err := (&plan{Run: r.id, Agents: 1}).encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Prepare(t.Context(), data); err != nil {
			t.Fatal(err)
		}
		if n, err := r.tell(of(opened, f, 0), nil); err != nil || n != 1 {
			t.Errorf("%d entries, %v", n, err)
		}
		if err := a.apply(of(opened, f, 0)); err != nil || a.shownSince(f) != (inject.Counts{}) {
			t.Error(err)
		}
		a.Start(crew.Begin{At: r.epoch, Wall: r.epoch, Lease: &crew.Lease{}})
		a.Halt(protocol.Order{Mode: protocol.Now, Reason: "enough"})
		a.close()
		if a.err != nil || !a.injector.Knows(f) {
			t.Errorf("%v; want the fault to be on", a.err)
		}
		if data, err = (&plan{Run: "of another", Agents: 1}).encode(); err == nil {
			_, err = a.Prepare(t.Context(), data)
		}
		if err == nil || !strings.Contains(err.Error(), "another conductor") {
			t.Errorf("a plan of another conductor: %v", err)
		}
	})
}

// A conductor that cannot listen, or is not the only one, says so, and its own agent leaves.
func TestConductorCannot(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(p *party, c *Crew)
		want  string
	}{
		{"its bus is closed", func(_ *party, c *Crew) { c.Bus.Close() }, "the conductor cannot listen to its agents: "},
		{"there is another", func(p *party, c *Crew) {
			theirs := newLive(&Config{Scenario: p.scenario(), Network: p.on})
			theirs.crew.halting = make(chan struct{})
			other, err := crew.NewConductor(p.hub.Join(), &lead{theirs}, crew.ConductorConfig{ConductorConfig: protocol.ConductorConfig{Run: "r", Agents: 2}})
			if err != nil {
				t.Error(err)
			}
			ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
			p.stop = append(p.stop, stop)
			p.wait.Go(func() { _, _ = other.Run(ctx) })
			time.Sleep(time.Second)
		}, "run r has a conductor already"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newParty(t, kill)
			p.local = true
			p.config = func(cfg *Config) { tc.spoil(p, cfg.Crew) }
			s, err := p.together()
			var refused *Error
			if s != nil || !errors.As(err, &refused) || !strings.Contains(refused.Text, tc.want) {
				t.Errorf("%s: %v, %v", tc.name, s, err)
			}
		})
	}
}

// An agent that cannot listen says so, and not that it was interrupted.
func TestAgentCannotListen(t *testing.T) {
	var hub bus.Hub
	b := hub.Join()
	b.Close()
	err := Agent(t.Context(), &AgentConfig{Run: "r", Bus: b})
	var refused *Error
	if !errors.As(err, &refused) || refused.Kind != Lost || !strings.Contains(refused.Text, "cannot listen") {
		t.Errorf("got %v", err)
	}
}

// A panic where the conductor or its agent is called undoes the faults first.
func TestPanicInALead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, `duration: 20s
fleet: {players: 1, cohorts: [{name: web, share: 100%, profile: hlsjs-1.7}]}
chaos: [{name: gone, fault: command, start: ["true"], stop: ["true"], at: 5s, for: 5s}]
target: {rig: {ladder: mini}}
`)
		halt := make(chan struct{})
		var notices strings.Builder
		_, err := Do(t.Context(), &Config{Scenario: p.scenario(), Dir: t.TempDir(), Network: p.on, Halt: halt, Notices: &notices,
			Began: func(Watched) { panic("broken") }, Exit: func() { close(halt) }})
		if err == nil || !strings.Contains(notices.String(), "panic: broken") || !strings.Contains(notices.String(), "put back") {
			t.Errorf("%v, %q", err, notices.String())
		}
	})
}

// Agents may have no players at all. A ceiling that would give some agents less than one request
// a second is refused, because each part of it is at least that.
func TestMoreAgentsThanPlayers(t *testing.T) {
	few := strings.Replace(viewers, "players: 30", "players: 2", 1)
	few = few[:strings.Index(few, "chaos:")]
	synctest.Test(t, func(t *testing.T) {
		s, err := newParty(t, few, "a", "b", "c", "d").together()
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != reports.Pass || s.Players.Started != 2 || len(s.Agents) != 4 {
			t.Errorf("%s %s, %d agents", outcomes(s), s.VoidReason, len(s.Agents))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := newParty(t, few+"limits: {requests: 3/s}\n", "a", "b", "c", "d")
		time.AfterFunc(time.Minute, func() {
			for _, stop := range p.stop {
				stop()
			}
		})
		s, err := p.together()
		if err == nil || s != nil || !strings.Contains(err.Error(), "requests: 3/s cannot be shared out to 4 agents") {
			t.Errorf("%v, %v", s, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, err := newParty(t, few+"limits: {requests: 4/s}\n", "a", "b", "c", "d").together()
		if err != nil || s.ExitCode != reports.ExitInterrupted || !strings.Contains(s.Interrupted, "(requests: 1/s, the part of one of 4 agents)") {
			t.Errorf("%v: %s", err, s.Interrupted)
		}
	})
}
