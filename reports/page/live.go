package page

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hlsload/reports"
	"hlsload/reports/figure"
)

// Live is where a run is of which a page is made.
type Live struct {
	// Summary is what is known so far; nil = the run has not begun.
	Summary *reports.Summary
	// Length is how long the run is to go on, from the first arrival.
	Length time.Duration
	// Version tells one page from the next; the script asks for now?after=VERSION.
	Version int64
}

// WriteHTML writes the page of a run that goes on. It is report.html with the state of the
// run in place of a verdict, and its script may ask where it came from for the next one.
func (l *Live) WriteHTML(w io.Writer) error {
	p, s := l.body()
	d := p.document(l.title(s), l.figures(s))
	d.Connect = "connect-src 'self'; "
	return d.Write(w)
}

// WriteNext writes what the script of an earlier page takes over: title, body and figures.
func (l *Live) WriteNext(w io.Writer) error {
	p, s := l.body()
	return p.document(l.title(s), l.figures(s)).WriteNext(w)
}

func (l *Live) figures(s *reports.Summary) *chartData {
	d := chartDataOf(s)
	d.Live = l.Version
	return d
}

func (l *Live) title(s *reports.Summary) string {
	return l.clock() + " · RUNNING · " + s.Scenario.Name + " · hlsload"
}

// clock is how far the run is.
func (l *Live) clock() string {
	if l.Summary == nil {
		return "0:00"
	}
	return figure.Clock(time.Duration(l.Summary.DurationS.OrZero() * float64(time.Second)).Truncate(time.Second))
}

func (l *Live) body() (*page, *reports.Summary) {
	p, s := &page{}, l.Summary
	p.Raw(`<header class="card verdict running">` + "\n")
	if s == nil {
		s = &reports.Summary{}
		p.Tag("h1", "", "The run has not begun")
		p.Tag("p", "", "The target is looked at first. This page changes by itself.")
		p.Raw("</header>\n")
		return p, s
	}
	s = l.soFar()
	p.Tag("h1", "", "Running, "+l.clock()+" of "+figure.Clock(l.Length)+on(s))
	p.Tag("p", "reason", present(s))
	scenario := s.Scenario.Name
	if s.Scenario.Description != "" {
		scenario += ": " + strings.Join(strings.Fields(s.Scenario.Description), " ")
	}
	p.facts([]fact{{name: "Stream", text: stream(s)}, {name: "Since", text: began(s).Format("2006-01-02 15:04:05") + " UTC", half: true}, {name: "Build", text: cmp.Or(s.Build, "not known"), half: true}, {name: "Scenario", text: scenario}})
	p.Tag("p", "soft", "What stands here is that of this moment: expectations and outcomes are judged at the end. This page changes by itself.")
	p.Raw(`<p id="lost" class="no" hidden></p>` + "\n</header>\n")
	htmlTimeline(s, p)
	for i := range s.Faults {
		f := &s.Faults[i]
		switch n := f.SoFar; {
		case n == nil:
		case n.Affected > f.Affected || f.RecoveryEndS >= s.DurationS:
			p.Section(fmt.Sprintf("fault-%d", i), f.Title(s))
			p.Tag("p", "soft", faultSoFar(f)+wallClock(s, f))
			p.Tag("p", "", fmt.Sprintf("%s affected so far; of these %s failed over, %s healed in place, %s in neither way yet.",
				figure.Plural(int(n.Affected), "session"), figure.Thousands(n.FailedOver), figure.Thousands(n.Healed), figure.Thousands(max(n.Affected-n.FailedOver-n.Healed, 0))))
			p.Raw("</section>\n")
		default: // all is settled
			htmlFault(s, p, i)
		}
	}
	htmlExpectations(s, p)
	htmlSpeed(s, p)
	htmlTables(s, p)
	return p, s
}

// soFar is the summary without what is known at the end only.
func (l *Live) soFar() *reports.Summary {
	s := *l.Summary
	s.Faults = slices.Clone(s.Faults)
	for i := range s.Faults {
		s.Faults[i].UndoVerified = true // nothing is said of it
	}
	s.Expectations = slices.Clone(s.Expectations)
	for i := range s.Expectations {
		if e := &s.Expectations[i]; e.NotMeasured {
			e.Reason = "not yet"
		}
	}
	s.Known = slices.Clone(s.Known)
	for i := range s.Known {
		if e := &s.Known[i]; e.NotMeasured {
			e.Reason = "not yet"
		}
	}
	return &s
}

// faultSoFar says what a fault is and whether it is still on.
func faultSoFar(f *reports.FaultSummary) string {
	if f.ClearedAtS.Known() {
		return faultKind(f) + ", " + window(f) + ", in recovery"
	}
	return faultKind(f) + ", on since " + instant(f.AppliedAtS)
}

// on names the faults that are on.
func on(s *reports.Summary) string {
	var names []string
	for i := range s.Faults {
		if f := &s.Faults[i]; f.AppliedAtS.Known() && !f.ClearedAtS.Known() {
			names = append(names, f.Title(s))
		}
	}
	switch len(names) {
	case 0:
		return ", no fault on"
	case 1:
		return ", fault " + names[0] + " on"
	}
	return ", faults " + strings.Join(names, ", ") + " on"
}

// present says where the viewers are at the end of the timeline so far.
func present(s *reports.Summary) string {
	if len(s.Timeline) == 0 {
		return "no session yet"
	}
	r := &s.Timeline[len(s.Timeline)-1]
	line := fmt.Sprintf("%s playing · %s stalled · %s joining", figure.Thousands(r.Playing), figure.Thousands(r.Stalled), figure.Thousands(r.Joining))
	if r.Gone > 0 {
		line += " · " + figure.Thousands(r.Gone) + " gone after an error"
	}
	if r.Left > 0 {
		line += " · " + figure.Thousands(r.Left) + " left"
	}
	return line
}
