package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"hlsload/player"
	"hlsload/player/credential"
)

// Client is the HTTP client of one player or of one [Visitor]: it chooses an engine
// by scheme, follows redirects, keeps cookies, and sends each host the credentials
// that are meant for it. It never sends a Referer. It is safe for concurrent use.
type Client struct {
	cfg  *Config
	dial Dial

	mu      sync.Mutex
	plain   Engine          // for http; made when first needed, because most players need one engine only
	secure  Engine          // for https
	creds   *credential.Set // of requests that have none of their own
	cookies cookies
	closed  bool
}

// Config is what the clients of one cohort have in common. A nil function is not
// called.
type Config struct {
	Conns       int             // to one host
	HTTP2       bool            // offer HTTP/2 over TLS
	TLS         *tls.Config     // nil = the default; see [Config.Standard]
	Standard    bool            // use net/http for http URLs as well
	Stay        bool            // do not follow redirects
	Credentials *credential.Set // of requests that have none of their own; nil = none

	// Before is called before each request is sent, after a redirect as well. On
	// an error the request is not sent.
	Before func(context.Context, Hop) error
	// Count is called with the URL before each request is sent, after a redirect as
	// well. On an error the request is not sent.
	Count func(url string) error
	// Received is called with the size of the body of each redirect, which the
	// caller does not read.
	Received func(n int64)
	// Led is called with each host that redirected a request; see [Client.Leads].
	Led func(host string)
	// Withheld is called with each host that refused (401, 403) a request which
	// lacked the target's header fields, because they are not meant for that host.
	Withheld func(host string)
	// Barred is called with the error of an address that the [Dialer] may not dial.
	Barred func(error)
}

// New returns a client that connects by dial; the caller closes it.
func New(cfg *Config, dial Dial) *Client {
	return &Client{cfg: cfg, dial: dial, creds: cfg.Credentials}
}

// Hop is one request that is about to be sent.
type Hop struct {
	URL *url.URL
	// Own reports whether it goes to one of the target's own origins.
	Own bool
	// Credentials reports whether it carries header fields of the target, user
	// information or cookies.
	Credentials bool
}

const (
	maxRedirects = 10
	maxErrorBody = 64 << 10 // bytes read of the body of a redirect or an error
)

var (
	errRedirect = errors.New("redirect")
	// ErrTooLarge is wrapped by the error of a body that exceeds its limit.
	ErrTooLarge = errors.New("too large")
)

// Carrier sends one request with an engine and returns with the head of the answer.
// It is called again after a redirect.
type Carrier func(ctx context.Context, e Engine, req *Request, res *Response) error

// Do sends the request with carry and follows redirects. It returns the URL that
// answered.
func (c *Client) Do(ctx context.Context, req *Request, res *Response, carry Carrier) (string, error) {
	at, seen := req.URL, [maxRedirects + 1]string{}
	for hop := 0; ; hop++ {
		e, err := c.engine(at)
		if err != nil {
			return "", err
		}
		grant, err := c.prepare(ctx, at, req)
		if err != nil {
			return "", err
		}
		if c.cfg.Count != nil {
			if err := c.cfg.Count(req.URL); err != nil {
				return "", err
			}
		}
		if err := carry(ctx, e, req, res); err != nil {
			return "", c.refused(err, req, at, seen[max(hop, 1)-1])
		}
		got := c.keep(at, res.SetCookie)
		if grant.Withheld && c.cfg.Withheld != nil && (res.Status == http.StatusUnauthorized || res.Status == http.StatusForbidden) {
			c.cfg.Withheld(HostPart(at))
		}
		if c.cfg.Stay || !Redirects(res) {
			return at, nil
		}
		if n := drainBody(res.Body); c.cfg.Received != nil {
			c.cfg.Received(n)
		}
		res.Body.Close()
		c.Leads(at)
		next, err := resolve(at, res.Location)
		if err != nil {
			return "", err
		}
		if hop == maxRedirects {
			return "", fmt.Errorf("%w: too many (want at most %d; the last to %.200q)", errRedirect, maxRedirects, next)
		}
		seen[hop] = at
		been := 0
		for _, s := range seen[:hop+1] {
			if s == next {
				been++
			}
		}
		if been > 1 || been == 1 && !got { // a new cookie may change the answer, once
			return "", fmt.Errorf("%w: loop at %.200q", errRedirect, next)
		}
		if !sameHost(at, next) {
			req.Held, req.Viewer = nil, ""
		}
		at = next
	}
}

// refused adds to the error of an address that may not be dialled how the request
// got there. before is the URL that redirected to it; "" = none did.
func (c *Client) refused(err error, req *Request, at, before string) error {
	if !errors.As(err, new(*refusal)) {
		return err
	}
	switch u, bad := url.Parse(at); {
	case before != "":
		err = fmt.Errorf("%w; a redirect of %s led there", err, HostPart(before))
	case bad == nil && !c.credentials(req).For(u).Own:
		err = fmt.Errorf("%w; a playlist led there", err)
	}
	if c.cfg.Barred != nil {
		c.cfg.Barred(err)
	}
	return err
}

