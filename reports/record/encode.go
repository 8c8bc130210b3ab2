package record

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"time"

	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/traffic"
)

// partMagic begins an encoded part. Its last byte is the version.
const partMagic = "hlpart\x02"

// What a part may take: of the bytes once they are inflated, and of memory.
const (
	maxPartBytes  = 64 << 20
	maxPartMemory = 256 << 20
)

// sent is a part as it is sent.
type sent struct {
	Key uint64 // of the run; see Config.key
	*Part
}

// Encode returns the part as bytes, for [Collector.ReadPart]. Equal parts give equal bytes.
func (p *Part) Encode() []byte {
	var b bytes.Buffer
	b.WriteString(partMagic)
	z := zlib.NewWriter(&b)
	_, _ = z.Write(reports.AppendCounts(nil, &sent{p.cfg.key(), p})) // memory takes everything
	_ = z.Close()
	return b.Bytes()
}

// ReadPart reads a part of the collector's run that another collector encoded. The bytes
// may be hostile.
func (c *Collector) ReadPart(b []byte) (*Part, error) {
	return c.readPart(b, maxPartBytes, maxPartMemory)
}

// ReadSnapshot is [Collector.ReadPart] for a file of this machine, which may be larger.
func (c *Collector) ReadSnapshot(b []byte) (*Part, error) {
	return c.readPart(b, 16*maxPartBytes, 16*maxPartMemory)
}

func (c *Collector) readPart(b []byte, most, memory int64) (*Part, error) {
	rest, ok := bytes.CutPrefix(b, []byte(partMagic))
	if !ok {
		return nil, fmt.Errorf("read part: it begins with %q (want %q: written by the same version)", b[:min(len(b), len(partMagic))], partMagic)
	}
	z, err := zlib.NewReader(bytes.NewReader(rest))
	if err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	counts, err := io.ReadAll(io.LimitReader(z, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read part: %w", err)
	case int64(len(counts)) > most:
		return nil, fmt.Errorf("read part: more than %d bytes", most)
	}
	var s sent
	if err := reports.ReadCounts(counts, memory, &s); err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	switch key := c.cfg.key(); {
	case s.Part == nil:
		return nil, errors.New("read part: it is empty")
	case s.Key != key:
		return nil, fmt.Errorf("read part: it is of another run (key %x; want %x)", s.Key, key)
	}
	s.cfg, s.Rows.pipelines = &c.cfg, c.cfg.Pipelines
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	return s.Part, nil
}

// check reports whether everything in a part that was read is about the run.
func (p *Part) check() error {
	c := p.cfg
	within := func(what string, n, most int) error {
		if n < 0 || n > most {
			return fmt.Errorf("%s: %d (want 0 to %d)", what, n, most)
		}
		return nil
	}
	blank := newCounts(c)
	step := blank.Rows.Step
	last := 16 * reports.MaxRows * step // no instant is later
	instant := func(what string, t time.Duration) error {
		if t < 0 || t > last {
			return fmt.Errorf("%s: %v (want 0s to %v)", what, t, last)
		}
		return nil
	}
	sets, occs, cohorts := len(p.Sets), len(c.Faults), len(c.Cohorts)
	errs := []error{
		instant("the end", p.At),
		exactly("windows of faults", len(p.Windows), occs),
		exactly("sessions at the onsets", len(p.Watching), occs),
		exactly("live counts of faults", len(p.Live.Faults), occs),
		exactly("live counts of pipelines", len(p.Live.Pipeline), c.Pipelines),
		exactly("series of windows", len(p.Counts.ByWindow), len(c.windows.series)),
		exactly("step of the timeline", p.Rows.Step, step),
		exactly("step of delays", p.Delays.Step, step),
		within("rows of the timeline", len(p.Rows.Rows), 16*reports.MaxRows+1),
		within("rows of delays", len(p.Delays.Rows), 16*reports.MaxRows+1),
		within("renditions", len(p.Renditions), maxLooked),
		within("names of headers", len(p.Odd), maxOddHeaders+1),
		p.Traffic.Check(c.Duration),
	}
	if p.Meter != nil {
		errs = append(errs, p.Meter.Check(c.Duration))
	}
	for i := range p.Windows {
		w := &p.Windows[i]
		if w.Applied == Forever {
			errs = append(errs, exactly("end of a fault that was not applied", w.Cleared, Forever))
			continue
		}
		errs = append(errs, instant("onset of a fault", w.Applied), exactly("usual startup times", len(w.Usual), cohorts))
		if w.Cleared != Forever {
			errs = append(errs, instant("length of a fault", w.Cleared-w.Applied), instant("end of a fault", w.Cleared))
		}
	}
	for i := range p.Counts.ByWindow {
		errs = append(errs, within("windows of a series", len(p.Counts.ByWindow[i].Cells), 2*expect.MaxWindows+1))
	}
	for i := range p.Rows.Rows {
		errs = append(errs, exactly("pipelines of a row", len(p.Rows.Rows[i].Pipeline), c.Pipelines))
	}
	for k, g := range p.Groups {
		errs = append(errs, exactly("key of a group", g.Key, k), within("cohort of a group", int(k.Cohort), cohorts-1), within("phase set of a group", int(k.Joined), sets-1),
			within("phase sets of a group", len(g.Totals), sets), within("phases of a group", len(g.PhaseCounts), (chaos.MaxEntries+1)*int(phases)))
	}
	for k := range p.Faults {
		errs = append(errs, within("number of a fault", int(k.Occurrence), occs-1), within("cohort of a fault", int(k.Cohort), cohorts-1))
	}
	for name, n := range p.Odd {
		errs = append(errs, within("values of header "+name, len(n.Values), reports.MaxOddValues), within("words of header "+name, len(n.Words), maxOddHeaders))
	}
	for i := range p.Renditions {
		errs = append(errs, within("heads of a playlist", len(p.Renditions[i].Heads), 2*maxHeads+1))
	}
	for i := range p.Testers {
		errs = append(errs, within("phase sets of an agent", len(p.Testers[i].Lag), sets))
		if i > 0 && p.Testers[i-1].Agent >= p.Testers[i].Agent {
			errs = append(errs, fmt.Errorf("agents %q and %q (want them in order)", p.Testers[i-1].Agent, p.Testers[i].Agent))
		}
	}
	for i := range p.Fills {
		errs = append(errs, instant("request", p.Fills[i].Sent))
	}
	errs = append(errs, within("gaps", len(p.Gaps), maxGaps))
	for i, g := range p.Gaps {
		before := time.Duration(0)
		if i > 0 {
			before = p.Gaps[i-1].Settled
		}
		errs = append(errs, instant("the start of a gap", g.From-before), instant("the length of a gap", g.To-g.From), instant("the time until all are back", g.Settled-g.To), instant("the end of a gap", g.Settled))
	}
	if !traffic.InOrder(p.Fills) {
		errs = append(errs, errors.New("answers that may share requests to the origin are not in order"))
	}
	for _, err := range errs {
		if err != nil {
			return err // one is enough to refuse it
		}
	}
	return nil
}

func exactly[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: %v (want %v)", what, got, want)
	}
	return nil
}
