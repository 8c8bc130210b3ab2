package scrape

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"hlsload/reports"
	"hlsload/reports/openmetrics"
	"hlsload/reports/record"
	"hlsload/stage"
)

const (
	// every is how long after a look at the run the next one comes at the earliest. A look
	// holds up a part of the players at a time; it takes at most one part in share of the
	// time.
	every = time.Second
	share = 20
)

// Watched is a run that goes on, as all of its machines see it.
type Watched interface {
	Config() *record.Config
	Sums() *record.Sums       // so far; nil = nothing yet, or nothing any more
	Agents() []stage.AgentNow // of a run over several machines; nil = it is on one
}

// Source is the metrics of a run and of the program, as they are now. Before
// [Source.Begin] it has only those of the program.
type Source struct {
	hide     func(string) string
	registry *prometheus.Registry
	add      prometheus.Registerer // with the labels of the user

	mu     sync.Mutex
	record Watched
	now    *openmetrics.Run // as last looked at; nil = not yet
	ended  bool             // now does not change any more, but for the summary
	over   bool             // nor for that
	next   time.Time        // when the next look may be
}

// NewSource returns a source without a run. hide takes secrets out of labels; nil = there
// are none. Every series of the run gets the labels.
func NewSource(hide func(string) string, labels prometheus.Labels) *Source {
	s := &Source{hide: hide, registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.add = prometheus.WrapRegistererWith(labels, s.registry)
	return s
}

// Gather implements [prometheus.Gatherer].
func (s *Source) Gather() ([]*dto.MetricFamily, error) { return s.registry.Gather() }

// Begin adds the metrics of the run that goes on. It is called once.
func (s *Source) Begin(c Watched) {
	s.mu.Lock()
	s.record = c
	s.mu.Unlock()
	s.add.MustRegister(openmetrics.New(c.Config(), s.hide).Collector(s.look))
}

// End shows what was recorded, once the players have left; it is called before anything is
// derived from the part.
func (s *Source) End(p *record.Part) {
	now := openmetrics.Final(p, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show(now)
	s.ended = true
}

// Finish shows the verdict and the expectations, too; nil = there are none here.
func (s *Source) Finish(over *reports.Summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		now := *s.now
		now.Over = over
		s.now = &now
		s.over = true
	}
}

// final reports whether the values do not change any more.
func (s *Source) final() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// look is the run now, or a moment ago.
func (s *Source) look() *openmetrics.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return s.now
	}
	if from := time.Now(); !from.Before(s.next) {
		if sums := s.record.Sums(); sums != nil {
			s.show(watched(s.record, max(0, from.Sub(s.record.Config().Started)), sums))
		}
		s.next = from.Add(max(every, share*time.Since(from)))
	}
	return s.now
}

// show takes a later instant.
func (s *Source) show(now *openmetrics.Run) {
	if s.now != nil { // some requests to the origin turn out to have been shared, but a counter must not fall
		now.Sums.ByHeaders = max(now.Sums.ByHeaders, s.now.Sums.ByHeaders)
	}
	s.now = now
}

// watched is an instant of a run that goes on.
func watched(w Watched, at time.Duration, sums *record.Sums) *openmetrics.Run {
	agents := w.Agents()
	if agents == nil {
		return openmetrics.Alone(w.Config().Agent, at, sums, nil)
	}
	r := &openmetrics.Run{At: at, Sums: sums}
	for i := range agents {
		a := &agents[i]
		r.Agents = append(r.Agents, openmetrics.Agent{Name: a.Name, Up: a.Up, Lag: a.Lags, Compared: true, ClockOffset: a.ClockOffset})
	}
	return r
}
