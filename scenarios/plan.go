package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/player/units"
	"hlsload/reports/expect"
	"hlsload/reports/figure"
	"hlsload/rig"
)

// Faults expands the chaos list into occurrences, by their start.
func (sc *Scenario) Faults() []chaos.Fault { return chaos.Expand(sc.Chaos, sc.Duration) }

// Plan is the expanded timeline in words: what is done to what, when and via
// what, and how it is undone. Values of the environment do not show.
func (sc *Scenario) Plan() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, seed %d\n", sc.Name, units.FormatDuration(sc.Duration), sc.Seed)
	if d := strings.Join(strings.Fields(sc.Description.Raw), " "); d != "" {
		fmt.Fprintf(&b, "%s\n", d)
	}
	fmt.Fprintf(&b, "\ntarget  %s\n        players enter at %s\n", sc.Target.describe(), sc.Target.entries())
	if s := sc.Target.Sessions.describe(sc.Fleet.Audience.Peak()); s != "" {
		fmt.Fprintf(&b, "tokens  %s\n", s)
	}
	fmt.Fprintf(&b, "fleet   %s\n", sc.Fleet.describe())
	for i := range sc.Fleet.Audience.Cohorts {
		fmt.Fprintf(&b, "        %s\n", describeCohort(&sc.Fleet.Audience.Cohorts[i]))
	}
	for i, line := range describeRegions(sc.Fleet.Audience.Regions) {
		fmt.Fprintf(&b, "%s %s\n", []string{"regions", "       "}[min(i, 1)], line)
	}
	for _, line := range [][2]string{{"consent", sc.describeConsent()}, {"limits ", sc.Limits.describe()}} {
		if line[1] != "" {
			fmt.Fprintf(&b, "%s %s\n", line[0], line[1])
		}
	}
	b.WriteString("\ntimeline\n")
	for _, m := range sc.moments() {
		fmt.Fprintf(&b, "%8s  %s\n", figure.Clock(m.at), strings.ReplaceAll(m.text, "\n", "\n          "))
	}
	for _, list := range []struct {
		title string
		of    []*expect.Expectation
	}{{"stops when", sc.Stop}, {"expects", sc.Expect}, {"known", sc.Known}} {
		if len(list.of) > 0 {
			fmt.Fprintf(&b, "\n%s\n", list.title)
		}
		for _, e := range list.of {
			fmt.Fprintf(&b, "          %s\n", e.Text)
		}
	}
	return sc.Redact(b.String())
}

// moment is a line of the timeline.
type moment struct {
	at   time.Duration
	rank int // order within an instant: what ends comes before what begins
	text string
}

