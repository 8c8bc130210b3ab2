package serve

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"testing"
	"time"

	"hlsload/rig"
)

// sink is a client that takes everything.
type sink struct {
	h http.Header
	n int64
}

func (s *sink) Header() http.Header              { return s.h }
func (s *sink) WriteHeader(int)                  {}
func (s *sink) Write(p []byte) (int, error)      { s.n += int64(len(p)); return len(p), nil }
func (s *sink) SetWriteDeadline(time.Time) error { return nil }
func (s *sink) Flush()                           {}

func BenchmarkEdge(b *testing.B) {
	rc := rig.Default()
	rc.Edge.Latency, rc.Origin.Latency = 0, 0
	r, err := rig.New(rc, 3, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	s, err := Start(context.Background(), Config{Rig: r})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for name, path := range map[string]string{"playlist": "/live/p0/index_1280x720.m3u8", "segment": "/live/p0/index_1280x720_00032.ts"} {
		b.Run(name, func(b *testing.B) {
			e := &edge{s: s, c: s.main}
			req := &http.Request{Method: "GET", URL: &url.URL{Path: path}, Header: http.Header{}}
			w := &sink{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				e.ServeHTTP(w, req)
			}
			b.SetBytes(w.n / int64(b.N))
		})
	}
}

// BenchmarkConnections holds 2,000 idle connections that had one playlist each
// and reports what the server, and the bare client end, keep for one.
func BenchmarkConnections(b *testing.B) {
	r, err := rig.New(rig.Default(), 3, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	s, err := Start(context.Background(), Config{Rig: r})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const n = 2000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		conns := make([]net.Conn, n)
		for i := range conns {
			at, _ := url.Parse(s.Edge(i % 4))
			c, err := net.Dial("tcp", at.Host)
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = c
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", r.Entry(0))
		}
		buf := make([]byte, 4096)
		for _, c := range conns {
			for got := 0; got < 1500; { // headers and the playlist, nearly all of it
				k, err := c.Read(buf)
				if err != nil {
					b.Fatal(err)
				}
				got += k
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/n, "B/conn")
		for _, c := range conns {
			c.Close()
		}
	}
}
