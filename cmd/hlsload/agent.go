package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/record"
	"hlsload/run"
	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
	"hlsload/stage"
)

// defaultWait is how long machines wait for one another before a run.
const defaultWait = 5 * time.Minute

// agent is a machine that carries a part of a run.
type agent struct {
	meeting
	name, region, dir, stopFile, progress string
	commands                              bool
	wait                                  time.Duration
	metrics                               metrics
}

func agentCommand(on network) *cobra.Command {
	a := &agent{meeting: meeting{role: natsbus.Agent, variable: joinVariable}}
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Carry a part of a run that another machine conducts",
		Long: `agent carries a part of the players of a run that hlsload run --agents conducts on
another machine. It may start before the conductor. All machines need the same build
of hlsload, and the files and variables that the scenario names. When the agent has
heard nothing of the conductor for 3 s, all of its players leave at once.

The agent keeps what it has measured in a file, and the conductor gets it at the end.
Where the conductor was lost before that, hlsload merge joins the files of the agents.`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.carry(cmd, on) },
	}
	a.meeting.register(cmd)
	f := cmd.Flags()
	f.StringVar(&a.name, "name", "", "`NAME` of this agent in reports (default the name of the machine)")
	f.StringVar(&a.region, "region", "", "`NAME` of the region where this agent is, for reports")
	f.StringVar(&a.dir, "out", "", "keep what was measured in the directory `DIR` (default hlsload-out/agent-<run>-<time>)")
	f.BoolVar(&a.commands, "allow-commands", false, "the scenario may run the programs here that it names (target.sessions.command)")
	f.StringVar(&a.stopFile, "stop-file", "", "when this `FILE` appears, all players of the run leave at once, those of other machines as well")
	f.DurationVar(&a.wait, "wait", defaultWait, "wait for `D` until the conductor takes this agent in")
	f.StringVar(&a.progress, "progress", "", "show progress as `KIND`: auto, bar, plain or none (default auto)")
	completes(cmd, "progress", progressKinds)
	a.metrics.register(cmd)
	return cmd
}

// carry joins the run and carries a part of it to its end.
func (a *agent) carry(cmd *cobra.Command, on network) error {
	if err := scenarios.CheckEnv(os.Environ()); err != nil {
		return forbidden(err)
	}
	if a.wait <= 0 {
		return misused("--wait %v (want a time such as 5m)", a.wait)
	}
	p := &awaited{kind: (&output{progress: a.progress}).shows(), w: cmd.ErrOrStderr()}
	if err := checkProgress(p.kind); err != nil {
		return err
	}
	defer p.close()
	name, connect, err := a.find(cmd)
	if err != nil {
		return err
	}
	defer a.metrics.close()
	if err := a.metrics.open(cmd, nil, on.listen); err != nil {
		return err
	}
	host, _ := os.Hostname() // for people
	secrets := secretsOf(cmd.Context())
	cfg := &run.AgentConfig{
		Run: name, Name: cmp.Or(a.name, host, "agent"), Region: a.region, Commands: a.commands, StopFile: a.stopFile, Halt: on.halt,
		Version: ownVersion(), Build: build(), Network: run.Network{Listen: on.listen, Target: on.web, AWS: on.aws},
		Secrets: secrets, Progress: p, Dir: a.place(name, time.Now()),
	}
	secrets.Keep(cfg.Dir)
	say := &redactingWriter{w: printable{p}, f: secrets.Text}
	waiting, taken := context.WithCancelCause(cmd.Context())
	defer taken(nil)
	b, err := patiently(waiting, a.wait, say, func(ctx context.Context) (*natsbus.Bus, error) {
		return connect(ctx, natsbus.Options{Name: "hlsload agent " + cfg.Name, Warn: func(line string) { fmt.Fprintln(printable{p}, secrets.Text(line)) }})
	})
	if err != nil {
		return left(cmd.Context(), err)
	}
	defer b.Close()
	late := time.AfterFunc(a.wait, func() { taken(errNotTaken) })
	defer late.Stop()
	cfg.ID = b.ID()
	cfg.Bus = &admission{Bus: b, run: name, in: func() {
		if late.Stop() {
			fmt.Fprintf(say, "joined run %s as agent %s\n", name, cfg.Name)
		}
	}}
	var began bool
	var kept bool
	cfg.Began = func(w run.Watched) {
		began = true
		p.begin(w.Config().Duration)
		a.metrics.begin(w)
	}
	cfg.Ended = a.metrics.end
	cfg.Kept = func(string) { kept = true }
	err = run.Agent(waiting, cfg)
	p.close()
	if errors.Is(context.Cause(waiting), errNotTaken) {
		err = &exitError{reports.ExitLost, fmt.Sprintf("no conductor took this agent into run %s within %v (want one that runs, or a longer --wait)", name, a.wait), err}
	}
	var unwritten error
	if began {
		unwritten = a.metrics.finish(nil)
		a.metrics.wait(cmd)
	}
	return report(cmd.ErrOrStderr(), cfg, kept, left(cmd.Context(), err), unwritten)
}

