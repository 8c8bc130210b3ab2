package look

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/player/ticket"
	"hlsload/run/client"
)

// Fetcher fetches single playlists and segments with the players' HTTP client.
type Fetcher struct {
	visitor *client.Visitor
	timeout time.Duration // of one request
	gate    *consent.Gate // decides which hosts may be dialled; nil = all

	mu   sync.Mutex
	seen []string // hosts that were asked, after redirects as well

	playlistMost int64 // bytes of a playlist
	in           *ticket.Pass
}

const (
	// MaxHosts bounds the hosts that are kept.
	MaxHosts   = 64
	maxSegment = 256 << 20
	// maxCookies bounds the calls of SetCookie for a server that sets a new cookie
	// each time.
	maxCookies = 1000
)

// Config configures a fetcher.
type Config struct {
	On          Network
	Gate        *consent.Gate // decides which hosts may be dialled; nil = all
	TLS         *tls.Config   // nil = the default
	Timeout     time.Duration // of one request
	Agent       string
	Credentials *credential.Set
	// Decide returns an error if a host that is not the target's own must not get
	// credentials; nil = all may get them.
	Decide    func(ctx context.Context, host string) error
	SetCookie func(line string) // called with each Set-Cookie; nil = it is not
	Stay      bool              // do not follow redirects
	Playlist  int64             // most bytes of a playlist; 0 = the parser's default
}

// New returns a fetcher; the caller closes it.
func New(c Config) *Fetcher {
	f := &Fetcher{timeout: c.Timeout, gate: c.Gate, playlistMost: cmp.Or(c.Playlist, m3u8.DefaultBody)}
	var headers []credential.Header
	if !c.Stay {
		headers = []credential.Header{ServerTiming}
	}
	var allow func(string, []netip.Addr) error
	var led func(string)
	if c.Gate != nil {
		allow, led = c.Gate.Check, c.Gate.Told
	}
	cookies := 0
	f.visitor = client.NewVisitor(client.VisitorConfig{
		Resolver: c.On.Resolver, Dial: c.On.Dial, Allow: allow, Led: led, TLS: c.TLS, UserAgent: c.Agent, Credentials: c.Credentials, Stay: c.Stay, Headers: headers,
		SetCookie: func(line string) {
			f.mu.Lock()
			cookies++
			tell := c.SetCookie != nil && cookies <= maxCookies
			f.mu.Unlock()
			if tell {
				c.SetCookie(line)
			}
		},
		Before: func(ctx context.Context, hop client.Hop) error {
			host := HostOf(hop.URL.String())
			f.saw(host)
			if hop.Credentials && !hop.Own && c.Decide != nil {
				return c.Decide(ctx, host)
			}
			return nil
		},
	})
	return f
}

// Certificates accepts certificates signed by an authority that the system trusts
// or that ca holds; skip skips the check at local addresses. nil is the default.
func Certificates(ca []byte, skip bool) *tls.Config {
	if len(ca) == 0 && !skip {
		return nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: roots, InsecureSkipVerify: skip}
}

// ServerTiming asks CloudFront for Server-Timing, which shows which answers came from
// the origin. A response headers policy with Server-Timing always answers it,
// whatever its sampling rate.
var ServerTiming = credential.Header{Name: "Pragma", Value: "server-timing"}

// Use makes the Fetcher use the token of a pass. The URLs that it takes and returns
// are the shared ones, without the token.
func (f *Fetcher) Use(p *ticket.Pass, creds *credential.Set) {
	f.visitor.Use(creds)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in = p
}

// Pass is the pass in use; nil = none.
func (f *Fetcher) Pass() *ticket.Pass {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.in
}

// saw notes a host.
func (f *Fetcher) saw(host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if host != "" && !slices.Contains(f.seen, host) && len(f.seen) < MaxHosts {
		f.seen = append(f.seen, host)
	}
}

// Hosts are the hosts that were asked so far.
func (f *Fetcher) Hosts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// Limits are the limits for parsing its playlists.
func (f *Fetcher) Limits() m3u8.Limits { return m3u8.Limits{Body: int(f.playlistMost)} }

// Close closes its connections.
func (f *Fetcher) Close() { f.visitor.Close() }

// Answer is one answer.
type Answer struct {
	URL       *url.URL // after redirects
	Status    int
	Header    http.Header
	Body      []byte
	Size      int64 // of the body
	FirstByte time.Duration
	Total     time.Duration
	hint      string // why the host may have refused; "" = unknown
}

