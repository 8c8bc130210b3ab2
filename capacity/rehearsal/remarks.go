package rehearsal

import (
	"fmt"
	"strings"
	"time"

	"hlsload/capacity/answer"
	"hlsload/player/units"
	"hlsload/reports/expect"
	"hlsload/reports/figure"
)

// widest is how many characters a line of a comment has.
const widest = 110

// name is that of the scenario. An event's name may be as long as a scenario's.
func (r *Plan) name() string {
	const suffix, most = "-rehearsal", 64
	n := r.Event.Name
	return n[:min(len(n), most-len(suffix))] + suffix
}

func (r *Plan) description() string {
	return fmt.Sprintf("Rehearsal of event %s with %s of its viewers, on the channel and with the players of scenario %s.", r.Event.Name, units.FormatShare(r.Share), r.Event.Scenario.Name)
}

// head is the comment above everything.
func (r *Plan) head() []string {
	e := r.Event
	from := fmt.Sprintf("Made by hlsload capacity %s --rehearse %s, from that event (SHA-256 %.12s) and its scenario %s (%.12s).", e.File, units.FormatShare(r.Share), e.SHA256, e.Scenario.File, e.Scenario.SHA256)
	lines := []string{fmt.Sprintf("A rehearsal of the event %s: %s at the peak, which are %s of its viewers; it takes %s.", e.Name, figure.Plural(r.Players, "player"), units.FormatShare(r.Share), units.FormatDuration(r.Duration))}
	lines = append(lines, wrapped(from, "")...)
	lines = append(lines, "", "Run it under the name that this file has:", "")
	over := fmt.Sprintf("--agents %d --listen ADDRESS:4222", r.Full)
	for _, c := range [][2]string{
		{"hlsload simulate rehearsal.yaml", "in virtual time, at first"},
		{"hlsload run rehearsal.yaml", "on this machine, if it carries so many players"},
		{"hlsload run rehearsal.yaml " + over + " --rig-listen ADDRESS", "over agents (docs/many-machines.md)"},
		{"hlsload run rehearsal.yaml " + over + " --set fleet.regions= --url URL", "on your own stream"},
	} {
		lines = append(lines, "  "+c[0], "      "+c[1])
	}
	lines = append(lines, "")
	for _, text := range r.agents() {
		lines = append(lines, wrapped(text, "")...)
	}
	lines = append(lines, "", "What is not as in the event:", "")
	for _, text := range r.differences() {
		lines = append(lines, wrapped("* "+text, "  ")...)
	}
	return lines
}

// agents says how many machines it takes, and what a stream of one's own needs.
func (r *Plan) agents() []string {
	return []string{
		fmt.Sprintf("Agents: %d with full bodies (by %s), %d for requests only (by %s; --set fleet.body=none). At most %s requests/s, twice those of normal play since a failover doubles them, and %s, as if all watched the highest rendition. An agent carries %s (%s).",
			r.Full, r.FullBy, r.Heads, r.HeadsBy, figure.Thousands(int64(r.RPS+.5)), figure.BitsPerSecond(r.BPS), figure.Plural(r.Machine.Players, "player"), r.Machine.Source),
		"The embedded channel is served by one machine, whose network is a bound, too. On a stream of your own, faults are applied on the players' side, the CDN chooses the POPs, and its operator has to agree: --set authorized.by=NAME --set authorized.until=DAY (docs/targets.md).",
	}
}

