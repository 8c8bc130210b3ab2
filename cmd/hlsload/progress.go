package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"hlsload/player/m3u8"
	"hlsload/reports/document"
	"hlsload/reports/figure"
	"hlsload/reports/record"
	"hlsload/stage"
)

// progress shows a run in progress on stderr; stdout has the result.
type progress interface {
	stage.Progress
	stage.AgentProgress
	// Write shows whole lines that come from elsewhere. Any goroutine may call it, before and
	// after close as well.
	io.Writer
	close()
}

// Values of --progress.
const (
	progressAuto  = "auto"
	progressBar   = "bar"
	progressPlain = "plain"
	progressNone  = "none"
)

// newProgress chooses how to show progress. mpb writes to a terminal only, so
// everything else gets plain lines.
func newProgress(kind string, w io.Writer, duration time.Duration) (progress, error) {
	switch kind {
	case progressAuto:
		if terminal(w) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == "" && os.Getenv("NO_COLOR") == "" {
			return newBars(w, duration), nil
		}
		return &lines{w: w, duration: duration, every: 10 * time.Second}, nil
	case progressBar:
		return newBars(w, duration), nil
	case progressPlain:
		return &lines{w: w, duration: duration, every: 5 * time.Second}, nil
	case progressNone:
		return &silent{w: w}, nil
	}
	return nil, checkProgress(kind)
}

func progressKinds() []string {
	return []string{progressAuto, progressBar, progressPlain, progressNone}
}

// checkProgress returns the error of a kind that there is not.
func checkProgress(kind string) error {
	if slices.Contains(progressKinds(), kind) {
		return nil
	}
	return misused("unknown --progress (got %q; want auto, bar, plain or none)", kind)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

type silent struct {
	mu sync.Mutex
	w  io.Writer
}

func (*silent) Show(time.Duration, *record.Live)       {}
func (*silent) Mark(time.Duration, string)             {}
func (*silent) Agents(time.Duration, []stage.AgentNow) {}
func (*silent) close()                                 {}

func (p *silent) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Write(b)
}

// gauge turns the counters of two snapshots into rates.
type gauge struct {
	at   time.Duration
	last record.Live
}

// rates are changes since the last snapshot, per second.
type rates struct {
	kind   [m3u8.Kinds]float64
	total  float64
	errors float64
	origin float64
	bits   float64
}

func (g *gauge) rates(now time.Duration, l *record.Live) rates {
	var r rates
	s := (now - g.at).Seconds()
	if s > 0 {
		for k := range l.Requests {
			r.kind[k] = float64(l.Requests[k]-g.last.Requests[k]) / s
			r.total += r.kind[k]
		}
		r.errors = float64(l.Errors-g.last.Errors) / s
		r.origin = float64(max(0, l.Origin()-g.last.Origin())) / s // it falls when some turn out to be shared
		r.bits = 8 * float64(l.EdgeBytes-g.last.EdgeBytes) / s
	}
	g.at, g.last = now, *l
	return r
}

// viewers shows the states of the viewers.
func viewers(l *record.Live) string {
	s := fmt.Sprintf("playing %d  stalled %d  joining %d", l.Playing, l.Stalled, l.Joining)
	if l.FailedOver > 0 {
		s += fmt.Sprintf("  failed over %d", l.FailedOver)
	}
	if l.Fatal > 0 {
		s += fmt.Sprintf("  fatal %d", l.Fatal)
	}
	return s
}

// split shows how many viewers watch each pipeline.
func split(l *record.Live) string {
	var parts []string
	for i, n := range l.Pipeline {
		parts = append(parts, fmt.Sprintf("p%d %d", i, n))
	}
	return strings.Join(parts, " | ")
}

// load shows the load on the CDN and the origin.
func (r *rates) load() string {
	s := fmt.Sprintf("%.0f req/s", r.total)
	for k, n := range r.kind {
		if n >= 0.5 {
			s += fmt.Sprintf(" %v %.0f", m3u8.Kind(k), n)
		}
	}
	s += fmt.Sprintf("  %s  origin %.0f/s", figure.BitsPerSecond(r.bits), r.origin)
	if r.errors >= 0.5 {
		s += fmt.Sprintf("  errors %.0f/s", r.errors)
	}
	return s
}

// maxLost is how many lost agents are named in a line.
const maxLost = 3

