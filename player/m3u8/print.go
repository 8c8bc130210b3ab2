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
	w.serverControl(m.ServerControl)
	if m.PartTarget > 0 {
		w.open("#EXT-X-PART-INF:")
		w.duration("PART-TARGET", m.PartTarget)
		w.close(nil)
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
	w.skip(m.Skip)
	for i := range m.DateRanges {
		w.dateRange(&m.DateRanges[i])
	}
	state := Segment{DiscontinuitySequence: m.DiscontinuitySequence}
	for i := range m.Segments {
		s := &m.Segments[i]
		w.segment(m, i, s, &state)
		w.uriLine(s.URI)
	}
	if m.Next != nil {
		w.applying(m, len(m.Segments), m.Next, &state)
	}
	for i := range m.Parts {
		w.part(&m.Parts[i])
	}
	for _, t := range m.Unknown {
		if t.Line > last {
			w.tag(t)
		}
	}
	for i := range m.PreloadHints {
		w.preloadHint(&m.PreloadHints[i])
	}
	for i := range m.RenditionReports {
		w.renditionReport(&m.RenditionReports[i])
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
		w.open("#EXT-X-CONTENT-STEERING:")
		w.quoted("SERVER-URI", s.ServerURI)
		w.quoted("PATHWAY-ID", s.PathwayID)
		w.close(s.Attributes)
	}
	for i := range m.SessionData {
		w.sessionData(&m.SessionData[i])
	}
	for i := range m.SessionKeys {
		w.key("#EXT-X-SESSION-KEY:", &m.SessionKeys[i])
	}
	for i := range m.Renditions {
		w.rendition(&m.Renditions[i])
	}
	for i := range m.Variants {
		w.variant("#EXT-X-STREAM-INF:", &m.Variants[i])
		w.uriLine(m.Variants[i].URI)
	}
	for i := range m.IFrameVariants {
		w.variant("#EXT-X-I-FRAME-STREAM-INF:", &m.IFrameVariants[i])
	}
	return w.dst
}

// writer appends tags. The text methods of attributes write nothing for an
// empty value.
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

func (w *writer) uriLine(uri string) { w.line("", uri) }

// open begins an attribute list, which close ends.
func (w *writer) open(tag string) { w.dst = append(w.dst, tag...) }

func (w *writer) close(unknown []Attribute) {
	for _, a := range unknown {
		w.name(a.Name)
		w.text(a.Value)
		w.comma()
	}
	if n := len(w.dst) - 1; w.dst[n] == ',' {
		w.dst[n] = '\n'
	} else {
		w.dst = append(w.dst, '\n')
	}
}

func (w *writer) name(name string) {
	w.text(name)
	w.dst = append(w.dst, '=')
}

func (w *writer) comma() { w.dst = append(w.dst, ',') }

func (w *writer) enumerated(name, value string) {
	if value != "" {
		w.name(name)
		w.text(value)
		w.comma()
	}
}

func (w *writer) quoted(name, value string) {
	if value != "" {
		w.string(name, value)
	}
}

// string writes a quoted-string, which may be empty and cannot hold a quote.
func (w *writer) string(name, value string) {
	w.name(name)
	w.dst = append(w.dst, '"')
	if strings.IndexByte(value, '"') >= 0 {
		value = strings.ReplaceAll(value, `"`, "")
	}
	w.text(value)
	w.dst = append(w.dst, '"')
	w.comma()
}

func (w *writer) yes(name string, value bool) {
	if value {
		w.enumerated(name, "YES")
	}
}

func (w *writer) integer(name string, n int64) {
	w.name(name)
	w.dst = strconv.AppendInt(w.dst, n, 10)
	w.comma()
}

func (w *writer) float(name string, f float64, digits int) {
	if f == 0 {
		return
	}
	w.name(name)
	w.dst = strconv.AppendFloat(w.dst, f, 'f', digits, 64)
	w.comma()
}

