package natsbus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
)

// link is an agent behind a bad network, and a conductor that answers it.
type link struct {
	*natsbus.Bus
	proxy       *proxy
	start, stop func()      // the server and the conductor
	said        chan string // by the agent's end
	part        string
}

func newLink(t *testing.T) *link {
	t.Helper()
	o := natsbus.ServerOptions{Keys: newKeys(t), Listen: ":0"}
	l := &link{said: make(chan string, 1000)}
	l.start = func() {
		s := serve(t, o)
		o.Listen = joinOf(t, s, natsbus.Agent).Address // the same when it starts again
		c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
		if _, err := c.Subscribe("hl.run.a.*.part", func(m *bus.Message) { m.Reply(m.Data) }); err != nil {
			t.Fatal(err)
		}
		flush(t, c)
		l.stop = func() { c.Close(); s.Close() }
	}
	l.start()
	l.proxy = newProxy(t, o.Listen)
	j, err := o.Keys.Join(natsbus.Agent, l.proxy.address())
	if err != nil {
		t.Fatal(err)
	}
	l.Bus = connected(t)(natsbus.Dial(t.Context(), j, natsbus.Options{Warn: func(line string) { l.said <- line }}))
	l.part = "hl.run.a." + l.ID() + ".part"
	return l
}

// says waits for a line.
func (l *link) says(t *testing.T, what string) {
	t.Helper()
	for {
		if line := receive(t, l.said); strings.Contains(line, what) {
			return
		}
	}
}

// ask repeats a request until it is answered.
func (l *link) ask(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got, err := l.Request(t.Context(), l.part, []byte("x"))
		switch {
		case err == nil && string(got) == "x":
			return
		case err != nil && !errors.Is(err, natsbus.ErrOffline) && !errors.Is(err, bus.ErrNoResponder):
			t.Fatal(err)
		case time.Now().After(end):
			t.Fatalf("no answer: %v", err)
		}
	}
}

func TestBlackHole(t *testing.T) {
	l := newLink(t)
	l.ask(t)
	began := time.Now()
	l.proxy.set(func() { l.proxy.hole = true })
	if _, err := l.Request(t.Context(), l.part, nil); !errors.Is(err, natsbus.ErrOffline) {
		t.Errorf("a request that waits: %v", err)
	}
	t.Logf("seen after %v", time.Since(began).Round(time.Millisecond))
	l.says(t, "no answer for 3s; trying again")
	if err := l.Publish(l.part, nil); !errors.Is(err, natsbus.ErrOffline) {
		t.Errorf("publish: %v", err)
	}
	l.proxy.set(func() { l.proxy.hole = false })
	l.says(t, "again after")
	l.ask(t)
}

func TestDelay(t *testing.T) {
	l := newLink(t)
	const delay = 300 * time.Millisecond
	l.proxy.set(func() { l.proxy.delay = delay })
	for range 5 {
		began := time.Now()
		if got, err := l.Request(t.Context(), l.part, []byte("x")); err != nil || string(got) != "x" {
			t.Fatalf("%q, %v", got, err)
		}
		if d := time.Since(began); d < delay {
			t.Errorf("answered after %v: the network delays nothing", d)
		}
	}
	l.proxy.reset() // and connects over it
	l.says(t, "again after")
	l.ask(t)
}

func TestReset(t *testing.T) {
	l := newLink(t)
	id, heard := l.ID(), make(chan string, 10)
	if _, err := l.Subscribe("hl.run.a."+id+".clock", func(m *bus.Message) { heard <- m.Subject; m.Reply(nil) }); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		l.proxy.reset()
		l.says(t, "lost the connection to "+l.proxy.address())
		l.says(t, "connected to "+l.proxy.address()+" again after")
		l.ask(t)
	}
	if l.ID() != id {
		t.Error("another ID")
	}
}

func TestServerStartsAgain(t *testing.T) {
	l := newLink(t)
	heard := make(chan string, 10)
	if _, err := l.Subscribe("hl.run.beat", func(m *bus.Message) { heard <- string(m.Data) }); err != nil {
		t.Fatal(err)
	}
	l.ask(t)
	l.stop()
	l.says(t, "lost the connection")
	time.Sleep(time.Second) // it is away for a second
	l.start()
	l.ask(t)
	l.says(t, "again after")
}

func TestServerIsGone(t *testing.T) {
	l := newLink(t)
	l.stop()
	l.says(t, "lost the connection")
	l.proxy.Close()
	l.says(t, "nothing listens there")
	if err := l.Publish(l.part, nil); !errors.Is(err, natsbus.ErrOffline) {
		t.Errorf("publish: %v", err)
	}
	if _, err := l.Request(t.Context(), l.part, nil); !errors.Is(err, natsbus.ErrOffline) {
		t.Errorf("request: %v", err)
	}
	if err := l.Flush(t.Context()); err == nil {
		t.Error("flush: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("flush: %v", err)
	}
	if _, err := l.Subscribe("hl.run.beat", func(*bus.Message) {}); err != nil { // for when it comes back
		t.Errorf("subscribe: %v", err)
	}
	l.Close()
	if err := l.Publish(l.part, nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish after the end: %v", err)
	}
}

func TestAnotherServerInItsPlace(t *testing.T) {
	l := newLink(t)
	other := serve(t, natsbus.ServerOptions{Listen: ":0"})
	l.proxy.set(func() { l.proxy.server = joinOf(t, other, natsbus.Agent).Address })
	l.stop()
	l.says(t, "its key is not that of the join string")
	if _, err := l.Request(t.Context(), l.part, nil); !errors.Is(err, natsbus.ErrOffline) {
		t.Errorf("request: %v", err)
	}
}

func TestCloseDuringADial(t *testing.T) {
	l := newLink(t)
	l.proxy.set(func() { l.proxy.hole = true })
	l.proxy.reset()
	l.says(t, "lost the connection")
	l.Close()
	if _, err := l.Request(t.Context(), l.part, nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