// differences are what is not as in the event, or cannot be.
func (r *Plan) differences() (list []string) {
	e := r.Event
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if r.Slope > 0 {
		add("Time. The event's curve takes %s. Where the audience changes by less than %s of its peak in 5 minutes, time passes faster here, up to that slope; steeper changes, and the worst minute, are as in the event. AWS asks for 10 to 20 %% of the peak every 5 minutes, and to hold the peak for 30 to 60 minutes: move the points of the curve after the peak to hold it for longer.", units.FormatDuration(r.Whole.Round(time.Second)), units.FormatShare(r.Slope))
	}
	if e.Curve[0].Viewers > 0 {
		add("The beginning. The event begins with %s, and does not say when they came. Here they come by a fifth of the peak in 5 minutes.", figure.Plural(e.Curve[0].Viewers, "viewer"))
	}
	if r.Held > 0 {
		add("The audience stays as it is for %s after the worst minute, until the faults are over.", units.FormatDuration(r.Held.Round(time.Second)))
	}
	list = append(list, r.caches()...)
	for i := range e.Scenario.Chaos {
		if f := &e.Scenario.Chaos[i]; f.Every > 0 {
			add("Fault %s comes once, and not every %s.", f.Name, units.FormatDuration(f.Every))
		}
	}
	var left []string
	for _, of := range [][]*expect.Expectation{e.Scenario.Stop, e.Scenario.Expect, e.Scenario.Known} {
		for _, x := range of {
			if x.Grows() {
				left = append(left, x.Text)
			}
		}
	}
	if len(left) > 0 {
		add("Left out, because the limit depends on the size of the audience: %s.", strings.Join(left, "; "))
	}
	return list
}

// caches says what the embedded channel has in place of the event's caches.
func (r *Plan) caches() (list []string) {
	e := r.Event
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	here, there := 0, 0
	for i := range r.Regions {
		here, there = here+r.Regions[i].Pops, there+e.Regions[i].Pops
	}
	if here < there {
		add("POPs: %d of the event's %d, in proportion: the embedded channel has at most 64, and each has at least %d players. What reaches the shield or the origin is less by as much.", here, there, perPop)
	}
	add("The POPs of a region serve equal parts of its viewers, and each asks for an object once.")
	if e.Edge.RegionalCaches > 0 {
		add("There are no regional caches between the POPs and the shield or origin (the event has %d).", e.Edge.RegionalCaches)
	}
	if e.Edge.PerViewer {
		add("The cache key has nothing of the viewer in it (the event's has): the origin is asked for much less.")
	}
	if e.Origin.MediaPackage {
		add("The origin behaves like S3, and not like MediaPackage.")
	}
	return list
}

// remarks are the comments above single keys.
func (r *Plan) remarks() map[string]string {
	lines := func(text string) string { return strings.Join(wrapped(text, ""), "\n") }
	m := map[string]string{
		"fleet.arrive":  lines("The audience; --players N scales it. Where it falls, those leave first that came first."),
		"fleet.regions": lines("On a stream of your own: --set fleet.regions= (its CDN chooses the POPs)."),
	}
	if r.Event.Scenario.Target.Rig.Edge.Shield {
		m["target"] = lines(answer.ShieldNote + " and without Lambda@Edge for viewers' requests, from several regions: on a distribution of your own, switch both off for a test; here --set target.rig.edge.shield=false.")
	}
	if len(r.Faults) > 0 {
		m["chaos"] = lines(r.times())
	}
	if r.Event.Session > 0 && r.Event.Scenario.Fleet.Audience.Session.Mean == 0 {
		m["expect"] = lines("As in scenario " + r.Event.Scenario.Name + ". There viewers stay; here some join while a fault is on, and may fare worse.")
	}
	return m
}

// times says when the faults come.
func (r *Plan) times() string {
	e, at := r.Event, "at the worst minute of the event"
	if !e.Faults.AtPeak {
		at = "at the time that the event says"
	}
	switch {
	case len(r.Faults) == 1:
		return "The fault comes " + at + "."
	case e.Faults.Each:
		return "The first fault comes " + at + ", each other one when the one before has ended and players have recovered."
	}
	return "The first fault comes " + at + ", the others as far from it as in the scenario."
}

// wrapped breaks a text into lines. All but the first are indented.
func wrapped(text, indent string) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= widest:
			line += " " + word
		default:
			lines = append(lines, line)
			line = indent + word
		}
	}
	return append(lines, line)
}