func (w *writer) duration(name string, d time.Duration) {
	w.name(name)
	w.seconds(d)
	w.comma()
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

func (w *writer) dateAttribute(name string, t time.Time) {
	if !t.IsZero() {
		w.name(name)
		w.dst = append(w.dst, '"')
		w.date(t)
		w.dst = append(w.dst, '"')
		w.comma()
	}
}

func (w *writer) subRange(r *Range) {
	w.dst = strconv.AppendInt(w.dst, r.Length, 10)
	if r.Offset >= 0 {
		w.dst = append(w.dst, '@')
		w.dst = strconv.AppendInt(w.dst, r.Offset, 10)
	}
}

func (w *writer) rangeAttribute(r *Range) {
	if r != nil {
		w.name("BYTERANGE")
		w.dst = append(w.dst, '"')
		w.subRange(r)
		w.dst = append(w.dst, '"')
		w.comma()
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
	for _, d := range defines {
		w.open("#EXT-X-DEFINE:")
		w.quoted("NAME", d.Name)
		if d.Name != "" {
			w.string("VALUE", d.Value)
		}
		w.quoted("IMPORT", d.Import)
		w.quoted("QUERYPARAM", d.QueryParam)
		w.close(nil)
	}
	if start != nil {
		w.open("#EXT-X-START:")
		w.duration("TIME-OFFSET", start.TimeOffset)
		w.yes("PRECISE", start.Precise)
		w.close(start.Attributes)
	}
}

func (w *writer) serverControl(c *ServerControl) {
	if c == nil {
		return
	}
	w.open("#EXT-X-SERVER-CONTROL:")
	w.yes("CAN-BLOCK-RELOAD", c.CanBlockReload)
	if c.CanSkipUntil > 0 {
		w.duration("CAN-SKIP-UNTIL", c.CanSkipUntil)
	}
	w.yes("CAN-SKIP-DATERANGES", c.CanSkipDateRanges)
	if c.HoldBack > 0 {
		w.duration("HOLD-BACK", c.HoldBack)
	}
	if c.PartHoldBack > 0 {
		w.duration("PART-HOLD-BACK", c.PartHoldBack)
	}
	w.close(c.Attributes)
}

func (w *writer) skip(s *Skip) {
	if s == nil {
		return
	}
	w.open("#EXT-X-SKIP:")
	w.integer("SKIPPED-SEGMENTS", int64(s.Segments))
	if s.RecentlyRemovedDateRanges != nil {
		w.string("RECENTLY-REMOVED-DATERANGES", strings.Join(s.RecentlyRemovedDateRanges, "\t"))
	}
	w.close(s.Attributes)
}

func (w *writer) dateRange(d *DateRange) {
	w.open("#EXT-X-DATERANGE:")
	w.quoted("ID", d.ID)
	w.quoted("CLASS", d.Class)
	w.dateAttribute("START-DATE", d.StartDate)
	w.quoted("CUE", d.Cue)
	w.dateAttribute("END-DATE", d.EndDate)
	if d.Duration >= 0 {
		w.duration("DURATION", d.Duration)
	}
	if d.PlannedDuration >= 0 {
		w.duration("PLANNED-DURATION", d.PlannedDuration)
	}
	w.yes("END-ON-NEXT", d.EndOnNext)
	w.close(d.Attributes)
}

// segment writes what precedes the URI line of a segment.
func (w *writer) segment(m *Media, i int, s, state *Segment) {
	w.applying(m, i, s, state)
	for j := range s.Parts {
		w.part(&s.Parts[j])
	}
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
		w.initial(s.Map, state)
		mapped = true
	}
	cleared := m.Skip != nil && m.inherited.cleared && m.inherited.keys == i
	if cleared || !equalKeys(state.Keys, s.Keys) {
		fresh := cleared || !extends(s.Keys, state.Keys)
		if fresh {
			w.line("#EXT-X-KEY:METHOD=NONE", "")
		}
		for j := range s.Keys {
			if fresh || j >= len(state.Keys) || !equalKey(s.Keys[j], state.Keys[j]) {
				w.key("#EXT-X-KEY:", &s.Keys[j])
			}
		}
		state.Keys = s.Keys
	}
	if !mapped {
		w.initial(s.Map, state)
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

func (w *writer) initial(m *Map, state *Segment) {
	w.open("#EXT-X-MAP:")
	w.quoted("URI", m.URI)
	w.rangeAttribute(m.ByteRange)
	w.close(m.Attributes)
	state.Map = m
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

func (w *writer) key(tag string, k *Key) {
	w.open(tag)
	w.enumerated("METHOD", k.Method)
	w.quoted("URI", k.URI)
	w.enumerated("IV", k.IV)
	w.quoted("KEYFORMAT", k.KeyFormat)
	w.quoted("KEYFORMATVERSIONS", k.KeyFormatVersions)
	w.close(k.Attributes)
}

func (w *writer) part(p *Part) {
	w.open("#EXT-X-PART:")
	w.duration("DURATION", p.Duration)
	w.quoted("URI", p.URI)
	w.rangeAttribute(p.ByteRange)
	w.yes("INDEPENDENT", p.Independent)
	w.yes("GAP", p.Gap)
	w.close(p.Attributes)
}

func (w *writer) preloadHint(h *PreloadHint) {
	w.open("#EXT-X-PRELOAD-HINT:")
	w.enumerated("TYPE", h.Type)
	w.quoted("URI", h.URI)
	if h.Start > 0 {
		w.integer("BYTERANGE-START", h.Start)
	}
	if h.Length >= 0 {
		w.integer("BYTERANGE-LENGTH", h.Length)
	}
	w.close(h.Attributes)
}

func (w *writer) renditionReport(r *RenditionReport) {
	w.open("#EXT-X-RENDITION-REPORT:")
	w.quoted("URI", r.URI)
	w.name("LAST-MSN")
	w.dst = strconv.AppendUint(w.dst, r.LastMSN, 10)
	w.comma()
	if r.LastPart >= 0 {
		w.integer("LAST-PART", int64(r.LastPart))
	}
	w.close(r.Attributes)
}

func (w *writer) sessionData(d *SessionData) {
	w.open("#EXT-X-SESSION-DATA:")
	w.quoted("DATA-ID", d.DataID)
	if d.URI == "" {
		w.string("VALUE", d.Value)
	}
	w.quoted("URI", d.URI)
	w.enumerated("FORMAT", d.Format)
	w.quoted("LANGUAGE", d.Language)
	w.close(d.Attributes)
}

func (w *writer) rendition(r *Rendition) {
	w.open("#EXT-X-MEDIA:")
	w.enumerated("TYPE", r.Type)
	w.quoted("GROUP-ID", r.GroupID)
	w.quoted("NAME", r.Name)
	w.quoted("LANGUAGE", r.Language)
	w.quoted("ASSOC-LANGUAGE", r.AssocLanguage)
	w.quoted("STABLE-RENDITION-ID", r.StableRenditionID)
	w.yes("DEFAULT", r.Default)
	w.yes("AUTOSELECT", r.Autoselect)
	w.yes("FORCED", r.Forced)
	w.quoted("INSTREAM-ID", r.InstreamID)
	if r.BitDepth > 0 {
		w.integer("BIT-DEPTH", int64(r.BitDepth))
	}
	if r.SampleRate > 0 {
		w.integer("SAMPLE-RATE", int64(r.SampleRate))
	}
	w.quoted("CHARACTERISTICS", r.Characteristics)
	w.quoted("CHANNELS", r.Channels)
	w.quoted("URI", r.URI)
	w.close(r.Attributes)
}

// variant writes EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF, whose URI is an
// attribute.
func (w *writer) variant(tag string, v *Variant) {
	w.open(tag)
	w.integer("BANDWIDTH", v.Bandwidth)
	if v.AverageBandwidth > 0 {
		w.integer("AVERAGE-BANDWIDTH", v.AverageBandwidth)
	}
	w.float("SCORE", v.Score, -1)
	w.quoted("CODECS", v.Codecs)
	w.quoted("SUPPLEMENTAL-CODECS", v.SupplementalCodecs)
	if v.Width > 0 || v.Height > 0 {
		w.enumerated("RESOLUTION", strconv.Itoa(v.Width)+"x"+strconv.Itoa(v.Height))
	}
	digits := 3
	if v.FrameRate != math.Round(v.FrameRate*1000)/1000 {
		digits = -1
	}
	w.float("FRAME-RATE", v.FrameRate, digits)
	w.enumerated("HDCP-LEVEL", v.HDCPLevel)
	w.quoted("ALLOWED-CPC", v.AllowedCPC)
	w.enumerated("VIDEO-RANGE", v.VideoRange)
	w.quoted("REQ-VIDEO-LAYOUT", v.ReqVideoLayout)
	w.quoted("STABLE-VARIANT-ID", v.StableVariantID)
	w.quoted("PATHWAY-ID", v.PathwayID)
	w.quoted("AUDIO", v.Audio)
	w.quoted("VIDEO", v.Video)
	w.quoted("SUBTITLES", v.Subtitles)
	if v.ClosedCaptions == "NONE" {
		w.enumerated("CLOSED-CAPTIONS", "NONE")
	} else {
		w.quoted("CLOSED-CAPTIONS", v.ClosedCaptions)
	}
	if tag == "#EXT-X-I-FRAME-STREAM-INF:" {
		w.quoted("URI", v.URI)
	}
	w.close(v.Attributes)
}
