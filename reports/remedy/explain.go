package remedy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/reports/figure"
)

// Loss is the sessions of a cohort that lost playback in a fault.
type Loss struct {
	Player      *player.Profile
	Name        string // of the player, for people
	Cohort      string
	Sessions    int64
	Fatal       int64 // of them
	AsPredicted bool
}

// NoneKnown stands where sessions lost playback and nothing is known that helps.
const NoneKnown = "none known"

// Explain says why sessions lost playback, and what helps, in order of how many that
// would help. Both are empty when none did.
func Explain(f *chaos.Fault, s *Stream, losses []Loss) (why string, helps []string) {
	losses = byPlayer(losses)
	if len(losses) == 0 {
		return "", nil
	}
	return said(f, s, losses), helping(f, s, losses)
}

// byPlayer joins the cohorts of a player, those with most losses first.
func byPlayer(losses []Loss) (joined []Loss) {
	for _, l := range losses {
		switch i := slices.IndexFunc(joined, func(o Loss) bool { return o.Player.ID == l.Player.ID }); {
		case l.Sessions == 0:
		case i < 0:
			joined = append(joined, l)
		default:
			o := &joined[i]
			o.Sessions, o.Fatal, o.AsPredicted = o.Sessions+l.Sessions, o.Fatal+l.Fatal, o.AsPredicted && l.AsPredicted
		}
	}
	slices.SortStableFunc(joined, func(a, b Loss) int { return cmp.Compare(b.Sessions, a.Sessions) })
	return joined
}

func (l *Loss) incident(f *chaos.Fault, s *Stream) *incident {
	return &incident{fault: f, stream: s, player: l.Player, dies: l.Fatal > 0}
}

// Applying are the rows for a loss.
func Applying(f *chaos.Fault, s *Stream, l *Loss) (found []*Row) {
	i := l.incident(f, s)
	for r := range Rows {
		if row := &Rows[r]; in(f.Kind, row.Faults) && all(row.When, i) && row.Rule.of(l.Player) {
			found = append(found, row)
		}
	}
	return found
}

// Helping is what helps against a loss, without repetition.
func Helping(f *chaos.Fault, s *Stream, l *Loss) (found []*Help) {
	for _, row := range Applying(f, s, l) {
		for _, h := range row.Helps {
			if all(h.When, l.incident(f, s)) && !slices.ContainsFunc(found, func(o *Help) bool { return o.Text == h.Text }) {
				found = append(found, h)
			}
		}
	}
	return found
}

// reason is what the first row says; "" = it is not known.
func reason(f *chaos.Fault, s *Stream, l *Loss) string {
	for _, row := range Applying(f, s, l) {
		if row.Why != "" {
			return row.Why
		}
	}
	return ""
}

// said names the players by what they do.
func said(f *chaos.Fault, s *Stream, losses []Loss) string {
	var reasons []string
	by := map[string][]Loss{}
	total := int64(0)
	for i := range losses {
		why := reason(f, s, &losses[i])
		if by[why] == nil {
			reasons = append(reasons, why)
		}
		by[why] = append(by[why], losses[i])
		total += losses[i].Sessions
	}
	var sentences []string
	for n, why := range reasons {
		of := by[why]
		sum, predicted := int64(0), true
		for _, l := range of {
			sum += l.Sessions
			predicted = predicted && l.AsPredicted
		}
		var line string
		switch {
		case n > 0:
			line = figure.Thousands(sum)
		case sum < total:
			line = figure.Thousands(sum) + " of the " + figure.Plural(int(total), "session") + " that lost the picture"
		case total == 1:
			line = "The only session that lost the picture"
		default:
			line = "All " + figure.Plural(int(total), "session") + " that lost the picture"
		}
		line += " " + verb(sum) + " " + players(of)
		switch {
		case why == "":
			line += "; why is not known"
		case len(of) > 1:
			line += ", each of which " + why
		default:
			line += ", which " + why
		}
		if predicted && why != "" {
			line += ", as predicted"
		}
		sentences = append(sentences, line+".")
	}
	return strings.Join(sentences, " ")
}

func verb(n int64) string {
	if n == 1 {
		return "plays"
	}
	return "play"
}

// players names players, with how many sessions each when there are several.
func players(of []Loss) string {
	if len(of) == 1 {
		return of[0].Name
	}
	var names []string
	for _, l := range of {
		names = append(names, fmt.Sprintf("%s (%d)", l.Name, l.Sessions))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// helping lists what helps. What helps some of the players only says whom.
func helping(f *chaos.Fault, s *Stream, losses []Loss) (lines []string) {
	type help struct {
		*Help
		of       []Loss
		sessions int64
	}
	var found []*help
	for _, l := range losses {
		for _, h := range Helping(f, s, &l) {
			i := slices.IndexFunc(found, func(o *help) bool { return o.Text == h.Text })
			if i < 0 {
				found, i = append(found, &help{Help: h}), len(found)
			}
			found[i].of, found[i].sessions = append(found[i].of, l), found[i].sessions+l.Sessions
		}
	}
	slices.SortStableFunc(found, func(a, b *help) int { return cmp.Compare(b.sessions, a.sessions) })
	for _, h := range found {
		line := h.Text
		if len(h.of) < len(losses) {
			line = "for " + players(h.of) + ": " + line
		}
		line += ". Source: " + h.Source + "."
		if try := h.try(f.Name, h.of[0].Cohort); try != "" && s.Embedded {
			line += " Try: " + try
		}
		lines = append(lines, line)
	}
	if lines == nil {
		return []string{NoneKnown}
	}
	return lines
}

// longest is how many bytes of overrides still help a reader.
const longest = 100

// try are the flags with which a simulation shows it; "" = there are none, or too long ones.
func (h *Help) try(fault, cohort string) string {
	var flags []string
	for _, o := range Named(h.Proof, fault, cohort) {
		if strings.ContainsAny(o, " {[") {
			o = "'" + o + "'"
		}
		flags = append(flags, "--set "+o)
	}
	if all := strings.Join(flags, " "); len(all) <= longest {
		return all
	}
	return ""
}

// Named puts the names of a fault and a cohort into overrides.
func Named(overrides []string, fault, cohort string) (out []string) {
	r := strings.NewReplacer("{fault}", fault, "{cohort}", cohort)
	for _, o := range overrides {
		out = append(out, r.Replace(o))
	}
	return out
}
