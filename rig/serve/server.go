package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
)

// Config says what is served and where.
type Config struct {
	// Rig is served; it must not be used by others while the server runs but
	// through [Server.Do].
	Rig *rig.Rig
	// Twin, when set, is served through edges of its own: the undisturbed
	// channel of a control cohort.
	Twin *rig.Rig

	// Listener opens every listener; nil = the system's TCP. Its addresses are
	// what URLs consist of.
	Listener func(ctx context.Context, addr string) (net.Listener, error)

	// Now is the rig's clock; nil = since Start was called.
	Now func() time.Duration

	// Listen, when set, is the one address of all edges: the POP of a request
	// follows from the client's address, or from a Hlsload-Pop header. "" = each
	// edge has a port of its own on loopback, as the origin has.
	Listen string
	// Control is the address of the control API; "" = none.
	Control string
	// Decode reads a fault given to the control API: a chaos entry in JSON.
	// nil = faults cannot be changed there.
	Decode func([]byte) (chaos.Fault, error)
	// Board holds the plan that the control API changes.
	Board Board

	// Log, when set, gets a line for each request that an edge answered, as
	// CloudFront's standard logs have it. Its Write is called from one
	// goroutine at a time.
	Log io.Writer

	// Hang is how long a request that gets no answer is kept; 0 = 2 minutes.
	Hang time.Duration
}

// Server serves a rig until [Server.Close].
type Server struct {
	cfg    Config
	main   *channel
	twin   *channel // nil without one
	bodies *bodies
	log    *edgeLog  // nil = none
	jobs   sync.Pool // of *job, whose timers belong to this server's clock
	hang   time.Duration

	ctx       context.Context
	cancel    context.CancelFunc
	servers   []*http.Server
	listeners []net.Listener
	running   sync.WaitGroup // accept loops
	conns     sync.WaitGroup // open connections
	closing   sync.Once

	hand            *hand
	origin, control string
}

// channel is a rig with its lock and its edges' addresses.
type channel struct {
	lock sync.Mutex
	rig  *rig.Rig
	now  func() time.Duration
	urls []string // base URL of each POP, without a slash at the end
	pops []string // X-Amz-Cf-Pop of each
}

// Start listens and serves. The server runs until Close is called or ctx ends;
// Close must be called in both cases.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Rig == nil {
		return nil, errors.New("serve: no rig; want one")
	}
	if cfg.Now == nil {
		began := time.Now()
		cfg.Now = func() time.Duration { return time.Since(began) }
	}
	if cfg.Listener == nil {
		cfg.Listener = func(ctx context.Context, addr string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, "tcp", addr)
		}
	}
	s := &Server{cfg: cfg, bodies: newBodies(bodyCache), hang: cmp.Or(cfg.Hang, 2*time.Minute), log: newEdgeLog(cfg.Log)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.main = newChannel(cfg.Rig, cfg.Now, false)
	if cfg.Twin != nil {
		s.twin = newChannel(cfg.Twin, cfg.Now, true)
	}
	if err := s.listen(); err != nil {
		s.Close()
		return nil, fmt.Errorf("serve: %w", err)
	}
	s.running.Go(func() {
		<-s.ctx.Done()
		s.stop()
	})
	return s, nil
}

func newChannel(r *rig.Rig, now func() time.Duration, twin bool) *channel {
	c := &channel{rig: r, now: now}
	for i := range r.Config().Edge.Pops {
		c.pops = append(c.pops, rig.PopName(i, twin))
	}
	return c
}

func (s *Server) listen() error {
	for _, c := range []*channel{s.main, s.twin} {
		if c == nil {
			continue
		}
		if c == s.main && s.cfg.Listen != "" {
			base, err := s.serve(s.cfg.Listen, &edge{s: s, c: c, pop: anyPop})
			if err != nil {
				return fmt.Errorf("edges: %w", err)
			}
			for range c.pops {
				c.urls = append(c.urls, base)
			}
			continue
		}
		for i := range c.pops {
			base, err := s.serve(freePort, &edge{s: s, c: c, pop: i})
			if err != nil {
				return fmt.Errorf("edge %d: %w", i, err)
			}
			c.urls = append(c.urls, base)
		}
	}
	var err error
	if s.origin, err = s.serve(freePort, &store{s: s, c: s.main}); err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	if s.cfg.Control != "" {
		s.hand = &hand{s: s, applier: Applier{Server: s, Board: s.cfg.Board}}
		if s.control, err = s.serve(s.cfg.Control, s.controlAPI()); err != nil {
			return fmt.Errorf("control: %w", err)
		}
	}
	return nil
}

// freePort is where what has no address of its own listens.
const freePort = "127.0.0.1:0"

// bodyCache bounds the made segments that are kept, in bytes.
const bodyCache = 64 << 20

// Limits of a connection.
const (
	maxHeader   = 16 << 10
	headTimeout = 10 * time.Second
	idleTimeout = 2 * time.Minute
	// bodyTimeout is how long a client may take for a body.
	bodyTimeout = 5 * time.Minute
)

// serve listens at addr and returns the base URL.
func (s *Server) serve(addr string, h http.Handler) (string, error) {
	l, err := s.cfg.Listener(s.ctx, addr)
	if err != nil {
		return "", err
	}
	srv := &http.Server{
		Handler: h, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return s.ctx },
		ConnState:   s.connection,
		ErrorLog:    log.New(io.Discard, "", 0), // a client that sends rubbish is no news
	}
	s.servers = append(s.servers, srv)
	s.listeners = append(s.listeners, l)
	s.running.Go(func() { srv.Serve(l) }) // ends with ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

// Close stops everything and waits for it. It may be called several times.
func (s *Server) Close() {
	s.cancel()
	s.stop()
	s.running.Wait()
	s.conns.Wait()
	if s.hand != nil {
		s.hand.timers.Wait()
	}
}

func (s *Server) stop() {
	s.closing.Do(func() {
		for i, srv := range s.servers {
			srv.Close()
			s.listeners[i].Close() // when Serve did not come to take it over
		}
	})
}

// Edge returns the base URL of a POP, such as "http://127.0.0.1:40001".
func (s *Server) Edge(pop int) string { return s.main.urls[pop%len(s.main.urls)] }

// TwinEdge returns the base URL of a POP of the twin, "" without one.
func (s *Server) TwinEdge(pop int) string {
	if s.twin == nil {
		return ""
	}
	return s.twin.urls[pop%len(s.twin.urls)]
}

// Origin returns the base URL of the origin.
func (s *Server) Origin() string { return s.origin }

// Control returns the base URL of the control API, "" without one.
func (s *Server) Control() string { return s.control }

// Pops is how many POPs there are.
func (s *Server) Pops() int { return len(s.main.pops) }

// URLs returns the multivariant playlist of each pipeline, at POP 0.
func (s *Server) URLs() []string {
	var urls []string
	for p := range s.cfg.Rig.Config().Pipelines {
		urls = append(urls, s.Edge(0)+s.cfg.Rig.Entry(p))
	}
	return urls
}

// Do calls f with the rig and its clock while nothing else uses it. f must not
// keep the rig nor block.
func (s *Server) Do(f func(r *rig.Rig, now time.Duration)) { s.main.do(f) }

func (c *channel) do(f func(r *rig.Rig, now time.Duration)) {
	c.lock.Lock()
	defer c.lock.Unlock()
	f(c.rig, c.now())
}

// connection counts open connections, so that Close can wait for them.
func (s *Server) connection(_ net.Conn, st http.ConnState) {
	switch st {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}
