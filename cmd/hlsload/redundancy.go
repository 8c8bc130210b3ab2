package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/player/profile"
	streams "hlsload/player/stream"
	"hlsload/stage"
)

// report is what a probe found out.
type report struct {
	URLs        []string     `json:"urls"`
	Answer      []string     `json:"answer"` // in words
	Variants    int          `json:"variants"`
	Pipelines   int          `json:"pipelines"`
	Players     []playerView `json:"players"`
	Media       []*lineup    `json:"media"`
	Differences []difference `json:"differences"`
	Unreadable  []string     `json:"unreadable"` // by one pipeline's viewers; predictions do not hold
	Notes       []string     `json:"notes"`
	Playlists   []*sight     `json:"playlists"`
	stream      *streams.Stream
}

// How a player sees redundant variants.
const (
	seesCopies  = "copies"  // of one level
	seesTwins   = "twins"   // levels of the same rate
	seesLadder  = "ladder"  // of more levels
	seesNothing = "nothing" // there is nothing redundant
)

// playerView is a stream as one profile sees it.
type playerView struct {
	Profile    string                   `json:"profile"`
	Confidence string                   `json:"confidence"`
	Sees       string                   `json:"sees"`
	Levels     int                      `json:"levels"`
	Back       string                   `json:"goes_back"`
	Refuses    []string                 `json:"refuses"` // findings because of which it plays nothing; see hlsload list findings
	Faults     map[string]*faultOutlook `json:"faults"`
}

// faultOutlook is what is predicted for a fault, in milliseconds after the
// onset; null = never.
type faultOutlook struct {
	End      string    `json:"end"`
	Failover *spreadMs `json:"failover_ms"`
	Dark     *spreadMs `json:"outage_ms"` // null = for good, or until the fault ends
	DarkFrom *spreadMs `json:"dark_from_ms"`
	Requests float64   `json:"requests_to_dead_pipeline"`
	Unknown  string    `json:"unknown"`
	cell     string
}

type spreadMs struct {
	Min float64 `json:"min"`
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// difference is something in which the pipelines differ.
type difference struct {
	What  string `json:"what"`
	Where string `json:"where"`
	A     string `json:"a"`
	B     string `json:"b"`
	Means string `json:"means"`
}

// judge compares, and predicts.
func (r *report) judge() {
	profiles := profile.All()
	list := r.stream.Lists[0]
	shape, why := r.shape(list)
	shape.Unlike = cmp.Or(shape.Unlike, why)
	plain := *list
	plain.Findings = nil // what players would see if none refused it
	w := predict.NewWorld(&plain, r.stream.Pipeline, &shape)
	for _, p := range profiles {
		r.Players = append(r.Players, r.view(p, list, w, why))
	}
	r.compare(profiles)
	r.answer()
	r.Answer = slices.Insert(r.Answer, 1, r.lines(profiles)...)
}

// view is the stream as one player sees it, with what is predicted.
func (r *report) view(p *player.Profile, mv *m3u8.Multivariant, w *predict.World, why string) playerView {
	out := playerView{Profile: p.ID, Confidence: p.Confidence.Words(), Faults: map[string]*faultOutlook{}}
	out.Refuses = r.refusedBy(p, mv)
	plain := *mv
	plain.Findings = nil // what it would see if it did not refuse it
	if l, err := player.NewLadder(&plain, p, r.stream.Pipeline); err == nil {
		out.Levels, out.Sees = len(l.Levels), r.sees(l, groups(p))
	}
	out.Back = "-"
	if back, ok := w.Back(p); ok && back == predict.Never {
		out.Back = "no"
	} else if ok {
		out.Back = brief(back.Round(time.Second)) + " s"
	}
	for _, f := range outlooks {
		if why == "" && len(out.Refuses) > 0 {
			out.Faults[f.name] = &faultOutlook{End: "refuses", cell: "refuses it"}
			continue
		}
		if why != "" {
			out.Faults[f.name] = &faultOutlook{Unknown: why, cell: "-"}
			continue
		}
		fault := predict.Fault{Kind: f.kind}
		out.Faults[f.name] = outlook(w.Predict(p, &fault))
	}
	return out
}

// sees says how a player's levels contain the redundancy.
func (r *report) sees(l *player.Ladder, grouped bool) string {
	if r.Pipelines < 2 || len(l.Renditions) < 2 {
		return seesNothing
	}
	copies, twins := 0, 0
	pipeline := func(level, pathway int) int {
		if i := l.Levels[level].ByPathway[pathway]; i >= 0 {
			return l.Renditions[i].Pipeline
		}
		return -1
	}
	for i := range l.Levels {
		first := -1
		for pathway := range l.Pathways {
			if p := pipeline(i, pathway); p >= 0 && first >= 0 && p != first {
				copies++
				break
			} else if p >= 0 {
				first = p
			}
		}
		for k := range l.Levels {
			if k != i && l.Levels[k].Bandwidth == l.Levels[i].Bandwidth && pipeline(k, 0) != pipeline(i, 0) {
				twins++
				break
			}
		}
	}
	switch {
	case copies == len(l.Levels):
		return seesCopies
	case twins == len(l.Levels) && !grouped:
		return seesTwins
	}
	return seesLadder
}

// groups reports whether a player takes equal variants for copies of one level.
func groups(p *player.Profile) bool {
	l, err := player.NewLadder(&m3u8.Multivariant{Variants: []m3u8.Variant{{URL: "a"}, {URL: "b"}}}, p, nil)
	return err == nil && len(l.Levels) == 1
}

// refusedBy are the kinds of oddity because of which the player plays nothing of
// the multivariant playlist, or of the first variant of it.
func (r *report) refusedBy(p *player.Profile, mv *m3u8.Multivariant) []string {
	codes := []string{}
	add := func(kind m3u8.Kind, findings m3u8.Findings) {
		for i := range findings {
			if c := findings[i].Code; p.Refuses(kind).Has(c) && !slices.Contains(codes, c.String()) {
				codes = append(codes, c.String())
			}
		}
	}
	add(m3u8.KindMultivariant, mv.Findings)
	for _, s := range r.Playlists {
		if s.media != nil && s.URL == mv.Variants[0].URL {
			add(m3u8.KindMedia, s.media.Findings)
			break
		}
	}
	return codes
}

// outlooks are the faults that a probe predicts: from the onset on, for good.
var outlooks = []struct {
	name, head string
	kind       predict.Kind
}{
	{"kill", "PLAYLIST 404", predict.Kill},
	{"freeze", "PLAYLIST FREEZES", predict.Freeze},
	{"segment_404", "SEGMENT 404", predict.Missing},
	{"segment_hang", "SEGMENT HANGS", predict.Hang},
}

// shape is the stream as it was seen, or why there is none.
func (r *report) shape(mv *m3u8.Multivariant) (predict.Shape, string) {
	var trips []time.Duration
	var first *sight
	down := int64(0)
	for _, s := range r.Playlists {
		if s.media == nil || s.bad {
			continue
		}
		trips = append(trips, s.answer.Total)
		if down = max(down, s.down); first == nil && s.URL == mv.Variants[0].URL {
			first = s
		}
	}
	switch {
	case first == nil:
		return predict.Shape{}, "its first variant cannot be watched"
	case first.media.EndList:
		return predict.Shape{}, "it is not live"
	}
	slices.Sort(trips)
	return stage.ShapeOf(first.media, first.answer.Header, &link.Config{RTT: trips[len(trips)/2], Down: down}), ""
}

// outlook is a prediction in words and figures.
func outlook(p *predict.Prediction) *faultOutlook {
	if p.Unknown != "" {
		return &faultOutlook{Unknown: p.Unknown, cell: "-"}
	}
	o := &faultOutlook{End: string(p.End), Failover: spreadOf(p.Failover), Dark: spreadOf(p.Outage), DarkFrom: spreadOf(p.Stands), Requests: p.Requests}
	switch p.End {
	case predict.FailsOver:
		o.cell = span(p.Failover)
		if p.Outage.P50 >= 50*time.Millisecond {
			o.cell += " +" + brief(p.Outage.P50) + " dark"
		}
	case predict.Dies:
		o.cell = "dies " + span(p.Stands)
	default:
		o.cell = "dark " + span(p.Stands)
	}
	return o
}

func spreadOf(s predict.Spread) *spreadMs {
	if s.P50 == predict.Never {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d.Round(time.Millisecond)) / 1e6 }
	if s.Max == predict.Never {
		s.Max = s.P50
	}
	return &spreadMs{ms(s.Min), ms(s.P50), ms(s.Max)}
}

