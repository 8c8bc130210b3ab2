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

// Client is the HTTP client of one player, or of one look at a target: it
// chooses an engine by scheme, follows redirects, keeps cookies, and gives each
// host the credentials that are for it. It never says where it comes from
// (Referer). It is safe for concurrent use.
type Client struct {
	cfg  *Config
	dial Dial

	mu      sync.Mutex
	plain   Engine          // for http; made when first needed, as most players need one engine
	secure  Engine          // for https
	creds   *credential.Set // unless the request has its own
	cookies cookies
	closed  bool
}

// Config is what clients of one kind have in common. A nil function is not
// called.
type Config struct {
	Conns       int             // to one host
	HTTP2       bool            // is offered to servers that speak TLS
	TLS         *tls.Config     // nil = the default; see [Config.Standard]
	Standard    bool            // http URLs are carried by net/http, too
	Stay        bool            // redirects are answers and not followed
	Credentials *credential.Set // of requests that have none of their own; nil = none

	// Before is called with each request, redirects included, before it is sent;
	// an error keeps it from being sent.
	Before func(context.Context, Hop) error
	// Count is called with the URL of each request, redirects included, before it
	// is sent; an error keeps it from being sent.
	Count func(url string) error
	// Received is called with the bytes of bodies of redirects, which no caller
	// reads.
	Received func(n int64)
	// Led is called with each host that redirected a request; see [Client.Leads].
	Led func(host string)
	// Withheld is called with hosts that refused (401, 403) a request which came
	// without the target's header fields, because they are not for that host.
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
	// ErrTooLarge is wrapped by the error of a body that is larger than was asked
	// for.
	ErrTooLarge = errors.New("too large")
)

// Carrier carries one request to the head of its answer by an engine; a redirect
// makes another one necessary.
type Carrier func(ctx context.Context, e Engine, req *Request, res *Response) error

// Do sends the request by carry and follows redirects. It returns the URL that
// answered.
func (c *Client) Do(ctx context.Context, req *Request, res *Response, carry Carrier) (string, error) {
	at, seen := req.URL, [maxRedirects + 1]string{}
	for hop := 0; ; hop++ {
		e, err := c.engine(at)
		if err != nil {
			return "", err
		}
		grant, err := c.equip(ctx, at, req)
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
		if n := readSome(res.Body); c.cfg.Received != nil {
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
		if been > 1 || been == 1 && !got { // a cookie may make the difference, once
			return "", fmt.Errorf("%w: a loop by way of %.200q", errRedirect, next)
		}
		if !sameHost(at, next) {
			req.Number, req.Viewer = 0, ""
		}
		at = next
	}
}

// refused says of an address that may not be dialled what led there. before is the URL that redirected to it, "" = none did.
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

// equip makes req one for a URL: with what that host may be sent, and without
// the user information in the URL itself.
func (c *Client) equip(ctx context.Context, at string, req *Request) (g credential.Grant, err error) {
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

// credentials are those of a request, or else of the client.
func (c *Client) credentials(req *Request) *credential.Set {
	if req.Credentials != nil {
		return req.Credentials
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.creds
}

// withholds reports whether the target's header fields are not for a URL.
func (c *Client) withholds(req *Request, at string) bool {
	u, err := url.Parse(at)
	return err == nil && c.credentials(req).For(u).Withheld
}

// Leads notes that the host of a URL, which redirected a request or answered with
// a playlist, says what is asked for next.
func (c *Client) Leads(at string) {
	if c.cfg.Led == nil {
		return
	}
	if u, err := url.Parse(at); err == nil {
		c.cfg.Led(u.Hostname())
	}
}

// Redirects reports whether an answer is a redirect that is to be followed.
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

// Close closes all connections. Requests in flight fail. It may be called again,
// to close what was being connected at the first call.
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

// Hide takes the values of the player's cookies out of a text about a request,
// such as an error that quotes a server which sent them back.
func (c *Client) Hide(req *Request, text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies.hide(req.cookie, text)
}

// keep keeps cookies, and reports whether there were any.
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

// readSome reads the body of an answer that is not used, as far as it is
// worth to keep the connection.
func readSome(b Body) (n int64) {
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
		return nil, fmt.Errorf("%w: more than %d bytes out of %d of gzip", ErrTooLarge, max, len(body))
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
