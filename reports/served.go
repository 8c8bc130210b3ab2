package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// ViewersServed is the expectation that every run has: outside of faults those
// who want to play do, and what they fetch is there and is media.
const ViewersServed = "viewers_served"

// When viewers are not served.
const (
	// darkShare of those who want to play do not, for as long as darkAfter.
	darkShare = 0.5
	// dimShare of them do not: a warning.
	dimShare = 0.25
	// standsTargets target durations without a new segment are too long.
	standsTargets = 2
	// unusableShare of the playlists can be used by no player.
	unusableShare = 0.001
	// rewoundShare of the playlists go back to an earlier media sequence number;
	// caches that do not agree cause fewer.
	rewoundShare = 0.01
	// failedShare of the answers of a kind are errors, and metShare of the
	// sessions that asked got one.
	failedShare, metShare = 0.25, 0.1
	// unfitShare of the answers of a kind cannot be what was asked for.
	unfitShare = 0.1
	// goneTimes is how often at least something was asked for that was never
	// there.
	goneTimes = 2
)

// service is what a run shows of how viewers were served outside of faults.
type service struct {
	v       *view
	rows    rows
	kinds   [m3u8.Kinds]seen
	watched []watched
	left    []time.Duration // media that those who play at the end have buffered
}

func (v *view) service() *service {
	sv := &service{v: v, rows: v.timeline(), left: v.buffered()}
	sv.kinds, sv.watched = v.seen()
	slices.Sort(sv.left)
	return sv
}

// judge is the expectation, and what a reader should know beside it.
func (sv *service) judge(own bool) (ExpectationResult, []string) {
	res := ExpectationResult{Expr: ViewersServed, Unit: unitSymbols[fraction], Value: NoData}
	var wrong, warnings []string
	dark, dim, least := sv.darkness()
	res.Value = least
	switch {
	case dark != nil:
		wrong = append(wrong, sv.tell(dark))
	case dim != nil:
		warnings = append(warnings, sv.tell(dim))
	}
	if standing, most := sv.standing(); standing != "" {
		switch {
		case dark != nil:
			wrong = append(wrong, standing)
		case dim != nil:
			warnings = append(warnings, standing)
		case most:
			warnings = append(warnings, standing+sv.leftover())
		}
	}
	wrong = append(wrong, sv.failures()...)
	for k := range m3u8.Kinds {
		if n := &sv.kinds[k]; len(n.unfit) > 0 && !strings.Contains(strings.Join(wrong, "; "), n.unfitness(k)) {
			warnings = append(warnings, "outside of faults "+n.unfitness(k))
		}
	}
	if own {
		unusable, back, warn := sv.playlists()
		wrong = append(append(wrong, unusable...), back...)
		warnings = append(warnings, warn...)
	}
	if res.Pass = len(wrong) == 0; !res.Pass {
		res.Reason = strings.Join(wrong, "; ")
		return res, warnings
	}
	switch {
	case !least.Known():
		res.Reason = fmt.Sprintf("no %s outside of faults in which viewers wanted to play", seconds(float64(sv.window()/time.Millisecond)))
	case least == 1:
		res.Reason = "outside of faults all who wanted to play did"
	default:
		res.Reason = fmt.Sprintf("outside of faults at least %s of those who wanted to play did", percent(float64(least)))
	}
	if n := sv.v.lost(); n > 0 {
		res.Reason += fmt.Sprintf("; not counted: %s that faults affected and that never recovered", plural(int(n), "session"))
	}
	return res, warnings
}

// lost is how many sessions never came through a fault that affected them.
func (v *view) lost() (n int64) {
	for _, im := range v.impacts() {
		n += im.outcomes[neverRecovered]
	}
	return n
}

// window is for how long a share of the viewers must not play.
func (sv *service) window() time.Duration { return sv.v.Config.darkAfter() }

// stretch is a time in which a share of the viewers did not play, and what was
// so when it was worst.
type stretch struct {
	from, to time.Duration
	worst    row
	more     int // stretches beside
}

func (r *row) out() int64 { return r.waiting + r.still + r.dead }

func (r *row) share() float64 { return float64(r.out()) / float64(max(r.want, 1)) }

