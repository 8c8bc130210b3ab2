package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Append writes the playlist to dst as text that Parse reads back to the same
// playlist, but for what Line and Findings say, and, of a truncated playlist,
// the loose end. Tags are in the order of rfc8216bis; variables stay
// substituted.
func (m *Media) Append(dst []byte) []byte {
	w := writer{dst}
	w.head(m.Version, m.IndependentSegments, m.Start, m.Defines)
	w.line("#EXT-X-TARGETDURATION:", strconv.FormatInt(int64((m.TargetDuration+time.Second-1)/time.Second), 10))
	if c := m.ServerControl; c != nil {
		writeTag(&w, "#EXT-X-SERVER-CONTROL:", serverControlTable, c, c.Attributes)
	}
	if m.PartTarget > 0 {
		writeTag(&w, "#EXT-X-PART-INF:", partInfTable, &m.PartTarget, nil)
	}
	w.line("#EXT-X-MEDIA-SEQUENCE:", strconv.FormatUint(m.MediaSequence, 10))
	if m.DiscontinuitySequence > 0 {
		w.line("#EXT-X-DISCONTINUITY-SEQUENCE:", strconv.FormatUint(m.DiscontinuitySequence, 10))
	}
	if m.Type != "" {
		w.line("#EXT-X-PLAYLIST-TYPE:", m.Type)
	}
	if m.IFramesOnly {
		w.line("#EXT-X-I-FRAMES-ONLY", "")
	}
	last := math.MaxInt
	if n := len(m.Segments); n > 0 && m.Segments[n-1].Line > 0 {
		last = m.Segments[n-1].Line
	}
	for _, t := range m.Unknown {
		if t.Line <= last {
			w.tag(t)
		}
	}
	if s := m.Skip; s != nil {
		writeTag(&w, "#EXT-X-SKIP:", skipTable, s, s.Attributes)
	}
	for i := range m.DateRanges {
		writeTag(&w, "#EXT-X-DATERANGE:", dateRangeTable, &m.DateRanges[i], m.DateRanges[i].Attributes)
	}
	state := Segment{DiscontinuitySequence: m.DiscontinuitySequence}
	for i := range m.Segments {
		s := &m.Segments[i]
		w.segment(m, i, s, &state)
		w.line("", s.URI)
	}
	if m.Next != nil {
		w.applying(m, len(m.Segments), m.Next, &state)
	}
	w.parts(m.Parts)
	for _, t := range m.Unknown {
		if t.Line > last {
			w.tag(t)
		}
	}
	for i := range m.PreloadHints {
		writeTag(&w, "#EXT-X-PRELOAD-HINT:", preloadHintTable, &m.PreloadHints[i], m.PreloadHints[i].Attributes)
	}
	for i := range m.RenditionReports {
		writeTag(&w, "#EXT-X-RENDITION-REPORT:", renditionReportTable, &m.RenditionReports[i], m.RenditionReports[i].Attributes)
	}
	if m.EndList {
		w.line("#EXT-X-ENDLIST", "")
	}
	return w.dst
}

// Append writes the playlist to dst as text that Parse reads back to the same
// playlist, but for what Line and Findings say.
func (m *Multivariant) Append(dst []byte) []byte {
	w := writer{dst}
	w.head(m.Version, m.IndependentSegments, m.Start, m.Defines)
	for _, t := range m.Unknown {
		w.tag(t)
	}
	if s := m.Steering; s != nil {
		writeTag(&w, "#EXT-X-CONTENT-STEERING:", steeringTable, s, s.Attributes)
	}
	for i := range m.SessionData {
		writeTag(&w, "#EXT-X-SESSION-DATA:", sessionDataTable, &m.SessionData[i], m.SessionData[i].Attributes)
	}
	for i := range m.SessionKeys {
		writeTag(&w, "#EXT-X-SESSION-KEY:", keyTable, &m.SessionKeys[i], m.SessionKeys[i].Attributes)
	}
	for i := range m.Renditions {
		writeTag(&w, "#EXT-X-MEDIA:", renditionTable, &m.Renditions[i], m.Renditions[i].Attributes)
	}
	for i := range m.Variants {
		v := &m.Variants[i]
		writeTag(&w, "#EXT-X-STREAM-INF:", variantTable[:len(variantTable)-1], v, v.Attributes)
		w.line("", v.URI)
	}
	for i := range m.IFrameVariants {
		writeTag(&w, "#EXT-X-I-FRAME-STREAM-INF:", variantTable, &m.IFrameVariants[i], m.IFrameVariants[i].Attributes)
	}
	return w.dst
}

// writer appends tags.
type writer struct{ dst []byte }

func (w *writer) line(tag, value string) {
	w.dst = append(w.dst, tag...)
	w.text(value)
	w.dst = append(w.dst, '\n')
}

// text writes s, with spaces for what would end the line.
func (w *writer) text(s string) {
	if strings.ContainsAny(s, "\r\n") {
		s = strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
	}
	w.dst = append(w.dst, s...)
}

func (w *writer) tag(t Tag) {
	if t.Value == "" {
		w.line(t.Name, "")
		return
	}
	w.text(t.Name)
	w.line(":", t.Value)
}

// quoted writes a quoted-string, which cannot hold a quote.
func (w *writer) quoted(s string) {
	w.dst = append(w.dst, '"')
	if strings.IndexByte(s, '"') >= 0 {
		s = strings.ReplaceAll(s, `"`, "")
	}
	w.text(s)
	w.dst = append(w.dst, '"')
}

