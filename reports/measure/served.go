package measure

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// When viewers are not served.
const (
	// darkShare of the viewers who want to play do not play for DarkAfter.
	darkShare = 0.5
	// dimShare of them do not play: a warning.
	dimShare = 0.25
	// standsTargets target durations without a new segment are too long.
	standsTargets = 2
	// unusableShare of the playlists are of no use to any player.
	unusableShare = 0.001
	// rewoundShare of the playlists go back to an earlier media sequence number;
	// caches that differ cause fewer.
	rewoundShare = 0.01
	// failedShare of the answers of a kind are errors, and metShare of the
	// sessions that asked received one.
	failedShare, metShare = 0.25, 0.1
	// unfitShare of the answers of a kind cannot be what was asked for.
	unfitShare = 0.1
	// goneTimes is how often at least a thing must have been asked for.
	goneTimes = 2
)

// viewersServed is the expectation, and what a reader should know beside it. own
// says that the stream is not the rig's.
func (v *view) viewersServed(own bool) (reports.ExpectationResult, []string) {
	res := reports.ExpectationResult{Expr: reports.ViewersServed, Unit: reports.UnitSymbols[reports.Fraction], Value: reports.NoData}
	var wrong, warnings []string
	dark, dim, least := v.darkness()
	res.Value = least
	switch {
	case dark != nil:
		wrong = append(wrong, v.tell(dark))
	case dim != nil:
		warnings = append(warnings, v.tell(dim))
	}
	if standing, most := v.standing(); standing != "" {
		switch {
		case dark != nil:
			wrong = append(wrong, standing)
		case dim != nil:
			warnings = append(warnings, standing)
		case most:
			warnings = append(warnings, standing+v.leftover())
		}
	}
	wrong = append(wrong, v.failures()...)
	for k := range m3u8.Kinds {
		if n := &v.Kinds[k]; len(n.Unfit) > 0 && !strings.Contains(strings.Join(wrong, "; "), unfitness(n, k)) {
			warnings = append(warnings, "outside of faults "+unfitness(n, k))
		}
	}
	if own {
		unusable, back, warn := v.playlists()
		wrong = append(append(wrong, unusable...), back...)
		warnings = append(warnings, warn...)
	}
	if res.Pass = len(wrong) == 0; !res.Pass {
		res.Reason = strings.Join(wrong, "; ")
		if v.lost.players > 0 {
			without := *v
			without.lost = lost{}
			measured, _ := without.viewersServed(own)
			res.ByLost = measured.Pass
		}
		return res, warnings
	}
	switch {
	case !least.Known():
		res.Reason = fmt.Sprintf("no %s outside of faults in which viewers wanted to play", figure.Seconds(float64(v.Config.DarkAfter()/time.Millisecond)))
	case least == 1:
		res.Reason = "outside of faults all sessions that wanted to play did"
	default:
		res.Reason = fmt.Sprintf("outside of faults at least %s of the sessions that wanted to play did", figure.Percent(float64(least)))
	}
	res.Reason += v.unrecovered()
	return res, warnings
}

// unrecovered says how many sessions never recovered from a fault that affected them; "" = none.
// A session that several faults affected counts for each of them.
func (v *view) unrecovered() string {
	by := map[string]int64{}
	for k, im := range v.Faults() {
		if n := im.Outcomes[record.NeverRecovered]; n > 0 {
			by[v.Phases.Occurrences[k.Occurrence].Fault.Name] += n
		}
	}
	if len(by) > 1 {
		return "; not counted: sessions that never recovered from a fault (" + figure.Reasons(by) + ")"
	}
	for _, n := range by {
		return fmt.Sprintf("; not counted: %s that faults affected and that never recovered", figure.Plural(int(n), "session"))
	}
	return ""
}

// stretch is a time in which a share of the viewers did not play, with the
// numbers at its worst moment.
type stretch struct {
	from, to time.Duration
	worst    record.Row
	lost     int64 // of the sessions at the worst moment, those that are taken for not playing because nothing is known of them
	more     int   // other stretches
}

func notPlaying(r *record.Row) int64 { return r.Waiting + r.Still + r.Dead }

func shareOut(r *record.Row) float64 { return float64(notPlaying(r)) / float64(max(r.Want, 1)) }

