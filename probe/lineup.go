package probe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/mediatime"
)

// Results of comparing the media of two pipelines.
const (
	lineFrame   = "frame"        // equal segments begin with the same frame
	lineNumbers = "numbers"      // they do, with other media sequence numbers
	lineOff     = "off"          // segments begin at other frames
	lineApart   = "apart"        // timestamps have nothing in common
	lineUnknown = "incomparable" // Why says why
)

// Lineup is the alignment of one rendition's media between two pipelines, by the first
// timestamps of segments.
type Lineup struct {
	Where   string  `json:"where"`
	Verdict string  `json:"verdict"`
	By      string  `json:"by"`     // how equal segments were found: number, date-time or timestamp
	OffMs   float64 `json:"off_ms"` // how much later the second pipeline's segment begins
	Frames  float64 `json:"frames"` // the same in frames; 0 = none, or FRAME-RATE is not stated
	Numbers int64   `json:"numbers_apart"`
	Why     string  `json:"why,omitempty"` // they cannot be compared

	a, b     *m3u8.Media
	frame    time.Duration // 0 = not stated
	off      time.Duration
	segment  time.Duration
	where    string // Where, and "…" if other renditions have the same result
	discs    bool   // discontinuity sequence numbers differ
	unstated bool   // FRAME-RATE
}

// maxLined bounds the renditions that are compared, in the order of the list.
const maxLined = 8

// LineUp returns the renditions that both pipelines have, for comparison.
func (r *Report) LineUp() []*Lineup {
	if r.Pipelines < 2 {
		return nil
	}
	seen := r.byURL()
	for _, pair := range r.Stream.Pairs {
		a, b := seen[pair[0].URL], seen[pair[1].URL]
		if a == nil || b == nil || a.Media == nil || b.Media == nil || len(a.Media.Segments) == 0 || len(b.Media.Segments) == 0 {
			continue
		}
		if len(r.Media) == maxLined {
			r.Notes = append(r.Notes, fmt.Sprintf("Compared the media of %d of %d variants.", maxLined, len(r.Stream.Pairs)))
			break
		}
		l := &Lineup{Where: nameOfVariant(pair[0]), a: a.Media, b: b.Media}
		rate := pair[0].FrameRate
		if l.unstated = rate < 1 || rate > 1000; !l.unstated {
			l.frame = time.Duration(float64(time.Second) / rate)
		}
		r.Media = append(r.Media, l)
	}
	return r.Media
}

// Instant is where a segment begins on the clock of its pipeline.
type Instant struct {
	At, Period time.Duration // a period of 0 = the clock does not wrap
	Kind       mediatime.Kind
}

// Compare compares the media. read returns the instant at which a segment begins, or
// why it is unknown.
func (l *Lineup) Compare(read func(*m3u8.Segment) (Instant, string)) {
	a, b := l.a, l.b
	x, y, by := same(a, b)
	l.By, l.segment = by, x.Duration
	l.Numbers = int64(y.Sequence - x.Sequence)
	l.discs = x.DiscontinuitySequence != y.DiscontinuitySequence
	at, why := apartBy(x, y, read)
	if why != "" {
		l.Verdict, l.Why = lineUnknown, why
		return
	}
	l.off = at
	// A segment with another number may begin at the same instant: in one playlist
	// or, if that pipeline is behind, in the other one.
	for _, pair := range [][2]*m3u8.Segment{{x, starting(b, y.Start-at)}, {starting(a, x.Start+at), y}} {
		if pair[0] == nil || pair[1] == nil || pair == [2]*m3u8.Segment{x, y} {
			continue
		}
		if d, why := apartBy(pair[0], pair[1], read); why == "" && d.Abs() < l.off.Abs() {
			l.off, l.By, l.Numbers = d, "timestamp", int64(pair[1].Sequence-pair[0].Sequence)
			break
		}
	}
	l.conclude()
}

// apartBy is how much later y begins than x, by their timestamps.
func apartBy(x, y *m3u8.Segment, read func(*m3u8.Segment) (Instant, string)) (time.Duration, string) {
	from, why := read(x)
	if why != "" {
		return 0, why
	}
	to, why := read(y)
	if why != "" {
		return 0, why
	}
	return mediatime.Since(to.At, from.At, from.Period), comparable(from, to)
}

// conclude sets the verdict.
func (l *Lineup) conclude() {
	l.OffMs = float64(l.off.Round(10*time.Microsecond)) / 1e6
	exact := time.Millisecond // timestamps of other timescales are rounded
	if l.frame > 0 {
		exact = l.frame / 2
	}
	switch {
	case l.off.Abs() < exact && l.Numbers == 0:
		l.Verdict = lineFrame
	case l.off.Abs() < exact:
		l.Verdict = lineNumbers
	case l.off.Abs() > l.segment:
		l.Verdict = lineApart
	default:
		l.Verdict = lineOff
	}
	if l.frame > 0 && l.Verdict == lineOff {
		l.Frames = float64(int64(10*l.off.Abs()/l.frame)) / 10
	}
}

