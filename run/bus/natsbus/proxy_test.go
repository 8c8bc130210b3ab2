package natsbus_test

import (
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is a bad network between clients and a server.
type proxy struct {
	net.Listener
	server string
	done   sync.WaitGroup

	mu    sync.Mutex
	hole  bool          // bytes vanish, both ways
	delay time.Duration // of bytes to the server
	conns map[*net.TCPConn]bool
	over  bool
}

func newProxy(t *testing.T, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, server: server, conns: map[*net.TCPConn]bool{}}
	p.done.Go(p.accept)
	t.Cleanup(func() {
		p.mu.Lock()
		p.over = true
		p.mu.Unlock()
		l.Close()
		p.reset()
		p.done.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.Addr().String() }

func (p *proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// reset cuts all connections with RST.
func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.SetLinger(0)
		c.Close()
	}
	clear(p.conns)
}

func (p *proxy) accept() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		server := p.server
		p.mu.Unlock()
		out, err := net.Dial("tcp", server)
		if err != nil {
			in.Close()
			continue
		}
		a, b := in.(*net.TCPConn), out.(*net.TCPConn)
		p.mu.Lock()
		if p.over {
			a.Close()
			b.Close()
		} else {
			p.conns[a], p.conns[b] = true, true
		}
		p.mu.Unlock()
		p.done.Go(func() { p.pump(b, a, true) })
		p.done.Go(func() { p.pump(a, b, false) })
	}
}

type chunk struct {
	data []byte
	due  time.Time
}

// pump carries bytes until one side closes.
func (p *proxy) pump(to, from *net.TCPConn, up bool) {
	defer from.Close()
	defer to.Close()
	queue := make(chan chunk, 1024)
	p.done.Go(func() {
		for c := range queue {
			time.Sleep(time.Until(c.due))
			to.Write(c.data)
		}
		to.Close()
	})
	defer close(queue)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		hole, delay := p.hole, p.delay
		p.mu.Unlock()
		if !up {
			delay = 0
		}
		if !hole {
			queue <- chunk{append([]byte(nil), buf[:n]...), time.Now().Add(delay)}
		}
	}
}
