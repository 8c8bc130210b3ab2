package client

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"hlsload/player/credential"
	"hlsload/player/m3u8"
)

// lean is the small HTTP/1.1 engine. An idle connection holds no buffer.
type lean struct {
	dial  Dial
	conns int // to one host

	mu     sync.Mutex
	closed bool
	hosts  []*leanHost
}

type leanHost struct {
	addr    string
	open    int // connections, including those being made
	all     []*leanConn
	idle    []*leanConn
	waiting []chan struct{}
}

type leanConn struct {
	net.Conn
	engine *lean
	host   *leanHost
	body   leanBody // of the answer being read
	drops  dropper
	expire func() // ends what waits for the connection
}

// newLean returns an engine for http URLs with at most conns connections to a
// host. It speaks HTTP/1.1 with keep-alive; requests wait when all connections
// are taken.
func newLean(dial Dial, conns int) Engine { return &lean{dial: dial, conns: conns} }

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}

var requests = sync.Pool{New: func() any { return new([]byte) }}

func (l *lean) Send(ctx context.Context, req *Request, res *Response) error {
	addr, host, target, err := splitURL(req.URL)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		c, reused, err := l.acquire(ctx, addr, attempt > 0)
		if err != nil {
			return err
		}
		*res = newResponse(req)
		nothing, err := c.exchange(ctx, req, host, target, res)
		if err == nil && reused && attempt == 0 && res.Status == http.StatusRequestTimeout && c.body.framing.close {
			res.Body.Close() // the server timed out the idle connection, not this request
			continue
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// The server may just have closed an idle connection; browsers retry once
		// if nothing was received.
		if !reused || !nothing || attempt > 0 {
			return err
		}
	}
}

// exchange sends the request on c and reads the head of the answer. After an
// error the connection is closed; nothing is that of [readHead].
func (c *leanConn) exchange(ctx context.Context, req *Request, host, target string, res *Response) (nothing bool, err error) {
	stop := afterEnd(ctx, c.expire)
	buf := requests.Get().(*[]byte)
	*buf = appendRequest((*buf)[:0], req, host, target)
	_, err = c.Write(*buf)
	requests.Put(buf)
	if err != nil {
		stop()
		c.engine.release(c, false)
		return true, err
	}
	br := readers.Get().(*bufio.Reader)
	br.Reset(c.Conn)
	f, nothing, err := readHead(br, req, res)
	if err != nil {
		stop()
		c.engine.release(c, false)
		putReader(br)
		return nothing, err
	}
	c.body = leanBody{conn: c, br: br, stop: stop, framing: f}
	c.body.start()
	res.Body = &c.body
	return false, nil
}

// afterEnd is [context.AfterFunc], with less work for a context that has a method for it.
func afterEnd(ctx context.Context, f func()) (stop func() bool) {
	if a, ok := ctx.(interface{ AfterFunc(func()) func() bool }); ok {
		return a.AfterFunc(f)
	}
	return context.AfterFunc(ctx, f)
}

func putReader(br *bufio.Reader) {
	br.Reset(nil)
	readers.Put(br)
}