func (sc *Scenario) moments() []moment {
	ms := []moment{
		{0, 2, "the first players arrive"},
		{sc.Fleet.Audience.ArrivalsEnd(), 0, "all players have arrived"},
		{sc.Duration, 4, "the run ends"},
	}
	for _, f := range sc.Faults() {
		spec := f.Kind.Spec()
		name := f.Name
		if f.Occurrence > 1 || sc.Chaos[f.Rule].Every > 0 {
			name += " #" + strconv.Itoa(f.Occurrence)
		}
		text := fmt.Sprintf("%s: %s via %s on %s\n%s", name, f.Kind, f.Via, describeScope(&f), describeEffect(&f))
		if spec.Changes != "" {
			text += "\nchanges: " + spec.Changes
		}
		ms = append(ms, moment{f.At, 3, text})
		if spec.Instant {
			continue
		}
		end := f.At + f.For
		ms = append(ms, moment{end, 1, fmt.Sprintf("%s: undone: %s", name, describeUndo(&f))})
		if sc.Recovery > 0 && end < sc.Duration {
			ms[len(ms)-1].text += fmt.Sprintf("\nrecovery is measured until %s, or the next fault", figure.Clock(min(end+sc.Recovery, sc.Duration)))
		}
	}
	slices.SortStableFunc(ms, func(a, b moment) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	return ms
}

// describeEffect says what a fault does, with the parameters that were given.
func describeEffect(f *chaos.Fault) string {
	if p := describeParams(f); p != "" {
		return f.Kind.Spec().Doc + "; " + p
	}
	return f.Kind.Spec().Doc
}

// describeScope says in words what a fault selects.
func describeScope(f *chaos.Fault) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if f.Pipeline != chaos.Any {
		add("pipeline %d", f.Pipeline)
	}
	if f.Rendition != "" {
		add("rendition %s", f.Rendition)
	}
	if f.Pop != chaos.Any {
		add("POP %d", f.Pop)
	}
	if len(f.Kinds) > 0 {
		var kinds []string
		for _, k := range f.Kinds {
			kinds = append(kinds, k.String())
		}
		add("%s requests", strings.Join(kinds, ", "))
	}
	if f.Cohort != "" {
		add("cohort %s", f.Cohort)
	}
	if f.Share > 0 && f.Share < 1 {
		add("%s of viewers", units.FormatShare(f.Share))
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// describeParams puts the parameters into words: those that are set, and those
// that must be.
func describeParams(f *chaos.Fault) string {
	var parts []string
	params := f.Kind.Spec().Params
	for i := range params {
		if p := &params[i]; p.Says != "" && (p.Given(f) || p.Required && len(p.Vias) == 0) {
			parts = append(parts, strings.ReplaceAll(p.Says, "%s", describeValue(p, f)))
		}
	}
	return strings.Join(parts, ", ")
}

func describeValue(p *chaos.Field, f *chaos.Fault) string {
	switch v := p.Of(f).(type) {
	case *time.Duration:
		return units.FormatDuration(*v)
	case *int64:
		return units.FormatRate(*v)
	case *int:
		return strconv.Itoa(*v)
	case *string:
		return *v
	case *[]string:
		switch {
		case p.Words == nil:
			return fmt.Sprintf("%q", *v)
		case len(*v) == 0:
			return "none of the conditions"
		}
		return strings.Join(*v, ", ")
	}
	return ""
}

// describeUndo says how a fault is ended. Every undo is verified at the target.
func describeUndo(f *chaos.Fault) string {
	switch f.Via {
	case chaos.ViaRig:
		return "the rig ends it, then the target is checked"
	case chaos.ViaViewer:
		return "the players' own connections are no longer disturbed"
	case chaos.ViaManual:
		return "the run says so, and a person ends it; then the media playlists are read until all advance"
	case chaos.ViaCommand:
		return fmt.Sprintf("runs %q, then the target is checked", f.StopCommand)
	}
	return "ended via " + string(f.Via) + ", then the target is checked"
}

func (t *Target) describe() string {
	if t.Rig == nil {
		var urls []string
		for _, u := range t.URLs {
			urls = append(urls, u.Raw)
		}
		return strings.Join(urls, " and ") + t.describeHeaders() + t.describeTrust()
	}
	c := t.Rig
	pipelines := "two pipelines"
	if c.Pipelines == 1 {
		pipelines = "one pipeline"
	}
	invalidator := "no invalidator"
	if c.Origin.Stale != "none" {
		invalidator = fmt.Sprintf("invalidator %s after %g target durations", c.Origin.Stale, c.Origin.StaleAfter)
	}
	shield := ""
	if c.Edge.Shield {
		shield = " behind a shield"
	}
	if c.Playlist == rig.VOD {
		invalidator = "nothing to invalidate"
	}
	return fmt.Sprintf("embedded channel: %s, %s of %s, %s segments, %s, %s%s\n        %d POPs%s, errors cached %s, %s",
		pipelines, fmt.Sprintf("%d renditions", len(renditionNames(c))), c.Container, units.FormatDuration(c.Segment), describeListed(c), c.Audio+" audio",
		describeContent(c), c.Edge.Pops, shield, units.FormatDuration(c.Edge.ErrorTTL), invalidator)
}

// describeHeaders says to which hosts the headers are sent.
func (t *Target) describeHeaders() string {
	if len(t.Headers) == 0 {
		return ""
	}
	var names []string
	for _, h := range t.Headers {
		names = append(names, h.Name)
	}
	hosts := append([]string{"the hosts of the URLs"}, t.HeadersFor...)
	return fmt.Sprintf("\n        %s sent to %s only", strings.Join(names, ", "), strings.Join(hosts, ", "))
}

// describeTrust says which certificates are accepted beside the usual ones.
func (t *Target) describeTrust() (s string) {
	if len(t.CA) > 0 {
		s += "\n        certificates signed by those of ca_file are accepted too"
	}
	if t.InsecureSkipVerify {
		s += "\n        certificates are not checked at local addresses"
	}
	return s
}

func describeListed(c *rig.Config) string {
	switch {
	case c.Playlist == rig.VOD:
		return "a VOD of " + units.FormatDuration(c.Length)
	case c.Playlist == rig.Event && c.Length == 0:
		return fmt.Sprintf("an event, %d listed at the start", c.Window)
	case c.Playlist == rig.Event:
		return fmt.Sprintf("an event of %s, %d listed at the start", units.FormatDuration(c.Length), c.Window)
	}
	return fmt.Sprintf("%d listed", c.Window)
}

// describeContent lists the unusual features of a channel; "" without any.
func describeContent(c *rig.Config) string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(c.ByteRanges, "byte ranges")
	if c.Encryption != "none" {
		s := c.Encryption
		if c.KeyRotation > 0 {
			s += fmt.Sprintf(" with a new key every %d segments", c.KeyRotation)
		}
		add(true, "%s, IV %s", s, map[string]string{"sequence": "by sequence number", "explicit": "explicit"}[c.IV])
	}
	add(c.DiscontinuityEvery > 0, "a discontinuity every %d segments", c.DiscontinuityEvery)
	if c.GapEvery > 0 {
		where := ""
		if c.GapPipeline != chaos.Any {
			where = fmt.Sprintf(" of pipeline %d", c.GapPipeline)
		}
		add(true, "every %dth segment%s a gap", c.GapEvery, where)
	}
	if s := c.Start; s != nil {
		precise := ""
		if s.Precise {
			precise = ", precise"
		}
		sign, d := "", s.Offset
		if d < 0 {
			sign, d = "-", -d
		}
		add(true, "EXT-X-START %s%s%s", sign, units.FormatDuration(d), precise)
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n        " + strings.Join(parts, "; ")
}

func (t *Target) entries() string {
	var parts []string
	for i, s := range t.Entry {
		switch {
		case s >= 1:
			return fmt.Sprintf("pipeline %d", i)
		case s > 0:
			parts = append(parts, fmt.Sprintf("pipeline %d (%s)", i, units.FormatShare(s)))
		}
	}
	return strings.Join(parts, ", ")
}

func (f *Fleet) describe() string {
	a := &f.Audience
	var s string
	if len(a.Arrive.Stages) == 0 {
		s = fmt.Sprintf("%d players, arriving over %s (%s)", a.Players, units.FormatDuration(a.Arrive.Over), a.Arrive.Shape)
	} else {
		s = fmt.Sprintf("%d players at the peak:", a.Peak())
		for i, st := range a.Arrive.Stages {
			if i > 0 {
				s += ","
			}
			s += fmt.Sprintf(" to %d in %s", st.To, units.FormatDuration(st.Over))
		}
	}
	if a.Session.Mean > 0 {
		s += "; sessions of " + units.FormatDuration(a.Session.Mean) + " on average, each replaced when it ends"
	}
	if a.Session.Rejoin {
		s += "; players rejoin " + units.FormatDuration(a.Session.RejoinAfter) + " after a fatal error"
	}
	if f.Body == "none" {
		s += "; segments are requested with HEAD only"
	}
	return s
}

func describeCohort(c *audience.Cohort) string {
	s := fmt.Sprintf("%s: %s, %s on %s", c.Name, units.FormatShare(c.Share), c.Profile, describeNetwork(&c.Network))
	if c.FaultsNone {
		s += ", without faults"
	}
	return s
}

func describeNetwork(n *link.Config) string {
	s := cmp.Or(n.Name, "a custom link")
	switch {
	case len(n.Trace) > 0:
		s += " (rates from a trace)"
	case n.Down > 0:
		s += fmt.Sprintf(" (%s, %s round trip)", units.FormatRate(n.Down), units.FormatDuration(n.RTT))
	}
	return s
}
