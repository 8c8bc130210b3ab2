// Package runtest has a network within the process, for tests of runs: connections
// are pipes, so a run over it fits into a bubble of testing/synctest.
package runtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Network is a network within the process. It is safe for concurrent use.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// NewNetwork returns a network without listeners.
func NewNetwork() *Network { return &Network{listeners: map[string]*listener{}} }

// Listen listens at the next free port of 127.0.0.1, whatever addr is.
func (n *Network) Listen(_ context.Context, addr string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.add(fmt.Sprintf("127.0.0.1:%d", 1000+len(n.listeners))), nil
}

// ListenAt listens at an IP address and port; "" = all addresses without a listener.
func (n *Network) ListenAt(addr string) net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.add(addr)
}

// add adds a listener. n.mu must be held.
func (n *Network) add(addr string) net.Listener {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	if at, err := netip.ParseAddrPort(addr); err == nil {
		l.addr = *net.TCPAddrFromAddrPort(at)
	}
	n.listeners[addr] = l
	return l
}

// Dial connects to a listener.
func (n *Network) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	if l == nil {
		l = n.listeners[""]
	}
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("dial %s: connection refused", addr)
	}
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Serve runs a handler at the next free port of 127.0.0.1. The caller closes the
// server.
func (n *Network) Serve(h http.Handler) (base string, srv *http.Server) {
	l, _ := n.Listen(context.Background(), "") // never fails
	srv = &http.Server{Handler: h}
	go srv.Serve(l)
	return "http://" + l.Addr().String(), srv
}

// ServeAt runs a handler at an address of ListenAt. The caller closes the server.
func (n *Network) ServeAt(addr string, h http.Handler) *http.Server {
	srv := &http.Server{Handler: h}
	go srv.Serve(n.ListenAt(addr))
	return srv
}

type listener struct {
	addr   net.TCPAddr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &l.addr }
