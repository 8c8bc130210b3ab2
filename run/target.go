package run

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/command"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/reports/record"
	"hlsload/reports/traffic"
	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/scenarios"
	"hlsload/stage"
)

// target is what the players watch: an embedded channel, or a stream at a URL.
type target struct {
	channel  stage.Rig // names the playlists of an embedded channel; nil at a URL
	embedded *embedded // the channel, when it is embedded in this process
	stream   *stream   // nil on an embedded channel

	urls      []string                       // that viewers may open
	url       func(*audience.Arrival) string // the multivariant playlist that a viewer opens
	classify  player.Classify
	rewriting chaos.RewriterConfig // of answers, for faults via viewer
	// bites and healthy check the target for the effect of faults via command and
	// aws; nil = they cannot.
	bites, healthy command.Observe
	shown          string // a line that says where to watch the embedded channel; "" = none
}

// describe adds the target to the collector's configuration.
func (t *target) describe(c *record.Config, sc *scenarios.Scenario) error {
	if t.stream != nil {
		t.stream.describe(c)
		return nil
	}
	return stage.Channel(c, t.channel, sc)
}

// warnings are the findings about the target.
func (t *target) warnings() []string {
	if t.stream == nil {
		return nil
	}
	return t.stream.warnings()
}

func (t *target) close() error {
	if t.stream != nil {
		t.stream.close()
	}
	if t.embedded != nil {
		t.embedded.server.Close()
	}
	return nil
}

// embedded is the embedded channel as a target.
type embedded struct {
	server *serve.Server
	begin  func(epoch time.Time) // the channel's clock is 0 then; it answers from now on
}

// openEmbedded starts the embedded channel. It answers nothing before it has begun: its
// clock is the run's, which starts when all agents are ready.
func (r *live) openEmbedded(ctx context.Context, log *EdgeLog) error {
	cfg := *r.sc.Target.Rig
	main, err := rig.New(cfg, r.seed(), time.Time{})
	if err != nil {
		return &Error{Invalid, err.Error(), err}
	}
	all := []*rig.Rig{main}
	var twin *rig.Rig
	if slices.ContainsFunc(r.sc.Fleet.Audience.Cohorts, func(c audience.Cohort) bool { return c.FaultsNone }) {
		if twin, err = rig.New(cfg, r.seed(), time.Time{}); err != nil {
			return err
		}
		all = append(all, twin)
	}
	began := make(chan struct{})
	e := &embedded{}
	if e.server, err = serve.Start(context.WithoutCancel(ctx), serve.Config{Rig: main, Twin: twin, Now: r.now, Board: r.chaos.board, Listener: r.listenLater(began), Log: log.Writer()}); err != nil {
		return fmt.Errorf("starting the embedded channel: %w", err)
	}
	e.begin = func(epoch time.Time) {
		for _, c := range all {
			c.Begin(epoch) // nothing else uses them yet
		}
		close(began)
	}
	r.target.embedded = e
	r.target.shown = "the channel can be watched at " + strings.Join(e.server.URLs(), " and ")
	return r.watchChannel(main, e.edges())
}

// listenLater listens where the agents reach the channel, and accepts connections once began
// is closed.
func (r *live) listenLater(began <-chan struct{}) func(context.Context, string) (net.Listener, error) {
	listen := r.cfg.Network.Listen
	if listen == nil {
		listen = func(ctx context.Context, addr string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, "tcp", addr)
		}
	}
	return func(ctx context.Context, addr string) (net.Listener, error) {
		if c := r.cfg.Crew; c != nil && c.RigListen != "" {
			addr = net.JoinHostPort(c.RigListen, "0")
		}
		l, err := listen(ctx, addr)
		if err != nil {
			return nil, err
		}
		return &gate{Listener: l, open: began, closed: make(chan struct{})}, nil
	}
}

// gate is a listener that accepts nothing until it is open. Connections wait meanwhile.
type gate struct {
	net.Listener
	open    <-chan struct{}
	closed  chan struct{}
	closing sync.Once
}

func (g *gate) Accept() (net.Conn, error) {
	select {
	case <-g.open:
		return g.Listener.Accept()
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

func (g *gate) Close() error {
	g.closing.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// edges are where the channel's POPs are.
func (e *embedded) edges() *edges {
	at := &edges{}
	for pop := range e.server.Pops() {
		at.Main = append(at.Main, e.server.Edge(pop))
		if u := e.server.TwinEdge(pop); u != "" {
			at.Twin = append(at.Twin, u)
		}
	}
	return at
}

// count makes the meter count the requests that reach the origin.
func (e *embedded) count(m *traffic.Meter) {
	e.server.Do(func(r *rig.Rig, _ time.Duration) { r.Stats().OnOrigin = m.Origin })
}
