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

// Fetcher looks at single playlists and segments, for checks and probes, with
// the client that players have.
type Fetcher struct {
	visitor *client.Visitor
	timeout time.Duration // of one request
	gate    *consent.Gate // where it may lead; nil = anywhere

	mu   sync.Mutex
	seen []string // hosts that were asked, redirects included

	playlistMost int64 // bytes of a playlist
	in           *ticket.Pass
}

const (
	// MaxHosts bounds the hosts that are remembered.
	MaxHosts   = 64
	maxSegment = 256 << 20
	// maxCookies bounds what is told of a server that sets a new one each time.
	maxCookies = 1000
)

// Config is how a fetcher asks.
type Config struct {
	On          Network
	Gate        *consent.Gate // where it may lead; nil = anywhere
	TLS         *tls.Config   // nil = the default
	Timeout     time.Duration // of one request
	Agent       string
	Credentials *credential.Set
	// Decide says whether the host of a URL may have credentials though it is
	// none of the target's own; nil = it may.
	Decide    func(ctx context.Context, host string) error
	SetCookie func(line string) // called with each Set-Cookie; nil = it is not
	Stay      bool              // redirects are answers
	Playlist  int64             // bytes of a playlist, as players bound it; 0 = the parser's own bound
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

// Certificates says which certificates are accepted: signed by who the system
// trusts, or has one of ca; skip skips the check at local addresses. nil is the
// default.
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

// ServerTiming asks CloudFront for Server-Timing. A response headers policy that
// has it answers this always, whatever its sampling rate: it tells which answers
// the origin gave.
var ServerTiming = credential.Header{Name: "Pragma", Value: "server-timing"}

// Use has the Fetcher ask as a session of that pass: what it is given and what it
// returns are URLs that all sessions share.
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

// Hosts are those that were asked so far.
func (f *Fetcher) Hosts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// Limits are those of the playlists that are read.
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
	hint      string // why it may have been refused; "" = unknown
}

// Get fetches a URL. Errors begin with it. A status of any kind is none.
func (f *Fetcher) Get(ctx context.Context, u string) (*Answer, error) {
	a, err := f.Fetch(ctx, u, f.playlistMost, "playlist", true)
	if err == nil && f.gate != nil {
		f.gate.Told(a.URL.Hostname())
	}
	return a, err
}

// Drop is get for a segment, whose body is not kept.
func (f *Fetcher) Drop(ctx context.Context, u string) (*Answer, error) {
	return f.Fetch(ctx, u, maxSegment, "segment", false)
}

// Opening is what the first bytes of a segment or an initialization section say.
func (f *Fetcher) Opening(ctx context.Context, u string, part *m3u8.Range) (mediatime.Opening, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	in := f.Pass()
	status, said, err := f.visitor.Opening(ctx, in.Wire(u), part)
	u = in.Named(u) // for people
	switch {
	case err != nil:
		return said, fmt.Errorf("%s: %w", u, f.plain(err))
	case status/100 != 2:
		return said, fmt.Errorf("%s: status %d; want 200", u, status)
	}
	return said, nil
}

// Fetch fetches a URL of at most so many bytes; what is the noun of a limit that
// is exceeded, and keep keeps the body.
func (f *Fetcher) Fetch(ctx context.Context, u string, most int64, what string, keep bool) (*Answer, error) {
	in := f.Pass()
	wire := in.Wire(u)
	u = in.Named(u) // for people
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

// BadURL is the error of what is no URL of a web server.
type BadURL struct{ URL string }

func (e *BadURL) Error() string {
	return fmt.Sprintf("bad URL (got %q; want http://HOST/… or https://HOST/…)", e.URL)
}

// Refused is the error of an answer with another status than 200.
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
	return fmt.Sprintf("the answer has more than %d MiB; want a %s", e.most>>20, e.what)
}

func (e *oversized) Unwrap() error { return client.ErrTooLarge }

// withheldHint is for a host that refuses without the headers of the target.
func withheldHint(host string) string {
	return fmt.Sprintf(" (the target's headers are not sent to %s; if they are for it, write target.headers_for: [%s])", host, Hostname(host))
}

// WithheldFrom says which hosts refused players that came without the headers of
// the target.
func WithheldFrom(refusals map[string]int64) (said []string) {
	for _, place := range slices.Sorted(maps.Keys(refusals)) {
		host := Hostname(HostOf(place))
		said = append(said, fmt.Sprintf("%s answered 401 or 403 to %d requests without the target's headers, which are not sent to it: if they are for it, write target.headers_for: [%s]", place, refusals[place], host))
	}
	return said
}

// WrongStatus is the error of an answer that is not the one wanted.
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

// plain is the error of a request in words.
func (f *Fetcher) plain(err error) error {
	if client.Timeout(err) {
		return fmt.Errorf("no complete answer within %v", f.timeout)
	}
	return err
}
