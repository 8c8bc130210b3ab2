package run

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"hlsload/scenarios"
)

// memory is a network within the process: connections are pipes.
type memory struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
}

type memoryListener struct {
	addr   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory { return &memory{listeners: map[string]*memoryListener{}} }

func (m *memory) listenAt(addr string) net.Listener {
	m.mu.Lock()
	defer m.mu.Unlock()
	if addr == "" {
		addr = fmt.Sprintf("127.0.0.1:%d", 1000+len(m.listeners))
	}
	l := &memoryListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
	m.listeners[addr] = l
	return l
}

func (m *memory) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	m.mu.Lock()
	l := m.listeners[addr]
	m.mu.Unlock()
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

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { a, _ := net.ResolveTCPAddr("tcp", l.addr); return a }

// serve runs a handler at an address. The caller closes the server.
func (m *memory) serve(addr string, h http.Handler) *http.Server {
	srv := &http.Server{Handler: h}
	go srv.Serve(m.listenAt(addr))
	return srv
}

// parse reads a scenario.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(scenarios.Source{File: "test.yaml", Data: []byte("version: 1\nname: test\n" + text)})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}
