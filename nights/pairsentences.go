package nights

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hlsload/reports/figure"
)

// Worse says in a sentence what is worse by more than counts; "" = nothing is. Any session
// that never recovers from a fault is, where all recovered before. Else a share is when it
// changes by more than a point, and a 95th percentile when it changes by more than 10 % (and a
// quarter of the time after which players ask again for a playlist, or 100 ms of a startup) while more
// sessions got slower than faster.
func (p *Pairs) Worse() string {
	for i := range p.Shares {
		if s := &p.Shares[i]; s.Worse {
			return p.ofShare(s)
		}
	}
	for i := range p.Times {
		if t := &p.Times[i]; t.Slower {
			return t.sentence()
		}
	}
	return ""
}

// mostSentences of a kind are said.
const mostSentences = 6

// Sentences says what changed for people, the worst first. replay is the command that
// simulates the new run again, "" = not known.
func (p *Pairs) Sentences(replay string) []string {
	var worse, better []string
	for i := range p.Moves {
		switch m := &p.Moves[i]; {
		case m.Base == m.New:
		case m.cost() > 0:
			worse = append(worse, m.sentence())
		default:
			better = append(better, m.sentence())
		}
	}
	all := few(worse, "kind of change for the worse", "kinds of change for the worse")
	for i := range p.Shares {
		if s := &p.Shares[i]; s.ofRun() && s.Lost+s.Gained > 0 {
			all = append(all, p.ofShare(s))
		}
	}
	all = append(all, few(better, "other kind of change", "other kinds of change")...)
	var times []string
	for i := range p.Times {
		if t := &p.Times[i]; t.Worse+t.Better > 0 {
			times = append(times, t.sentence())
		}
	}
	all = append(all, few(times, "time changed", "times changed")...)
	if len(all) == 0 && len(p.Changed) == 0 && p.Sessions > 0 {
		all = append(all, fmt.Sprintf("nothing changed for any of %s: the outcomes are the same, and no time differs by more than 1 ms", figure.Plural(p.Players, "player")))
	}
	if first := p.first(); first != nil && replay != "" {
		all = append(all, fmt.Sprintf("what player %d does: %s --events --out player-%d && grep '\"player\":%d,' player-%d/events.ndjson", first.Player, replay, first.Player, first.Player, first.Player))
	}
	return append(all, p.notes()...)
}

// few are the first sentences, and how many there are beyond.
func few(all []string, one, many string) []string {
	more := len(all) - mostSentences
	if more <= 0 {
		return all
	}
	if more > 1 {
		one = many
	}
	return append(slices.Clone(all[:mostSentences]), fmt.Sprintf("… and %d more %s", more, one))
}

// first is the session that is worst off; nil = none is worse off.
func (p *Pairs) first() *Changed {
	if len(p.Changed) > 0 && p.Changed[0].worse() {
		return &p.Changed[0]
	}
	return nil
}

// cost is how much worse off one is in the new outcome.
func (m *Move) cost() int {
	return costOf(faultNames[:], faultCosts[:], m.New) - costOf(faultNames[:], faultCosts[:], m.Base)
}

func (c *Changed) worse() bool {
	names, costs := faultNames[:], faultCosts[:]
	if c.Fault == "" {
		names, costs = sessionNames[:], sessionCosts[:]
	}
	return costOf(names, costs, c.New) > costOf(names, costs, c.Base)
}

func costOf(names []string, costs []int, outcome string) int {
	if i := slices.Index(names, outcome); i >= 0 {
		return costs[i]
	}
	return 0
}

// ofRun reports whether the share is of all sessions.
func (s *Share) ofRun() bool { return !strings.Contains(s.Of, "{") }

// In these, %s is the fault's name.
var (
	inBase = map[string]string{
		faultNames[0]: "that failed over from %s in the base", faultNames[1]: "that waited for the end of %s in the base", faultNames[2]: "whose viewers left during %s in the base",
		faultNames[3]: "that never recovered from %s in the base", faultNames[4]: "that the end of the run cut short in %s in the base", NotAffected: "that %s did not affect in the base",
	}
	inNew = map[string]string{
		faultNames[0]: "failed over", faultNames[1]: "waited for its end", faultNames[2]: "lost their viewers during it",
		faultNames[3]: "never recovered", faultNames[4]: "had not started when the run ended", NotAffected: "met nothing of it",
	}
)

func (m *Move) sentence() string {
	of := fmt.Sprintf("%s of %s", figure.Thousands(int64(m.Sessions)), figure.Plural(m.Of, "session"))
	if m.Base == NotAffected {
		of = figure.Plural(m.Sessions, "session")
	}
	return fmt.Sprintf("%s %s %s in the new run%s", of, fmt.Sprintf(inBase[m.Base], m.Fault), inNew[m.New], m.Those.clause(m.Base != NotAffected))
}

// clause names cohorts and the first player.
func (t *Those) clause(of bool) string {
	if len(t.By) == 0 {
		return ""
	}
	var parts []string
	for _, by := range t.By[:min(len(t.By), 3)] {
		n := figure.Thousands(int64(by.Sessions))
		if of && by.Of > 0 {
			n += " of " + figure.Thousands(int64(by.Of))
		}
		parts = append(parts, fmt.Sprintf("%s (%s) %s", by.Cohort, by.Profile, n))
	}
	if len(t.By) > 3 {
		parts = append(parts, "and others")
	}
	first := fmt.Sprintf("the first is player %d", t.Player)
	if t.Session > 1 {
		first += fmt.Sprintf(" in session %d", t.Session)
	}
	return ": cohort " + strings.Join(parts, ", ") + "; " + first
}

