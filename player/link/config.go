package link

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Never is the instant of what will not happen by itself.
const Never = time.Duration(math.MaxInt64)

// Config is the access network of a cohort. The zero value is a link without
// limits and without delay. It may be shared by any number of links and must
// not be changed while they use it.
type Config struct {
	Name   string        // of the preset it came from, for people
	Down   int64         // bit/s towards the viewer; 0 = unlimited
	Up     int64         // bit/s from the viewer; 0 = unlimited
	RTT    time.Duration // round trip to a server without load
	Jitter time.Duration // a round trip varies uniformly by ± Jitter, as in tc-netem(8)
	Loss   float64       // share of packets lost; 0 ≤ Loss < 1
	// Spread makes viewers differ: the rates of a viewer are Down and Up times
	// a log-normal factor with median 1 and this coefficient of variation
	// (0.3 = 30 %); 0 … 3.
	Spread float64
	// Trace, when it has points, replaces Down over time; see [TracePoint].
	Trace []TracePoint
}

// TracePoint is one step of a recorded downlink: Down holds from At until the
// next point. The last one holds as long as the one before it; then the trace
// begins again. Each viewer enters a trace at an offset drawn from its seed, so
// that viewers are not all in the same tunnel.
type TracePoint struct {
	At   time.Duration
	Down int64 // bit/s; 0 = nothing gets through
}

// Unlimited reports whether the link neither limits nor delays anything.
func (c *Config) Unlimited() bool {
	return c.Down == 0 && c.Up == 0 && c.RTT == 0 && c.Jitter == 0 && c.Loss == 0 && len(c.Trace) == 0
}

// LeastDownward is the shortest time that the first byte of an answer can take to the
// viewer.
func (c *Config) LeastDownward() time.Duration { return max(c.RTT-c.Jitter, 0) / 2 }

const (
	maxRate  = int64(1e12) // 1 Tbit/s
	maxDelay = time.Minute
)

// Validate reports everything that is wrong with c, joined.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	rate := func(name string, v int64) {
		if v < 0 || v > maxRate {
			bad("%s: rate out of range (got %d bit/s; want 0 for unlimited, or up to 1 Tbps)", name, v)
		}
	}
	delay := func(name string, v time.Duration) {
		if v < 0 || v > maxDelay {
			bad("%s: delay out of range (got %v; want 0s to 1m)", name, v)
		}
	}
	rate("down", c.Down)
	rate("up", c.Up)
	delay("rtt", c.RTT)
	delay("jitter", c.Jitter)
	if !(c.Loss >= 0 && c.Loss < 1) {
		bad("loss: not a share below 1 (got %g; want 0%% to 99%%)", c.Loss)
	}
	if !(c.Spread >= 0 && c.Spread <= 3) {
		bad("spread: out of range (got %g; want 0%% to 300%%)", c.Spread)
	}
	for i, p := range c.Trace {
		rate(fmt.Sprintf("trace point %d", i+1), p.Down)
		switch {
		case i == 0 && p.At != 0:
			bad("trace point 1: does not begin at 0 (got %v; want 0s)", p.At)
		case i > 0 && p.At <= c.Trace[i-1].At:
			bad("trace point %d: not after the point before it (got %v; want more than %v)", i+1, p.At, c.Trace[i-1].At)
		}
	}
	if len(c.Trace) > 0 && peak(c.Trace) == 0 {
		bad("trace: nothing ever gets through (got 0 bit/s throughout; want a rate above 0)")
	}
	return errors.Join(errs...)
}

func peak(trace []TracePoint) (most int64) {
	for _, p := range trace {
		most = max(most, p.Down)
	}
	return most
}

// maxTrace bounds the points of a trace file: a day by the second.
const maxTrace = 86_400

// ParseTrace reads a trace: lines of "seconds,bit/s", where a line that begins
// with "#" and a first line without numbers are skipped. The first point is
// moved to 0. An error names the line.
func ParseTrace(r io.Reader) ([]TracePoint, error) {
	var trace []TracePoint
	var first float64
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		at, rate, two := strings.Cut(line, ",")
		s, err1 := strconv.ParseFloat(strings.TrimSpace(at), 64)
		bps, err2 := strconv.ParseFloat(strings.TrimSpace(rate), 64)
		if two && err1 != nil && err2 != nil && n == 1 {
			continue // a heading
		}
		if err1 != nil || err2 != nil || !(s >= 0 && s <= 1e6) || !(bps >= 0 && bps <= float64(maxRate)) {
			return nil, fmt.Errorf("trace line %d: not a point (got %.80q; want seconds,bit/s as in 12.5,3000000)", n, line)
		}
		if len(trace) == 0 {
			first = s
		}
		at1 := time.Duration(math.Round((s - first) * 1e9))
		if k := len(trace); k > 0 && at1 <= trace[k-1].At {
			return nil, fmt.Errorf("trace line %d: not after the line before it (got %gs)", n, s)
		}
		if len(trace) == maxTrace {
			return nil, fmt.Errorf("trace line %d: too long (want at most %d points)", n, maxTrace)
		}
		trace = append(trace, TracePoint{At: at1, Down: int64(math.Round(bps))})
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	if len(trace) == 0 {
		return nil, errors.New("trace: empty (want lines of seconds,bit/s)")
	}
	if peak(trace) == 0 {
		return nil, errors.New("trace: nothing ever gets through (want a rate above 0)")
	}
	return trace, nil
}