func appendRequest(b []byte, req *Request, host, target string) []byte {
	b = append(b, req.Method...)
	b = append(b, ' ')
	b = append(b, target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	if req.UserAgent != "" {
		b = append(b, "\r\nUser-Agent: "...)
		b = append(b, req.UserAgent...)
	}
	b = append(b, "\r\nAccept: */*"...)
	if req.Gzip {
		b = append(b, "\r\nAccept-Encoding: gzip"...)
	}
	if req.Range != nil {
		b = append(b, "\r\nRange: "...)
		b = appendRange(b, req)
	}
	if req.cookie != "" {
		b = append(b, "\r\nCookie: "...)
		b = append(b, req.cookie...)
	}
	if req.Held != nil {
		b = append(b, "\r\nHlsload-Held: 1"...)
	}
	if req.Viewer != "" {
		b = append(b, "\r\nHlsload-Viewer: "...)
		b = append(b, req.Viewer...)
	}
	for _, list := range [...][]credential.Header{req.Headers, req.granted} {
		for _, h := range list {
			b = append(b, "\r\n"...)
			b = append(b, h.Name...)
			b = append(b, ": "...)
			b = append(b, h.Value...)
		}
	}
	if req.CMCD != nil {
		b = req.CMCD.AppendHeaders(b)
	}
	return append(b, "\r\n\r\n"...)
}

func appendRange(b []byte, req *Request) []byte {
	b = append(b, "bytes="...)
	b = strconv.AppendInt(b, req.Range.Offset, 10)
	b = append(b, '-')
	return strconv.AppendInt(b, req.Range.Offset+req.Range.Length-1, 10)
}

// splitURL takes an http URL apart: the address to connect to, the Host header
// and the request target.
func splitURL(s string) (addr, host, target string, err error) {
	rest, ok := strings.CutPrefix(s, "http://")
	for i := 0; ok && i < len(rest); i++ {
		if c := rest[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '@' || c == '\\' || c == '%' && !m3u8.Escaped(rest[i:]) {
			ok = false
		}
	}
	if ok {
		end := strings.IndexAny(rest, "/?")
		ok = plainHost(rest[:max(end, 0)])
	}
	if !ok { // as for credentials and cookies, net/url decides
		u, err := url.Parse(s)
		if err != nil {
			return "", "", "", fmt.Errorf("%w: %w", errDial, err)
		}
		if u.Scheme != "http" || u.Host == "" {
			return "", "", "", fmt.Errorf("%w: not an http URL with a host (got %.80q)", errDial, s)
		}
		rest = u.Host + m3u8.Escape(u.RequestURI()) // net/url leaves a query as it is
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		host, target = rest, "/"
	case rest[i] == '?':
		host, target = rest[:i], "/"+rest[i:]
	default:
		host, target = rest[:i], rest[i:]
	}
	if host == "" {
		return "", "", "", fmt.Errorf("%w: no host (got %.80q)", errDial, s)
	}
	host = strings.TrimSuffix(host, ":") // an empty port is the default port
	addr = host
	if strings.LastIndexByte(host, ':') <= strings.LastIndexByte(host, ']') {
		addr = host + ":80"
	}
	return addr, host, target, nil
}

// plainHost reports whether a host, with its port or without, has only characters
// that all parsers read alike.
func plainHost(host string) bool {
	name, port, has := strings.Cut(host, ":")
	for i := range len(name) {
		if c := name[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' <= 9 || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return name != "" && (!has || port != "") && strings.Trim(port, "0123456789") == ""
}

// hostOf returns the connections of an address. l.mu must be held.
func (l *lean) hostOf(addr string) *leanHost {
	for _, h := range l.hosts {
		if h.addr == addr {
			return h
		}
	}
	h := &leanHost{addr: addr}
	l.hosts = append(l.hosts, h)
	return h
}

// acquire returns a connection to addr, reused or new; it waits when all are taken.
// With fresh it is a new one, and idle ones are closed: they are probably dead, like
// the one just tried.
func (l *lean) acquire(ctx context.Context, addr string, fresh bool) (c *leanConn, reused bool, err error) {
	for {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return nil, false, errClosed
		}
		h := l.hostOf(addr)
		if fresh {
			for _, c := range h.idle {
				h.drop(c)
			}
			h.idle = h.idle[:0]
		}
		if n := len(h.idle); n > 0 {
			c := h.idle[n-1]
			h.idle = h.idle[:n-1]
			l.mu.Unlock()
			return c, true, nil
		}
		if h.open < l.conns {
			h.open++
			l.mu.Unlock()
			c, err := l.connect(ctx, h)
			return c, false, err
		}
		turn := make(chan struct{}, 1)
		h.waiting = append(h.waiting, turn)
		l.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			l.mu.Lock()
			h.giveUp(turn)
			l.mu.Unlock()
			return nil, false, ctx.Err()
		}
	}
}

func (l *lean) connect(ctx context.Context, h *leanHost) (*leanConn, error) {
	nc, err := l.dial(ctx, "tcp", h.addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.closed {
		nc.Close()
		err = errClosed
	}
	if err != nil {
		h.open--
		h.wake()
		return nil, &dialError{err}
	}
	c := &leanConn{Conn: nc, engine: l, host: h}
	c.drops.init(nc)
	c.expire = func() { nc.SetDeadline(time.Unix(1, 0)) }
	h.all = append(h.all, c)
	return c, nil
}

// release returns a connection to the engine, or closes it.
func (l *lean) release(c *leanConn, keep bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if keep && !l.closed {
		c.host.idle = append(c.host.idle, c)
	} else {
		c.host.drop(c)
	}
	c.host.wake()
}

// drop closes a connection and forgets it.
func (h *leanHost) drop(c *leanConn) {
	c.Close()
	for i := range h.all {
		if h.all[i] == c {
			h.all[i] = h.all[len(h.all)-1]
			h.all[len(h.all)-1] = nil
			h.all = h.all[:len(h.all)-1]
			h.open--
			return
		}
	}
}

// wake lets the first waiting request try again.
func (h *leanHost) wake() {
	if len(h.waiting) > 0 {
		h.waiting[0] <- struct{}{}
		h.waiting = h.waiting[1:]
	}
}

// giveUp leaves the queue. If its turn has just come, the next request gets it.
func (h *leanHost) giveUp(turn chan struct{}) {
	for i := range h.waiting {
		if h.waiting[i] == turn {
			h.waiting = append(h.waiting[:i], h.waiting[i+1:]...)
			return
		}
	}
	h.wake()
}

func (l *lean) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, h := range l.hosts {
		for _, c := range h.all {
			c.Close()
		}
		h.idle = nil
		for len(h.waiting) > 0 {
			h.wake()
		}
	}
}
