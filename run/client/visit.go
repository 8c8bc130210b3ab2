package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"hlsload/player/credential"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/scenarios/redact"
)

// Visitor fetches single resources, such as the check of a target before a run. It
// uses the players' client, and so follows the same rules. All its requests share
// one set of cookies. It is safe for concurrent use.
type Visitor struct {
	cfg    VisitorConfig
	client *Client
}

// VisitorConfig configures a visitor. Fields with the names of fields of [Config] and
// [DialerConfig] mean the same.
type VisitorConfig struct {
	Resolver    Resolver
	Dial        Dial
	Allow       func(host string, addrs []netip.Addr) error
	Led         func(host string)
	TLS         *tls.Config
	UserAgent   string
	Headers     []credential.Header
	Credentials *credential.Set

	Before func(context.Context, Hop) error
	// SetCookie is called with each Set-Cookie line, if it is not nil.
	SetCookie func(line string)
	// Stay makes it not follow redirects.
	Stay bool
}

// visitorConns is the number of connections that browsers open to one host.
const visitorConns = 6

// NewVisitor returns a visitor; the caller closes it.
func NewVisitor(cfg VisitorConfig) *Visitor {
	d := NewDialer(DialerConfig{Resolver: cfg.Resolver, Dial: cfg.Dial, Allow: cfg.Allow})
	return &Visitor{cfg, New(&Config{
		Conns: visitorConns, HTTP2: true, TLS: cfg.TLS, Stay: cfg.Stay, Credentials: cfg.Credentials, Before: cfg.Before, Led: cfg.Led,
	}, d.For(0, false))}
}

// Use replaces the credentials of later requests.
func (v *Visitor) Use(c *credential.Set) {
	v.client.mu.Lock()
	defer v.client.mu.Unlock()
	v.client.creds = c
}

// Close closes the visitor's connections.
func (v *Visitor) Close() { v.client.Close() }

// Visit is an answer to a visitor.
type Visit struct {
	URL    string // the one that answered, after redirects
	Status int
	Header http.Header
	Body   []byte // decoded; nil if it was dropped
	Size   int64  // of the body as it was transferred
	// Withheld reports whether the host refused (401, 403) a request that lacked the
	// target's header fields, because they are not meant for it.
	Withheld bool

	FirstByte, Total time.Duration // since the request was sent
}

// Get fetches a URL and follows redirects. Any status is an answer. The body may have
// at most most bytes, and is dropped unless keep is set. If the body breaks off, Get
// returns the visit so far and an error.
func (v *Visitor) Get(ctx context.Context, url string, most int64, keep bool) (*Visit, error) {
	began := time.Now()
	var res Response
	req := Request{Method: http.MethodGet, URL: url, UserAgent: v.cfg.UserAgent, Headers: v.cfg.Headers, Gzip: keep, Whole: true}
	at, err := v.client.Do(ctx, &req, &res, v.carry)
	if err != nil {
		return nil, v.hide(&req, err)
	}
	defer res.Body.Close()
	a := &Visit{URL: at, Status: res.Status, Header: res.Header, FirstByte: time.Since(began)}
	a.Withheld = (a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden) && v.client.withholds(&req, at)
	if keep {
		a.Body, err = io.ReadAll(io.LimitReader(res.Body, most+1))
		a.Size = int64(len(a.Body))
	} else {
		for n := int64(0); err == nil && a.Size <= most; a.Size += n {
			n, err = res.Body.Discard(most + 1 - a.Size)
		}
		if err == io.EOF {
			err = nil
		}
	}
	a.Total = time.Since(began)
	switch {
	case err != nil:
		return a, v.hide(&req, err)
	case a.Size > most:
		return a, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
	case keep:
		a.Body, err = Decode(a.Body, res.Encoding, most)
	}
	return a, err
}

// Opening reads as many of the first bytes of a segment or an initialization section
// as its media time needs, and closes the connection. part is its byte range within
// the resource; nil = the whole resource.
func (v *Visitor) Opening(ctx context.Context, url string, part *m3u8.Range) (status int, said mediatime.Opening, err error) {
	var res Response
	req := Request{Method: http.MethodGet, URL: url, UserAgent: v.cfg.UserAgent, Headers: v.cfg.Headers}
	if part != nil {
		req.Range = &m3u8.Range{Offset: part.Offset, Length: min(part.Length, mediatime.Limit)}
	}
	if _, err := v.client.Do(ctx, &req, &res, v.carry); err != nil {
		return 0, said, v.hide(&req, err)
	}
	defer res.Body.Close()
	if res.Status/100 != 2 || res.Encoding != "" {
		return res.Status, said, nil
	}
	var l Sniffer
	l.Begin()
	defer l.End(false)
	for l.Looking() && err == nil {
		_, err = l.Read(res.Body, mediatime.Limit)
	}
	if err == io.EOF {
		err = nil
	}
	if err != nil {
		err = v.hide(&req, err)
	}
	return res.Status, l.Opening, err
}

func (v *Visitor) carry(ctx context.Context, e Engine, req *Request, res *Response) error {
	err := e.Send(ctx, req, res)
	if v.cfg.SetCookie != nil {
		for _, line := range res.SetCookie {
			v.cfg.SetCookie(line)
		}
	}
	return err
}

// hide takes the values of cookies out of an error.
func (v *Visitor) hide(req *Request, err error) error {
	return redact.Error(err, func(text string) string { return v.client.Hide(req, text) })
}

// Timeout reports whether an error is a timeout.
func Timeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}
