package probe

import (
	"fmt"
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/stage"
)

// How a player sees redundant variants.
const (
	seesCopies  = "copies"  // of one level
	seesTwins   = "twins"   // levels of the same rate
	seesLadder  = "ladder"  // of more levels
	seesNothing = "nothing" // there is nothing redundant
)

// Player is how one profile sees a stream, and what is predicted for it.
type Player struct {
	Profile    string              `json:"profile"`
	Confidence string              `json:"confidence"`
	Sees       string              `json:"sees"`
	Levels     int                 `json:"levels"`
	Back       string              `json:"goes_back"`
	Refuses    []string            `json:"refuses"` // findings that make it refuse the stream; see hlsload list findings
	Faults     map[string]*Outlook `json:"faults"`
}

// Outlook is the prediction for a fault, in milliseconds after the onset; null =
// never.
type Outlook struct {
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

// view is the stream as one profile sees it, with the predictions.
func (r *Report) view(p *player.Profile, mv *m3u8.Multivariant, w *predict.World, why string) Player {
	out := Player{Profile: p.ID, Confidence: p.Confidence.Words(), Faults: map[string]*Outlook{}}
	out.Refuses = r.refusedBy(p, mv)
	plain := *mv
	plain.Findings = nil // as if the player did not refuse the stream
	if l, err := player.NewLadder(&plain, p, r.Stream.Pipeline); err == nil {
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
			out.Faults[f.name] = &Outlook{End: "refuses", cell: "refuses it"}
			continue
		}
		if why != "" {
			out.Faults[f.name] = &Outlook{Unknown: why, cell: "-"}
			continue
		}
		fault := predict.Fault{Kind: f.kind}
		out.Faults[f.name] = outlook(w.Predict(p, &fault))
	}
	return out
}

// sees is how a player's levels contain the redundancy.
func (r *Report) sees(l *player.Ladder, grouped bool) string {
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

// groups reports whether a player treats equal variants as copies of one level.
func groups(p *player.Profile) bool {
	l, err := player.NewLadder(&m3u8.Multivariant{Variants: []m3u8.Variant{{URL: "a"}, {URL: "b"}}}, p, nil)
	return err == nil && len(l.Levels) == 1
}

// refusedBy are the findings because of which the player refuses the multivariant
// playlist, or the media playlist of its first variant.
func (r *Report) refusedBy(p *player.Profile, mv *m3u8.Multivariant) []string {
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
		if s.Media != nil && s.URL == mv.Variants[0].URL {
			add(m3u8.KindMedia, s.Media.Findings)
			break
		}
	}
	return codes
}

// outlooks are the faults that a probe predicts; they do not end.
var outlooks = []struct {
	name, head string
	kind       predict.Kind
}{
	{"kill", "PLAYLIST 404", predict.Kill},
	{"freeze", "PLAYLIST FREEZES", predict.Freeze},
	{"segment_404", "SEGMENT 404", predict.Missing},
	{"segment_hang", "SEGMENT HANGS", predict.Hang},
}

// shape is the stream as it was read, or why it cannot be predicted.
func (r *Report) shape(mv *m3u8.Multivariant) (predict.Shape, string) {
	var trips []time.Duration
	var first *Sight
	down := int64(0)
	for _, s := range r.Playlists {
		if s.Media == nil || s.Bad {
			continue
		}
		trips = append(trips, s.Took)
		if down = max(down, s.Down); first == nil && s.URL == mv.Variants[0].URL {
			first = s
		}
	}
	switch {
	case first == nil:
		return predict.Shape{}, "the first variant cannot be played"
	case first.Media.EndList:
		return predict.Shape{}, "the stream is not live"
	}
	slices.Sort(trips)
	return stage.ShapeOf(first.Media, first, &link.Config{RTT: trips[len(trips)/2], Down: down}), ""
}

// outlook is a prediction, with the text of its cell.
func outlook(p *predict.Prediction) *Outlook {
	if p.Unknown != "" {
		return &Outlook{Unknown: p.Unknown, cell: "-"}
	}
	o := &Outlook{End: string(p.End), Failover: spreadOf(p.Failover), Dark: spreadOf(p.Outage), DarkFrom: spreadOf(p.Stands), Requests: p.Requests}
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

// span is a spread such as "4.1 (2.0-6.2)".
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
