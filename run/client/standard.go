package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"

	"hlsload/chaos"
	"hlsload/player/cmcd"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
)

// standard is the engine on net/http.
type standard struct {
	transport *http.Transport
	dial      Dial
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc

	mu     sync.Mutex
	closed bool
	conns  map[*standardConn]struct{}
}

// newStandard returns an engine for http and https URLs with at most conns
// connections to a host over HTTP/1.1; over TLS it offers HTTP/2 as well if http2
// is set. config may be nil; skipping the check of certificates has an effect at
// local addresses only.
func newStandard(dial Dial, conns int, http2 bool, config *tls.Config) Engine {
	if config == nil {
		config = new(tls.Config)
	}
	config = config.Clone() // net/http changes it
	config.NextProtos = protocols(http2)
	s := &standard{dial: dial, conns: map[*standardConn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.transport = &http.Transport{
		DialContext:            s.connect,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    handshakeTime,
		Protocols:              new(http.Protocols),
		DisableCompression:     true,
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    conns,
		MaxResponseHeaderBytes: maxHead,
		WriteBufferSize:        1 << 10,
	}
	s.transport.Protocols.SetHTTP1(true)
	s.transport.Protocols.SetHTTP2(http2)
	if config.InsecureSkipVerify {
		s.transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := s.connect(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return handshake(ctx, nc, addr, config)
		}
	}
	return s
}

func (s *standard) Send(ctx context.Context, req *Request, res *Response) error {
	if req.Held != nil {
		ctx = withHeld(ctx, req.Held)
	}
	r, err := http.NewRequestWithContext(ctx, req.Method, req.URL, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errDial, err)
	}
	r.URL.RawQuery = m3u8.Escape(r.URL.RawQuery) // net/url leaves a query as it is
	set := func(name, value string) {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	set("User-Agent", req.UserAgent)
	set("Accept", "*/*")
	set("Cookie", req.cookie)
	if req.Gzip {
		set("Accept-Encoding", "gzip")
	}
	if req.Range != nil {
		set("Range", string(appendRange(nil, req)))
	}
	if req.Held != nil {
		set("Hlsload-Held", "1")
	}
	set("Hlsload-Viewer", req.Viewer)
	for _, list := range [...][]credential.Header{req.Headers, req.granted} {
		for _, h := range list {
			set(h.Name, h.Value)
		}
	}
	if req.CMCD != nil {
		setCMCD(r, req.CMCD)
	}
	a, err := s.transport.RoundTrip(r)
	if err != nil {
		return withAdvice(err)
	}
	*res = newResponse(req)
	res.Status, res.Size, res.Body = a.StatusCode, a.ContentLength, standardBody{a.Body}
	res.Multiplexed = a.ProtoMajor >= 2
	for name, values := range a.Header {
		for _, v := range values {
			res.note([]byte(name), []byte(v))
		}
	}
	return nil
}

// withHeld makes net/http hand over what interim answers say. It then bounds each
// of them, but not their number.
func withHeld(ctx context.Context, held func(chaos.Marks)) context.Context {
	n := 0
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		var marks chaos.Marks
		for _, v := range h["Hlsload-Faults"] {
			marks |= marksOf(v)
		}
		interim(held, status, marks)
		if n++; n > maxInterim {
			return errInterim
		}
		return nil
	}})
}

// setCMCD is a function of its own so that nothing in Send escapes to the heap.
func setCMCD(r *http.Request, c *cmcd.Report) { c.Headers(r.Header.Set) }

// connect dials for the transport, which goes on dialling for requests that were
// aborted. So the engine keeps every connection, to close it.
func (s *standard) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	nc, err := s.dial(ctx, network, addr)
	if err != nil {
		return nil, &dialError{err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		nc.Close()
		return nil, errClosed
	}
	c := &standardConn{Conn: nc, engine: s}
	s.conns[c] = struct{}{}
	return c, nil
}

func (s *standard) Close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	var open []*standardConn
	for c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()
	s.transport.CloseIdleConnections()
	for _, c := range open {
		c.Close()
	}
}

// standardConn is a connection that its engine forgets when it is closed.
type standardConn struct {
	net.Conn
	engine *standard
}

func (c *standardConn) Close() error {
	c.engine.mu.Lock()
	delete(c.engine.conns, c)
	c.engine.mu.Unlock()
	return c.Conn.Close()
}

type standardBody struct{ io.ReadCloser }

func (b standardBody) Discard(max int64) (int64, error) { return discard(b.ReadCloser, max) }