// span is as in "4.1 (2.0-6.2)".
func span(s predict.Spread) string {
	if s.Min == s.Max || s.Max-s.Min < 100*time.Millisecond {
		return brief(s.P50)
	}
	return fmt.Sprintf("%s (%s-%s)", brief(s.P50), brief(s.Min), brief(s.Max))
}

// brief is seconds with two digits.
func brief(d time.Duration) string {
	switch s := d.Seconds(); {
	case d == predict.Never:
		return "never"
	case s >= 10:
		return fmt.Sprintf("%.0f", s)
	default:
		return fmt.Sprintf("%.1f", s)
	}
}

// answer says in a few lines who sees the redundancy.
func (r *report) answer() {
	paired := len(r.stream.Pairs)
	by := map[string][]string{}
	levels := map[string]int{}
	for _, p := range r.Players {
		by[p.Sees] = append(by[p.Sees], p.Profile)
		levels[p.Sees] = max(levels[p.Sees], p.Levels)
	}
	say := func(format string, args ...any) { r.Answer = append(r.Answer, fmt.Sprintf(format, args...)) }
	names := func(sees string) string { return strings.Join(by[sees], ", ") }
	switch {
	case r.Pipelines < 2:
		say("Redundancy: none. %s of one pipeline: nothing to fail over to.", counted(r.Variants, "variant"))
	case r.stream.OwnOnly():
		say("Redundancy: none for a player. Each multivariant playlist lists its own pipeline only: %d of %d variants have a twin that no player can find.", paired, r.Variants-paired)
	default:
		say("Redundancy: %s twice.", counted(paired, "variant"))
		if alone := r.Variants - 2*paired; alone > 0 {
			r.Answer[0] = fmt.Sprintf("Redundancy: partial. %s twice, %d without a twin.", counted(paired, "variant"), alone)
		}
		if by[seesCopies] != nil {
			say("Seen as such by: %s.", names(seesCopies))
		}
		if by[seesTwins] != nil {
			say("As twins of the same rate, each for itself, by: %s.", names(seesTwins))
		}
		if by[seesLadder] != nil {
			say("As a ladder of %d by: %s.", levels[seesLadder], names(seesLadder))
		}
	}
	for _, u := range r.Unreadable {
		say("%s.", strings.ToUpper(u[:1])+u[1:])
	}
	if n := len(r.Differences); n > 0 && r.Pipelines > 1 {
		say("The pipelines differ in %s.", counted(n, "way"))
	} else if r.Pipelines > 1 && !r.agree() {
		say("Their playlists agree in everything that was looked at.")
	} else if r.Pipelines > 1 {
		say("The pipelines agree in everything that was looked at.")
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