var errNotTaken = errors.New("no conductor")

// report says what became of an agent, and where its part is that the conductor may not have.
// unwritten is what could not be written for its user.
func report(w io.Writer, cfg *run.AgentConfig, kept bool, err, unwritten error) error {
	if err == nil {
		fmt.Fprintf(printable{w}, "run %s is over for agent %s: the conductor has what it measured\n", cfg.Run, cfg.Name)
		return internal(unwritten)
	}
	exit := exitOf(err)
	said := exit.msg
	var why *protocol.Exit
	switch halted := errors.As(err, &why) && why.Cause == protocol.Stopped; {
	case !kept:
		_ = os.Remove(cfg.Dir) // unless it has something else
	case !halted: // a conductor that halts a run waits for all parts
		said += fmt.Sprintf("\nwhat agent %s measured is in %s; this joins it with what other agents kept:\n  hlsload merge %s DIR…", cfg.Name, cfg.Dir, cfg.Dir)
	}
	if unwritten != nil {
		said += "\n" + unwritten.Error()
	}
	return &exitError{exit.code, said, err}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// place is the directory of the part.
func (a *agent) place(name string, now time.Time) string {
	return cmp.Or(a.dir, filepath.Join("hlsload-out", "agent-"+name+"-"+now.Format("20060102-150405")))
}

// left gives the reason why an agent left its exit code.
func left(ctx context.Context, err error) error {
	var exit *protocol.Exit
	switch {
	case err == nil, errors.As(err, new(*exitError)), errors.As(err, new(*run.Error)):
		return err
	case errors.As(err, &exit):
		text := exit.Text
		if exit.Cause == protocol.Stopped {
			text = "the run was halted: " + text
		}
		return &exitError{exit.Cause.Code(), text, err}
	case ctx.Err() != nil:
		return &exitError{reports.ExitInterrupted, "interrupted; all players of the run were told to leave", err}
	}
	return internal(err)
}

// admission is a bus that notices when the conductor has taken the agent in: from then on it
// asks for the agent's clock.
type admission struct {
	bus.Bus
	run  string
	once sync.Once
	in   func()
}

func (d *admission) Subscribe(pattern string, handle func(*bus.Message)) (bus.Subscription, error) {
	return d.Bus.Subscribe(pattern, func(m *bus.Message) {
		if kind, id := protocol.Kind(d.run, m.Subject); kind == "clock" && id != "" {
			d.once.Do(d.in)
		}
		handle(m)
	})
}

// awaited is a progress that begins when it is known how long the run is. What is marked
// before is shown as lines.
type awaited struct {
	kind string
	w    io.Writer

	mu  sync.Mutex
	now progress // nil = not yet
}

// to is the progress now. p.mu is held.
func (p *awaited) to() progress {
	if p.now == nil {
		kind := progressPlain
		if p.kind == progressNone {
			kind = progressNone
		}
		p.now, _ = newProgress(kind, p.w, 0) // never fails
	}
	return p.now
}

func (p *awaited) begin(duration time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now, err := newProgress(p.kind, p.w, duration); err == nil { // it was checked
		p.now = now
	}
}

func (p *awaited) Show(now time.Duration, l *record.Live) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to().Show(now, l)
}

func (p *awaited) Mark(now time.Duration, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to().Mark(now, text)
}

func (p *awaited) Agents(now time.Duration, all []stage.AgentNow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to().Agents(now, all)
}

func (p *awaited) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to().Write(b)
}

func (p *awaited) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to().close()
}