// prepare sets the URL of req, without user information, and the credentials that
// its host may get.
func (c *Client) prepare(ctx context.Context, at string, req *Request) (g credential.Grant, err error) {
	req.URL, req.granted, req.cookie = credential.Bare(at), nil, ""
	creds := c.credentials(req)
	c.mu.Lock()
	none := c.cookies.jar == nil
	c.mu.Unlock()
	if none && c.cfg.Before == nil && creds.Empty() && len(req.URL) == len(at) {
		return g, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return g, fmt.Errorf("%w: %w", errDial, err)
	}
	g = creds.For(u)
	u.User = nil
	req.granted = g.Headers
	c.mu.Lock()
	req.cookie = c.cookies.header(u, g.Cookie)
	c.mu.Unlock()
	if c.cfg.Before != nil {
		err = c.cfg.Before(ctx, Hop{URL: u, Own: g.Own, Credentials: len(g.Headers) > 0 || req.cookie != ""})
	}
	return g, err
}

// credentials are those of the request, or those of the client.
func (c *Client) credentials(req *Request) *credential.Set {
	if req.Credentials != nil {
		return req.Credentials
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.creds
}

// withholds reports whether the target's header fields are not meant for a URL.
func (c *Client) withholds(req *Request, at string) bool {
	u, err := url.Parse(at)
	return err == nil && c.credentials(req).For(u).Withheld
}

// Leads calls [Config.Led] with the host of a URL that redirected a request or
// answered with a playlist: the next requests may be its choice.
func (c *Client) Leads(at string) {
	if c.cfg.Led == nil {
		return
	}
	if u, err := url.Parse(at); err == nil {
		c.cfg.Led(u.Hostname())
	}
}

// Redirects reports whether an answer is a redirect to follow.
func Redirects(res *Response) bool {
	switch res.Status {
	case 301, 302, 303, 307, 308:
		return res.Location != ""
	}
	return false
}

func resolve(base, location string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("%w: from %.200q: %w", errRedirect, base, err)
	}
	u, err := b.Parse(location)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errRedirect, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%w: to %.200q (want http or https)", errRedirect, u)
	}
	u.Fragment = ""
	return u.String(), nil
}

func sameHost(a, b string) bool { return HostPart(a) == HostPart(b) }

// HostPart is scheme and host of an absolute URL.
func HostPart(u string) string {
	u = credential.Bare(u)
	if i := strings.Index(u, "://"); i >= 0 {
		if k := strings.IndexAny(u[i+3:], "/?#"); k >= 0 {
			return u[:i+3+k]
		}
	}
	return u
}

// HostName is the host of an absolute URL in lower case, without its port and the
// dot at its end.
func HostName(u string) string {
	if i := strings.Index(u, "://"); i >= 0 {
		u = u[i+3:]
	}
	if i := strings.IndexAny(u, "/?#"); i >= 0 {
		u = u[:i]
	}
	u = u[strings.LastIndexByte(u, '@')+1:]
	if i := strings.LastIndexByte(u, ':'); i > strings.LastIndexByte(u, ']') {
		u = u[:i]
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(u, "[]"), "."))
}

// IsTLS reports whether a URL is an https URL.
func IsTLS(u string) bool { return len(u) >= 8 && strings.EqualFold(u[:8], "https://") }

// engine returns the engine for a URL.
func (c *Client) engine(u string) (Engine, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := &c.plain
	if c.cfg.Standard || IsTLS(u) {
		at = &c.secure
	}
	switch {
	case *at != nil:
	case c.closed:
		return nil, errClosed
	case at == &c.plain:
		*at = newLean(c.dial, c.cfg.Conns)
	default:
		*at = newStandard(c.dial, c.cfg.Conns, c.cfg.HTTP2, c.cfg.TLS)
	}
	return *at, nil
}

// Close closes all connections. Requests in flight fail. A second call closes
// connections that were being made during the first.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	engines := [...]Engine{c.plain, c.secure}
	c.mu.Unlock()
	for _, e := range engines {
		if e != nil {
			e.Close()
		}
	}
}

// Hide takes the values of the player's cookies out of a text about a request, such
// as an error that quotes the server's answer.
func (c *Client) Hide(req *Request, text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies.hide(req.cookie, text)
}

// keep keeps the cookies of an answer, and reports whether there were any.
func (c *Client) keep(rawURL string, lines []string) bool {
	if len(lines) == 0 {
		return false
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies.keep(u, lines)
}

// drainBody reads at most maxErrorBody bytes of a body that is not used, so that the
// connection can be used again.
func drainBody(b Body) (n int64) {
	for n < maxErrorBody {
		k, err := b.Discard(maxErrorBody - n)
		n += k
		if err != nil {
			break
		}
	}
	return n
}

// Failure classifies the error of a request before the head of its answer.
func Failure(err error) player.Failure {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, errRedirect):
		return player.Redirects
	case errors.Is(err, errDial), errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert):
		return player.Refused
	}
	return player.Reset
}

var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// unzip decodes a gzip body of at most max bytes.
func unzip(body []byte, max int64) ([]byte, error) {
	z := unzippers.Get().(*gzip.Reader)
	defer unzippers.Put(z)
	if err := z.Reset(bytes.NewReader(body)); err != nil {
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	out, err := io.ReadAll(io.LimitReader(z, max+1))
	switch {
	case int64(len(out)) > max:
		return nil, fmt.Errorf("%w: more than %d bytes, decoded from %d bytes of gzip", ErrTooLarge, max, len(body))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return out, nil
}

// Decode takes the Content-Encoding off a playlist.
func Decode(body []byte, encoding string, max int64) ([]byte, error) {
	switch encoding {
	case "":
		return body, nil
	case "gzip", "x-gzip":
		return unzip(body, max)
	}
	return nil, fmt.Errorf("%w: Content-Encoding that was not asked for (got %.40q; want gzip or none)", errBody, encoding)
}
