package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/rig"
	"hlsload/rig/media"
)

func start(t *testing.T, change func(*rig.Config, *Config)) *Server {
	t.Helper()
	rc := rig.Default()
	rc.Ladder = rig.Ladders["mini"]
	rc.Segment = time.Second
	rc.Origin.Stale = "conditional"
	rc.Origin.StaleAfter = 2.5
	cfg := Config{Board: &board{chaos.NewPlan(3)}}
	if change != nil {
		change(&rc, &cfg)
	}
	for _, to := range []**rig.Rig{&cfg.Rig, &cfg.Twin} {
		r, err := rig.New(rc, 3, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		*to = r
	}
	s, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// board is the plan of a test, which the server's lock guards.
type board struct{ plan *chaos.Plan }

func (b *board) Open(f *chaos.Fault, now time.Duration)  { b.plan = b.plan.With(f, now) }
func (b *board) Close(f *chaos.Fault, now time.Duration) { b.plan = b.plan.Without(f, now) }
func (b *board) Plan() *chaos.Plan                       { return b.plan }

// client keeps no connections, so that a test ends with none.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

func do(t *testing.T, c *http.Client, method, url, body string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v after %d bytes", method, url, err, len(data))
	}
	return res, data
}

// lastSegment is the last URI of a media playlist.
func lastSegment(t *testing.T, playlist []byte) string {
	t.Helper()
	lines := strings.Fields(string(playlist))
	for i := len(lines) - 1; i >= 0; i-- {
		if !strings.HasPrefix(lines[i], "#") {
			return lines[i]
		}
	}
	t.Fatalf("no segment in %q", playlist)
	return ""
}

func TestPlay(t *testing.T) {
	for _, container := range []string{"ts", "fmp4"} {
		t.Run(container, func(t *testing.T) {
			s := start(t, func(rc *rig.Config, _ *Config) { rc.Container, rc.Audio = container, "demuxed" })
			c := client(t)
			for _, base := range []string{s.Edge(0), s.Edge(3), s.TwinEdge(1)} {
				res, body := do(t, c, "GET", base+"/live/p0/index.m3u8?x=1", "")
				if res.StatusCode != 200 || !bytes.HasPrefix(body, []byte("#EXTM3U")) || res.Header.Get("Content-Type") != "application/vnd.apple.mpegurl" {
					t.Fatalf("multivariant: %d %q %q", res.StatusCode, res.Header, body)
				}
				for name, want := range map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*", "Timing-Allow-Origin": "*", "Cache-Control": "max-age=1"} {
					if got := res.Header.Get(name); got != want {
						t.Errorf("%s: %q; want %q", name, got, want)
					}
				}
				if !strings.Contains(res.Header.Get("Server-Timing"), "cdn-pop") || res.Header.Get("Cache-Status") == "" || res.Header.Get("Etag") == "" {
					t.Errorf("headers: %v", res.Header)
				}
				for _, name := range []string{"index_640x360", "index_audio"} {
					_, list := do(t, c, "GET", base+"/live/p1/"+name+".m3u8", "")
					uri := lastSegment(t, list)
					res, seg := do(t, c, "GET", base+"/live/p1/"+uri, "")
					if res.StatusCode != 200 || len(seg) < 1000 || int64(len(seg)) != res.ContentLength {
						t.Fatalf("%s: %d, %d bytes", uri, res.StatusCode, len(seg))
					}
					res, part := do(t, c, "GET", base+"/live/p1/"+uri, "", "Range", "bytes=100-299")
					if res.StatusCode != 206 || !bytes.Equal(part, seg[100:300]) || res.Header.Get("Content-Range") != fmt.Sprintf("bytes 100-299/%d", len(seg)) {
						t.Errorf("range: %d %q", res.StatusCode, res.Header.Get("Content-Range"))
					}
					res, none := do(t, c, "HEAD", base+"/live/p1/"+uri, "")
					if res.StatusCode != 200 || len(none) != 0 || res.ContentLength != int64(len(seg)) {
						t.Errorf("HEAD: %d, length %d", res.StatusCode, res.ContentLength)
					}
					if container == "fmp4" {
						i := strings.LastIndexByte(uri, '_')
						if res, init := do(t, c, "GET", base+"/live/p1/"+uri[:i]+"_init.mp4", ""); res.StatusCode != 200 || !bytes.Contains(init[:12], []byte("ftyp")) {
							t.Errorf("init: %d", res.StatusCode)
						}
					}
				}
			}
		})
	}
}

