package readonly

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/runtest"
)

// TestTooManyConnections: what opens connections and says nothing gets only so many.
func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		p, err := Start(t.Context(), Config{Addr: "0", Listen: m.Listen, Handler: http.NotFoundHandler()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		closed := 0
		for range maxConns + 5 {
			c, err := m.Dial(t.Context(), "tcp", p.addr.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			synctest.Wait()
			c.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := bufio.NewReader(c).ReadByte(); err == io.EOF {
				closed++
			}
		}
		if closed != 5 {
			t.Errorf("%d connections were closed at once; want 5", closed)
		}
	})
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "0": "127.0.0.1:0", "0.0.0.0:80": "0.0.0.0:80", "[::1]:80": "[::1]:80", "localhost:80": "localhost:80", "screen.example:80": "screen.example:80",
		"": "", "screen.example": "", "127.0.0.1": "", "127.0.0.1:http": "", "70000": "", "1:2:3": "", "127.0.0.1:": "",
	} {
		got, _, err := address(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
	for addr, want := range map[string]struct {
		url  string
		open bool
	}{
		"127.0.0.1:80":    {"http://127.0.0.1:80/", false},
		"[::1]:80":        {"http://[::1]:80/", false},
		"[::]:80":         {"http://127.0.0.1:80/", true},
		"0.0.0.0:80":      {"http://127.0.0.1:80/", true},
		"192.0.2.1:80":    {"http://192.0.2.1:80/", true},
		"[2001:db8::1]:1": {"http://[2001:db8::1]:1/", true},
	} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if p := (&Server{addr: a}); p.URL() != want.url || p.Open() != want.open {
			t.Errorf("%s: %s, open %v; want %s, %v", addr, p.URL(), p.Open(), want.url, want.open)
		}
	}
	if _, err := Start(context.Background(), Config{What: "live page", Addr: "here"}); err == nil || !strings.Contains(err.Error(), `address "here" (want`) {
		t.Errorf("error %v", err)
	}
}
