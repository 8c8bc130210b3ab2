package bus_test

import (
	"testing"
	"testing/synctest"

	"hlsload/run/bus"
	"hlsload/run/bus/bustest"
)

func TestHub(t *testing.T) {
	bustest.Conformance(t, func(*testing.T) (func() bus.Bus, func()) {
		return new(bus.Hub).Join, nil
	})
}

func TestHubRestsInABubble(t *testing.T) { // an idle bus must not keep virtual time from passing
	synctest.Test(t, func(t *testing.T) {
		var h bus.Hub
		a, b := h.Join(), h.Join()
		n := 0
		if _, err := b.Subscribe("s", func(*bus.Message) { n++ }); err != nil {
			t.Fatal(err)
		}
		a.Publish("s", nil)
		synctest.Wait()
		if n != 1 {
			t.Errorf("%d messages", n)
		}
		a.Close()
		b.Close()
	})
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, subject string
		want             bool
	}{
		{"a", "a", true}, {"a", "b", false}, {"a", "a.b", false}, {"a.b", "a", false},
		{"*", "a", true}, {"*", "a.b", false}, {"a.*", "a.b", true}, {"a.*", "a", false}, {"*.b", "a.b", true}, {"a.*.c", "a.b.c", true}, {"a.*.c", "a.b.d", false},
		{">", "a", true}, {">", "a.b.c", true}, {"a.>", "a.b", true}, {"a.>", "a.b.c", true}, {"a.>", "a", false}, {"a.*.>", "a.b", false}, {"a.*.>", "a.b.c", true},
	} {
		if got := bus.Matches(tc.pattern, tc.subject); got != tc.want {
			t.Errorf("%s matches %s: %v", tc.pattern, tc.subject, got)
		}
	}
}