func TestSegmentIsMedia(t *testing.T) {
	s := start(t, nil)
	c := client(t)
	_, list := do(t, c, "GET", s.Edge(0)+"/live/p0/index_256x144.m3u8", "")
	_, seg := do(t, c, "GET", s.Edge(0)+"/live/p0/"+lastSegment(t, list), "")
	f := media.Format{Video: true, Audio: true, Width: 256, Height: 144, Rate: 100_000}
	var n int
	fmt.Sscanf(lastSegment(t, list), "index_256x144_%05d.ts", &n)
	if want := media.AppendSegment(nil, f, time.Duration(n)*time.Second, time.Second); !bytes.Equal(seg, want) {
		t.Errorf("segment %d: %d bytes, not those of package media (%d)", n, len(seg), len(want))
	}
}

func TestGzip(t *testing.T) {
	s := start(t, func(rc *rig.Config, _ *Config) { rc.Ladder = rig.Ladders["hd-1080p"] })
	c := client(t)
	url := s.Edge(0) + s.cfg.Rig.Entry(0)
	_, plain := do(t, c, "GET", url, "")
	res, packed := do(t, c, "GET", url, "", "Accept-Encoding", "br, gzip;q=0.5")
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(res.Header.Get("Etag"), `W/"`) {
		t.Fatalf("headers: %v", res.Header)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(z); !bytes.Equal(got, plain) {
		t.Errorf("unpacked: %q; want %q", got, plain)
	}
	if res, _ := do(t, c, "GET", url, "", "Accept-Encoding", "gzip;q=0"); res.Header.Get("Content-Encoding") != "" {
		t.Errorf("gzip;q=0: packed")
	}
	if res, body := do(t, c, "GET", url, "", "If-None-Match", res.Header.Get("Etag")); res.StatusCode != 304 || len(body) != 0 {
		t.Errorf("If-None-Match with the weak tag: %d", res.StatusCode)
	}
}

// Neither the origin nor an edge with less than 1,000 bytes packs.
func TestNoGzip(t *testing.T) {
	small, large := start(t, nil), start(t, func(rc *rig.Config, _ *Config) { rc.Ladder = rig.Ladders["hd-1080p"] })
	c := client(t)
	for _, base := range []string{small.Edge(0), large.Origin()} {
		if res, body := do(t, c, "GET", base+small.cfg.Rig.Entry(0), "", "Accept-Encoding", "gzip"); res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: packed, %d bytes", base, len(body))
		}
	}
}

func TestOneListener(t *testing.T) {
	s := start(t, func(_ *rig.Config, c *Config) { c.Listen = "127.0.0.1:0" })
	c := client(t)
	first := ""
	for range 3 {
		res, _ := do(t, c, "GET", s.URLs()[0], "")
		pop := res.Header.Get("X-Amz-Cf-Pop")
		if first == "" {
			first = pop
		}
		if pop == "" || pop != first {
			t.Errorf("POP %q; want %q again", pop, first)
		}
	}
	if res, _ := do(t, c, "GET", s.URLs()[1], "", "Hlsload-Pop", "2"); res.Header.Get("X-Amz-Cf-Pop") != "RIG2-C1" {
		t.Errorf("POP %q; want the one asked for", res.Header.Get("X-Amz-Cf-Pop"))
	}
}