// ofShare says how a share changed. Of a fault, the move behind it says more.
func (p *Pairs) ofShare(s *Share) string {
	if metric, fault, ok := strings.Cut(s.Of, "{fault="); ok {
		fault = strings.TrimSuffix(fault, "}")
		for i := range p.Moves {
			m := &p.Moves[i]
			if m.Fault == fault && m.cost() > 0 && (m.New == metric || metric == faultNames[0] && m.Base == metric) {
				return m.sentence()
			}
		}
	}
	n := s.Both + s.Lost + s.Gained + s.None
	text := s.Of
	switch s.Of {
	case sessionNames[startupFailed]:
		text = "failed to start"
	case sessionNames[fatal]:
		text = "ended by an error"
	}
	most, least, where, clause := s.Gained, s.Lost, "in the new run and not in the base", s.Those.clause(true)
	if s.Lost > s.Gained {
		most, least, where, clause = s.Lost, s.Gained, "in the base and not in the new run", ""
	}
	return fmt.Sprintf("%s of %s %s %s (%s the other way round; %s)%s", figure.Thousands(int64(most)), figure.Plural(n, "session"), text, where, figure.Thousands(int64(least)), probability(float64(s.P)), clause)
}

// probability writes one with as many digits as mean something.
func probability(p float64) string {
	switch {
	case p < 1e-6:
		return "p < 0.000001"
	case p < .01:
		return "p = " + figure.Trim(p, 6)
	}
	return "p = " + figure.Trim(p, 2)
}

func (t *Timing) sentence() string {
	metric, fault, ok := strings.Cut(t.Of, "{fault=")
	if ok {
		metric += " from " + strings.TrimSuffix(fault, "}")
	}
	worse, better, tail, text := "longer", "shorter", "p95", figure.Seconds
	if t.Unit != "ms" {
		worse, better, tail, text = "lower", "higher", "p5", figure.BitsPerSecond
	}
	level := func(l Level) string {
		if math.IsInf(float64(l), 1) {
			return "never"
		}
		return text(float64(l))
	}
	pairs := figure.Plural(t.Pairs, "session")
	var s string
	switch {
	case t.Better == 0:
		s = fmt.Sprintf("%s in %s of %s", worse, figure.Thousands(int64(t.Worse)), pairs)
	case t.Worse == 0:
		s = fmt.Sprintf("%s in %s of %s", better, figure.Thousands(int64(t.Better)), pairs)
	default:
		s = fmt.Sprintf("%s in %s and %s in %s of %s", worse, figure.Thousands(int64(t.Worse)), better, figure.Thousands(int64(t.Better)), pairs)
	}
	if median := float64(t.Median); !math.IsNaN(median) {
		way := ""
		if t.Worse > 0 && t.Better > 0 {
			way = " " + worse
			if median < 0 {
				way = " " + better
			}
		}
		switch s += fmt.Sprintf(", by %s%s", text(math.Abs(median)), way); {
		case t.Largest > 0 && t.Worse+t.Better == 1:
			s += fmt.Sprintf(" (player %d)", t.Player)
		case t.Largest > 0:
			s += fmt.Sprintf(" in the median and %s at most (player %d)", text(float64(t.Largest)), t.Player)
		default:
			s += " in the median"
		}
	}
	if t.Stopped > 0 {
		s += fmt.Sprintf("; it never came in %s where it did in the base", figure.Thousands(int64(t.Stopped)))
	}
	if before, now := level(t.BaseP95), level(t.NewP95); before != now {
		s += fmt.Sprintf("; %s %s, in the base %s", tail, now, before)
	}
	return metric + ": " + s
}

// notes say what the pairs do not show.
func (p *Pairs) notes() (all []string) {
	if p.Part < 1 || p.FaultPart < 1 {
		all = append(all, fmt.Sprintf("compared were a sample of the players, the same in both: %s of them for their sessions, %s for what faults did", figure.Percent(p.Part), figure.Percent(p.FaultPart)))
	}
	if p.Unmatched > 0 {
		all = append(all, fmt.Sprintf("%s in one of the two simulations only: the audience is not the same", are(p.Unmatched, "player")))
	}
	if p.Single > 0 && p.Unmatched == 0 {
		all = append(all, fmt.Sprintf("%s in one of the two simulations only: their viewers came back more often there", are(p.Single, "session")))
	}
	if p.Moved > 0 {
		all = append(all, fmt.Sprintf("%s of another cohort than in the base: what changed for them may come from that", are(p.Moved, "player")))
	}
	for i, m := range p.Mixes {
		if i == mostSentences {
			all = append(all, fmt.Sprintf("… and %d more cohorts with another number of players", len(p.Mixes)-i))
			break
		}
		all = append(all, fmt.Sprintf("cohort %s has %s, in the base %d", m.Cohort, figure.Plural(m.New, "player"), m.Base))
	}
	return all
}

func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return figure.Plural(n, noun) + " are"
}
