// Package bustest holds what every bus must do.
package bustest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/run/bus"
)

const patience = 10 * time.Second

// Conformance tests a bus. join returns a new participant of the bus of one test. A bus may
// need settle, which returns when the others know of all subscriptions so far.
func Conformance(t *testing.T, open func(t *testing.T) (join func() bus.Bus, settle func())) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, func() bus.Bus, func())
	}{
		{"a message reaches all who match, and not its sender", reaches},
		{"messages of one sender keep their order", order},
		{"a request gets an answer", request},
		{"a request without a responder fails at once", noResponder},
		{"a request ends with its context", gone},
		{"a cancelled subscription gets nothing", cancelled},
		{"bad subjects and large messages are refused", refused},
		{"a closed bus refuses and has no handler running", closed},
		{"a slow handler loses messages and delays no other", slow},
		{"the data belongs to the receiver", owned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			join, settle := open(t)
			if settle == nil {
				settle = func() {}
			}
			tc.test(t, func() bus.Bus {
				b := join()
				t.Cleanup(b.Close)
				return b
			}, settle)
		})
	}
}

func subscribe(t *testing.T, b bus.Bus, pattern string, handle func(*bus.Message)) bus.Subscription {
	t.Helper()
	s, err := b.Subscribe(pattern, handle)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t *testing.T, b bus.Bus, subject, data string) {
	t.Helper()
	if err := b.Publish(subject, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, from <-chan string) string {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(patience):
		t.Fatal("no message came")
		return ""
	}
}

// collect returns a handler and what it got.
func collect() (func(*bus.Message), chan string) {
	got := make(chan string, 2*bus.MaxPending)
	return func(m *bus.Message) { got <- m.Subject + " " + string(m.Data) }, got
}

func reaches(t *testing.T, join func() bus.Bus, settle func()) {
	a, b, c := join(), join(), join()
	handle, own := collect()
	subscribe(t, a, "hl.run.>", handle)
	handle, all := collect()
	subscribe(t, b, "hl.run.>", handle)
	handle, ticks := collect()
	subscribe(t, c, "hl.*.a.*.tick", handle)
	settle()
	publish(t, a, "hl.run.beat", "1")
	publish(t, a, "hl.run.a.7.tick", "2")
	publish(t, a, "hl.other.beat", "3")
	publish(t, a, "hl.run.end", "4")
	for _, want := range []string{"hl.run.beat 1", "hl.run.a.7.tick 2", "hl.run.end 4"} {
		if got := receive(t, all); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := receive(t, ticks); got != "hl.run.a.7.tick 2" {
		t.Errorf("got %q", got)
	}
	if len(own) > 0 {
		t.Errorf("the sender received %q", <-own)
	}
}

func order(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	handle, got := collect()
	subscribe(t, b, "s", handle)
	settle()
	for i := range 1000 {
		publish(t, a, "s", fmt.Sprint(i))
	}
	for i := range 1000 {
		if s := receive(t, got); s != fmt.Sprint("s ", i) {
			t.Fatalf("message %d is %q", i, s)
		}
	}
}

func request(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	subscribe(t, b, "sum.*", func(m *bus.Message) {
		if !m.Wanted() {
			t.Error("the request wants no answer")
		}
		if err := m.Reply(append(bytes.ToUpper(m.Data), m.Subject...)); err != nil {
			t.Error(err)
		}
	})
	settle()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			got, err := a.Request(ctx, fmt.Sprint("sum.", i), []byte("x"))
			if want := fmt.Sprint("Xsum.", i); err != nil || string(got) != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
	wg.Wait()
}

func noResponder(t *testing.T, join func() bus.Bus, settle func()) {
	a := join()
	subscribe(t, a, "self", func(m *bus.Message) { m.Reply(nil) })
	settle()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, subject := range []string{"void", "self"} {
		if _, err := a.Request(ctx, subject, nil); !errors.Is(err, bus.ErrNoResponder) {
			t.Errorf("%s: got %v, want %v", subject, err, bus.ErrNoResponder)
		}
	}
}

func gone(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	asked := make(chan struct{}, 1)
	subscribe(t, b, "mute", func(*bus.Message) { asked <- struct{}{} })
	settle()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := a.Request(ctx, "mute", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := a.Request(ctx, "mute", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: got %v", err)
	}
}

func cancelled(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	handle, got := collect()
	s := subscribe(t, b, "s", handle)
	handle, other := collect()
	subscribe(t, b, "s", handle)
	settle()
	s.Cancel()
	s.Cancel()
	settle()
	publish(t, a, "s", "1")
	receive(t, other)
	if len(got) > 0 {
		t.Errorf("got %q after the end", <-got)
	}
}

func refused(t *testing.T, join func() bus.Bus, _ func()) {
	a := join()
	long := strings.Repeat("x", bus.MaxSubject+1)
	for _, s := range []string{"", ".", "a.", ".a", "a..b", "a b", "a\n", "ü", "a*", "*.>x", long} {
		if err := a.Publish(s, nil); err == nil {
			t.Errorf("publish to %.20q: no error", s)
		}
		if _, err := a.Subscribe(s, func(*bus.Message) {}); err == nil {
			t.Errorf("subscribe to %.20q: no error", s)
		}
		if _, err := a.Request(t.Context(), s, nil); err == nil || errors.Is(err, bus.ErrNoResponder) {
			t.Errorf("request to %.20q: %v", s, err)
		}
	}
	for _, s := range []string{"a.*", "a.>", "*", ">"} {
		if err := a.Publish(s, nil); err == nil {
			t.Errorf("publish to %q: no error", s)
		}
	}
	if _, err := a.Subscribe("a.>.b", func(*bus.Message) {}); err == nil {
		t.Error("subscribe to a.>.b: no error")
	}
	if err := a.Publish("a", make([]byte, bus.MaxPayload+1)); !errors.Is(err, bus.ErrTooLarge) {
		t.Errorf("a large message: %v", err)
	}
}

func closed(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	began, release := make(chan struct{}), make(chan struct{})
	over := false
	subscribe(t, b, "s", func(*bus.Message) {
		close(began)
		<-release
		over = true
	})
	settle()
	publish(t, a, "s", "")
	<-began
	go close(release)
	b.Close()
	if !over {
		t.Error("Close did not wait for the handler")
	}
	b.Close()
	if err := b.Publish("s", nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Subscribe("s", nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("subscribe: %v", err)
	}
	if _, err := b.Request(t.Context(), "s", nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("request: %v", err)
	}
}

func slow(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	release := make(chan struct{})
	defer close(release)
	began := make(chan struct{}, 1)
	subscribe(t, b, "s", func(*bus.Message) {
		select {
		case began <- struct{}{}:
		default:
		}
		<-release
	})
	handle, got := collect()
	subscribe(t, b, "quick", handle)
	settle()
	publish(t, a, "s", "")
	<-began
	const beyond = 100
	for range bus.MaxPending + beyond {
		publish(t, a, "s", "")
	}
	publish(t, a, "quick", "1")
	receive(t, got) // after all others of this sender
	if n := b.Dropped(); n < beyond {
		t.Errorf("%d dropped, want at least %d", n, beyond)
	}
}

func owned(t *testing.T, join func() bus.Bus, settle func()) {
	a, b := join(), join()
	handle, got := collect()
	subscribe(t, b, "s", handle)
	settle()
	data := []byte("one")
	if err := a.Publish("s", data); err != nil {
		t.Fatal(err)
	}
	copy(data, "two")
	if s := receive(t, got); s != "s one" {
		t.Errorf("got %q", s)
	}
}
