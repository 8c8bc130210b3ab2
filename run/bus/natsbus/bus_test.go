package natsbus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hlsload/run/bus"
	"hlsload/run/bus/bustest"
	"hlsload/run/bus/natsbus"
	"hlsload/run/bus/natsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 15 * time.Second

func newKeys(t *testing.T) *natsbus.Keys {
	t.Helper()
	k, err := natsbus.NewKeys("run", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func serve(t *testing.T, o natsbus.ServerOptions) *natsserver.Server {
	t.Helper()
	if o.Keys == nil {
		o.Keys = newKeys(t)
	}
	s, err := natsserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func joinOf(t *testing.T, s *natsserver.Server, role natsbus.Role) *natsbus.Join {
	t.Helper()
	j, err := s.Join(role)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// connected ends the bus with the test.
func connected(t *testing.T) func(*natsbus.Bus, error) *natsbus.Bus {
	return func(b *natsbus.Bus, err error) *natsbus.Bus {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
}

func dial(t *testing.T, j *natsbus.Join) *natsbus.Bus {
	t.Helper()
	return connected(t)(natsbus.Dial(t.Context(), j, natsbus.Options{}))
}

// conformance runs the table of all buses with participants that may use any subject.
func conformance(t *testing.T, open func(t *testing.T) func() *natsbus.Bus) {
	bustest.Conformance(t, func(t *testing.T) (func() bus.Bus, func()) {
		join := open(t)
		var all []*natsbus.Bus
		return func() bus.Bus {
				b := join()
				all = append(all, b)
				return b
			}, func() {
				for _, b := range all {
					flush(t, b)
				}
			}
	})
}

func flush(t *testing.T, b *natsbus.Bus) {
	t.Helper()
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestInsideOneProcess(t *testing.T) {
	conformance(t, func(t *testing.T) func() *natsbus.Bus {
		s := serve(t, natsbus.ServerOptions{})
		return func() *natsbus.Bus { return connected(t)(s.Bus(t.Context(), natsbus.Options{})) }
	})
}

func TestOverTLS(t *testing.T) {
	conformance(t, func(t *testing.T) func() *natsbus.Bus {
		s := serve(t, natsbus.ServerOptions{Listen: ":0"})
		j := joinOf(t, s, natsbus.Conductor)
		inside := false
		return func() *natsbus.Bus { // half of them inside
			if inside = !inside; inside {
				return connected(t)(s.Bus(t.Context(), natsbus.Options{}))
			}
			return dial(t, j)
		}
	})
}

func TestServerWithoutASocket(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{})
	if j, err := s.Join(natsbus.Agent); err == nil {
		t.Errorf("a join string for nothing: %s", j)
	}
}

func TestServerDoesNotStart(t *testing.T) {
	taken := joinOf(t, serve(t, natsbus.ServerOptions{Listen: "127.0.0.1:0"}), natsbus.Agent).Address
	for _, tc := range []struct{ listen, says string }{
		{taken, "address already in use"},
		{"4222", "want host:port"},
		{"127.0.0.1:99999", "want host:port"},
		{"0.0.0.0:0", "which one agents reach"},
	} {
		s, err := natsserver.Start(natsbus.ServerOptions{Keys: newKeys(t), Listen: tc.listen})
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", tc.listen)
		} else if !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v (want %q)", tc.listen, err, tc.says)
		}
	}
	s := serve(t, natsbus.ServerOptions{Listen: "0.0.0.0:0", Reach: "conductor.example:4222"})
	if a := joinOf(t, s, natsbus.Agent).Address; a != "conductor.example:4222" {
		t.Errorf("agents reach %s", a)
	}
}

func TestTooManyClients(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0", Clients: 1})
	dial(t, joinOf(t, s, natsbus.Agent))
	b, err := natsbus.Dial(t.Context(), joinOf(t, s, natsbus.Agent), natsbus.Options{})
	if err == nil {
		b.Close()
		t.Fatal("connected")
	}
	if errors.Is(err, natsbus.ErrRefused) || errors.Is(err, natsbus.ErrDenied) {
		t.Errorf("%v says that another try does not help", err)
	}
}

func TestHaltKeyIsOnlyForHalt(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
	got := make(chan string, 1)
	if _, err := c.Subscribe("hl.run.halt", func(m *bus.Message) {
		got <- string(m.Data)
		m.Reply([]byte("taken"))
	}); err != nil {
		t.Fatal(err)
	}
	flush(t, c)
	h := dial(t, joinOf(t, s, natsbus.Halt))
	if err := h.Publish("hl.run.halt", []byte("now")); err != nil {
		t.Fatal(err)
	}
	if s := receive(t, got); s != "now" {
		t.Errorf("got %q", s)
	}
	for _, subject := range []string{"hl.run.start", "hl.run.beat", "hl.run.join", "hl.other.halt"} {
		if err := h.Publish(subject, nil); err == nil || !strings.Contains(err.Error(), "hl.run.halt") {
			t.Errorf("publish %s: %v", subject, err)
		}
	}
	if _, err := h.Subscribe("hl.run.halt", func(*bus.Message) {}); err == nil {
		t.Error("subscribe: no error")
	}
	if answer, err := h.Request(t.Context(), "hl.run.halt", nil); err != nil || string(answer) != "taken" {
		t.Errorf("request: %q, %v", answer, err)
	}
}

func TestWhatWasSentIsWrittenBeforeTheEnd(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
	got := make(chan string, 1000)
	if _, err := c.Subscribe("hl.run.>", func(m *bus.Message) { got <- string(m.Data) }); err != nil {
		t.Fatal(err)
	}
	flush(t, c)
	a := dial(t, joinOf(t, s, natsbus.Agent))
	for range cap(got) {
		if err := a.Publish("hl.run.a."+a.ID()+".part", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	for range cap(got) {
		receive(t, got)
	}
}

func receive(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(patience):
		t.Fatal("nothing came")
		return ""
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	j := joinOf(t, serve(t, natsbus.ServerOptions{Listen: ":0"}), natsbus.Agent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := natsbus.Dial(ctx, j, natsbus.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	b := connected(t)(natsbus.Dial(ctx, j, natsbus.Options{}))
	cancel() // is for the dial alone
	if err := b.Publish("hl.run.join", nil); err != nil {
		t.Error(err)
	}
	flush(t, b)
}
