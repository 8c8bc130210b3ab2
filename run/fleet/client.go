package fleet

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
	"hlsload/player/m3u8"
)

// client is what all engines have in common, for players and for looks: it
// chooses an engine by scheme, follows redirects, keeps cookies, and gives each
// host the credentials that are for it. It never says where it comes from
// (Referer).
type client struct {
	plain  Engine
	secure func() Engine // made when first needed: most players need one engine
	fleet  *Fleet        // nil = nobody counts
	// before is called with each request before it is sent; an error keeps it from
	// being sent. nil = it is not called.
	before func(context.Context, Hop) error
	stay   bool              // redirects are not followed
	led    func(host string) // see Config
	// withheld is called with hosts that refused a request which came without the
	// target's header fields; nil = it is not.
	withheld func(host string)

	mu      sync.Mutex
	sec     Engine
	creds   *credential.Set // unless the request has its own
	cookies cookies
	off     bool
}

// Hop is one request that is about to be sent.
type Hop struct {
	URL *url.URL
	// Own says that it goes to one of the target's own origins.
	Own bool
	// Credentials says that it carries header fields of the target, user
	// information or cookies.
	Credentials bool
}

const (
	maxRedirects = 10
	maxErrorBody = 64 << 10 // bytes read of the body of a redirect or an error
)

// maxBody are the limits of bodies by kind, but for what [Config.MaxPlaylist]
// says.
var maxBody = [m3u8.Kinds]int64{
	m3u8.KindMultivariant: m3u8.DefaultBody,
	m3u8.KindMedia:        m3u8.DefaultBody,
	m3u8.KindInit:         16 << 20,
	m3u8.KindSegment:      1 << 30,
	m3u8.KindKey:          64 << 10,
}

var (
	errRedirect = errors.New("redirect")
	errTooLarge = errors.New("too large")
)

// carrier carries one request to the head of its answer; a redirect makes
// another one necessary.
type carrier func(ctx context.Context, e Engine, req *Request, res *Response) error

// do sends the request by carry and follows redirects. It returns the URL that
// answered.
func (c *client) do(ctx context.Context, req *Request, res *Response, carry carrier) (string, error) {
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
		if c.fleet != nil {
			if err := c.fleet.ceiling.request(c.fleet.now(), req.URL); err != nil {
				return "", err
			}
		}
		if err := carry(ctx, e, req, res); err != nil {
			return "", c.refused(err, req, at, seen[max(hop, 1)-1])
		}
		got := c.keep(at, res.SetCookie)
		if grant.Withheld && c.withheld != nil && (res.Status == http.StatusUnauthorized || res.Status == http.StatusForbidden) {
			c.withheld(hostPart(at))
		}
		if c.stay || !redirects(res) {
			return at, nil
		}
		if n := readSome(res.Body); c.fleet != nil {
			c.fleet.ceiling.received(c.fleet.now(), n)
		}
		res.Body.Close()
		c.leads(at)
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

// refused says of an address that may not be dialled who led there, and halts
// the fleet. before is the URL that redirected to it, "" = none did.
func (c *client) refused(err error, req *Request, at, before string) error {
	if !errors.As(err, new(*refusal)) {
		return err
	}
	switch u, bad := url.Parse(at); {
	case before != "":
		err = fmt.Errorf("%w; a redirect of %s led there", err, hostPart(before))
	case bad == nil && !c.credentials(req).For(u).Own:
		err = fmt.Errorf("%w; a playlist led there", err)
	}
	if c.fleet != nil {
		c.fleet.Halt(err.Error())
	}
	return err
}

// equip makes req one for a URL: with what that host may be sent, and without
// the user information in the URL itself.
func (c *client) equip(ctx context.Context, at string, req *Request) (g credential.Grant, err error) {
	req.URL, req.Credentials, req.Cookie = credential.Bare(at), nil, ""
	creds := c.credentials(req)
	c.mu.Lock()
	none := c.cookies.jar == nil
	c.mu.Unlock()
	if none && c.before == nil && creds.Empty() && len(req.URL) == len(at) {
		return g, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return g, fmt.Errorf("%w: %w", errDial, err)
	}
	g = creds.For(u)
	u.User = nil
	req.Credentials = g.Headers
	c.mu.Lock()
	req.Cookie = c.cookies.header(u, g.Cookie)
	c.mu.Unlock()
	if c.before != nil {
		err = c.before(ctx, Hop{URL: u, Own: g.Own, Credentials: len(g.Headers) > 0 || req.Cookie != ""})
	}
	return g, err
}

// credentials are those of a request, or else of the client.
func (c *client) credentials(req *Request) *credential.Set {
	if req.creds != nil {
		return req.creds
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.creds
}

// withholds reports whether the target's header fields are not for a URL.
func (c *client) withholds(req *Request, at string) bool {
	u, err := url.Parse(at)
	return err == nil && c.credentials(req).For(u).Withheld
}

// leads notes that the host of a URL says what is asked for next.
func (c *client) leads(at string) {
	if c.led == nil {
		return
	}
	if u, err := url.Parse(at); err == nil {
		c.led(u.Hostname())
	}
}

func redirects(res *Response) bool {
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

func sameHost(a, b string) bool { return hostPart(a) == hostPart(b) }

// hostPart is scheme and host of an absolute URL.
func hostPart(u string) string {
	u = credential.Bare(u)
	if i := strings.Index(u, "://"); i >= 0 {
		if k := strings.IndexAny(u[i+3:], "/?#"); k >= 0 {
			return u[:i+3+k]
		}
	}
	return u
}

func isTLS(u string) bool { return len(u) >= 8 && strings.EqualFold(u[:8], "https://") }

func (c *client) engine(u string) (Engine, error) {
	if !isTLS(u) {
		return c.plain, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		return nil, errClosed
	}
	if c.sec == nil {
		c.sec = c.secure()
	}
	return c.sec, nil
}

func (c *client) close() {
	c.mu.Lock()
	c.off = true
	sec := c.sec
	c.mu.Unlock()
	c.plain.Close()
	if sec != nil {
		sec.Close()
	}
}

// hide takes the values of the player's cookies out of a text about a request,
// such as an error that quotes a server which sent them back.
func (c *client) hide(req *Request, text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cookies.hide(req.Cookie, text)
}

// keep keeps cookies, and tells whether there were any.
func (c *client) keep(rawURL string, lines []string) bool {
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

// readSome reads the body of an answer that nobody looks at, as far as it is
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

// failureOf classifies the error of a request before the head of its answer.
func failureOf(err error) player.Failure {
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
		return nil, fmt.Errorf("%w: more than %d bytes out of %d of gzip", errTooLarge, max, len(body))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBody, err)
	}
	return out, nil
}

// decode takes the Content-Encoding off a playlist.
func decode(body []byte, encoding string, max int64) ([]byte, error) {
	switch encoding {
	case "":
		return body, nil
	case "gzip", "x-gzip":
		return unzip(body, max)
	}
	return nil, fmt.Errorf("%w: Content-Encoding that was not asked for (got %.40q; want gzip or none)", errBody, encoding)
}