// seconds writes d in seconds with three to nine decimals.
func (w *writer) seconds(d time.Duration) {
	n := uint64(d)
	if d < 0 {
		w.dst = append(w.dst, '-')
		n = -n
	}
	second := uint64(time.Second)
	w.dst = strconv.AppendUint(w.dst, n/second, 10)
	frac, digits := n%second, 9
	for digits > 3 && frac%10 == 0 {
		frac, digits = frac/10, digits-1
	}
	w.dst = append(w.dst, ".000000000"[:digits+1]...)
	for i := len(w.dst) - 1; frac > 0; i-- {
		w.dst[i] = byte('0' + frac%10)
		frac /= 10
	}
}

func (w *writer) date(t time.Time) {
	layout := "2006-01-02T15:04:05.000Z07:00"
	if t.Nanosecond()%1e6 != 0 {
		layout = "2006-01-02T15:04:05.000000000Z07:00"
	}
	w.dst = t.AppendFormat(w.dst, layout)
}

func (w *writer) subRange(r *Range) {
	w.dst = strconv.AppendInt(w.dst, r.Length, 10)
	if r.Offset >= 0 {
		w.dst = append(w.dst, '@')
		w.dst = strconv.AppendInt(w.dst, r.Offset, 10)
	}
}

// head writes the tags of both kinds of playlist.
func (w *writer) head(version int, independent bool, start *Start, defines []Define) {
	w.line("#EXTM3U", "")
	if version > 0 {
		w.line("#EXT-X-VERSION:", strconv.Itoa(version))
	}
	if independent {
		w.line("#EXT-X-INDEPENDENT-SEGMENTS", "")
	}
	for i := range defines {
		d, table := &defines[i], defineTable
		if d.Name == "" {
			table = table[:len(table)-1]
		}
		writeTag(w, "#EXT-X-DEFINE:", table, d, nil)
	}
	if start != nil {
		writeTag(w, "#EXT-X-START:", startTable, start, start.Attributes)
	}
}

func (w *writer) parts(parts []Part) {
	for i := range parts {
		writeTag(w, "#EXT-X-PART:", partTable, &parts[i], parts[i].Attributes)
	}
}

// segment writes what precedes the URI line of a segment.
func (w *writer) segment(m *Media, i int, s, state *Segment) {
	w.applying(m, i, s, state)
	w.parts(s.Parts)
	w.dst = append(w.dst, "#EXTINF:"...)
	if m.Version > 0 && m.Version < 3 && s.Duration%time.Second == 0 {
		w.dst = strconv.AppendInt(w.dst, int64(s.Duration/time.Second), 10)
	} else {
		w.seconds(s.Duration)
	}
	w.line(",", s.Title)
	if s.ByteRange != nil {
		w.dst = append(w.dst, "#EXT-X-BYTERANGE:"...)
		w.subRange(s.ByteRange)
		w.dst = append(w.dst, '\n')
	}
	for _, t := range s.Unknown {
		w.tag(t)
	}
}

// applying writes the tags that apply to s and its parts and are not in force
// yet; state is what is.
func (w *writer) applying(m *Media, i int, s, state *Segment) {
	tags := s.DiscontinuitySequence - state.DiscontinuitySequence
	if !s.Discontinuity || s.DiscontinuitySequence < state.DiscontinuitySequence {
		tags = 0
	} else if tags == 0 {
		tags = 1
	}
	for ; tags > 0; tags-- {
		w.line("#EXT-X-DISCONTINUITY", "")
	}
	state.DiscontinuitySequence = s.DiscontinuitySequence
	mapped := s.Map == nil || equalMap(state.Map, s.Map)
	if !mapped && s.Map.Clear {
		if len(state.Keys) > 0 {
			w.line("#EXT-X-KEY:METHOD=NONE", "")
			state.Keys = nil
		}
		writeTag(w, "#EXT-X-MAP:", mapTable, s.Map, s.Map.Attributes)
		state.Map, mapped = s.Map, true
	}
	cleared := m.Skip != nil && m.inherited.cleared && m.inherited.keys == i
	if cleared || !equalKeys(state.Keys, s.Keys) {
		fresh := cleared || !extends(s.Keys, state.Keys)
		if fresh {
			w.line("#EXT-X-KEY:METHOD=NONE", "")
		}
		for j := range s.Keys {
			if fresh || j >= len(state.Keys) || !equalKey(s.Keys[j], state.Keys[j]) {
				writeTag(w, "#EXT-X-KEY:", keyTable, &s.Keys[j], s.Keys[j].Attributes)
			}
		}
		state.Keys = s.Keys
	}
	if !mapped {
		writeTag(w, "#EXT-X-MAP:", mapTable, s.Map, s.Map.Attributes)
		state.Map = s.Map
	}
	if s.Bitrate != state.Bitrate && s.ByteRange == nil {
		w.line("#EXT-X-BITRATE:", strconv.FormatInt(s.Bitrate/1000, 10))
		state.Bitrate = s.Bitrate
	}
	if !s.ProgramDateTime.IsZero() && !s.Extrapolated {
		w.dst = append(w.dst, "#EXT-X-PROGRAM-DATE-TIME:"...)
		w.date(s.ProgramDateTime)
		w.dst = append(w.dst, '\n')
	}
	if s.Gap {
		w.line("#EXT-X-GAP", "")
	}
}

// extends reports whether keys are those before, with some replaced in their
// place and others added: otherwise some must be taken away first.
func extends(keys, before []Key) bool {
	if len(keys) < len(before) {
		return false
	}
	for i := range before {
		if keyFormat(keys[i]) != keyFormat(before[i]) {
			return false
		}
	}
	return true
}
