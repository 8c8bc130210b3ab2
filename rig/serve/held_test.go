package serve

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
)

// answers sends a request and returns all answers to it: interim ones, and the final
// one unless the connection ends without it.
func answers(t *testing.T, base, request string) (all []*http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprint(c, request)
	method, _, _ := strings.Cut(request, " ")
	br := bufio.NewReader(c)
	for {
		res, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			if err != io.ErrUnexpectedEOF {
				t.Errorf("reading an answer: %v; want one, or the end of the connection", err)
			}
			return all
		}
		all = append(all, res)
		if res.StatusCode >= 200 {
			if n, err := io.Copy(io.Discard, res.Body); err != nil || method != "HEAD" && n != res.ContentLength {
				t.Errorf("body of %d bytes, %v; want %d", n, err, res.ContentLength)
			}
			return all
		}
	}
}

// TestHeldAnswers: who asks is told at once what holds back the answer, in an interim
// answer, and the final answer is as without it.
func TestHeldAnswers(t *testing.T) {
	const ask = "Hlsload-Held: 1\r\n"
	for _, tc := range []struct {
		name    string
		fault   chaos.Kind // "" = none
		by      time.Duration
		method  string
		version string
		header  string
		twin    bool
		held    bool
		status  int // 0 = no final answer
	}{
		{name: "hang", fault: chaos.EdgeHang, header: ask, held: true},
		{name: "hang of a HEAD", fault: chaos.EdgeHang, method: "HEAD", header: ask, held: true},
		{name: "hang, not asked", fault: chaos.EdgeHang},
		{name: "hang, HTTP/1.0", fault: chaos.EdgeHang, version: "1.0", header: ask},
		{name: "hang of the twin's channel", fault: chaos.EdgeHang, header: ask, twin: true, status: 200},
		{name: "hang of the origin", fault: chaos.OriginHang, header: ask, held: true, status: 504},
		{name: "slow", fault: chaos.EdgeSlow, by: noted, header: ask, held: true, status: 200},
		{name: "slow, HEAD", fault: chaos.EdgeSlow, by: noted, method: "HEAD", header: ask, held: true, status: 200},
		{name: "slow, not asked", fault: chaos.EdgeSlow, by: noted, status: 200},
		{name: "slow, HTTP/1.0", fault: chaos.EdgeSlow, by: noted, version: "1.0", header: ask, status: 200},
		{name: "hardly slow", fault: chaos.EdgeSlow, by: noted / 10, header: ask, status: 200},
		{name: "an error", fault: chaos.EdgeStatus, header: ask, status: 503},
		{name: "no fault", header: ask, status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(rc *rig.Config, c *Config) {
				c.Hang = 200 * time.Millisecond
				rc.Edge.OriginTimeout = noted
			})
			if tc.fault != "" {
				f := chaos.NewFault("f", tc.fault)
				f.Via, f.By, f.Code = chaos.ViaRig, tc.by, 503
				s.Do(func(r *rig.Rig, _ time.Duration) { r.SetPlan(chaos.NewPlan(1).With(&f, 0)) })
			}
			base, method, version := s.Edge(0), "GET", "1.1"
			if tc.twin {
				base = s.TwinEdge(0)
			}
			if tc.method != "" {
				method = tc.method
			}
			if tc.version != "" {
				version = tc.version
			}
			got := answers(t, base, fmt.Sprintf("%s %s HTTP/%s\r\nHost: rig\r\n%s\r\n", method, s.cfg.Rig.Entry(0), version, tc.header))
			if tc.held {
				if len(got) == 0 || got[0].StatusCode != http.StatusEarlyHints || got[0].Header.Get("Hlsload-Faults") != "1" {
					t.Fatalf("got %v; want 103 with fault 1 first", got)
				}
				if h := got[0].Header; h.Get("Date") != "" || h.Get("Content-Length") != "" || h.Get("Server") != "" {
					t.Errorf("103 with %v; want nothing of the final answer", h)
				}
				got = got[1:]
			}
			if tc.status == 0 {
				if len(got) > 0 {
					t.Errorf("got %d; want no answer", got[0].StatusCode)
				}
				return
			}
			if len(got) != 1 || got[0].StatusCode != tc.status {
				t.Fatalf("got %v; want one final answer with %d", got, tc.status)
			}
			want := []string{"1"}
			if tc.fault == "" || tc.twin {
				want = nil
			}
			if m := got[0].Header["Hlsload-Faults"]; !slices.Equal(m, want) {
				t.Errorf("final answer with faults %q; want %q", m, want)
			}
		})
	}
}

// TestHeaderAfterHeld: the final answer has the same header fields whether an interim
// one came first or not.
func TestHeaderAfterHeld(t *testing.T) {
	s := start(t, nil)
	f := chaos.NewFault("f", chaos.EdgeSlow)
	f.Via, f.By = chaos.ViaRig, noted
	s.Do(func(r *rig.Rig, _ time.Duration) { r.SetPlan(chaos.NewPlan(1).With(&f, 0)) })
	var names [2][]string
	for i, header := range []string{"", "Hlsload-Held: 1\r\n"} {
		got := answers(t, s.Edge(0), "GET "+s.cfg.Rig.Entry(0)+" HTTP/1.1\r\nHost: rig\r\n"+header+"\r\n")
		if len(got) != i+1 {
			t.Fatalf("%d answers; want %d", len(got), i+1)
		}
		h := got[i].Header
		h.Del("Age") // a cached answer has it
		names[i] = slices.Sorted(maps.Keys(h))
	}
	if !slices.Equal(names[0], names[1]) {
		t.Errorf("header fields %q; want %q", names[1], names[0])
	}
}