// darkness looks for stretches outside of faults in which half of the viewers who
// wanted to play, or a quarter, did not play. least is the share that played at the
// best moment of the worst stretch of that length.
func (v *view) darkness() (dark, dim *stretch, least reports.Value) {
	rows := v.Timeline()
	n := max(2, int((v.Config.DarkAfter()+rows.Step-1)/rows.Step))
	least = reports.NoData
	var sum, now record.Row
	var missing float64  // viewers ended by an error who would still be here
	var shares []float64 // since the last fault, or since a viewer wanted to play
	var out, partly stretches
	unknown := int64(0) // of now
	for from := time.Duration(0); from < v.At; from += rows.Step {
		to := min(from+rows.Step, v.At)
		if i := int(from / rows.Step); i < len(rows.Rows) {
			r := rows.Rows[i]
			r.Pipeline = nil
			reports.Add(&sum, &r)
			missing = v.missing(missing, &r, &sum)
			now = sum
			now.Dead = int64(math.Round(missing))
			now.Want += now.Dead - sum.Dead
			if unknown = v.lost.among(now.Want); unknown > 0 { // what lost players saw is not known
				now.Dead += unknown
				now.Want += unknown
			}
		}
		disturbed := v.disturbed(from, to)
		if !disturbed && now.Want <= 0 && now.Joining > 0 {
			continue // all are about to start, which is no trouble yet
		}
		if now.Want <= 0 || disturbed {
			shares = shares[:0]
			out.cut()
			partly.cut()
			continue
		}
		shares = append(shares, shareOut(&now))
		if len(shares) > n {
			if l := reports.Value(1 - slices.Min(shares[len(shares)-n-1:])).Round(6); math.IsNaN(float64(least)) || l < least {
				least = l
			}
		}
		out.note(&now, unknown, from, to, shareOut(&now) >= darkShare, n)
		partly.note(&now, unknown, from, to, shareOut(&now) >= dimShare, n)
	}
	dark, dim = out.longest(), partly.longest()
	switch atEnd := time.Duration(out.rows) * rows.Step; {
	case dark != nil || out.rows == 0:
	case notPlaying(&now) == now.Want && 2*now.Dead >= now.Want && now.Joining == 0:
		dark = &out.now // no viewer is left, however short the time before the end
	case dim == nil && atEnd >= v.Config.TargetDuration:
		dim = &out.now // the run ended before it could be long enough
	}
	return dark, dim, least
}

// missing is how many viewers ended by an error would still be here after row r;
// before is their number before it, and sum all rows up to it. When no other
// viewers come, they would have left as others do: when half of the others leave or
// have seen the stream to its end, half of the missing stop counting.
func (v *view) missing(before float64, r, sum *record.Row) float64 {
	if v.Config.Absence > 0 {
		return float64(sum.Dead)
	}
	came := r.Joining + r.Playing + r.Stalled + r.Gone + r.Dead // in place of others, as with a new token
	if left := min(r.Gone, r.Gone-came); left > 0 {
		before *= 1 - float64(left)/float64(sum.Joining+sum.Playing+sum.Stalled+r.Dead+left)
	}
	return before + float64(r.Dead)
}

// stretches collects the stretches that are long enough.
type stretches struct {
	now   stretch
	rows  int
	found []stretch
}

// note takes a row, and how many of its sessions are lost; n rows after the first one make a stretch.
func (s *stretches) note(r *record.Row, lost int64, from, to time.Duration, in bool, n int) {
	if !in {
		s.cut()
		return
	}
	if s.rows++; s.rows == 1 {
		s.now = stretch{from: from}
	}
	s.now.to = to
	if s.rows == 1 || shareOut(r) > shareOut(&s.now.worst) || shareOut(r) == shareOut(&s.now.worst) && r.Want >= s.now.worst.Want {
		s.now.worst, s.now.lost = *r, lost
	}
	switch {
	case s.rows == n+1:
		s.found = append(s.found, s.now)
	case s.rows > n:
		s.found[len(s.found)-1] = s.now
	}
}

func (s *stretches) cut() { s.rows = 0 }

func (s *stretches) longest() *stretch {
	var best *stretch
	for i := range s.found {
		if f := &s.found[i]; best == nil || f.to-f.from > best.to-best.from {
			best = f
		}
	}
	if best != nil {
		best.more = len(s.found) - 1
	}
	return best
}

