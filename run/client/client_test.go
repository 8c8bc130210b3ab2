package client

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hlsload/player"
	"hlsload/player/credential"
)

// ask sends a GET through a client of a player and returns what came.
func ask(c *Client, url string) (status int, base, body string, err error) {
	var res Response
	req := Request{Method: "GET", URL: url}
	base, err = c.Do(context.Background(), &req, &res, func(ctx context.Context, e Engine, req *Request, res *Response) error {
		return e.Send(ctx, req, res)
	})
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.Status, base, string(b), err
}

// clients returns a client over each engine; over TLS both are the same.
func clients(t *testing.T, srv *httptest.Server) map[string]*Client {
	d := new(net.Dialer)
	config := srv.Client().Transport.(*http.Transport).TLSClientConfig
	out := map[string]*Client{}
	for name, e := range engines(2) {
		c := New(&Config{Conns: 2, HTTP2: true, TLS: config}, d.DialContext)
		c.plain = e
		t.Cleanup(c.Close)
		out[name] = c
	}
	return out
}

func TestRedirectsAndCookies(t *testing.T) {
	var other *httptest.Server
	mux := http.NewServeMux()
	hops := func(n int) string { return fmt.Sprintf("/hop/%d", n) }
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscan(r.PathValue("n"), &n)
		if n == 0 {
			fmt.Fprint(w, "there")
			return
		}
		http.Redirect(w, r, hops(n-1), []int{301, 302, 303, 307, 308}[n%5])
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/pool", 302) })
	mux.HandleFunc("/pool", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", 302) })
	mux.HandleFunc("/relative/a", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "../b?x=1#frag")
		w.WriteHeader(302)
	})
	mux.HandleFunc("/b", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.RawQuery) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(302)
	})
	mux.HandleFunc("/nowhere", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(302); fmt.Fprint(w, "no Location") })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/token", 302) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "token="+r.Header.Get("X-Token")) })
	mux.HandleFunc("/session", func(w http.ResponseWriter, r *http.Request) { // a cookie wall: comes back to itself
		if c, err := r.Cookie("s"); err == nil {
			fmt.Fprint(w, "session "+c.Value)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "42", Path: "/"})
		http.Redirect(w, r, "/session", 302)
	})
	walls := 0
	mux.HandleFunc("/wall", func(w http.ResponseWriter, r *http.Request) { // another cookie each time
		walls++
		http.SetCookie(w, &http.Cookie{Name: "s", Value: fmt.Sprint(walls), Path: "/wall"})
		http.Redirect(w, r, "/wall", 302)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	other = httptest.NewTLSServer(mux)
	defer other.Close()
	for name, c := range clients(t, other) {
		c.creds = credential.New([]string{srv.URL}, []credential.Header{{Name: "X-Token", Value: "secret"}}, nil)
		t.Run(name, func(t *testing.T) {
			for _, tc := range []struct {
				path, base, body string
				err              error
			}{
				{"/hop/0", "/hop/0", "there", nil},
				{"/hop/10", "/hop/0", "there", nil},
				{"/hop/11", "", "", errRedirect},
				{"/loop", "", "", errRedirect},
				{"/relative/a", "/b?x=1", "x=1", nil},
				{"/file", "", "", errRedirect},
				{"/nowhere", "/nowhere", "no Location", nil},
				{"/token", "/token", "token=secret", nil},
				{"/session", "/session", "session 42", nil},
				{"/session", "/session", "session 42", nil},
			} {
				_, base, body, err := ask(c, srv.URL+tc.path)
				if !errors.Is(err, tc.err) || body != tc.body || tc.err == nil && base != srv.URL+tc.base {
					t.Errorf("%s: %q from %s, %v; want %q from %s, %v", tc.path, body, base, err, tc.body, tc.base, tc.err)
				}
				if tc.err != nil && Failure(err) != player.Redirects {
					t.Errorf("%s: %v; want redirects", tc.path, Failure(err))
				}
			}
			walls = 0
			if _, _, _, err := ask(c, srv.URL+"/wall"); !errors.Is(err, errRedirect) || walls != 2 {
				t.Errorf("/wall: %v after %d requests; want a loop after 2", err, walls)
			}
			// To another host, and from http to https: without the headers.
			if _, base, body, err := ask(c, srv.URL+"/away"); err != nil || body != "token=" || base != other.URL+"/token" {
				t.Errorf("/away: %q from %s, %v", body, base, err)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	for name, c := range clients(t, srv) {
		if _, _, body, err := ask(c, srv.URL); err != nil || body != "HTTP/2.0" {
			t.Errorf("%s: %q, %v; want HTTP/2.0", name, body, err)
		}
	}
	d := new(net.Dialer)
	c := New(&Config{Conns: 1, HTTP2: true}, d.DialContext)
	defer c.Close()
	if _, _, _, err := ask(c, srv.URL); Failure(err) != player.Refused {
		t.Errorf("a certificate of an unknown authority: %v (%v); want refused", err, Failure(err))
	}
	plain, _ := server(t, func(_ int, c net.Conn, br *bufio.Reader) {
		br.ReadByte()
		io.WriteString(c, "HTTP/1.1 400 no TLS here\r\n\r\n")
	})
	if _, _, _, err := ask(c, "https://"+plain); Failure(err) != player.Refused {
		t.Errorf("a server without TLS: %v (%v); want refused", err, Failure(err))
	}
}

func TestUnzip(t *testing.T) {
	zip := func(n int) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(bytes.Repeat([]byte("#EXTM3U\n"), n))
		z.Close()
		return b.Bytes()
	}
	if out, err := unzip(zip(3), 100); err != nil || string(out) != strings.Repeat("#EXTM3U\n", 3) {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := unzip(zip(1<<20), 4<<20); !errors.Is(err, ErrTooLarge) { // 8 MiB out of some KiB
		t.Errorf("a bomb: %v; want too large", err)
	}
	for _, in := range [][]byte{nil, []byte("#EXTM3U"), zip(100)[:30]} {
		if _, err := unzip(in, 1000); !errors.Is(err, errBody) {
			t.Errorf("%q: %v; want a malformed body", in, err)
		}
	}
}
