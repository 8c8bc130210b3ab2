package crewtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/bus"
	"hlsload/run/bus/bustest"
)

func TestWithoutFaults(t *testing.T) {
	bustest.Conformance(t, func(*testing.T) (func() bus.Bus, func()) {
		hub := new(bus.Hub)
		n := 0
		return func() bus.Bus { n++; return Wrap(hub.Join(), 1, fmt.Sprint(n), Faults{}) }, nil
	})
}

// receive publishes a hundred messages and returns those that came, in their order.
func receive(t *testing.T, seed uint64, f Faults) (got []string) {
	synctest.Test(t, func(t *testing.T) {
		var hub bus.Hub
		a, b := Wrap(hub.Join(), seed, "a", f), hub.Join()
		if _, err := b.Subscribe("s", func(m *bus.Message) { got = append(got, string(m.Data)) }); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if err := a.Publish("s", fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		a.Close()
		b.Close()
	})
	return got
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		f      Faults
		lo, hi int
		sorted bool
	}{
		{"none", Faults{}, 100, 100, true},
		{"half is dropped", Faults{Drop: .5}, 30, 70, true},
		{"all is dropped", Faults{Drop: 1}, 0, 0, true},
		{"all is sent twice", Faults{Duplicate: 1}, 200, 200, true},
		{"delays", Faults{Delay: 100 * time.Millisecond}, 100, 100, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := receive(t, 1, tc.f)
			if len(got) < tc.lo || len(got) > tc.hi {
				t.Errorf("%d messages (want %d to %d)", len(got), tc.lo, tc.hi)
			}
			inOrder := slices.IsSortedFunc(got, func(a, b string) int { return len(a) - len(b) }) && slices.IsSortedFunc(got, func(a, b string) int {
				var x, y int
				fmt.Sscan(a, &x)
				fmt.Sscan(b, &y)
				return x - y
			})
			if inOrder != tc.sorted {
				t.Errorf("in order: %v", inOrder)
			}
			if tc.f.Drop == .5 {
				if again := receive(t, 1, tc.f); !slices.Equal(got, again) {
					t.Error("the same seed loses other messages")
				}
				if other := receive(t, 2, tc.f); slices.Equal(got, other) {
					t.Error("another seed loses the same messages")
				}
			}
		})
	}
}

func TestCutAndPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub bus.Hub
		a, b := Wrap(hub.Join(), 1, "a", Faults{}), Wrap(hub.Join(), 1, "b", Faults{})
		var mu sync.Mutex
		var got []string
		for _, end := range []*Bus{a, b} {
			if _, err := end.Subscribe("s", func(m *bus.Message) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, string(m.Data))
			}); err != nil {
				t.Fatal(err)
			}
		}
		say := func(from *Bus, what string) {
			from.Publish("s", []byte(what))
			synctest.Wait()
		}
		a.Cut(false, true)
		say(a, "lost")
		say(b, "1")
		a.Cut(true, false)
		say(a, "2")
		say(b, "lost")
		a.Cut(true, true)
		a.Pause()
		say(b, "3")
		done := make(chan struct{})
		go func() { a.Publish("s", []byte("4")); close(done) }()
		time.Sleep(5 * time.Second)
		mu.Lock()
		if want := []string{"1", "2"}; !slices.Equal(got, want) {
			t.Errorf("got %v (want %v)", got, want)
		}
		mu.Unlock()
		a.Resume()
		<-done
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(got)
		if want := []string{"1", "2", "3", "4"}; !slices.Equal(got, want) {
			t.Errorf("got %v (want %v)", got, want)
		}
		a.Set(Faults{Delay: time.Hour})
		a.Publish("s", []byte("never"))
		a.Close()
		b.Close()
		if err := a.Publish("s", nil); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}
