// Package live serves the report of a run while the run goes on, for a screen in a
// control room. It only reads: a page is made of the summary so far when a browser
// looks at it, at most once in some seconds.
package live

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"hlsload/reports"
	"hlsload/reports/page"
	"hlsload/run/readonly"
)

const (
	// every is how long after a summary the next one is wanted at the earliest. Making one
	// holds up the players, so it takes at most one part in share of the time: less than
	// the requests that may be late before the run is void (p99).
	every = 3 * time.Second
	share = 200
	// patience is how long a page waits for news, and opening how long the first one does.
	patience = 20 * time.Second
	opening  = 3 * time.Second
)

// Config says where the page is and of what.
type Config struct {
	Addr   string                                                       // a port, or address:port; without an address it is loopback
	Listen func(ctx context.Context, addr string) (net.Listener, error) // nil = the system's TCP
	Length time.Duration                                                // of the run
}

// Page is the page of a run. It is served until [Page.Close].
type Page struct {
	*readonly.Server
	length time.Duration

	mu      sync.Mutex
	now     *state
	news    chan struct{} // closed when now changes
	closing chan struct{} // closed when the page ends
	waiting int           // requests that want news
	asked   time.Time     // when the summary that is on its way was asked for; zero = none is
	next    time.Time     // when the next one may be asked for
}

// state is what is shown.
type state struct {
	version    int64
	over       bool
	full, next func() ([]byte, error)
}

// Start listens and serves.
func Start(ctx context.Context, cfg Config) (*Page, error) {
	p := &Page{length: cfg.Length, news: make(chan struct{}), closing: make(chan struct{})}
	p.now = p.live(nil, time.Now().UnixMilli()) // so that no page of an earlier run at this address takes it for its own
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", p.open)
	m.HandleFunc("GET /now", p.refresh)
	var err error
	if p.Server, err = readonly.Start(ctx, readonly.Config{What: "live page", Addr: cfg.Addr, Listen: cfg.Listen, Handler: m, Patience: patience}); err != nil {
		return nil, err
	}
	return p, nil
}

// Wanted reports whether a page is open and may have another summary now. Show must
// follow.
func (p *Page) Wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.waiting == 0 || now.Before(p.next) {
		return false
	}
	p.asked = now
	return true
}

// Show shows the summary so far.
func (p *Page) Show(s *reports.Summary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := time.Since(p.asked)
	p.next = p.asked.Add(max(every, share*took))
	p.change(p.live(s, p.now.version+1))
}

// Finish shows the report of the run that is over.
func (p *Page) Finish(s *reports.Summary) {
	write := sync.OnceValues(func() ([]byte, error) {
		var b bytes.Buffer
		err := page.WriteHTML(s, &b)
		return b.Bytes(), err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(&state{version: p.now.version + 1, over: true, full: write, next: write})
}

// change shows something else. p.mu must be held.
func (p *Page) change(s *state) {
	p.now = s
	close(p.news)
	p.news = make(chan struct{})
}

func (p *Page) live(s *reports.Summary, version int64) *state {
	l := page.Live{Summary: s, Length: p.length, Version: version}
	once := func(write func(io.Writer) error) func() ([]byte, error) {
		return sync.OnceValues(func() ([]byte, error) {
			var b bytes.Buffer
			err := write(&b)
			return b.Bytes(), err
		})
	}
	return &state{version: version, full: once(l.WriteHTML), next: once(l.WriteNext)}
}

// other waits until something else than a version is shown, and returns what is shown
// then or when the patience ends.
func (p *Page) other(ctx context.Context, version int64, patience time.Duration) *state {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting++
	defer func() { p.waiting-- }()
	for p.now.version == version && !p.now.over {
		news := p.news
		p.mu.Unlock()
		over := false
		select {
		case <-news:
		case <-timer.C:
			over = true
		case <-ctx.Done():
			over = true
		case <-p.closing:
			over = true
		}
		p.mu.Lock()
		if over {
			break
		}
	}
	return p.now
}

// open answers with the whole page.
func (p *Page) open(w http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	now, fresh := p.now, time.Now().Before(p.next)
	p.mu.Unlock()
	if !fresh { // no page may have been open for hours
		now = p.other(req.Context(), now.version, opening)
	}
	connect := "connect-src 'self'; "
	if now.over {
		connect = ""
	}
	w.Header().Set("Content-Security-Policy", connect+"frame-ancestors 'none'") // beside that of the page
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	send(w, now.full)
}

// refresh answers with what follows a version, or that there is nothing yet.
func (p *Page) refresh(w http.ResponseWriter, req *http.Request) {
	after, err := strconv.ParseInt(req.URL.Query().Get("after"), 10, 64)
	if err != nil {
		http.Error(w, "after is missing or no number (want now?after=VERSION)", http.StatusBadRequest)
		return
	}
	now := p.other(req.Context(), after, patience)
	if now.version == after {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	send(w, now.next)
}

func send(w http.ResponseWriter, write func() ([]byte, error)) {
	body, err := write()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	readonly.Protect(h)
	w.Write(body) // a browser that is gone needs no answer
}

// Close ends the page, and waits; it is called once. Pages that are open get what is
// shown first.
func (p *Page) Close() {
	close(p.closing)
	p.Server.Close()
}
