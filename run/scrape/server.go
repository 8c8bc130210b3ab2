// Package scrape serves the metrics of a run to Prometheus, from its beginning until it is
// over and, with [Server.Linger], has been scraped twice after that. It only reads.
//
// Start with [NewSource] and [Start].
package scrape

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"hlsload/run/readonly"
)

const (
	// atOnce is how many scrapes are answered at one time.
	atOnce = 4
	// lastScrapes is how many scrapes [Server.Linger] waits for, and longest how long.
	lastScrapes = 2
	longest     = 5 * time.Minute
)

// Config says which metrics are served, and where.
type Config struct {
	Source *Source
	Addr   string                                                       // a port, or address:port; without an address it is loopback
	Listen func(ctx context.Context, addr string) (net.Listener, error) // nil = the system's TCP
}

// Server serves metrics until [Server.Close].
type Server struct {
	*readonly.Server
	twice   chan struct{} // closed when the final values have been scraped often enough
	scrapes atomic.Int64  // of the final values
}

// Start listens and serves.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{twice: make(chan struct{})}
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		final := cfg.Source.final()
		families, err := cfg.Source.Gather()
		if final && s.scrapes.Add(1) == lastScrapes {
			close(s.twice)
		}
		return families, err
	})
	answer := promhttp.HandlerFor(gather, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: atOnce})
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