func TestS3(t *testing.T) {
	s := start(t, nil)
	c := client(t)
	base := s.Origin()
	res, body := do(t, c, "GET", base+"/live/p0/index.m3u8", "")
	tag := res.Header.Get("Etag")
	if res.StatusCode != 200 || !bytes.HasPrefix(body, []byte("#EXTM3U")) || res.Header.Get("X-Cache") != "" {
		t.Fatalf("GET: %d %v", res.StatusCode, res.Header)
	}
	steps := []struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"GET", "/live?list-type=2&prefix=p0/&delimiter=/&max-keys=2", "", nil, 200, "<KeyCount>2</KeyCount>"},
		{"GET", "/live/?list-type=2&delimiter=/", "", nil, 200, "<CommonPrefixes><Prefix>p1/</Prefix></CommonPrefixes>"},
		{"GET", "/live/p0/nothing", "", nil, 404, "NoSuchKey"},
		{"PUT", "/live/p0/index.m3u8", "x", []string{"If-None-Match", "*"}, 412, "PreconditionFailed"},
		{"PUT", "/live/p0/index.m3u8", "mine", []string{"If-Match", tag, "Cache-Control", "max-age=5", "Content-Type", "text/plain"}, 200, ""},
		{"GET", "/live/p0/index.m3u8", "", nil, 200, "mine"},
		{"DELETE", "/live/p0/index.m3u8", "", nil, 204, ""},
		{"GET", "/live/p0/index.m3u8", "", nil, 404, "NoSuchKey"},
		{"PUT", "/other/key", "5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\nx-amz-checksum-crc32:AA\r\n\r\n", []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 200, ""},
		{"GET", "/other/key", "", nil, 200, "hello"},
		{"PUT", "/other/key", "zz;\r\n", []string{"X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 400, "InvalidRequest"},
		{"GET", "/other?list-type=2", "", nil, 200, "<Key>key</Key>"},
		{"PUT", "/live/copy", "", []string{"X-Amz-Copy-Source", "/live/p0/index.m3u8"}, 501, ""},
		{"GET", "/live?policy", "", nil, 501, ""},
		{"PATCH", "/live/x", "", nil, 405, "MethodNotAllowed"},
	}
	for _, st := range steps {
		res, body := do(t, c, st.method, base+st.path, st.body, st.header...)
		if res.StatusCode != st.status || !strings.Contains(string(body), st.want) {
			t.Errorf("%s %s: %d %q; want %d with %q", st.method, st.path, res.StatusCode, body, st.status, st.want)
		}
	}
}

func decodeFault(data []byte) (chaos.Fault, error) {
	var e struct {
		Name, Fault string
		Pipeline    *int
		Code        int
		By          float64
		For         float64
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return chaos.Fault{}, err
	}
	f := chaos.NewFault(e.Name, chaos.Kind(e.Fault))
	f.Via, f.Code, f.By, f.For = chaos.ViaRig, e.Code, time.Duration(e.By*1e9), time.Duration(e.For*1e9)
	if e.Pipeline != nil {
		f.Pipeline = *e.Pipeline
	}
	return f, nil
}

