package expect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/reports"
)

// EachLabel is the label that cuts a run into windows.
const EachLabel = "each"

// MaxWindows is into how many windows a run may be cut: each of them takes memory while
// the run goes on.
const MaxWindows = 300

// MostWindows is how many windows all conditions of a list may have together.
const MostWindows = 6000

// WindowsOf is how many windows expectations have together in a run that takes so long. Those of equal
// terms, but for statistics, are the same.
func WindowsOf(all []*Expectation, duration time.Duration) (n int) {
	seen := map[Term]bool{}
	for _, e := range all {
		for _, t := range []Term{e.Left, e.Right} {
			t.Stat, t.Over = reports.NoStat, reports.NoStat
			if t.Each > 0 && !seen[t] {
				seen[t] = true
				n += int((duration + t.Each - 1) / t.Each)
			}
		}
	}
	return n
}

// minEach is the shortest window: a rate is that of a second.
const minEach = time.Second

// Each is the length of the windows that the expectation looks at; 0 = it looks at the
// whole run.
func (e *Expectation) Each() time.Duration { return max(e.Left.Each, e.Right.Each) }

// over is the statistic over the windows; NoStat = the worst of them.
func (e *Expectation) over() reports.Stat { return max(e.Left.Over, e.Right.Over) }

// Windowed are the names of the metrics that have a value in each window.
func Windowed() (names []string) {
	for _, m := range Metrics {
		if m.Labels&eachLabel != 0 {
			names = append(names, m.Name)
		}
	}
	return names
}

// short is a duration without units that are 0: 10m, not 10m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// each reads the length of the windows.
func (p *parser) each(t *Term, at, valueAt int, text string) {
	d, err := time.ParseDuration(text)
	whole := p.known.Duration
	switch least := (whole + MaxWindows - 1) / MaxWindows; {
	case t.Metric != nil && t.Metric.Labels&eachLabel == 0:
		p.wrong(at, t.Metric.Name+" has no value in a window of time and does not take the label "+EachLabel, quote(EachLabel), "a metric that has: "+strings.Join(Windowed(), ", "))
	case t.Each != 0:
		p.wrong(at, "label given twice", quote(EachLabel), "")
	case err != nil:
		p.wrong(valueAt, EachLabel+": not a duration", quote(text), "one such as 10m")
	case d < minEach:
		p.wrong(valueAt, EachLabel+": the windows are too short", quote(text), short(minEach)+" or more")
	case whole > 0 && d > whole:
		p.wrong(valueAt, fmt.Sprintf("%s: the windows are longer than the run, which takes %s", EachLabel, short(whole)), quote(text), short(whole)+" or less")
	case whole > 0 && d < least:
		p.wrong(valueAt, fmt.Sprintf("%s: that cuts the %s of the run into %d windows", EachLabel, short(whole), (whole+d-1)/d), quote(text), fmt.Sprintf("%s or more: at most %d windows", short((least+time.Second-1).Truncate(time.Second)), MaxWindows))
	default:
		t.Each, p.eachAt = d, at
	}
}

// over reads ".STAT" after the labels: a statistic over windows.
func (p *parser) over(t *Term) {
	if t.Each > 0 {
		for i, v := range []string{t.Fault, t.Phase, t.Joined} {
			if v != "" {
				name := []string{labelNames[0], labelNames[4], labelNames[5]}[i]
				p.wrong(p.eachAt, EachLabel+" cuts the whole run into windows and does not go with the label "+name, quote(name), "cohort, profile or kind")
			}
		}
	}
	if p.stopped || p.next() != '.' {
		return
	}
	p.at++
	at := p.at
	name := p.while(isWord)
	i := slices.Index(reports.StatNames[1:], name)
	switch {
	case i < 0:
		p.wrong(at, "unknown statistic", quote(name), "one of "+strings.Join(reports.StatNames[1:], ", "))
	case t.Each == 0 && !slices.ContainsFunc(p.problems, func(o Problem) bool { return strings.HasPrefix(o.What, EachLabel) }):
		want := EachLabel + "=DURATION among the labels"
		if t.Metric != nil && t.Metric.StatNames() != nil {
			want += ", or the statistic before them"
		}
		p.wrong(at, "a statistic after the labels is one over windows", quote("."+name), want)
	default:
		t.Over = reports.Stat(i + 1)
	}
}

// sameWindows checks that two terms with windows have the same ones: they are compared
// window by window.
func (p *parser) sameWindows(l, r *Term, at int) {
	if l.Each == 0 || r.Each == 0 {
		return
	}
	if l.Each != r.Each {
		p.wrong(at, "terms with different windows", EachLabel+"="+short(l.Each)+" and "+EachLabel+"="+short(r.Each), "the same length on both sides")
	}
	if l.Over != reports.NoStat && r.Over != reports.NoStat && l.Over != r.Over {
		p.wrong(at, "terms with different statistics over windows", l.Over.String()+" and "+r.Over.String(), "one of them: the difference or quotient is taken in each window, and the statistic over these")
	}
}