// darkness looks for stretches outside of faults in which half of those who
// wanted to play, or a quarter, did not. least is the share that played at the
// best moment of the worst stretch of that length.
func (sv *service) darkness() (dark, dim *stretch, least Value) {
	n := max(2, int((sv.window()+sv.rows.step-1)/sv.rows.step))
	least = NoData
	var sum, now row
	var missing float64  // of those who died, who would be here
	var shares []float64 // since the last fault, or since a viewer wanted to play
	var out, partly stretches
	for from := time.Duration(0); from < sv.v.At; from += sv.rows.step {
		to := min(from+sv.rows.step, sv.v.At)
		if i := int(from / sv.rows.step); i < len(sv.rows.row) {
			r := sv.rows.row[i]
			r.pipeline = nil
			sum.add(&r)
			missing = sv.missing(missing, &r, &sum)
			now = sum
			now.dead = int64(math.Round(missing))
			now.want += now.dead - sum.dead
		}
		disturbed := sv.v.disturbed(from, to)
		if !disturbed && now.want <= 0 && now.joining > 0 {
			continue // all are about to start: that shows neither picture nor trouble
		}
		if now.want <= 0 || disturbed {
			shares = shares[:0]
			out.cut()
			partly.cut()
			continue
		}
		shares = append(shares, now.share())
		if len(shares) > n {
			if l := Value(round(1-slices.Min(shares[len(shares)-n-1:]), 6)); math.IsNaN(float64(least)) || l < least {
				least = l
			}
		}
		out.note(&now, from, to, now.share() >= darkShare, n)
		partly.note(&now, from, to, now.share() >= dimShare, n)
	}
	dark, dim = out.longest(), partly.longest()
	switch atEnd := time.Duration(out.rows) * sv.rows.step; {
	case dark != nil || out.rows == 0:
	case now.out() == now.want && 2*now.dead >= now.want && now.joining == 0:
		dark = &out.now // none is left, however short before the end
	case dim == nil && atEnd >= sv.v.Config.TargetDuration:
		dim = &out.now // the run was over before it could be long enough
	}
	return dark, dim, least
}

// missing is how many of those who died would be here after a row r, if they were
// missing before it; sum is all rows up to it. Where no viewer takes a place that
// became free, they would have left as others do: when half of the others
// leave, or have seen the stream to its end, so would half of them.
func (sv *service) missing(before float64, r, sum *row) float64 {
	if sv.v.Config.Absence > 0 {
		return float64(sum.dead)
	}
	came := r.joining + r.playing + r.stalled + r.gone + r.dead // in place of others, as with a new token
	if left := min(r.gone, r.gone-came); left > 0 {
		before *= 1 - float64(left)/float64(sum.joining+sum.playing+sum.stalled+r.dead+left)
	}
	return before + float64(r.dead)
}

// stretches collects those that are long enough.
type stretches struct {
	now   stretch
	rows  int
	found []stretch
}