// agentsNow shows how many agents there are, which is the slowest, and which are lost.
func agentsNow(all []stage.AgentNow) string {
	up, slowest := 0, -1
	var lost []string
	for i := range all {
		if !all[i].Up {
			lost = append(lost, all[i].Name)
			continue
		}
		if up++; slowest < 0 || all[i].Lag > all[slowest].Lag {
			slowest = i
		}
	}
	s := fmt.Sprintf("agents %d/%d", up, len(all))
	if slowest >= 0 && all[slowest].Lag > 0 {
		s += fmt.Sprintf(", lag p99 %s (%s)", figure.Seconds(float64(all[slowest].Lag)/1e6), all[slowest].Name)
	}
	if n := len(lost) - maxLost; n > 0 {
		lost = append(lost[:maxLost], fmt.Sprintf("%d more", n))
	}
	if lost != nil {
		s += ", lost " + strings.Join(lost, ", ")
	}
	return "  " + document.Printable(s, false)
}

// lines writes a plain line every few seconds.
type lines struct {
	mu       sync.Mutex // held while w is used
	w        io.Writer
	duration time.Duration
	every    time.Duration
	next     time.Duration
	gauge    gauge
	agents   string
	left     *remaining // nil in real time
}

func (p *lines) Show(now time.Duration, l *record.Live) {
	more := p.left.timed(now)
	if now < p.next {
		return
	}
	p.next = now + p.every
	r := p.gauge.rates(now, l)
	fmt.Fprintf(p, "%s/%s  %s  %s  %s%s%s\n", clock(now), clock(p.duration), viewers(l), split(l), r.load(), p.agents, more)
}

func (p *lines) Mark(now time.Duration, text string) {
	fmt.Fprintf(p, "%s  ** %s\n", clock(now), text)
}

func (p *lines) Agents(_ time.Duration, all []stage.AgentNow) { p.agents = agentsNow(all) }

func (p *lines) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Write(b)
}

func (p *lines) close() {}

func clock(d time.Duration) string { return figure.Clock(d.Truncate(time.Second)) }

// bars is the display on a terminal: timeline, viewers, pipelines and load.
type bars struct {
	p      *mpb.Progress
	bar    *mpb.Bar
	lines  [3]*mpb.Bar
	text   [3]chan string
	gauge  gauge
	agents string
	left   *remaining // nil in real time
	after  silent     // what is shown when the bars are gone
}

func newBars(w io.Writer, duration time.Duration) *bars {
	b := &bars{p: mpb.New(mpb.WithOutput(w), mpb.WithWidth(60), mpb.WithAutoRefresh()), after: silent{w: w}}
	var now time.Duration
	total := clock(duration)
	b.bar = b.p.AddBar(int64(duration/time.Millisecond),
		mpb.PrependDecorators(decor.Any(func(s decor.Statistics) string {
			now = time.Duration(s.Current) * time.Millisecond
			return fmt.Sprintf("%8s / %s ", clock(now), total)
		})))
	for i := range b.lines {
		text := make(chan string, 1)
		b.text[i] = text
		last := ""
		b.lines[i] = b.p.New(0, mpb.NopStyle(), mpb.PrependDecorators(decor.Any(func(decor.Statistics) string {
			select {
			case last = <-text:
			default:
			}
			return last
		})))
	}
	return b
}

func (b *bars) Show(now time.Duration, l *record.Live) {
	r := b.gauge.rates(now, l)
	b.bar.SetCurrent(int64(now / time.Millisecond))
	for i, s := range []string{viewers(l), split(l), r.load() + b.agents + b.left.timed(now)} {
		select {
		case <-b.text[i]: // the last one was not drawn
		default:
		}
		b.text[i] <- s
	}
}

func (b *bars) Mark(now time.Duration, text string) {
	fmt.Fprintf(b.p, "%8s  ** %s\n", clock(now), text)
}

func (b *bars) Agents(_ time.Duration, all []stage.AgentNow) { b.agents = agentsNow(all) }

func (b *bars) Write(text []byte) (int, error) {
	if n, err := b.p.Write(text); !errors.Is(err, mpb.ErrDone) {
		return n, err
	}
	return b.after.Write(text)
}

func (b *bars) close() {
	for _, l := range b.lines {
		l.Abort(false)
	}
	b.bar.Abort(false)
	b.p.Wait()
}
