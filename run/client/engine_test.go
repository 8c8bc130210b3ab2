package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
)

// server answers each connection by script, which gets the connection's number
// and a reader; it returns the address and a counter of connections.
func server(t testing.TB, script func(n int, c net.Conn, br *bufio.Reader)) (addr string, conns *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	conns = new(atomic.Int64)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			n := int(conns.Add(1))
			go func() {
				defer c.Close()
				script(n, c, bufio.NewReader(c))
			}()
		}
	}()
	return ln.Addr().String(), conns
}

// says answers every request with the same text; with close it then closes.
func says(text string, close bool) func(int, net.Conn, *bufio.Reader) {
	return func(_ int, c net.Conn, br *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(br); err != nil {
				return
			}
			if _, err := io.WriteString(c, text); err != nil || close {
				return
			}
		}
	}
}

func engines(conns int) map[string]Engine {
	d := new(net.Dialer)
	return map[string]Engine{"lean": newLean(d.DialContext, conns), "standard": newStandard(d.DialContext, conns, true, nil)}
}

// both runs a test on both engines.
func both(t *testing.T, conns int, test func(t *testing.T, e Engine)) {
	for name, e := range engines(conns) {
		t.Run(name, func(t *testing.T) {
			defer e.Close()
			test(t, e)
		})
	}
}

// fetch sends one GET and reads the body, by Read and by Discard in turns.
func fetch(e Engine, method, url string) (res Response, body string, bodyErr, err error) {
	if err = e.Send(context.Background(), &Request{Method: method, URL: url}, &res); err != nil {
		return
	}
	defer res.Body.Close()
	var b bytes.Buffer
	buf := make([]byte, 100)
	for b.Len() < 1<<20 {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			if err != io.EOF {
				bodyErr = err
			}
			break
		}
	}
	return res, b.String(), bodyErr, nil
}