// comparable says why two instants cannot be compared; "" = they can.
func comparable(a, b Instant) string {
	switch {
	case (a.Period == 0) != (b.Period == 0):
		return "one pipeline has transport streams, the other one fragmented MP4"
	case a.Kind != b.Kind:
		return "segments of one pipeline begin with video, those of the other one with audio only"
	}
	return ""
}

// same are the newest segments of both that should be equal, and how they were found.
func same(a, b *m3u8.Media) (x, y *m3u8.Segment, by string) {
	for i := len(a.Segments) - 1; i >= 0; i-- {
		if n := a.Segments[i].Sequence; n >= b.MediaSequence && n-b.MediaSequence < uint64(len(b.Segments)) {
			return &a.Segments[i], &b.Segments[n-b.MediaSequence], "number"
		}
	}
	x, y, by = &a.Segments[len(a.Segments)-1], &b.Segments[len(b.Segments)-1], "timestamp"
	if !a.HasProgramDateTime || !b.HasProgramDateTime {
		return x, y, by
	}
	best := x.Duration / 2
	for i := range b.Segments {
		if d := b.Segments[i].ProgramDateTime.Sub(x.ProgramDateTime).Abs(); d < best {
			y, by, best = &b.Segments[i], "date-time", d
		}
	}
	return x, y, by
}

// starting is the segment of m that begins nearest to an instant; nil = none is
// listed.
func starting(m *m3u8.Media, at time.Duration) *m3u8.Segment {
	for i := range m.Segments {
		if s := &m.Segments[i]; (s.Start - at).Abs() <= s.Duration/2 {
			return s
		}
	}
	return nil
}

// aligning sorts players by how they find their place in another pipeline.
func aligning(profiles []*player.Profile) (stamps, numbers, dates []string) {
	for _, p := range profiles {
		switch {
		case p.ByTimestamps():
			stamps = append(stamps, p.ID)
		case p.ByNumbers():
			numbers = append(numbers, p.ID)
		default:
			dates = append(dates, p.ID)
		}
	}
	return stamps, numbers, dates
}

// agree reports whether no compared media is misaligned.
func (r *Report) agree() bool {
	return !slices.ContainsFunc(r.Media, func(l *Lineup) bool { return l.Verdict != lineFrame && l.Verdict != lineUnknown })
}

// lines are the alignments in words, with what they mean for which players.
func (r *Report) lines(profiles []*player.Profile) (out []string) {
	stamps, numbers, dates := aligning(profiles)
	var said []*Lineup
	for _, l := range r.Media {
		// The same result of several renditions is printed once.
		if i := slices.IndexFunc(said, func(o *Lineup) bool {
			return o.Verdict == l.Verdict && o.Why == l.Why && o.Numbers == l.Numbers && (o.off-l.off).Abs() < time.Millisecond
		}); i >= 0 {
			if !strings.HasSuffix(said[i].where, "…") {
				said[i].where += ", …"
			}
			continue
		}
		l.where = l.Where
		said = append(said, l)
	}
	for _, l := range said {
		out = append(out, l.says(strings.Join(stamps, ", "), strings.Join(numbers, ", "), strings.Join(dates, ", ")))
	}
	return out
}

func (l *Lineup) says(stamps, numbers, dates string) string {
	lined := "aligned " + whether(l.unstated, "to the millisecond", "to the frame")
	discs := ""
	if l.discs {
		discs = " Their discontinuity sequence numbers differ, so players do not compare timestamps."
	}
	switch l.Verdict {
	case lineFrame:
		return fmt.Sprintf("Media (%s): %s. Segments with the same %s begin at the same timestamp, so a failover neither repeats nor skips media.%s", l.where, lined, l.By, discs)
	case lineNumbers:
		n := max(l.Numbers, -l.Numbers)
		return fmt.Sprintf("Media (%s): %s, but equal segments have media sequence numbers that are %d apart (%v of media). Not affected, because they align by timestamps: %s.%s "+
			"Affected, because they align by number (see below): %s. Aligning by date-time, or without one by where the old playlist began: %s.", l.where, lined, n, (time.Duration(n) * l.segment).Round(time.Millisecond), stamps, discs, numbers, dates)
	case lineOff:
		off, frames := l.off.Abs().Round(10*time.Microsecond).String(), ""
		if l.Frames > 0 {
			off += fmt.Sprintf(" (%.4g frames)", l.Frames)
		}
		if l.unstated {
			frames = " FRAME-RATE is absent, so frames are not counted."
		}
		return fmt.Sprintf("Media (%s): off by %s. Segments with the same %s begin that much %s in the second pipeline, so a failover repeats or skips that much. No player stalls because of it.%s%s",
			l.where, off, l.By, whether(l.off > 0, "later", "earlier"), frames, discs)
	case lineApart:
		return fmt.Sprintf("Media (%s): not aligned. Timestamps of segments with the same %s are %s apart, more than a segment. Players that align by timestamps look for media in the wrong place, so a failover skips, stalls or never resumes: %s. Others may play on with a jump in the picture.%s",
			l.where, l.By, l.off.Abs().Round(time.Millisecond), stamps, discs)
	}
	return fmt.Sprintf("Media (%s): alignment unknown: %s.", l.where, l.Why)
}