// note takes a row; n rows after the first one make a stretch.
func (s *stretches) note(r *row, from, to time.Duration, in bool, n int) {
	if !in {
		s.cut()
		return
	}
	if s.rows++; s.rows == 1 {
		s.now = stretch{from: from}
	}
	s.now.to = to
	if s.rows == 1 || r.share() > s.now.worst.share() || r.share() == s.now.worst.share() && r.want >= s.now.worst.want {
		s.now.worst = *r
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
	for i := v.course.at(from); i < len(v.course.pieces) && (i == 0 || v.course.pieces[i].from < to); i++ {
		if v.course.spans[v.course.pieces[i].span].in(-1, either) {
			return true
		}
	}
	return false
}

// tell says who did not play, and when.
func (sv *service) tell(d *stretch) string {
	r := &d.worst
	at := func(t time.Duration) string { return trim(t.Seconds(), 0) + " s" }
	end := at(d.to)
	if d.to >= sv.v.At {
		end = "the end"
	}
	s := fmt.Sprintf("%d of %s had no picture from %s to %s, outside of any fault", r.out(), plural(int(r.want), "session"), at(d.from), end)
	var how []string
	for _, x := range []struct {
		n    int64
		what string
	}{{r.still, "stood still"}, {r.waiting, "never started"}, {r.dead, "died of an error"}} {
		if x.n > 0 {
			how = append(how, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	s += " (" + strings.Join(how, ", ") + ")"
	if d.more > 0 {
		s += fmt.Sprintf(", and at %s besides", plural(d.more, "other time"))
	}
	return s
}

// standing says which media playlists answered and did not go on when they were
// last asked for, or had no segments; most reports whether hardly any went on.
func (sv *service) standing() (text string, most bool) {
	frozen, empty, asked := 0, 0, 0
	since := time.Duration(0)
	lately := sv.v.At - 2*sv.window()
	for i := range sv.watched {
		w := &sv.watched[i]
		stands := w.asked-w.moved > standsTargets*sv.v.Config.TargetDuration
		if !w.listed || w.final || !stands && w.asked < lately {
			continue
		}
		asked++
		switch {
		case w.empty:
			empty++
		case stands:
			frozen++
			since = max(since, w.moved)
		}
	}
	var parts []string
	if frozen > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s answered 200 and stopped advancing at %s s", frozen, plural(asked, "media playlist"), trim(since.Seconds(), 0)))
	}
	if empty > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s answered 200 and listed no segment", empty, plural(asked, "media playlist")))
	}
	return strings.Join(parts, "; "), 2*(frozen+empty) >= asked
}

// leftover says what those who still play have buffered.
func (sv *service) leftover() string {
	if len(sv.left) == 0 {
		return "; no player had any buffer left when the run ended"
	}
	lo, hi := sv.left[0].Round(time.Second).Seconds(), sv.left[len(sv.left)-1].Round(time.Second).Seconds()
	if lo == hi {
		return fmt.Sprintf("; players had %s s of buffer left when the run ended", trim(hi, 0))
	}
	return fmt.Sprintf("; players had %s to %s s of buffer left when the run ended", trim(lo, 0), trim(hi, 0))
}

// failures says what was never there for any session that asked, and of what
// kinds much of the rest failed, for many.
func (sv *service) failures() (wrong []string) {
	rest := [...]seen{m3u8.KindMultivariant: sv.kinds[m3u8.KindMultivariant], m3u8.KindMedia: {}, m3u8.KindInit: {}, m3u8.KindSegment: {}, m3u8.KindKey: sv.kinds[m3u8.KindKey]}
	for i := range sv.watched {
		for _, x := range []struct {
			what string
			kind m3u8.Kind
			n    *seen
		}{
			{"the media playlist", m3u8.KindMedia, &sv.watched[i].lists},
			{"the initialization section", m3u8.KindInit, &sv.watched[i].inits},
			{"the media", m3u8.KindSegment, &sv.watched[i].media},
		} {
			sessions := sv.kinds[x.kind].sessions
			if x.n.bad < goneTimes || x.n.bad < x.n.answers || float64(x.n.met) < metShare*float64(sessions) {
				rest[x.kind].add(x.n)
				continue
			}
			never := "there"
			if total(x.n.unfit) == x.n.bad && x.kind != m3u8.KindMedia {
				never = "media"
			}
			wrong = append(wrong, fmt.Sprintf("%s of %s was never %s (%s), for %d of %s", x.what, sv.v.renditionName(i), never, reasons(x.n.why), x.n.met, plural(int(sessions), "session")))
		}
	}
	if len(wrong) > maxNamed {
		wrong = append(wrong[:maxNamed], "and more")
	}
	for k := range m3u8.Kinds {
		n, all := &rest[k], &sv.kinds[k]
		if sum := total(n.unfit); float64(sum) >= unfitShare*float64(n.answers) && sum >= goneTimes && float64(all.met) >= metShare*float64(all.sessions) {
			wrong = append(wrong, fmt.Sprintf("%s, for %d of %s", n.unfitness(k), all.met, plural(int(all.sessions), "session")))
			continue
		}
		if n.bad >= goneTimes && float64(n.bad) >= failedShare*float64(n.answers) && float64(all.met) >= metShare*float64(all.sessions) {
			wrong = append(wrong, fmt.Sprintf("%s of %s %s requests failed (%s), for %d of %s", thousands(n.bad), thousands(n.answers), k, reasons(n.why), all.met, plural(int(all.sessions), "session")))
		}
	}
	return wrong
}

// unfitness says how many answers of a kind cannot be what was asked for, what
// they were, and where they came from.
func (n *seen) unfitness(k m3u8.Kind) string {
	noun := "media"
	switch k {
	case m3u8.KindMultivariant, m3u8.KindMedia:
		noun = "playlists"
	case m3u8.KindKey:
		noun = "keys"
	}
	s := fmt.Sprintf("%s of %s %s answers cannot be %s (%s)", thousands(total(n.unfit)), thousands(n.answers), k, noun, reasons(n.unfit))
	if len(n.hosts) > 0 {
		s += " from " + strings.Join(slices.Sorted(maps.Keys(n.hosts)), ", ")
	}
	return s
}

func total(by map[string]int64) (sum int64) {
	for _, n := range by {
		sum += n
	}
	return sum
}

// maxNamed is how many things that are wrong are named.
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

// unusable are the failures of playlists that no player can work with.
var unusable = [...]player.Failure{player.BadBody, player.TooLarge, player.Redirects, player.Mismatch}

// playlists says what is wrong with a stream that is not the rig's.
func (sv *service) playlists() (unfit, back, warnings []string) {
	all, rewound, sum, why := int64(0), int64(0), int64(0), map[string]int64{}
	for _, k := range []m3u8.Kind{m3u8.KindMultivariant, m3u8.KindMedia} {
		r := sv.v.undisturbed(k)
		all += r.answers
		rewound += r.rewound
		for _, f := range unusable {
			if n := r.why[f.String()]; n > 0 {
				count(&why, f.String(), n)
				sum += n
			}
		}
	}
	if sum > 0 && float64(sum) >= unusableShare*float64(all) {
		unfit = []string{fmt.Sprintf("%s of %s playlists are unusable (%s)", thousands(sum), thousands(all), reasons(why))}
	}
	text := fmt.Sprintf("%s of %s playlists went back to an earlier media sequence number", thousands(rewound), thousands(all))
	switch {
	case rewound == 0:
	case float64(rewound) < rewoundShare*float64(all):
		warnings = []string{"outside of faults " + text}
	default:
		back = []string{text}
	}
	return unfit, back, warnings
}
