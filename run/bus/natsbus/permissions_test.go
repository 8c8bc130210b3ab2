package natsbus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"hlsload/run/bus"
	"hlsload/run/bus/natsbus"
)

// raw is a client without checks of its own, and what the server refused it.
type raw struct {
	*nats.Conn
	id      string
	refused chan string
}

func newRaw(t *testing.T, j *natsbus.Join) *raw {
	t.Helper()
	r := &raw{refused: make(chan string, 100)}
	nc, id, err := natsbus.Raw(j, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { r.refused <- err.Error() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	r.Conn, r.id = nc, id
	return r
}

// sync waits until the server has dealt with all so far.
func (r *raw) sync(t *testing.T) {
	t.Helper()
	if err := r.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
}

func TestServerRefusesWhatARoleMayNotDo(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
	heard := make(chan string, 100)
	if _, err := c.Subscribe(">", func(m *bus.Message) { heard <- m.Subject }); err != nil {
		t.Fatal(err)
	}
	flush(t, c)
	you := newRaw(t, joinOf(t, s, natsbus.Agent)) // whom others would like to be
	yours := make(chan string, 100)
	for _, subject := range []string{"hl.run.beat", "hl.run.course", "hl.run.start", "hl.run.halt", "hl.run.a." + you.id + ".>", "hlr.run." + you.id + ".>"} {
		if _, err := you.Subscribe(subject, func(m *nats.Msg) { yours <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	you.sync(t)

	for _, tc := range []struct {
		role                                  natsbus.Role
		publish, forbidden, subscribe, secret []string
	}{
		{
			natsbus.Agent,
			[]string{"hl.run.join", "hl.run.a.ME.tick", "hl.run.a.ME.join", "hlr.run.ME.t.1"},
			[]string{
				"hl.run.beat", "hl.run.course", "hl.run.start", "hl.run.halt", "hl.run.who", "hl.run.here", "hl.run.join.x", "hl.run.a.ME", "hl.run.a", "hlr.run",
				"hl.run.a.YOU.tick", "hl.run.a.YOU.part", "hl.run.a.YOU.plan", "hl.run.a.YOU.join", "hlr.run.YOU.t.1", "hlr.run.c.t.1", "hl.other.join", "hl.other.a.ME.tick",
				"_INBOX.x", "$SYS.REQ.SERVER.PING", "$JS.API.INFO", "x",
			},
			[]string{"hl.run.beat", "hl.run.course", "hl.run.start", "hl.run.halt", "hl.run.a.ME.>", "hl.run.a.ME.plan", "hlr.run.ME.>"},
			[]string{
				">", "*", "hl.>", "hl.run.>", "hl.run.*", "hl.*.start", "hl.run.join", "hl.run.who", "hl.run.a.>", "hl.run.a.*.plan", "hl.run.a.*.>", "hl.run.a.YOU.>", "hl.run.a.YOU.plan",
				"hl.run.*.ME.plan", "hlr.run.>", "hlr.run.*.t.1", "hlr.run.YOU.>", "_INBOX.>", "$SYS.>", "hl.other.beat",
			},
		},
		{
			natsbus.Halt,
			[]string{"hl.run.halt"},
			[]string{"hl.run.beat", "hl.run.course", "hl.run.start", "hl.run.join", "hl.run.a.ME.tick", "hl.run.a.YOU.tick", "hlr.run.ME.t.1", "hlr.run.c.t.1", "hl.other.halt", "_INBOX.x", "x"},
			[]string{"hlr.run.ME.>"},
			[]string{">", "hl.run.halt", "hl.run.beat", "hl.run.a.ME.>", "hl.run.a.YOU.>", "hlr.run.YOU.>", "hlr.run.*.t.1", "hlr.run.>", "_INBOX.>"},
		},
	} {
		t.Run(tc.role.String(), func(t *testing.T) {
			me := newRaw(t, joinOf(t, s, tc.role))
			real := func(s string) string { return strings.NewReplacer("ME", me.id, "YOU", you.id).Replace(s) }
			quiet := func(what string) {
				t.Helper()
				me.sync(t)
				select {
				case why := <-me.refused:
					t.Errorf("%s: %s", what, why)
				default:
				}
			}
			for _, subject := range tc.publish {
				if err := me.Publish(real(subject), nil); err != nil {
					t.Fatal(err)
				}
				quiet("publish " + subject)
				if strings.HasPrefix(subject, "hlr.") {
					continue // an answer is no message
				}
				if got := receive(t, heard); got != real(subject) {
					t.Errorf("publish %s: the conductor heard %s", subject, got)
				}
			}
			for _, subject := range tc.forbidden {
				if err := me.Publish(real(subject), nil); err != nil {
					t.Fatal(err)
				}
				me.sync(t)
				if len(heard) > 0 {
					t.Errorf("publish %s: the conductor heard it", subject)
				}
				if why := receive(t, me.refused); !strings.Contains(strings.ToLower(why), "permissions violation for publish") {
					t.Errorf("publish %s: %s", subject, why)
				}
			}
			me.sync(t)
			for _, pattern := range tc.subscribe {
				sub, err := me.SubscribeSync(real(pattern))
				if err != nil {
					t.Fatal(err)
				}
				quiet("subscribe " + pattern)
				sub.Unsubscribe()
			}
			for _, pattern := range tc.secret {
				for _, queue := range []string{"", "q"} {
					sub, err := me.QueueSubscribeSync(real(pattern), queue)
					if err != nil {
						t.Fatal(err)
					}
					if why := receive(t, me.refused); !strings.Contains(strings.ToLower(why), "permissions violation for subscription") {
						t.Errorf("subscribe %s: %s", pattern, why)
					}
					for _, subject := range []string{"hl.run.a." + you.id + ".plan", "hl.run.join", "hlr.run." + you.id + ".t.1"} {
						if err := c.Publish(subject, nil); err != nil {
							t.Fatal(err)
						}
					}
					flush(t, c)
					me.sync(t)
					if n, _, err := sub.Pending(); err == nil && n > 0 {
						t.Errorf("subscribe %s: got %d messages", pattern, n)
					}
					sub.Unsubscribe()
				}
			}
			you.sync(t)
			for len(yours) > 0 {
				switch got := <-yours; {
				case got == "hl.run.a."+you.id+".plan", got == "hlr.run."+you.id+".t.1": // of the conductor
				case got == "hl.run.halt" && tc.role == natsbus.Halt:
				default:
					t.Errorf("another agent heard %s", got)
				}
			}
			if len(heard) > 0 {
				t.Errorf("the conductor heard %s", <-heard)
			}
		})
	}
}

// An agent that asks for answers where it must not publish gets none there, neither of the
// conductor nor by the server's leave.
func TestAnswersCannotBeSentElsewhere(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
	wanted := make(chan string, 100)
	if _, err := c.Subscribe("hl.run.>", func(m *bus.Message) {
		wanted <- fmt.Sprint(m.Wanted())
		m.Reply([]byte("forged"))
	}); err != nil {
		t.Fatal(err)
	}
	flush(t, c)
	victim := dial(t, joinOf(t, s, natsbus.Agent))
	heard := make(chan string, 100)
	for _, p := range []string{"hl.run.start", "hl.run.halt", "hl.run.a." + victim.ID() + ".>"} {
		if _, err := victim.Subscribe(p, func(m *bus.Message) { heard <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, victim)
	me := newRaw(t, joinOf(t, s, natsbus.Agent)) // hears itself
	own := "hl.run.a." + me.id + "."
	sub, err := me.SubscribeSync(own + ">")
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{"hl.run.start", "hl.run.halt", "hl.run.a." + victim.ID() + ".plan", "hlr.run." + victim.ID() + ".t.1"} {
		if err := me.PublishRequest(own+"tick", reply, nil); err != nil {
			t.Fatal(err)
		}
		if w := receive(t, wanted); w != "false" {
			t.Errorf("the conductor would answer at %s", reply)
		}
		m, err := sub.NextMsg(patience)
		if err != nil || m.Reply != reply {
			t.Fatalf("got %v, %v", m, err)
		}
		if err := me.Publish(m.Reply, nil); err != nil { // as who was asked
			t.Fatal(err)
		}
		receive(t, me.refused)
	}
	flush(t, c)
	flush(t, victim)
	if err := c.Publish("hl.run.start", nil); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, heard); got != "hl.run.start" {
		t.Errorf("the other agent heard %s", got)
	}
	if len(heard) > 0 {
		t.Errorf("the other agent heard %s", <-heard)
	}
}

func TestAgentAndConductorAskEachOther(t *testing.T) {
	s := serve(t, natsbus.ServerOptions{Listen: ":0"})
	c := connected(t)(s.Bus(t.Context(), natsbus.Options{}))
	a := dial(t, joinOf(t, s, natsbus.Agent))
	own := "hl.run.a." + a.ID()
	answer := func(m *bus.Message) { m.Reply(append([]byte("heard "), m.Data...)) }
	if _, err := c.Subscribe("hl.run.a.*.part", answer); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Subscribe(own+".clock", answer); err != nil {
		t.Fatal(err)
	}
	stray := make(chan string, 10)
	if _, err := c.Subscribe("hl.run.>", func(m *bus.Message) { stray <- m.Subject }); err != nil {
		t.Fatal(err)
	}
	flush(t, a)
	flush(t, c)
	for _, tc := range []struct {
		b       *natsbus.Bus
		subject string
	}{{a, own + ".part"}, {c, own + ".clock"}} {
		got, err := tc.b.Request(t.Context(), tc.subject, []byte("me"))
		if err != nil || string(got) != "heard me" {
			t.Errorf("%s: %q, %v", tc.subject, got, err)
		}
	}
	for _, tc := range []struct {
		b       *natsbus.Bus
		subject string
	}{{c, own + ".nothing"}, {c, "hl.run.a.gone.clock"}} {
		if _, err := tc.b.Request(t.Context(), tc.subject, nil); !errors.Is(err, bus.ErrNoResponder) {
			t.Errorf("%s: %v", tc.subject, err)
		}
	}
	if got := receive(t, stray); got != own+".part" {
		t.Errorf("got %s", got)
	}
	if len(stray) > 0 {
		t.Errorf("answers are messages: %s", <-stray)
	}
	for _, subject := range []string{"hl.run.start", "hl.run.a.other.tick"} {
		if err := a.Publish(subject, nil); err == nil || !strings.Contains(err.Error(), "not for the key of agent") {
			t.Errorf("publish %s: %v", subject, err)
		}
	}
	if _, err := a.Subscribe("hl.run.>", func(*bus.Message) {}); err == nil {
		t.Error("subscribe to all: no error")
	}
}

func TestWrongServerKeyOrTime(t *testing.T) {
	var refused = make(chan string, 100)
	report := func(line string) { refused <- line }
	right := serve(t, natsbus.ServerOptions{Listen: ":0", Refused: report})
	other := serve(t, natsbus.ServerOptions{Listen: ":0"})
	aged := func(from time.Time) *natsbus.Join {
		k, err := natsbus.NewKeys("run", from, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return joinOf(t, serve(t, natsbus.ServerOptions{Listen: ":0", Keys: k}), natsbus.Agent)
	}
	agent, address := joinOf(t, right, natsbus.Agent), joinOf(t, right, natsbus.Agent).Address
	for _, tc := range []struct {
		name   string
		join   *natsbus.Join
		is     error
		says   string
		server string // says why
	}{
		{"another server", joinOf(t, other, natsbus.Agent).Via(address), natsbus.ErrRefused, "its key is not that of the join string", ""},
		{"ended", aged(time.Now().Add(-2 * time.Hour)), natsbus.ErrRefused, "its certificate ended at", ""},
		{"not yet begun", aged(time.Now().Add(3 * time.Hour)), natsbus.ErrRefused, "its certificate begins at", ""},
		{"a wrong key", agent.Forge(natsbus.Agent, "run", true), natsbus.ErrDenied, "does not take this key", "does not hold the key for agent"},
		{"an agent's key for more", agent.Forge(natsbus.Conductor, "run", false), natsbus.ErrDenied, "does not take this key", "does not hold the key for conductor"},
		{"another run", agent.Forge(natsbus.Agent, "other", false), natsbus.ErrDenied, "does not take this key", "does not hold the key for agent"},
	} {
		b, err := natsbus.Dial(t.Context(), tc.join, natsbus.Options{})
		if err == nil {
			b.Close()
			t.Errorf("%s: connected", tc.name)
			continue
		}
		if !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "connect to 127.0.0.1:") {
			t.Errorf("%s: %v (want %q)", tc.name, err, tc.says)
		}
		if tc.server != "" {
			if why := receive(t, refused); !strings.Contains(why, tc.server) {
				t.Errorf("%s: the server says %s", tc.name, why)
			}
		}
	}
	for _, url := range []string{"nats://" + address, "tls://" + address} {
		nc, err := nats.Connect(url, nats.Timeout(time.Second))
		if err == nil {
			nc.Close()
			t.Errorf("%s: connected without a key", url)
		}
	}
	if b, err := natsbus.Dial(t.Context(), agent.Via("127.0.0.1:1"), natsbus.Options{}); err == nil {
		b.Close()
		t.Error("nothing listens: connected")
	} else if !strings.Contains(err.Error(), "nothing listens there") || errors.Is(err, natsbus.ErrRefused) {
		t.Errorf("nothing listens: %v", err)
	}
}