// disturbed reports whether any instant of a time is of a fault or its recovery.
func (v *view) disturbed(from, to time.Duration) bool {
	for _, g := range v.Gaps() {
		if from < g.Settled && to > g.From {
			return true
		}
	}
	for i := v.Phases.At(from); i < len(v.Phases.Intervals) && (i == 0 || v.Phases.Intervals[i].From < to); i++ {
		if v.Phases.Sets[v.Phases.Intervals[i].Set].In(-1, record.Either) {
			return true
		}
	}
	return false
}

// tell says how many viewers did not play, when, and why.
func (v *view) tell(d *stretch) string {
	r := &d.worst
	at := func(t time.Duration) string { return figure.Trim(t.Seconds(), 0) + " s" }
	end := at(d.to)
	if d.to >= v.At {
		end = "the end"
	}
	s := fmt.Sprintf("%d of %s had no picture from %s to %s, outside of any fault", notPlaying(r), figure.Plural(int(r.Want), "session"), at(d.from), end)
	var how []string
	for _, x := range []struct {
		n    int64
		what string
	}{{r.Still, "stood still"}, {r.Waiting, "never started"}, {r.Dead - d.lost, "died of an error"}, {d.lost, "were lost with their agents, so nothing is known of them"}} {
		if x.n > 0 {
			how = append(how, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	s += " (" + strings.Join(how, ", ") + ")"
	if d.more > 0 {
		s += fmt.Sprintf(", and at %s besides", figure.Plural(d.more, "other time"))
	}
	return s
}

// standing says which media playlists answered and did not go on when they were
// last asked for, or had no segments; most reports whether hardly any went on.
func (v *view) standing() (text string, most bool) {
	frozen, empty, asked := 0, 0, 0
	since := time.Duration(0)
	lately := v.At - 2*v.Config.DarkAfter()
	for i := range v.Renditions {
		w := &v.Renditions[i]
		moved, listed := w.Moved()
		stands := w.Asked-moved > standsTargets*v.Config.TargetDuration
		if !listed || w.Final || !stands && w.Asked < lately {
			continue
		}
		asked++
		switch {
		case w.Empty:
			empty++
		case stands:
			frozen++
			since = max(since, moved)
		}
	}
	var parts []string
	if frozen > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s answered 200 and stopped advancing at %s s", frozen, figure.Plural(asked, "media playlist"), figure.Trim(since.Seconds(), 0)))
	}
	if empty > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s answered 200 and listed no segment", empty, figure.Plural(asked, "media playlist")))
	}
	return strings.Join(parts, "; "), 2*(frozen+empty) >= asked
}

// leftover says how much the sessions that still play have buffered.
func (v *view) leftover() string {
	if v.Buffers.Sessions == 0 {
		return "; no player had any buffer left when the run ended"
	}
	lo, hi := v.Buffers.Least.Round(time.Second).Seconds(), v.Buffers.Most.Round(time.Second).Seconds()
	if lo == hi {
		return fmt.Sprintf("; players had %s s of buffer left when the run ended", figure.Trim(hi, 0))
	}
	return fmt.Sprintf("; players had %s to %s s of buffer left when the run ended", figure.Trim(lo, 0), figure.Trim(hi, 0))
}

// failures says which things were never there for any session that asked, and
// which other kinds of requests failed too often.
func (v *view) failures() (wrong []string) {
	rest := [...]record.Answers{m3u8.KindMultivariant: v.Kinds[m3u8.KindMultivariant], m3u8.KindMedia: {}, m3u8.KindInit: {}, m3u8.KindSegment: {}, m3u8.KindKey: v.Kinds[m3u8.KindKey]}
	for i := range v.Renditions {
		for _, x := range []struct {
			what string
			kind m3u8.Kind
			n    *record.Answers
		}{
			{"the media playlist", m3u8.KindMedia, &v.Renditions[i].Lists},
			{"the initialization section", m3u8.KindInit, &v.Renditions[i].Inits},
			{"the media", m3u8.KindSegment, &v.Renditions[i].Media},
		} {
			sessions := v.Kinds[x.kind].Sessions
			if x.n.Bad < goneTimes || x.n.Bad < x.n.Answers || float64(x.n.Met) < metShare*float64(sessions) {
				reports.Add(&rest[x.kind], x.n)
				continue
			}
			never := "there"
			if total(x.n.Unfit) == x.n.Bad && x.kind != m3u8.KindMedia {
				never = "media"
			}
			wrong = append(wrong, fmt.Sprintf("%s of %s was never %s (%s), for %d of %s", x.what, v.renditionName(i), never, figure.Reasons(x.n.Why), x.n.Met, figure.Plural(int(sessions), "session")))
		}
	}
	if len(wrong) > maxNamed {
		wrong = append(wrong[:maxNamed], "and more")
	}
	for k := range m3u8.Kinds {
		n, all := &rest[k], &v.Kinds[k]
		if sum := total(n.Unfit); float64(sum) >= unfitShare*float64(n.Answers) && sum >= goneTimes && float64(all.Met) >= metShare*float64(all.Sessions) {
			wrong = append(wrong, fmt.Sprintf("%s, for %d of %s", unfitness(n, k), all.Met, figure.Plural(int(all.Sessions), "session")))
			continue
		}
		if n.Bad >= goneTimes && float64(n.Bad) >= failedShare*float64(n.Answers) && float64(all.Met) >= metShare*float64(all.Sessions) {
			wrong = append(wrong, fmt.Sprintf("%s of %s %s requests failed (%s), for %d of %s", figure.Thousands(n.Bad), figure.Thousands(n.Answers), k, figure.Reasons(n.Why), all.Met, figure.Plural(int(all.Sessions), "session")))
		}
	}
	return wrong
}

// unfitness says how many answers of a kind cannot be what was asked for, what
// they were, and where they came from.
func unfitness(n *record.Answers, k m3u8.Kind) string {
	noun := "media"
	switch k {
	case m3u8.KindMultivariant, m3u8.KindMedia:
		noun = "playlists"
	case m3u8.KindKey:
		noun = "keys"
	}
	s := fmt.Sprintf("%s of %s %s answers cannot be %s (%s)", figure.Thousands(total(n.Unfit)), figure.Thousands(n.Answers), k, noun, figure.Reasons(n.Unfit))
	if len(n.Hosts) > 0 {
		s += " from " + strings.Join(slices.Sorted(maps.Keys(n.Hosts)), ", ")
	}
	return s
}

func total(by map[string]int64) (sum int64) {
	for _, n := range by {
		sum += n
	}
	return sum
}

// maxNamed is how many wrong things are named.
const maxNamed = 6

func (v *view) renditionName(i int) string {
	name := fmt.Sprintf("rendition %d", i)
	if i < len(v.Config.Renditions) {
		r := &v.Config.Renditions[i]
		if r.Name != "" {
			name = r.Name
		}
		if r.Pipeline >= 0 {
			name += fmt.Sprintf(" of pipeline %d", r.Pipeline)
		}
	}
	return name
}

// unusable are the failures of playlists that no player can use.
var unusable = [...]player.Failure{player.BadBody, player.TooLarge, player.Redirects, player.Mismatch}

// playlists says what is wrong with a stream that is not the rig's.
func (v *view) playlists() (unfit, back, warnings []string) {
	all, rewound, sum, why := int64(0), int64(0), int64(0), map[string]int64{}
	for _, k := range []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia} {
		r := v.undisturbed(k)
		all += r.Answers
		rewound += r.Rewound
		for _, f := range unusable {
			if n := r.Why[f.String()]; n > 0 {
				reports.Count(&why, f.String(), n)
				sum += n
			}
		}
	}
	if sum > 0 && float64(sum) >= unusableShare*float64(all) {
		unfit = []string{fmt.Sprintf("%s of %s playlists are unusable (%s)", figure.Thousands(sum), figure.Thousands(all), figure.Reasons(why))}
	}
	text := fmt.Sprintf("%s of %s playlists went back to an earlier media sequence number", figure.Thousands(rewound), figure.Thousands(all))
	switch {
	case rewound == 0:
	case float64(rewound) < rewoundShare*float64(all):
		warnings = []string{"outside of faults " + text}
	default:
		back = []string{text}
	}
	return unfit, back, warnings
}