// TestAnswers shows both engines what servers say, decent and hostile ones.
func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	for _, tc := range []struct {
		name, answer string
		close        bool
		method       string
		status       int
		size         int64
		body         string
		err          bool   // no head
		bodyErr      bool   // broken body
		reused       string // "yes", "no" or "" for either: whether a second request uses the connection
	}{
		{name: "length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200, size: 5, body: "hello", reused: "yes"},
		{name: "bare newlines", answer: "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", status: 200, size: 5, body: "hello", reused: "yes"},
		{name: "no reason", answer: "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", status: 404, reused: "yes"},
		{name: "chunked", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n", status: 200, size: -1, body: "hello", reused: "yes"},
		{name: "until close", answer: "HTTP/1.1 200 OK\r\n\r\nhello", close: true, status: 200, size: -1, body: "hello", reused: "no"},
		{name: "connection close", answer: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", status: 200, size: 2, body: "ok", reused: "no"},
		{name: "http/1.0", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, size: 2, body: "ok", reused: "no"},
		{name: "http/1.0 keep-alive", answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", status: 200, size: 2, body: "ok", reused: "yes"},
		{name: "204", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, size: -1, reused: "yes"},
		{name: "304 with a length", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", status: 304, reused: "yes"},
		{name: "head", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n", status: 200, size: 123456, reused: "yes"},
		{name: "1xx first", answer: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, size: 2, body: "ok", reused: "yes"},
		{name: "html", answer: "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", status: 200, size: 6, body: "<html>", reused: "yes"},
		{name: "many fields", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 500) + "Content-Length: 1\r\n\r\n1", status: 200, size: 1, body: "1", reused: "yes"},
		{name: "long field", answer: "HTTP/1.1 200 OK\r\nA: " + long[:20<<10] + "\r\nContent-Length: 1\r\n\r\n1", status: 200, size: 1, body: "1", reused: "yes"},
		{name: "equal lengths", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", status: 200, size: 2, body: "ok", reused: "yes"},
		{name: "empty chunked", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 200, size: -1, reused: "yes"},

		{name: "truncated length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello", close: true, status: 200, size: 500, body: "hello", bodyErr: true},
		{name: "truncated chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello", close: true, status: 200, size: -1, body: "hello", bodyErr: true},
		{name: "no last chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", close: true, status: 200, size: -1, body: "hello", bodyErr: true},
		{name: "bad chunk size", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", status: 200, size: -1, bodyErr: true},
		{name: "negative chunk size", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n", status: 200, size: -1, bodyErr: true},
		{name: "huge chunk size", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n", status: 200, size: -1, bodyErr: true},
		{name: "long chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", status: 200, size: -1, body: "hel", bodyErr: true},
		{name: "endless chunk line", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + long, close: true, status: 200, size: -1, bodyErr: true},

		{name: "endless head", answer: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Filler: "+long[:1000]+"\r\n", 900), err: true},
		{name: "endless line", answer: "HTTP/1.1 200 OK\r\nA: " + long + long, err: true},
		{name: "endless 1xx", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: "+long[:30<<10]+"\r\n\r\n", 20), err: true},
		{name: "no http", answer: "220 smtp.example.com ESMTP\r\n", err: true},
		{name: "html without a head", answer: "<html>\r\n\r\n", err: true},
		{name: "no status", answer: "HTTP/1.1 OK\r\n\r\n", err: true},
		{name: "bad length", answer: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", err: true},
		{name: "two lengths", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", err: true},
		{name: "unknown coding", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", err: true},
		{name: "no colon", answer: "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", err: true},
		{name: "closed at once", answer: "", close: true, err: true},
		{name: "cut head", answer: "HTTP/1.1 200 OK\r\nContent-Le", close: true, err: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			both(t, 2, func(t *testing.T, e Engine) {
				addr, conns := server(t, says(tc.answer, tc.close))
				method := "GET"
				if tc.method != "" {
					method = tc.method
				}
				for i := range 2 {
					res, body, bodyErr, err := fetch(e, method, "http://"+addr+"/x")
					if tc.err {
						if err == nil {
							t.Fatalf("status %d; want an error", res.Status)
						}
						continue
					}
					if err != nil {
						t.Fatalf("request %d: %v", i+1, err)
					}
					if res.Status != tc.status || body != tc.body || (bodyErr != nil) != tc.bodyErr {
						t.Errorf("status %d, body %.60q, %v; want %d, %.60q, error %t", res.Status, body, bodyErr, tc.status, tc.body, tc.bodyErr)
					}
					if res.Size != tc.size && !(tc.size <= 0 && res.Size <= 0) {
						t.Errorf("size %d; want %d", res.Size, tc.size)
					}
				}
				if n := conns.Load(); tc.reused == "yes" && n != 1 || tc.reused == "no" && n != 2 {
					t.Errorf("%d connections for two requests; want them to share one: %s", n, tc.reused)
				}
			})
		})
	}
}

func TestRequestAsSent(t *testing.T) {
	both(t, 1, func(t *testing.T, e Engine) {
		got := make(chan *http.Request, 1)
		addr, _ := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
			r, err := http.ReadRequest(br)
			if err == nil {
				got <- r
				io.WriteString(c, "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc")
			}
		})
		var res Response
		req := &Request{Method: "GET", URL: "http://" + addr + "/a/b.ts?x=1&y=%20", UserAgent: "Test/1", Range: &m3u8.Range{Length: 3, Offset: 10},
			cookie: "a=1; b=2", Gzip: true, Headers: []credential.Header{{Name: "X-More", Value: "more"}}, granted: []credential.Header{{Name: "X-Token", Value: "secret"}}}
		if err := e.Send(context.Background(), req, &res); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		r := <-got
		for name, want := range map[string]string{"User-Agent": "Test/1", "Range": "bytes=10-12", "Cookie": "a=1; b=2", "Accept-Encoding": "gzip", "X-Token": "secret", "X-More": "more", "Accept": "*/*"} {
			if v := r.Header.Get(name); v != want {
				t.Errorf("%s: %q; want %q", name, v, want)
			}
		}
		if r.RequestURI != "/a/b.ts?x=1&y=%20" || r.Host != addr {
			t.Errorf("asked %s for %s", r.Host, r.RequestURI)
		}
	})
}

// TestStaleConnection closes a connection at rest while the next request is
// being sent: it must be asked again on a new one, once.
func TestStaleConnection(t *testing.T) {
	for _, how := range []string{"closed", "reset", "408"} {
		t.Run(how, func(t *testing.T) {
			both(t, 1, func(t *testing.T, e Engine) {
				addr, conns := server(t, func(n int, c net.Conn, br *bufio.Reader) {
					http.ReadRequest(br)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+fmt.Sprint(n))
					if n > 1 {
						return
					}
					switch how {
					case "closed":
						http.ReadRequest(br) // and no word
					case "reset":
						http.ReadRequest(br)
						c.(*net.TCPConn).SetLinger(0)
					case "408":
						http.ReadRequest(br)
						io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
					}
				})
				for want := range 2 {
					_, body, _, err := fetch(e, "GET", "http://"+addr+"/")
					if how == "408" && want == 1 && err == nil && body == "" {
						t.Skip("net/http takes a 408 for the answer when it was asked before it came")
					}
					if err != nil || body != fmt.Sprint(want+1) {
						t.Fatalf("request %d: %q, %v; want %d", want+1, body, err, want+1)
					}
				}
				if n := conns.Load(); n != 2 {
					t.Errorf("%d connections; want 2", n)
				}
			})
		})
	}
	both(t, 1, func(t *testing.T, e Engine) {
		addr, conns := server(t, says("", true)) // no answer to anybody
		if _, _, _, err := fetch(e, "GET", "http://"+addr+"/"); err == nil {
			t.Error("no error from a server without a word")
		}
		if n := conns.Load(); n != 1 {
			t.Errorf("a new connection without an answer was tried %d times; want once", n)
		}
	})
}

// TestConnectionLimit lets requests wait for a connection, and gives up some.
func TestConnectionLimit(t *testing.T) {
	both(t, 2, func(t *testing.T, e Engine) {
		arrived, answer := make(chan string, 10), make(chan struct{})
		addr, conns := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
			for {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				arrived <- r.URL.Path
				<-answer
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
			}
		})
		results := make(chan error, 10)
		get := func(ctx context.Context, path string) {
			var res Response
			err := e.Send(ctx, &Request{Method: "GET", URL: "http://" + addr + path}, &res)
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			results <- err
		}
		ctx := context.Background()
		go get(ctx, "/1")
		go get(ctx, "/2")
		<-arrived
		<-arrived
		waiting, cancel := context.WithCancel(ctx)
		go get(waiting, "/3")
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("a request given up while waiting: %v", err)
		}
		for i := range 4 {
			go get(ctx, fmt.Sprintf("/%d", 4+i))
		}
		for range 6 {
			answer <- struct{}{}
		}
		for range 6 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if n := conns.Load(); n != 2 {
			t.Errorf("%d connections; want 2", n)
		}
	})
}

// TestAbort ends the context at every stage of a request.
func TestAbort(t *testing.T) {
	for _, stage := range []string{"head", "body"} {
		t.Run(stage, func(t *testing.T) {
			both(t, 1, func(t *testing.T, e Engine) {
				there := make(chan struct{}, 2)
				addr, conns := server(t, func(n int, c net.Conn, br *bufio.Reader) {
					http.ReadRequest(br)
					if n == 1 && stage == "body" {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
					}
					there <- struct{}{}
					if n == 1 {
						io.Copy(io.Discard, br) // until the other side closes
						return
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
				})
				ctx, cancel := context.WithCancel(context.Background())
				go func() {
					<-there
					cancel()
				}()
				var res Response
				err := e.Send(ctx, &Request{Method: "GET", URL: "http://" + addr + "/"}, &res)
				if err == nil {
					for err == nil {
						_, err = res.Body.Discard(100)
					}
					res.Body.Close()
				} else if stage == "body" {
					t.Skip("aborted before the head was read")
				}
				if err == io.EOF || err == nil {
					t.Errorf("ended with %v; want an error", err)
				}
				if _, body, _, err := fetch(e, "GET", "http://"+addr+"/"); err != nil || body != "1" {
					t.Errorf("after an abort: %q, %v", body, err)
				}
				if n := conns.Load(); n != 2 {
					t.Errorf("%d connections; want the aborted one not to be used again", n)
				}
			})
		})
	}
}

func TestDiscard(t *testing.T) {
	const size = 3 << 20
	for _, framing := range []string{"length", "chunked", "close"} {
		t.Run(framing, func(t *testing.T) {
			both(t, 1, func(t *testing.T, e Engine) {
				addr, _ := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
					for {
						if _, err := http.ReadRequest(br); err != nil {
							return
						}
						body := make([]byte, size)
						switch framing {
						case "length":
							fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
							c.Write(body)
						case "close":
							fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
							c.Write(body)
							return
						case "chunked":
							fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
							for n := 0; n < size; n += size / 64 {
								fmt.Fprintf(c, "%x\r\n", size/64)
								c.Write(body[:size/64])
								io.WriteString(c, "\r\n")
							}
							io.WriteString(c, "0\r\n\r\n")
						}
					}
				})
				for range 2 {
					var res Response
					if err := e.Send(context.Background(), &Request{Method: "GET", URL: "http://" + addr}, &res); err != nil {
						t.Fatal(err)
					}
					var total int64
					for {
						n, err := res.Body.Discard(1 << 20)
						total += n
						if err == io.EOF {
							break
						}
						if err != nil {
							t.Fatalf("after %d bytes: %v", total, err)
						}
					}
					res.Body.Close()
					if total != size {
						t.Errorf("%d bytes; want %d", total, size)
					}
				}
			})
		})
	}
}

func TestRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	both(t, 1, func(t *testing.T, e Engine) {
		for _, u := range []string{"http://" + addr + "/", "http://host.invalid./", "http:///nowhere", "http://127.0.0.1:99999/", "http://a b/"} {
			_, _, _, err := fetch(e, "GET", u)
			if err == nil {
				t.Errorf("%s: no error", u)
			} else if f := Failure(err); f != player.Refused && u != "http:///nowhere" {
				t.Errorf("%s: %v for %v; want refused", u, f, err)
			}
		}
	})
}

func TestClosedEngine(t *testing.T) {
	both(t, 1, func(t *testing.T, e Engine) {
		addr, _ := server(t, says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", false))
		if _, _, _, err := fetch(e, "GET", "http://"+addr); err != nil {
			t.Fatal(err)
		}
		e.Close()
		if _, _, _, err := fetch(e, "GET", "http://"+addr); err == nil {
			t.Error("an answer from a closed engine")
		}
	})
}

func TestSplitURL(t *testing.T) {
	for _, tc := range []struct{ in, addr, host, target string }{
		{"http://a", "a:80", "a", "/"},
		{"http://a/", "a:80", "a", "/"},
		{"http://a:8080/x/y?z", "a:8080", "a:8080", "/x/y?z"},
		{"http://a?q", "a:80", "a", "/?q"},
		{"http://[::1]/x", "[::1]:80", "[::1]", "/x"},
		{"http://[::1]:81/x", "[::1]:81", "[::1]:81", "/x"},
		{"http://a/x#frag", "a:80", "a", "/x"},
		{"http://user:pw@a/x", "a:80", "a", "/x"},
		{"HTTP://a/x", "a:80", "a", "/x"},
		{"http://a:/x", "a:80", "a", "/x"},
		{"http://a:ssh/x", "", "", ""},
		{"http://a%41?x", "", "", ""},
		{`http://a\b/x`, "", "", ""},
		{"http://a/ü x", "a:80", "a", "/%C3%BC%20x"},
		{"http://a/x\r\nEvil: 1", "", "", ""},
		{"https://a/", "", "", ""},
		{"ftp://a/", "", "", ""},
		{"http://", "", "", ""},
		{"", "", "", ""},
	} {
		addr, host, target, err := splitURL(tc.in)
		if addr != tc.addr || host != tc.host || target != tc.target || (err != nil) != (tc.addr == "") {
			t.Errorf("%q: %q %q %q %v; want %q %q %q", tc.in, addr, host, target, err, tc.addr, tc.host, tc.target)
		}
	}
}

func TestHeadIsNoted(t *testing.T) {
	for _, tc := range []struct {
		head  string
		cache cdn.Cache
		pop   string
		marks chaos.Marks
	}{
		{"", cdn.CacheUnknown, "", 0},
		{"X-Cache: Hit from cloudfront\r\nX-Amz-Cf-Pop: PHX50-C2", cdn.CacheHit, "PHX50-C2", 0},
		{"Server-Timing: CDN-Cache-Miss , Cdn-Upstream-Layer ; desc=REC , cdn-downstream-fbl=4, cdn-pop;dur=1;desc=\"LHR50-P1\"", cdn.CacheMiss, "LHR50-P1", 0},
		{"X-Cache: Miss from nginx\r\nX-Cache: Hit from cloudfront", cdn.CacheHit, "", 0},
		{"Hlsload-Faults: 8000000000000005", cdn.CacheUnknown, "", 1<<63 | 5},
		{"Hlsload-Faults: nonsense", cdn.CacheUnknown, "", 0},
	} {
		head := "HTTP/1.1 200 OK\r\n" + tc.head + "\r\nContent-Length: 0\r\n\r\n"
		if tc.head == "" {
			head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		}
		both(t, 1, func(t *testing.T, e Engine) {
			addr, _ := server(t, says(head, true))
			res, _, _, err := fetch(e, "GET", "http://"+addr)
			o := res.CDN.Outcome()
			if err != nil || o.Cache != tc.cache || o.Pop != tc.pop || res.Marks != tc.marks {
				t.Errorf("%q: cache %d, pop %q, marks %x, %v; want %d, %q, %x", tc.head, o.Cache, o.Pop, res.Marks, err, tc.cache, tc.pop, tc.marks)
			}
		})
	}
}

// FuzzHead feeds the lean engine's parsers with anything.
func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 x\r\nHlsload-Faults: 3\r\n\r\nHTTP/1.1 200 y\r\nContent-Length: 0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 x\r\n\r\nHTTP/1.0 404 y\r\nServer-Timing: cdn-pop;desc=\"x\"\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		left, right := net.Pipe()
		go func() {
			bufio.NewReader(right).ReadString('\n')
			go io.Copy(io.Discard, right)
			right.Write(in)
			right.Close()
		}()
		e := newLean(func(context.Context, string, string) (net.Conn, error) { return left, nil }, 1)
		defer e.Close()
		var res Response
		held := func(m chaos.Marks) {
			if m == 0 {
				t.Error("held by no fault")
			}
		}
		if err := e.Send(context.Background(), &Request{Method: "GET", URL: "http://a/", Held: held}, &res); err != nil {
			return
		}
		if res.Status < 100 || res.Status > 999 || res.Size < -1 {
			t.Errorf("status %d, size %d", res.Status, res.Size)
		}
		n, err := int64(0), error(nil)
		for err == nil {
			var k int64
			k, err = res.Body.Discard(7)
			n += k
			if n > int64(len(in)) {
				t.Fatalf("%d bytes of body out of %d", n, len(in))
			}
		}
		if err == io.EOF && res.Size >= 0 && n != res.Size && n != 0 {
			t.Errorf("whole with %d of %d bytes", n, res.Size)
		}
		res.Body.Close()
	})
}
