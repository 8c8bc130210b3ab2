package main

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

	agreed "hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
	"hlsload/player/ticket"
	"hlsload/run/fleet"
)

// fetcher looks at single playlists and segments, for checks and probes, with
// the client that players have.
type fetcher struct {
	visitor *fleet.Visitor
	timeout time.Duration // of one request
	gate    *agreed.Gate  // where it may lead; nil = anywhere

	mu   sync.Mutex
	seen []string // hosts that were asked, redirects included

	playlistMost int64 // bytes of a playlist
	in           *ticket.Pass
}

const (
	maxSegment = 256 << 20
	// maxCookies bounds what is told of a server that sets a new one each time.
	maxCookies = 1000
)

// fetching is what a fetcher is made of.
type fetching struct {
	on      network
	gate    *agreed.Gate // where it may lead; nil = anywhere
	tls     *tls.Config  // nil = the default
	timeout time.Duration
	agent   string
	creds   *credential.Set
	// decide says whether the host of a URL may have credentials though it is
	// none of the target's own; nil = it may.
	decide func(ctx context.Context, host string) error
	cookie func(line string) // called with each Set-Cookie; nil = it is not
	stay   bool              // redirects are answers
	// playlist bounds one, as players do; 0 = the parser's own bound.
	playlist int64
}

func newFetcher(c fetching) *fetcher {
	f := &fetcher{timeout: c.timeout, gate: c.gate, playlistMost: cmp.Or(c.playlist, m3u8.DefaultBody)}
	var headers []fleet.Header
	if !c.stay {
		headers = []fleet.Header{serverTiming}
	}
	var allow func(string, []netip.Addr) error
	var led func(string)
	if c.gate != nil {
		allow, led = c.gate.Check, c.gate.Told
	}
	cookies := 0
	f.visitor = fleet.NewVisitor(fleet.VisitorConfig{
		Resolver: c.on.resolver, Dial: c.on.dial, Allow: allow, Led: led, TLS: c.tls, UserAgent: c.agent, Credentials: c.creds, Stay: c.stay, Headers: headers,
		SetCookie: func(line string) {
			f.mu.Lock()
			cookies++
			tell := c.cookie != nil && cookies <= maxCookies
			f.mu.Unlock()
			if tell {
				c.cookie(line)
			}
		},
		Before: func(ctx context.Context, hop fleet.Hop) error {
			host := hostOf(hop.URL.String())
			f.saw(host)
			if hop.Credentials && !hop.Own && c.decide != nil {
				return c.decide(ctx, host)
			}
			return nil
		},
	})
	return f
}

// certificates says which certificates are accepted: signed by who the system
// trusts, or has one of ca; skip skips the check at local addresses. nil is the
// default.
func certificates(ca []byte, skip bool) *tls.Config {
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

// serverTiming asks CloudFront for Server-Timing. A response headers policy that
// has it answers this always, whatever its sampling rate: it tells which answers
// the origin gave.
var serverTiming = fleet.Header{Name: "Pragma", Value: "server-timing"}

// use has the fetcher ask as a session of that pass: what it is given and what it
// returns are URLs that all sessions share.
func (f *fetcher) use(p *ticket.Pass, creds *credential.Set) {
	f.visitor.Use(creds)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in = p
}

// pass is the pass in use; nil = none.
func (f *fetcher) pass() *ticket.Pass {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.in
}

// saw notes a host.
func (f *fetcher) saw(host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if host != "" && !slices.Contains(f.seen, host) && len(f.seen) < maxHosts {
		f.seen = append(f.seen, host)
	}
}

// hosts are those that were asked so far.
func (f *fetcher) hosts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// limits are those of the playlists that are read.
func (f *fetcher) limits() m3u8.Limits { return m3u8.Limits{Body: int(f.playlistMost)} }

func (f *fetcher) close() { f.visitor.Close() }

// fetched is one answer.
type fetched struct {
	url    *url.URL // after redirects
	status int
	header http.Header
	body   []byte
	size   int64 // of the body
	ttfb   time.Duration
	total  time.Duration
	hint   string // why it may have been refused; "" = unknown
}

// get fetches a URL. Errors begin with it. A status of any kind is none.
func (f *fetcher) get(ctx context.Context, u string) (*fetched, error) {
	a, err := f.fetch(ctx, u, f.playlistMost, "playlist", true)
	if err == nil && f.gate != nil {
		f.gate.Told(a.url.Hostname())
	}
	return a, err
}

// drop is get for a segment, whose body is not kept.
func (f *fetcher) drop(ctx context.Context, u string) (*fetched, error) {
	return f.fetch(ctx, u, maxSegment, "segment", false)
}

// opening is what the first bytes of a segment or an initialization section say.
func (f *fetcher) opening(ctx context.Context, u string, part *m3u8.Range) (mediatime.Opening, error) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	in := f.pass()
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

func (f *fetcher) fetch(ctx context.Context, u string, most int64, what string, keep bool) (*fetched, error) {
	in := f.pass()
	wire := in.Wire(u)
	u = in.Named(u) // for people
	p, err := url.Parse(wire)
	if err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
		return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad URL (got %q; want http://HOST/… or https://HOST/…)", u)}
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	a, err := f.visitor.Get(ctx, wire, most, keep)
	switch {
	case errors.Is(err, fleet.ErrTooLarge):
		return nil, fmt.Errorf("%s: %w", u, &oversized{most, what})
	case err != nil && a == nil:
		return nil, fmt.Errorf("%s: %w", u, f.plain(err))
	case err != nil:
		return nil, fmt.Errorf("%s: the answer breaks off after %d bytes: %w", u, a.Size, f.plain(err))
	}
	if p, err = url.Parse(in.Shared(a.URL)); err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	answer := &fetched{url: p, status: a.Status, header: a.Header, body: in.SharedBody(a.Body), size: a.Size, ttfb: a.FirstByte, total: a.Total}
	if a.Withheld {
		answer.hint = withheldHint(p.Host)
	}
	return answer, nil
}

// oversized is the error of an answer that is too large.
type oversized struct {
	most int64
	what string
}

func (e *oversized) Error() string {
	return fmt.Sprintf("the answer has more than %d MiB; want a %s", e.most>>20, e.what)
}

func (e *oversized) Unwrap() error { return fleet.ErrTooLarge }

// withheldHint is for a host that refuses without the headers of the target.
func withheldHint(host string) string {
	return fmt.Sprintf(" (the target's headers are not sent to %s; if they are for it, write target.headers_for: [%s])", host, hostname(host))
}

// withheldFrom says which hosts refused players that came without the headers of
// the target.
func withheldFrom(refusals map[string]int64) (said []string) {
	for _, place := range slices.Sorted(maps.Keys(refusals)) {
		host := hostname(hostOf(place))
		said = append(said, fmt.Sprintf("%s answered 401 or 403 to %d requests without the target's headers, which are not sent to it: if they are for it, write target.headers_for: [%s]", place, refusals[place], host))
	}
	return said
}

// wrongStatus is the error of an answer that is not the one wanted.
func (a *fetched) wrongStatus(u string) error {
	return &refused{u, a.status, a.hint}
}

// playlist fetches a URL that must answer 200.
func (f *fetcher) playlist(ctx context.Context, u string) (*fetched, error) {
	a, err := f.get(ctx, u)
	if err == nil && a.status != http.StatusOK {
		return nil, a.wrongStatus(u)
	}
	return a, err
}

// plain is the error of a request in words.
func (f *fetcher) plain(err error) error {
	if fleet.Timeout(err) {
		return fmt.Errorf("no complete answer within %v", f.timeout)
	}
	return err
}
