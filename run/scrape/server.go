// Package scrape serves the metrics of a run to Prometheus, from its beginning until it is
// over and, with [Server.Linger], has been scraped twice after that. It only reads.
package scrape

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hlsload/reports"
	"hlsload/reports/openmetrics"
	"hlsload/reports/record"
	"hlsload/run/readonly"
)

const (
	// every is how long after a look at the run the next one comes at the earliest. A look
	// holds up a part of the players at a time; it takes at most one part in share of the
	// time.
	every = time.Second
	share = 20
	// atOnce is how many scrapes are answered at one time.
	atOnce = 4
	// lastScrapes is how many scrapes [Server.Linger] waits for, and longest how long.
	lastScrapes = 2
	longest     = 5 * time.Minute
)

// Config says where the metrics are.
type Config struct {
	Addr   string                                                       // a port, or address:port; without an address it is loopback
	Listen func(ctx context.Context, addr string) (net.Listener, error) // nil = the system's TCP
	Hide   func(string) string                                          // takes secrets out of labels; nil = there are none
}

// Server serves metrics until [Server.Close]. Before [Server.Begin] it has only those of
// the program.
type Server struct {
	*readonly.Server
	hide     func(string) string
	registry *prometheus.Registry
	twice    chan struct{} // closed when the final values have been scraped often enough

	mu      sync.Mutex
	record  *record.Collector
	now     *openmetrics.Run // as last looked at; nil = not yet
	ended   bool             // now does not change any more, but for the summary
	next    time.Time        // when the next look may be
	scrapes int              // of the final values
}

// Start listens and serves.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{hide: cfg.Hide, registry: prometheus.NewRegistry(), twice: make(chan struct{})}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	answer := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: atOnce})
	m := http.NewServeMux()
	m.HandleFunc("GET /metrics", func(w http.ResponseWriter, req *http.Request) {
		readonly.Protect(w.Header())
		answer.ServeHTTP(w, req)
	})
	var err error
	s.Server, err = readonly.Start(ctx, readonly.Config{What: "metrics", Addr: cfg.Addr, Listen: cfg.Listen, Handler: m})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// URL is where the metrics are.
func (s *Server) URL() string { return s.Server.URL() + "metrics" }

// Begin adds the metrics of the run that a collector records. It is called once.
func (s *Server) Begin(c *record.Collector) {
	s.mu.Lock()
	s.record = c
	s.mu.Unlock()
	s.registry.MustRegister(openmetrics.New(c.Config(), s.hide).Collector(s.look))
}

// End shows what was recorded, once the players have left; it is called before anything is
// derived from the part.
func (s *Server) End(p *record.Part) {
	now := openmetrics.Final(p, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.ended = now, true
}

// Finish shows the verdict and the expectations, too.
func (s *Server) Finish(over *reports.Summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		now := *s.now
		now.Over = over
		s.now = &now
	}
}

// look is the run now, or a moment ago.
func (s *Server) look() *openmetrics.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		if s.now.Over != nil {
			if s.scrapes++; s.scrapes == lastScrapes {
				close(s.twice)
			}
		}
		return s.now
	}
	if from := time.Now(); !from.Before(s.next) {
		if sums := s.record.Sums(); sums != nil {
			s.now = openmetrics.Alone(max(0, from.Sub(s.record.Config().Started)), sums, nil)
		}
		s.next = from.Add(max(every, share*time.Since(from)))
	}
	return s.now
}

// Linger waits until the final values have been scraped twice, for five minutes, or until
// the context ends.
func (s *Server) Linger(ctx context.Context) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	select {
	case <-s.twice:
	case <-timer.C:
	case <-ctx.Done():
	}
}
