// Package readonly serves what may be read of a run while it goes on: to this machine
// alone, unless an address is written out, and within limits.
package readonly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"hlsload/rig/serve"
)

// Limits of a connection.
const (
	maxConns    = 64
	maxHeader   = 16 << 10
	headTimeout = 10 * time.Second
	sendTimeout = 30 * time.Second // after the patience of the handler
	idleTimeout = time.Minute
	// parting is how long answers that are on their way get at the end.
	parting = 2 * time.Second
)

// Config says what is served, and where.
type Config struct {
	What     string                                                       // for errors: "live page"
	Addr     string                                                       // a port, or address:port; without an address it is loopback
	Listen   func(ctx context.Context, addr string) (net.Listener, error) // nil = the system's TCP
	Handler  http.Handler                                                 // must change nothing
	Patience time.Duration                                                // how long the handler may wait before it answers
}

// Server serves until [Server.Close].
type Server struct {
	addr    net.Addr
	srv     *http.Server
	running sync.WaitGroup
	conns   conns
}

// Start listens and serves.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	addr, own, err := address(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.What, err)
	}
	if cfg.Listen == nil {
		cfg.Listen = func(ctx context.Context, addr string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, "tcp", addr)
		}
	}
	l, err := cfg.Listen(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.What, err)
	}
	s := &Server{addr: l.Addr()}
	s.srv = &http.Server{
		Handler: serve.Guard(own, cfg.Handler), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headTimeout, ReadTimeout: headTimeout, WriteTimeout: cfg.Patience + sendTimeout, IdleTimeout: idleTimeout,
		ConnState: s.conns.changed,
		ErrorLog:  log.New(io.Discard, "", 0), // a client that sends rubbish is no news
	}
	s.running.Go(func() { s.srv.Serve(l) }) // ends with ErrServerClosed
	return s, nil
}

// address is where to listen, and the name by which the server may be asked for, "" = only
// by addresses and as localhost.
func address(s string) (addr, name string, err error) {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		return "", "", fmt.Errorf("address %.80q (want an address and a port, such as 192.0.2.1:8080, or a port of this machine alone, such as 8080)", s)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if _, err := netip.ParseAddr(host); err != nil {
		name = host
	}
	return net.JoinHostPort(host, port), name, nil
}

// URL is where the server is, with / at the end.
func (s *Server) URL() string {
	if a, err := netip.ParseAddrPort(s.addr.String()); err == nil && a.Addr().IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d/", a.Port())
	}
	return "http://" + s.addr.String() + "/"
}

// Open reports whether others than this machine may reach the server.
func (s *Server) Open() bool {
	a, err := netip.ParseAddrPort(s.addr.String())
	return err != nil || !a.Addr().IsLoopback()
}

// Close ends the server, and waits; it is called once. Answers that are on their way are
// sent first.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), parting)
	defer cancel()
	if err := s.srv.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		s.srv.Close()
	}
	s.running.Wait()
	s.conns.open.Wait()
}

// Protect sets the headers of an answer that no other site may use and no cache may keep.
func Protect(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
}

// conns counts connections, so that they are bounded and Close can wait for them.
type conns struct {
	open sync.WaitGroup
	mu   sync.Mutex
	n    int
}

func (c *conns) changed(conn net.Conn, st http.ConnState) {
	switch st {
	case http.StateNew:
		c.open.Add(1)
		if c.add(1) > maxConns {
			conn.Close()
		}
	case http.StateClosed, http.StateHijacked:
		c.add(-1)
		c.open.Done()
	}
}

func (c *conns) add(d int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += d
	return c.n
}
