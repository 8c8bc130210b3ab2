package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"hlsload/player/fleet"
)

// fetcher looks at single playlists, for checks and probes; players have their
// own clients.
type fetcher struct {
	client  *http.Client
	headers http.Header
	agent   string
	cookie  func(line string) // told of each Set-Cookie; nil = nobody is

	mu   sync.Mutex
	seen []string // hosts that were asked, redirects included
}

const (
	maxRedirects = 10
	// maxPlaylist bounds a playlist, as the parser and the players do.
	maxPlaylist = 4 << 20
	maxSegment  = 256 << 20
)

// newFetcher returns a fetcher. Headers are sent to the host that was asked, and
// not to others that it redirects to. A nil dial is the system's.
func newFetcher(dial fleet.Dial, timeout time.Duration, headers http.Header) *fetcher {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if dial != nil {
		t.DialContext = dial
	}
	f := &fetcher{headers: headers, agent: agent("")}
	f.client = &http.Client{
		Transport: t,
		Timeout:   timeout,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return fmt.Errorf("redirected %d times; want a playlist", len(via))
			}
			f.saw(req.URL.String())
			if req.URL.Host != via[0].URL.Host {
				for name := range headers { // they may be secrets
					req.Header.Del(name)
				}
			}
			return nil
		},
	}
	return f
}

// saw notes the host of a URL.
func (f *fetcher) saw(u string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h := hostOf(u); h != "" && !slices.Contains(f.seen, h) && len(f.seen) < maxHosts {
		f.seen = append(f.seen, h)
	}
}

// hosts are those that were asked so far.
func (f *fetcher) hosts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *fetcher) close() { f.client.CloseIdleConnections() }

// fetched is one answer.
type fetched struct {
	url    *url.URL // after redirects
	status int
	header http.Header
	body   []byte
	size   int64 // of the body
	ttfb   time.Duration
	total  time.Duration
}

// get fetches a URL. Errors begin with it. A status of any kind is none.
func (f *fetcher) get(ctx context.Context, u string) (*fetched, error) { return f.fetch(ctx, u, true) }

// drop is get for a segment, whose body is not kept.
func (f *fetcher) drop(ctx context.Context, u string) (*fetched, error) {
	return f.fetch(ctx, u, false)
}

func (f *fetcher) fetch(ctx context.Context, u string, whole bool) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, &exitError{code: exitUsage, msg: fmt.Sprintf("bad URL (got %q; want http://HOST/… or https://HOST/…)", u)}
	}
	f.saw(u)
	req.Header.Set("User-Agent", f.agent)
	req.Header.Set("Pragma", "server-timing") // asks CloudFront for Server-Timing
	for name, values := range f.headers {
		req.Header[name] = values
	}
	began := time.Now()
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, f.plain(err))
	}
	defer resp.Body.Close()
	for _, line := range resp.Header.Values("Set-Cookie") {
		if f.cookie != nil {
			f.cookie(line)
		}
	}
	a := &fetched{url: resp.Request.URL, status: resp.StatusCode, header: resp.Header, ttfb: time.Since(began)}
	most, what := int64(maxPlaylist), "playlist"
	if whole {
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
		a.size = int64(len(a.body))
	} else {
		most, what = maxSegment, "segment"
		a.size, err = io.Copy(io.Discard, io.LimitReader(resp.Body, most+1))
	}
	a.total = time.Since(began)
	if err != nil {
		return nil, fmt.Errorf("%s: the answer breaks off after %d bytes: %w", u, a.size, f.plain(err))
	}
	if a.size > most {
		return nil, fmt.Errorf("%s: the answer has more than %d MiB; want a %s", u, most>>20, what)
	}
	return a, nil
}

// playlist fetches a URL that must answer 200.
func (f *fetcher) playlist(ctx context.Context, u string) (*fetched, error) {
	a, err := f.get(ctx, u)
	if err == nil && a.status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d; want 200", u, a.status)
	}
	return a, err
}

// plain is the error of a request without the URL, which the caller names.
func (f *fetcher) plain(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("no complete answer within %v", f.client.Timeout)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