// Get fetches a playlist. Any status is an answer; an error begins with the URL.
func (f *Fetcher) Get(ctx context.Context, u string) (*Answer, error) {
	a, err := f.Fetch(ctx, u, f.playlistMost, "playlist", true)
	if err == nil && f.gate != nil {
		f.gate.Told(a.URL.Hostname())
	}
	return a, err
}

// Drop fetches a segment and drops its body.
func (f *Fetcher) Drop(ctx context.Context, u string) (*Answer, error) {
	return f.Fetch(ctx, u, maxSegment, "segment", false)
}

// Opening reads the first bytes of a segment or an initialization section.
func (f *Fetcher) Opening(ctx context.Context, u string, part *m3u8.Range) (mediatime.Opening, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	in := f.Pass()
	status, said, err := f.visitor.Opening(ctx, in.Wire(u), part)
	u = in.Named(u) // for messages
	switch {
	case err != nil:
		return said, fmt.Errorf("%s: %w", u, f.plain(err))
	case status/100 != 2:
		return said, fmt.Errorf("%s: status %d; want 200", u, status)
	}
	return said, nil
}

// Fetch fetches a URL of at most most bytes; what is the noun for the error of a
// larger one, and keep keeps the body.
func (f *Fetcher) Fetch(ctx context.Context, u string, most int64, what string, keep bool) (*Answer, error) {
	in := f.Pass()
	wire := in.Wire(u)
	u = in.Named(u) // for messages
	p, err := url.Parse(wire)
	if err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
		return nil, &BadURL{u}
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	a, err := f.visitor.Get(ctx, wire, most, keep)
	switch {
	case errors.Is(err, client.ErrTooLarge):
		return nil, fmt.Errorf("%s: %w", u, &oversized{most, what})
	case err != nil && a == nil:
		return nil, fmt.Errorf("%s: %w", u, f.plain(err))
	case err != nil:
		return nil, fmt.Errorf("%s: the answer breaks off after %d bytes: %w", u, a.Size, f.plain(err))
	}
	if p, err = url.Parse(in.Shared(a.URL)); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	answer := &Answer{URL: p, Status: a.Status, Header: a.Header, Body: in.SharedBody(a.Body), Size: a.Size, FirstByte: a.FirstByte, Total: a.Total}
	if a.Withheld {
		answer.hint = withheldHint(p.Host)
	}
	return answer, nil
}

// BadURL is the error of a URL that is not an absolute http or https URL.
type BadURL struct{ URL string }

func (e *BadURL) Error() string {
	return fmt.Sprintf("bad URL (got %q; want http://HOST/… or https://HOST/…)", e.URL)
}

// Refused is the error of an answer whose status is not the wanted one.
type Refused struct {
	URL    string
	Status int
	hint   string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("%s: status %d; want 200%s", e.URL, e.Status, e.hint)
}

// oversized is the error of an answer that is too large.
type oversized struct {
	most int64
	what string
}

func (e *oversized) Error() string {
	return fmt.Sprintf("the answer has more than %d MiB, too large for a %s", e.most>>20, e.what)
}

func (e *oversized) Unwrap() error { return client.ErrTooLarge }

// withheldHint explains the refusal of a host that did not get the target's headers.
func withheldHint(host string) string {
	return fmt.Sprintf(" (the target's headers are not sent to %s; if they are meant for it, write target.headers_for: [%s])", host, Hostname(host))
}

// WithheldFrom warns of hosts that refused players because they did not get the
// target's headers.
func WithheldFrom(refusals map[string]int64) (said []string) {
	for _, place := range slices.Sorted(maps.Keys(refusals)) {
		host := Hostname(HostOf(place))
		said = append(said, fmt.Sprintf("%s answered 401 or 403 to %d requests without the target's headers, which are not sent to it: if they are meant for it, write target.headers_for: [%s]", place, refusals[place], host))
	}
	return said
}

// WrongStatus is the error of an answer with an unwanted status.
func (a *Answer) WrongStatus(u string) error {
	return &Refused{u, a.Status, a.hint}
}

// Playlist fetches a URL that must answer 200.
func (f *Fetcher) Playlist(ctx context.Context, u string) (*Answer, error) {
	a, err := f.Get(ctx, u)
	if err == nil && a.Status != http.StatusOK {
		return nil, a.WrongStatus(u)
	}
	return a, err
}

// plain replaces the error of a timeout by plain words.
func (f *Fetcher) plain(err error) error {
	if client.Timeout(err) {
		return fmt.Errorf("no complete answer within %v", f.timeout)
	}
	return err
}