func TestControl(t *testing.T) {
	s := start(t, func(_ *rig.Config, c *Config) { c.Control, c.Decode = "127.0.0.1:0", decodeFault })
	c := client(t)
	api := s.Control()
	if res, body := do(t, c, "POST", api+"/faults", `{"name":"kill","fault":"pipeline.kill","pipeline":0}`); res.StatusCode != 201 || !bytes.Contains(body, []byte(`"bites":true`)) {
		t.Fatalf("POST kill: %d %s", res.StatusCode, body)
	}
	if res, body := do(t, c, "POST", api+"/faults", `{"name":"kill","fault":"pipeline.kill"}`); res.StatusCode != 409 {
		t.Errorf("POST kill again: %d %s", res.StatusCode, body)
	}
	if res, body := do(t, c, "POST", api+"/faults", `{`); res.StatusCode != 400 {
		t.Errorf("POST rubbish: %d %s", res.StatusCode, body)
	}
	res, _ := do(t, c, "GET", s.Edge(1)+"/live/p0/index_256x144.m3u8", "")
	if res.Header.Get("Hlsload-Faults") != "1" {
		t.Errorf("faults of a playlist of the killed pipeline: %q; want 1", res.Header.Get("Hlsload-Faults"))
	}
	for _, url := range []string{s.Edge(1) + "/live/p1/index_256x144.m3u8", s.TwinEdge(1) + "/live/p0/index_256x144.m3u8"} {
		if res, _ := do(t, c, "GET", url, ""); res.Header.Get("Hlsload-Faults") != "" || res.StatusCode != 200 {
			t.Errorf("%s: %d, faults %q; want none", url, res.StatusCode, res.Header.Get("Hlsload-Faults"))
		}
	}
	if res, body := do(t, c, "POST", api+"/faults", `{"name":"503","fault":"edge.status","code":503}`); res.StatusCode != 201 {
		t.Fatalf("POST edge.status: %d %s", res.StatusCode, body)
	}
	if res, _ := do(t, c, "GET", s.Edge(2)+"/live/p1/index_256x144.m3u8", ""); res.StatusCode != 503 || res.Header.Get("Hlsload-Faults") != "2" {
		t.Errorf("edge.status: %d, faults %q; want 503 and 2", res.StatusCode, res.Header.Get("Hlsload-Faults"))
	}
	if _, body := do(t, c, "GET", api+"/faults", ""); bytes.Count(body, []byte(`"name"`)) != 2 {
		t.Errorf("GET /faults: %s; want two", body)
	}
	if res, body := do(t, c, "POST", api+"/faults", `{"name":"tokens","fault":"auth.expire","code":401}`); res.StatusCode != 201 || !bytes.Contains(body, []byte("refused with status 401")) {
		t.Fatalf("POST auth.expire: %d %s", res.StatusCode, body)
	}
	for _, name := range []string{"503", "tokens", "kill"} {
		if res, body := do(t, c, "DELETE", api+"/faults/"+name, ""); res.StatusCode != 200 || !bytes.Contains(body, []byte(`"healthy":true`)) {
			t.Errorf("DELETE %s: %d %s", name, res.StatusCode, body)
		}
	}
	if res, _ := do(t, c, "DELETE", api+"/faults/kill", ""); res.StatusCode != 404 {
		t.Errorf("DELETE again: %d", res.StatusCode)
	}
	var stats struct {
		Edge   edgeSummary
		Origin originSummary
	}
	if _, body := do(t, c, "GET", api+"/stats", ""); json.Unmarshal(body, &stats) != nil || stats.Edge.Requests != 3 || stats.Origin.Source != "rig" || stats.Origin.Requests == 0 {
		t.Errorf("GET /stats: %s", body)
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	s := start(t, func(_ *rig.Config, c *Config) { c.Control, c.Decode = "127.0.0.1:0", decodeFault })
	c := client(t)
	_, list := do(t, c, "GET", s.Edge(0)+"/live/p0/index_256x144.m3u8", "")
	uri := s.Edge(0) + "/live/p0/" + lastSegment(t, list)
	post := func(body string) {
		t.Helper()
		if res, got := do(t, c, "POST", s.Control()+"/faults", body); res.StatusCode != 201 {
			t.Fatalf("%s: %d %s", body, res.StatusCode, got)
		}
	}
	post(`{"name":"cut","fault":"segment.truncate"}`)
	res, err := c.Get(uri)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if err == nil || n != res.ContentLength/2 || res.Header.Get("Hlsload-Faults") != "1" {
		t.Errorf("truncated: %d of %d bytes, %v, faults %q", n, res.ContentLength, err, res.Header.Get("Hlsload-Faults"))
	}
	post(`{"name":"hang","fault":"edge.hang"}`)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	told := make(chan string, 1)
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		told <- fmt.Sprint(status, " ", h.Get("Hlsload-Faults"))
		return nil
	}})
	req, _ := http.NewRequestWithContext(traced, "GET", uri, nil)
	req.Header.Set("Hlsload-Held", "1")
	if res, err := c.Do(req); err == nil {
		t.Errorf("edge.hang: status %d; want no answer", res.StatusCode)
	}
	select {
	case m := <-told:
		if m != "103 2" {
			t.Errorf("the request that was given up was told %s; want 103 with faults 2", m)
		}
	default:
		t.Error("the request that was given up was told nothing; want 103")
	}
}

