package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/spf13/cobra"
)

// memory is a network within the process: addresses are numbers, connections
// are pipes.
type memory struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
}

type memoryListener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory { return &memory{listeners: map[string]*memoryListener{}} }

func (m *memory) listen(_ context.Context, _ string) (net.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	l.addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1000 + len(m.listeners)}
	m.listeners[l.addr.String()] = l
	return l, nil
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

func (l *memoryListener) Addr() net.Addr { return l.addr }

// serve runs a handler on the network. The caller closes the server.
func (m *memory) serve(h http.Handler) (base string, srv *http.Server) {
	l, _ := m.listen(context.Background(), "") // never fails
	srv = &http.Server{Handler: h}
	go srv.Serve(l)
	return "http://" + l.Addr().String(), srv
}

// quiet is a command whose output is kept.
func quiet() (cmd *cobra.Command, stdout, stderr *bytes.Buffer) {
	cmd, stdout, stderr = &cobra.Command{}, new(bytes.Buffer), new(bytes.Buffer)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetContext(context.Background())
	return cmd, stdout, stderr
}
