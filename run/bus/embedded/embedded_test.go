package embedded_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hlsload/run/bus"
	"hlsload/run/bus/embedded"
	"hlsload/run/bus/natsbus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStart(t *testing.T) {
	keys, err := natsbus.NewKeys("run", time.Now(), natsbus.Lifetime)
	if err != nil {
		t.Fatal(err)
	}
	s, err := embedded.Start(natsbus.ServerOptions{Keys: keys, Listen: ":0"})
	if !embedded.Full {
		if err == nil || !strings.Contains(err.Error(), "make build") {
			t.Errorf("got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Bus(t.Context(), natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	j, err := s.Join(natsbus.Agent)
	if err != nil {
		t.Fatal(err)
	}
	if j, err = natsbus.ParseJoin(j.Text()); err != nil {
		t.Fatal(err)
	}
	a, err := natsbus.Dial(t.Context(), j, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Request(t.Context(), "hl.run.join", nil); !errors.Is(err, bus.ErrNoResponder) {
		t.Errorf("got %v", err)
	}
}

// The core build has the client, so that agents need no other, and never the server.
func TestOnlyTheFullBuildHasTheServer(t *testing.T) {
	for _, tc := range []struct {
		tags   string
		server bool
	}{{"", false}, {"full", true}} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags="+tc.tags, ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out), "nats-io/nats-server"); got != tc.server || !strings.Contains(string(out), "nats-io/nats.go") {
			t.Errorf("tags %q: server %v, want %v", tc.tags, got, tc.server)
		}
	}
}
