package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hlsload/chaos"
)

const (
	final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	// heldBy5 is what the embedded channel says at once when it holds an answer back.
	heldBy5 = "HTTP/1.1 103 Early Hints\r\nHlsload-Faults: 5\r\n\r\n"
)

// TestHeldIsHandedOver shows both engines interim answers before the final one.
func TestHeldIsHandedOver(t *testing.T) {
	for _, tc := range []struct {
		name, interim string
		want          []chaos.Marks
		err           bool
	}{
		{name: "none", interim: ""},
		{name: "faults", interim: heldBy5, want: []chaos.Marks{5}},
		{name: "all faults", interim: "HTTP/1.1 103 Early Hints\r\nDate: x\r\nhlsload-faults: FfFfFfFfFfFfFfFf\r\n\r\n", want: []chaos.Marks{1<<64 - 1}},
		{name: "two fields", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: 1\r\nHlsload-Faults: 8\r\n\r\n", want: []chaos.Marks{9}},
		{name: "two answers", interim: heldBy5 + "HTTP/1.1 103 x\r\nHlsload-Faults: 2\r\n\r\n", want: []chaos.Marks{5, 2}},
		{name: "with a body's length", interim: "HTTP/1.1 103 x\r\nContent-Length: 7\r\nHlsload-Faults: 1\r\n\r\n", want: []chaos.Marks{1}},
		{name: "as many as may be", interim: strings.Repeat(heldBy5, maxInterim), want: slices.Repeat([]chaos.Marks{5}, maxInterim)},
		{name: "too many", interim: strings.Repeat(heldBy5, maxInterim+1), want: slices.Repeat([]chaos.Marks{5}, maxInterim+1), err: true},
		{name: "endless", interim: strings.Repeat("HTTP/1.1 103 x\r\nA: "+strings.Repeat("x", 30<<10)+"\r\n\r\n", 20), err: true},

		{name: "no faults", interim: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"},
		{name: "no number", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: nonsense\r\n\r\n"},
		{name: "a number too large", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: 10000000000000000\r\n\r\n"},
		{name: "a negative number", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: -1\r\n\r\n"},
		{name: "zero", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: 0\r\n\r\n"},
		{name: "nothing", interim: "HTTP/1.1 103 x\r\nHlsload-Faults:\r\n\r\n"},
		{name: "another status", interim: "HTTP/1.1 102 Processing\r\nHlsload-Faults: 5\r\n\r\n"},
		{name: "cut", interim: "HTTP/1.1 103 x\r\nHlsload-Faults: 5\r\nno colon\r\n\r\n", err: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			both(t, 1, func(t *testing.T, e Engine) {
				addr, _ := server(t, says(tc.interim+final, false))
				for range 2 {
					var got []chaos.Marks
					var res Response
					err := e.Send(t.Context(), &Request{Method: "GET", URL: "http://" + addr, Held: func(m chaos.Marks) { got = append(got, m) }}, &res)
					if (err != nil) != tc.err || err != nil && !errors.Is(err, errHead) && tc.name != "cut" && tc.name != "endless" {
						t.Fatalf("got %v; want an error: %t", err, tc.err)
					}
					if !slices.Equal(got, tc.want) {
						t.Errorf("held by %x; want %x", got, tc.want)
					}
					if err != nil {
						continue
					}
					if body, err := io.ReadAll(res.Body); res.Status != 200 || res.Marks != 0 || string(body) != "ok" || err != nil {
						t.Errorf("final answer %d with faults %x and %q, %v; want 200 without faults and ok", res.Status, res.Marks, body, err)
					}
					res.Body.Close()
				}
			})
		})
	}
}

// TestHeldIsAskedFor: only a request with Held asks, and only its answer is looked at.
func TestHeldIsAskedFor(t *testing.T) {
	both(t, 1, func(t *testing.T, e Engine) {
		asked := make(chan string, 2)
		addr, _ := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
			for {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				asked <- r.Header.Get("Hlsload-Held")
				io.WriteString(c, heldBy5+final)
			}
		})
		for _, held := range []func(chaos.Marks){nil, func(chaos.Marks) {}} {
			want := ""
			if held != nil {
				want = "1"
			}
			var res Response
			if err := e.Send(t.Context(), &Request{Method: "GET", URL: "http://" + addr, Held: held}, &res); err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if got := <-asked; got != want || res.Marks != 0 {
				t.Errorf("asked %q, faults %x; want %q, and none", got, res.Marks, want)
			}
		}
	})
}

// TestHeldBeforeTheAnswer: the faults are there while the answer is held back, and
// when it never comes because the request is aborted at that moment.
func TestHeldBeforeTheAnswer(t *testing.T) {
	for _, aborted := range []bool{false, true} {
		t.Run(fmt.Sprintf("aborted=%t", aborted), func(t *testing.T) {
			both(t, 1, func(t *testing.T, e Engine) {
				told := make(chan struct{})
				addr, _ := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
					http.ReadRequest(br)
					io.WriteString(c, heldBy5)
					<-told
					if aborted {
						io.Copy(io.Discard, br) // until the other side closes
					}
					io.WriteString(c, final)
				})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var marks atomic.Uint64
				var res Response
				err := e.Send(ctx, &Request{Method: "GET", URL: "http://" + addr, Held: func(m chaos.Marks) {
					marks.Or(uint64(m))
					if aborted {
						cancel()
					}
					close(told)
				}}, &res)
				if marks.Load() != 5 || (err != nil) != aborted || aborted && !errors.Is(err, context.Canceled) {
					t.Errorf("held by %x, %v; want 5, aborted: %t", marks.Load(), err, aborted)
				}
				if err == nil {
					res.Body.Close()
				}
			})
		})
	}
}

// TestHeldIsNoAnswer closes a reused connection after an interim answer. If that says
// what holds the answer back, the request is sent again, as by a player that does not
// ask and has received nothing. Any other interim answer is something received.
func TestHeldIsNoAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, interim string
		ask           bool
		conns         int64
	}{
		{"nothing", "", false, 2},
		{"asked for", heldBy5, true, 2},
		{"asked for, twice", heldBy5 + heldBy5, true, 2},
		{"not asked for", heldBy5, false, 1},
		{"of something else", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", true, 1},
		{"of something else as well", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + heldBy5, true, 1},
		{"and a part of the answer", heldBy5 + "HTTP/1.1 2", true, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			addr, conns := server(t, func(n int, c net.Conn, br *bufio.Reader) {
				http.ReadRequest(br)
				io.WriteString(c, final)
				if n == 1 {
					http.ReadRequest(br)
					io.WriteString(c, tc.interim)
				}
			})
			e := newLean(new(net.Dialer).DialContext, 1)
			defer e.Close()
			req := Request{Method: "GET", URL: "http://" + addr}
			if tc.ask {
				req.Held = func(chaos.Marks) {}
			}
			for i := range 2 {
				var res Response
				err := e.Send(t.Context(), &req, &res)
				if want := i == 1 && tc.conns == 1; (err != nil) != want {
					t.Fatalf("request %d: %v; want an error: %t", i+1, err, want)
				}
				if err == nil {
					res.Body.Discard(10)
					res.Body.Close()
				}
			}
			if n := conns.Load(); n != tc.conns {
				t.Errorf("%d connections; want %d", n, tc.conns)
			}
		})
	}
}