// TestCloseWithRequestsUnderWay: Close does not wait for answers that never
// come, and leaves nothing behind (see TestMain).
func TestCloseWithRequestsUnderWay(t *testing.T) {
	s := start(t, nil)
	f := chaos.NewFault("hang", chaos.EdgeHang)
	f.Via = chaos.ViaRig
	s.Do(func(r *rig.Rig, _ time.Duration) { r.SetPlan(chaos.NewPlan(1).With(&f, 0)) })
	c := client(t)
	failed := make(chan error, 20)
	for range cap(failed) {
		go func() {
			res, err := c.Get(s.Edge(0) + s.cfg.Rig.Entry(0))
			if err == nil {
				res.Body.Close()
			}
			failed <- err
		}()
	}
	for s.asked() < cap(failed) {
		time.Sleep(time.Millisecond)
	}
	s.Close()
	s.Close()
	for range cap(failed) {
		if err := <-failed; err == nil {
			t.Error("an answer came; want a broken connection")
		}
	}
}

// asked is how many requests the edges had.
func (s *Server) asked() (n int) {
	s.Do(func(r *rig.Rig, _ time.Duration) { n = int(r.Stats().Edge().Requests) })
	return n
}

func TestContextStops(t *testing.T) {
	r, err := rig.New(rig.Default(), 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx, Config{Rig: r})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	s.Close()
	if _, err := client(t).Get(s.URLs()[0]); err == nil {
		t.Error("still answering after its context ended")
	}
}

func TestStartFails(t *testing.T) {
	if _, err := Start(context.Background(), Config{}); err == nil {
		t.Error("no rig: no error")
	}
	r, err := rig.New(rig.Default(), 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{{Rig: r, Listen: "203.0.113.1:0"}, {Rig: r, Listen: "nonsense"}, {Rig: r, Control: "127.0.0.1:-1"}} {
		if s, err := Start(context.Background(), cfg); err == nil {
			s.Close()
			t.Errorf("%+v: no error", cfg)
		}
	}
}

// TestOriginLoadFromHeaders counts the origin's requests by what viewers see,
// and finds the rig's own number.
func TestOriginLoadFromHeaders(t *testing.T) {
	for _, shield := range []bool{true, false} {
		s := start(t, func(rc *rig.Config, _ *Config) {
			rc.Edge.Shield, rc.Origin.Latency, rc.Edge.PlaylistTTL = shield, 30*time.Millisecond, 200*time.Millisecond
		})
		c := client(t)
		var seen atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for k := range 15 {
					url := fmt.Sprintf("%s/live/p%d/index_256x144.m3u8", s.Edge(i), k%2)
					res, err := c.Get(url)
					if err != nil {
						t.Error(err)
						return
					}
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
					if strings.Contains(res.Header.Get("Server-Timing"), "cdn-upstream-layer") {
						seen.Add(1)
					}
				}
			})
		}
		all.Wait()
		var truth uint64
		s.Do(func(r *rig.Rig, _ time.Duration) { truth = r.Stats().Origin.Requests })
		if truth == 0 || uint64(seen.Load()) != truth {
			t.Errorf("shield=%v: %d origin requests by the headers, %d by the rig", shield, seen.Load(), truth)
		}
	}
}
