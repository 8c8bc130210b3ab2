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
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/scenarios/redact"
)

// client is what all engines have in common: it chooses one by scheme, follows
// redirects and keeps cookies.
type client struct {
	plain  Engine
	secure func() Engine // made when first needed: most players need one engine
	fleet  *Fleet        // nil = nobody counts

	mu  sync.Mutex
	sec Engine
	jar http.CookieJar
	off bool
}

const (
	maxRedirects = 10
	maxErrorBody = 64 << 10 // bytes read of the body of a redirect or an error
)

// limits of bodies by kind.
var maxBody = [m3u8.Kinds]int64{
	m3u8.KindMultivariant: 4 << 20,
	m3u8.KindMedia:        4 << 20,
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
	seen := [maxRedirects + 1]string{}
	for hop := 0; ; hop++ {
		e, err := c.engine(req.URL)
		if err != nil {
			return "", err
		}
		if c.fleet != nil {
			if err := c.fleet.ceiling.request(c.fleet.now()); err != nil {
				return "", err
			}
		}
		req.Cookie = c.cookies(req.URL)
		if err := carry(ctx, e, req, res); err != nil {
			return "", err
		}
		got := c.keep(req.URL, res.SetCookie)
		if !redirects(res) {
			return req.URL, nil
		}
		readSome(res.Body)
		res.Body.Close()
		next, err := resolve(req.URL, res.Location)
		if err != nil {
			return "", err
		}
		if hop == maxRedirects {
			return "", fmt.Errorf("%w: too many (want at most %d; the last to %.200q)", errRedirect, maxRedirects, next)
		}
		seen[hop] = req.URL
		for _, s := range seen[:hop+1] {
			if s == next && !got { // a cookie may make the difference
				return "", fmt.Errorf("%w: a loop by way of %.200q", errRedirect, next)
			}
		}
		if !sameHost(req.URL, next) {
			req.Headers, req.Number, req.Viewer = nil, 0, "" // they may carry a secret meant for the first host
		}
		req.URL = next
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

// cookies is the Cookie header for a URL.
func (c *client) cookies(rawURL string) string {
	c.mu.Lock()
	jar := c.jar
	c.mu.Unlock()
	if jar == nil {
		return ""
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, k := range jar.Cookies(u) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(k.Name + "=" + k.Value)
		if b.Len() > 16<<10 {
			break
		}
	}
	return b.String()
}

// hide takes the values of the player's cookies out of a text about a URL, such
// as an error that quotes a server which sent them back.
func (c *client) hide(rawURL, text string) string {
	c.mu.Lock()
	jar := c.jar
	c.mu.Unlock()
	if jar == nil {
		return text
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return text
	}
	for _, k := range jar.Cookies(u) {
		for _, v := range redact.Spellings(k.Value) {
			if len(v) >= 6 {
				text = strings.ReplaceAll(text, v, redact.Mask)
			}
		}
	}
	return text
}

// keep keeps cookies, and tells whether there were any.
func (c *client) keep(rawURL string, lines []string) bool {
	var cookies []*http.Cookie
	for _, l := range lines {
		if k, err := http.ParseSetCookie(l); err == nil && len(l) <= 4096 { // RFC 6265 6.1
			cookies = append(cookies, k)
		}
	}
	u, err := url.Parse(rawURL)
	if len(cookies) == 0 || err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jar == nil {
		c.jar, _ = cookiejar.New(nil) // never fails without options
	}
	c.jar.SetCookies(u, cookies)
	return true
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
