package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/stream"
)

// compare finds the differences between the pipelines, and what each means for which
// players.
func (r *Report) compare(profiles []*player.Profile) {
	lists := r.Stream.Lists
	if r.Pipelines < 2 {
		return
	}
	add := func(what, where, a, b, means string) {
		for i := range r.Differences { // the same difference of another rendition
			if d := &r.Differences[i]; d.What == what && d.Means == means {
				if !strings.HasSuffix(d.Where, "…") {
					d.Where += ", …"
				}
				return
			}
		}
		r.Differences = append(r.Differences, Difference{what, where, a, b, means})
	}
	if r.Stream.OwnOnly() {
		add("multivariant playlists", "all", counted(len(lists[0].Variants), "variant"), counted(len(lists[1].Variants), "variant"),
			"no player can fail over: list the variants of both pipelines in each playlist, its own first")
	}
	for _, p := range r.Stream.Pairs {
		r.attributes(p, profiles, add)
	}
	for _, v := range r.Stream.Alone {
		add("renditions", nameOfVariant(v), map[bool]string{true: "listed", false: "missing"}[r.Stream.Pipeline(v.URL) == 0],
			map[bool]string{true: "listed", false: "missing"}[r.Stream.Pipeline(v.URL) == 1], "its viewers have no copy to fail over to: they change quality, or are lost")
	}
	r.losses(profiles, add)
	seen := r.byURL()
	for _, p := range r.Stream.Pairs {
		a, b := seen[p[0].URL], seen[p[1].URL]
		if a == nil || b == nil {
			continue
		}
		if a.Media != nil && b.Media != nil {
			playlists(a, b, nameOfVariant(p[0]), profiles, add)
		}
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func whether(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// nameOfVariant is the resolution of a variant, or its bandwidth.
func nameOfVariant(v *m3u8.Variant) string {
	if v.Height > 0 {
		return fmt.Sprintf("%dx%d", v.Width, v.Height)
	}
	if v.Bandwidth >= 1e6 {
		return fmt.Sprintf("%gMbps", float64(v.Bandwidth)/1e6)
	}
	return fmt.Sprintf("%gkbps", float64(v.Bandwidth)/1e3)
}

// attributes compares two variants that should be redundant.
func (r *Report) attributes(p [2]*m3u8.Variant, profiles []*player.Profile, add func(what, where, a, b, means string)) {
	where := nameOfVariant(p[0])
	for _, k := range stream.Attributes {
		a, b := stream.Attribute(p[0], k), stream.Attribute(p[1], k)
		if a == b {
			continue
		}
		var levels, rates []string
		for _, prof := range profiles {
			switch {
			case len(prof.Read.Is.Copies()) == 0 && k == stream.Bandwidth:
				rates = append(rates, prof.ID)
			case slices.Contains(prof.Read.Is.Copies(), k):
				levels = append(levels, prof.ID)
			}
		}
		var means []string
		if len(levels) > 0 {
			means = append(means, fmt.Sprintf("%s see more levels instead of copies of one: make the values identical", strings.Join(levels, ", ")))
		}
		if len(rates) > 0 {
			means = append(means, fmt.Sprintf("%s change quality when they fail over", strings.Join(rates, ", ")))
		}
		if len(means) == 0 {
			means = []string{"no known player groups variants by it"}
		}
		add(strings.ToUpper(k), where, a, b, strings.Join(means, "; "))
	}
	if p[0].AverageBandwidth != p[1].AverageBandwidth {
		add("AVERAGE-BANDWIDTH", where, fmt.Sprint(p[0].AverageBandwidth), fmt.Sprint(p[1].AverageBandwidth),
			"players that choose by it (hls.js with two segments buffered) may change level when they fail over")
	}
	if (p[0].Audio == "") != (p[1].Audio == "") {
		add("AUDIO", where, dash(p[0].Audio), dash(p[1].Audio), "only one pipeline has separate audio: a player that fails over adds or drops a track")
	}
}

// playlists compares two media playlists that should be equal.
func playlists(sa, sb *Sight, where string, profiles []*player.Profile, add func(what, where, a, b, means string)) {
	a, b := sa.Media, sb.Media
	say := func(what string, x, y any, means string) { add(what, where, fmt.Sprint(x), fmt.Sprint(y), means) }
	if a.TargetDuration != b.TargetDuration {
		say("EXT-X-TARGETDURATION", a.TargetDuration, b.TargetDuration, "reload intervals, hold-back and the rule for stale playlists change with the pipeline")
	}
	if a.EndList != b.EndList {
		say("EXT-X-ENDLIST", a.EndList, b.EndList, "a player that fails over to the ended playlist plays to its end and stops")
	}
	if a.Type != b.Type {
		say("EXT-X-PLAYLIST-TYPE", dash(a.Type), dash(b.Type), "one pipeline can be rewound further than the other")
	}
	if x, y := holdBack(a), holdBack(b); x != y {
		say("HOLD-BACK", x, y, "the distance to the live edge changes when a player seeks or joins, and media3 changes its speed")
	}
	if (a.ServerControl == nil) != (b.ServerControl == nil) || a.PartTarget != b.PartTarget {
		say("EXT-X-SERVER-CONTROL", whether(a.ServerControl != nil, "present", "absent"), whether(b.ServerControl != nil, "present", "absent"), "low latency works on one pipeline only")
	}
	if a.HasProgramDateTime != b.HasProgramDateTime {
		say("EXT-X-PROGRAM-DATE-TIME", whether(a.HasProgramDateTime, "present", "absent"), whether(b.HasProgramDateTime, "present", "absent"),
			"players cannot align the pipelines by date-time and assume that equal media sequence numbers are equal media")
	}
	if a.DiscontinuitySequence != b.DiscontinuitySequence {
		say("EXT-X-DISCONTINUITY-SEQUENCE", a.DiscontinuitySequence, b.DiscontinuitySequence, "hls.js aligns the pipelines by it before anything else: media may be skipped or repeated")
	}
	if len(a.Segments) == 0 || len(b.Segments) == 0 {
		return
	}
	if d := (a.Duration - b.Duration).Abs(); d > max(a.TargetDuration, b.TargetDuration) {
		say("window", a.Duration, b.Duration, "a viewer that is behind may fall out of the shorter window: hls.js and VHS seek to live, media3 ends")
	}
	x, y := &a.Segments[len(a.Segments)-1], &b.Segments[len(b.Segments)-1]
	if (x.Map == nil) != (y.Map == nil) {
		say("EXT-X-MAP", whether(x.Map != nil, "present", "absent"), whether(y.Map != nil, "present", "absent"), "one pipeline is fragmented MP4, the other is not: decoders restart or fail")
	}
	if s, t := keyOf(x), keyOf(y); s != t {
		say("EXT-X-KEY", s, t, "the encryption differs: a player that fails over needs another key")
	}
	if s, t := path.Ext(stream.Path(x.URL)), path.Ext(stream.Path(y.URL)); s != t {
		say("kind of segment", s, t, "the containers differ: decoders restart or fail")
	}
	if d := longest(a) - longest(b); d.Abs() > 200*time.Millisecond {
		say("segment duration", longest(a), longest(b), "segments begin at different times: a player that fails over repeats part of a segment")
	}
	aligned(a, b, where, profiles, add)
}

func holdBack(m *m3u8.Media) time.Duration {
	if m.ServerControl == nil {
		return 0
	}
	return m.ServerControl.HoldBack
}

func keyOf(s *m3u8.Segment) string {
	if len(s.Keys) == 0 {
		return "none"
	}
	return s.Keys[0].Method
}

func longest(m *m3u8.Media) (d time.Duration) {
	for i := range m.Segments {
		d = max(d, m.Segments[i].Duration)
	}
	return d.Round(time.Millisecond)
}

// aligned compares the date-times of segments with the same number. The playlists
// were not read at the same instant: one may be a segment ahead.
func aligned(a, b *m3u8.Media, where string, profiles []*player.Profile, add func(what, where, a, b, means string)) {
	x, y, by := same(a, b)
	dated := a.HasProgramDateTime && b.HasProgramDateTime
	if by != "number" {
		add("EXT-X-MEDIA-SEQUENCE", where, fmt.Sprint(a.MediaSequence), fmt.Sprint(b.MediaSequence), renumbered(profiles, dated))
		return
	}
	if !dated {
		return
	}
	off := y.ProgramDateTime.Sub(x.ProgramDateTime)
	switch {
	case off.Abs() < 20*time.Millisecond:
	case off.Abs() < x.Duration/2:
		add("date-times", where, "0s", off.Round(time.Millisecond).String(), "the clocks differ by less than half a segment: players still match segments, but the latency that they show jumps")
	default:
		said, from, to := "segments with the same number have different date-times", "0s", off.Round(time.Millisecond).String()
		if off.Abs() > 10*a.TargetDuration {
			said, from, to = "the clocks of the encoders are not synchronised", x.ProgramDateTime.Format(time.RFC3339), y.ProgramDateTime.Format(time.RFC3339)
		}
		lost, right, not := byDates(profiles, off.Abs(), b.Duration)
		means := []string{said}
		if len(lost) > 0 {
			does := "skip or repeat that much"
			if off.Abs() > b.Duration {
				does = "find no media in the window"
			}
			means = append(means, fmt.Sprintf("%s align by date-time and %s", strings.Join(lost, ", "), does))
		}
		if len(right) > 0 {
			means = append(means, fmt.Sprintf("%s align by date-time first and correct it by timestamps", strings.Join(right, ", ")))
		}
		if len(not) > 0 {
			means = append(means, fmt.Sprintf("%s do not use date-times", strings.Join(not, ", ")))
		}
		add("date-times", where, from, to, strings.Join(means, "; "))
	}
}

// byDates sorts the players by how they handle date-times that are off by off: lost
// align by them, right correct them by timestamps, not do not use them.
func byDates(profiles []*player.Profile, off, window time.Duration) (lost, right, not []string) {
	for _, p := range profiles {
		switch {
		case !p.ByDates(off, window):
			not = append(not, p.ID)
		case p.ByTimestamps():
			right = append(right, p.ID)
		default:
			lost = append(lost, p.ID)
		}
	}
	return lost, right, not
}

// renumbered is what it means for players that the pipelines have no media sequence
// number in common.
func renumbered(profiles []*player.Profile, dated bool) string {
	by := map[string][]string{}
	var kinds []string
	for _, p := range profiles {
		how := "by where the old playlist began or ended, so media may be skipped or repeated"
		switch {
		case p.ByTimestamps():
			how = "by timestamps"
		case p.ByNumbers() && p.EndsBehind():
			how = "a higher number ends the session, at a lower one it waits"
		case p.WaitsForNumbers():
			how = "plays higher numbers, stalls at lower ones"
		case p.ByNumbers():
			continue // it does not leave its pipeline
		case dated:
			how = "by date-times"
		}
		if by[how] == nil {
			kinds = append(kinds, how)
		}
		by[how] = append(by[how], p.ID)
	}
	means := []string{"the playlists have no segment number in common, and players find their place in the other one in different ways"}
	for _, how := range kinds {
		means = append(means, strings.Join(by[how], ", ")+": "+how)
	}
	return strings.Join(means, "; ")
}
