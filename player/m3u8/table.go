package m3u8

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A row is one attribute of a tag, for reading and for writing. The type of
// the pointer to its field is that of its value (rfc8216bis 4.2).
type row[T any] struct {
	name string
	how
	field func(*T) any
}

// how says when an attribute is written, and what it may be.
type how struct {
	least int64    // numbers below it are not written
	known []string // what an enumerated-string may be, nil = anything
}

var (
	plain    = how{least: 1} // what is empty, NO or 0 is not written
	fromZero = how{least: 0} // what is absent is -1
	always   = how{least: math.MinInt64}
)

func among(known ...string) how { return how{1, known} }

// Values that are written in another way than the type of their field says.
type (
	enumerated string        // without quotes
	groupID    string        // in quotes, but for NONE
	hex        string        // a hexadecimal-sequence
	variable   string        // the name of one
	frameRate  float64       // with three decimals
	offset     time.Duration // with a sign
	skipped    int           // segments, of which no more may be than are read
	dataValue  SessionData   // its VALUE, which is there when URI is not
	fullRange  *Range        // with an offset
)

var (
	startTable = []row[Start]{
		{"TIME-OFFSET", always, func(s *Start) any { return (*offset)(&s.TimeOffset) }},
		{"PRECISE", plain, func(s *Start) any { return &s.Precise }},
	}
	defineTable = []row[Define]{
		{"NAME", plain, func(d *Define) any { return (*variable)(&d.Name) }},
		{"IMPORT", plain, func(d *Define) any { return (*variable)(&d.Import) }},
		{"QUERYPARAM", plain, func(d *Define) any { return (*variable)(&d.QueryParam) }},
		{"VALUE", always, func(d *Define) any { return &d.Value }}, // the last one: not all have it
	}
	partInfTable = []row[time.Duration]{
		{"PART-TARGET", plain, func(target *time.Duration) any { return target }},
	}
	serverControlTable = []row[ServerControl]{
		{"CAN-BLOCK-RELOAD", plain, func(c *ServerControl) any { return &c.CanBlockReload }},
		{"CAN-SKIP-UNTIL", plain, func(c *ServerControl) any { return &c.CanSkipUntil }},
		{"CAN-SKIP-DATERANGES", plain, func(c *ServerControl) any { return &c.CanSkipDateRanges }},
		{"HOLD-BACK", plain, func(c *ServerControl) any { return &c.HoldBack }},
		{"PART-HOLD-BACK", plain, func(c *ServerControl) any { return &c.PartHoldBack }},
	}
	keyTable = []row[Key]{
		{"METHOD", plain, func(k *Key) any { return (*enumerated)(&k.Method) }},
		{"URI", plain, func(k *Key) any { return &k.URI }},
		{"IV", plain, func(k *Key) any { return (*hex)(&k.IV) }},
		{"KEYFORMAT", plain, func(k *Key) any { return &k.KeyFormat }},
		{"KEYFORMATVERSIONS", plain, func(k *Key) any { return &k.KeyFormatVersions }},
	}
	mapTable = []row[Map]{
		{"URI", plain, func(m *Map) any { return &m.URI }},
		{"BYTERANGE", plain, func(m *Map) any { return (*fullRange)(&m.ByteRange) }},
	}
	partTable = []row[Part]{
		{"DURATION", always, func(p *Part) any { return &p.Duration }},
		{"URI", plain, func(p *Part) any { return &p.URI }},
		{"BYTERANGE", plain, func(p *Part) any { return &p.ByteRange }},
		{"INDEPENDENT", plain, func(p *Part) any { return &p.Independent }},
		{"GAP", plain, func(p *Part) any { return &p.Gap }},
	}
	dateRangeTable = []row[DateRange]{
		{"ID", plain, func(d *DateRange) any { return &d.ID }},
		{"CLASS", plain, func(d *DateRange) any { return &d.Class }},
		{"START-DATE", plain, func(d *DateRange) any { return &d.StartDate }},
		{"CUE", plain, func(d *DateRange) any { return &d.Cue }},
		{"END-DATE", plain, func(d *DateRange) any { return &d.EndDate }},
		{"DURATION", fromZero, func(d *DateRange) any { return &d.Duration }},
		{"PLANNED-DURATION", fromZero, func(d *DateRange) any { return &d.PlannedDuration }},
		{"END-ON-NEXT", plain, func(d *DateRange) any { return &d.EndOnNext }},
	}
	skipTable = []row[Skip]{
		{"SKIPPED-SEGMENTS", always, func(s *Skip) any { return (*skipped)(&s.Segments) }},
		{"RECENTLY-REMOVED-DATERANGES", plain, func(s *Skip) any { return &s.RecentlyRemovedDateRanges }},
	}
	preloadHintTable = []row[PreloadHint]{
		{"TYPE", among("PART", "MAP"), func(h *PreloadHint) any { return (*enumerated)(&h.Type) }},
		{"URI", plain, func(h *PreloadHint) any { return &h.URI }},
		{"BYTERANGE-START", plain, func(h *PreloadHint) any { return &h.Start }},
		{"BYTERANGE-LENGTH", fromZero, func(h *PreloadHint) any { return &h.Length }},
	}
	renditionReportTable = []row[RenditionReport]{
		{"URI", plain, func(r *RenditionReport) any { return &r.URI }},
		{"LAST-MSN", always, func(r *RenditionReport) any { return &r.LastMSN }},
		{"LAST-PART", fromZero, func(r *RenditionReport) any { return &r.LastPart }},
	}
	sessionDataTable = []row[SessionData]{
		{"DATA-ID", plain, func(d *SessionData) any { return &d.DataID }},
		{"VALUE", plain, func(d *SessionData) any { return (*dataValue)(d) }},
		{"URI", plain, func(d *SessionData) any { return &d.URI }},
		{"FORMAT", among("JSON", "RAW"), func(d *SessionData) any { return (*enumerated)(&d.Format) }},
		{"LANGUAGE", plain, func(d *SessionData) any { return &d.Language }},
	}
	steeringTable = []row[Steering]{
		{"SERVER-URI", plain, func(s *Steering) any { return &s.ServerURI }},
		{"PATHWAY-ID", plain, func(s *Steering) any { return &s.PathwayID }},
	}
	renditionTable = []row[Rendition]{
		{"TYPE", plain, func(r *Rendition) any { return (*enumerated)(&r.Type) }},
		{"GROUP-ID", plain, func(r *Rendition) any { return &r.GroupID }},
		{"NAME", plain, func(r *Rendition) any { return &r.Name }},
		{"LANGUAGE", plain, func(r *Rendition) any { return &r.Language }},
		{"ASSOC-LANGUAGE", plain, func(r *Rendition) any { return &r.AssocLanguage }},
		{"STABLE-RENDITION-ID", plain, func(r *Rendition) any { return &r.StableRenditionID }},
		{"DEFAULT", plain, func(r *Rendition) any { return &r.Default }},
		{"AUTOSELECT", plain, func(r *Rendition) any { return &r.Autoselect }},
		{"FORCED", plain, func(r *Rendition) any { return &r.Forced }},
		{"INSTREAM-ID", plain, func(r *Rendition) any { return &r.InstreamID }},
		{"BIT-DEPTH", plain, func(r *Rendition) any { return &r.BitDepth }},
		{"SAMPLE-RATE", plain, func(r *Rendition) any { return &r.SampleRate }},
		{"CHARACTERISTICS", plain, func(r *Rendition) any { return &r.Characteristics }},
		{"CHANNELS", plain, func(r *Rendition) any { return &r.Channels }},
		{"URI", plain, func(r *Rendition) any { return &r.URI }},
	}
	variantTable = []row[Variant]{
		{"BANDWIDTH", always, func(v *Variant) any { return &v.Bandwidth }},
		{"AVERAGE-BANDWIDTH", plain, func(v *Variant) any { return &v.AverageBandwidth }},
		{"SCORE", plain, func(v *Variant) any { return &v.Score }},
		{"CODECS", plain, func(v *Variant) any { return &v.Codecs }},
		{"SUPPLEMENTAL-CODECS", plain, func(v *Variant) any { return &v.SupplementalCodecs }},
		{"RESOLUTION", plain, func(v *Variant) any { return v }},
		{"FRAME-RATE", plain, func(v *Variant) any { return (*frameRate)(&v.FrameRate) }},
		{"HDCP-LEVEL", among("NONE", "TYPE-0", "TYPE-1"), func(v *Variant) any { return (*enumerated)(&v.HDCPLevel) }},
		{"ALLOWED-CPC", plain, func(v *Variant) any { return &v.AllowedCPC }},
		{"VIDEO-RANGE", among("SDR", "HLG", "PQ"), func(v *Variant) any { return (*enumerated)(&v.VideoRange) }},
		{"REQ-VIDEO-LAYOUT", plain, func(v *Variant) any { return &v.ReqVideoLayout }},
		{"STABLE-VARIANT-ID", plain, func(v *Variant) any { return &v.StableVariantID }},
		{"PATHWAY-ID", plain, func(v *Variant) any { return &v.PathwayID }},
		{"AUDIO", plain, func(v *Variant) any { return &v.Audio }},
		{"VIDEO", plain, func(v *Variant) any { return &v.Video }},
		{"SUBTITLES", plain, func(v *Variant) any { return &v.Subtitles }},
		{"CLOSED-CAPTIONS", plain, func(v *Variant) any { return (*groupID)(&v.ClosedCaptions) }},
		{"URI", plain, func(v *Variant) any { return &v.URI }}, // the last one: of EXT-X-I-FRAME-STREAM-INF alone
	}
)

// grow adds v to a list, for a tag to be read into, and undo takes it away again
// when the tag is left out.
func grow[T any](list *[]T, v T) *T {
	*list = append(*list, v)
	return &(*list)[len(*list)-1]
}

func undo[T any](p *parser, list *[]T) {
	if p.err == nil {
		return
	}
	if *list = (*list)[:len(*list)-1]; len(*list) == 0 {
		*list = nil
	}
}

// readTag reads the attributes of the tag at hand, and keeps those that are not
// known.
func readTag[T any](p *parser, table []row[T], v *T, unknown *[]Attribute) {
	for p.next() {
		i := 0
		for i < len(table) && table[i].name != p.name {
			i++
		}
		if i == len(table) {
			p.other(unknown)
		} else {
			p.readField(table[i].field(v), table[i].known)
		}
	}
}

// readField reads the value of the current attribute. A number, a date or a
// range that is left out leaves the field as it is.
func (p *parser) readField(field any, known []string) {
	switch to := field.(type) {
	case *string:
		*to = p.value
	case *bool:
		*to = p.yes()
	case *time.Duration:
		if d, ok := p.seconds(); ok {
			*to = d
		}
	case *enumerated:
		if *to = enumerated(p.value); known != nil {
			*to = enumerated(p.oneOf(known...))
		}
	case *groupID:
		*to = groupID(p.value)
	case *dataValue:
		to.Value = p.value
	case *hex:
		p.readHex(to)
	case *variable:
		*to = variable(p.definedName())
	case *int64:
		if n, ok := p.integer(math.MaxInt64); ok {
			*to = n
		}
	case *uint64:
		if n, ok := p.integer(math.MaxInt64); ok {
			*to = uint64(n)
		}
	case *int:
		if n, ok := p.integer(math.MaxInt32); ok {
			*to = int(n)
		}
	case *skipped:
		n, ok := p.integer(math.MaxInt64)
		if n > int64(p.limits.Segments) && p.err == nil {
			// What it stands for cannot be left out.
			p.err = p.refusal(p.what(), shown(p.value), "an integer from 0 to "+strconv.Itoa(p.limits.Segments))
		} else if ok {
			*to = skipped(n)
		}
	case *float64:
		*to = p.float()
	case *frameRate:
		*to = frameRate(p.float())
	case *Variant:
		to.Width, to.Height = p.resolution()
	case *offset:
		digits, negative := strings.CutPrefix(p.value, "-")
		if !negative {
			digits = strings.TrimPrefix(digits, "+")
		}
		if d, ok := p.secondsIn(digits); ok && negative {
			*to = offset(-d)
		} else if ok {
			*to = offset(d)
		}
	case *time.Time:
		*to, _ = p.date(IncompleteDateRange, IncompleteDateRange)
	case **Range:
		if r := p.subRange(); r.Length > 0 {
			*to = p.segment.keep(r)
		}
	case *fullRange:
		if r := p.subRange(); r.Length > 0 {
			if r.Offset < 0 {
				p.wrong(NoOffset, p.value, "LENGTH@OFFSET in bytes", "read from 0")
				r.Offset = 0
			}
			*to = &r
		}
	case *[]string:
		*to = []string{}
		if p.value != "" {
			*to = strings.Split(p.value, "\t")
		}
	}
}

// readHex reads a hexadecimal-sequence of at most 128 bits.
func (p *parser) readHex(to *hex) {
	ok, code, done := hexadecimal(p.value), BadAttribute, leftOut
	if len(p.value) < 10 {
		code = ShortIV
	}
	if ok {
		*to, done = hex(p.value), "read as it is"
	}
	if !ok || code == ShortIV {
		p.wrong(code, p.value, "0x and 32 hexadecimal digits", done)
	}
}

// writeTag writes a tag with its attributes.
func writeTag[T any](w *writer, tag string, table []row[T], v *T, unknown []Attribute) {
	w.dst = append(w.dst, tag...)
	for i := range table {
		begin := len(w.dst)
		w.text(table[i].name)
		w.dst = append(w.dst, '=')
		if w.field(table[i].field(v), table[i].least) {
			w.dst = append(w.dst, ',')
		} else {
			w.dst = w.dst[:begin]
		}
	}
	for _, a := range unknown {
		w.text(a.Name)
		w.dst = append(w.dst, '=')
		w.text(a.Value)
		w.dst = append(w.dst, ',')
	}
	if n := len(w.dst) - 1; w.dst[n] == ',' {
		w.dst[n] = '\n'
	} else {
		w.dst = append(w.dst, '\n')
	}
}

// field writes the value of an attribute. It reports false for one that is not
// there.
func (w *writer) field(field any, least int64) bool {
	switch v := field.(type) {
	case *string:
		w.quoted(*v)
		return *v != "" || least < 0
	case *bool:
		w.text("YES")
		return *v
	case *time.Duration:
		w.seconds(*v)
		return int64(*v) >= least
	case *enumerated:
		w.text(string(*v))
		return *v != ""
	case *groupID:
		if *v == "NONE" {
			w.text("NONE")
		} else {
			w.quoted(string(*v))
		}
		return *v != ""
	case *hex:
		return w.field((*enumerated)(v), least)
	case *variable:
		return w.field((*string)(v), least)
	case *dataValue:
		w.quoted(v.Value)
		return v.URI == ""
	case *int64:
		w.dst = strconv.AppendInt(w.dst, *v, 10)
		return *v >= least
	case *uint64:
		w.dst = strconv.AppendUint(w.dst, *v, 10)
		return true
	case *int:
		w.dst = strconv.AppendInt(w.dst, int64(*v), 10)
		return int64(*v) >= least
	case *skipped:
		w.dst = strconv.AppendInt(w.dst, int64(*v), 10)
		return true
	case *float64:
		w.dst = strconv.AppendFloat(w.dst, *v, 'f', -1, 64)
		return *v != 0
	case *frameRate:
		digits := 3
		if f := float64(*v); f != math.Round(f*1000)/1000 {
			digits = -1
		}
		w.dst = strconv.AppendFloat(w.dst, float64(*v), 'f', digits, 64)
		return *v != 0
	case *Variant:
		w.text(strconv.Itoa(v.Width) + "x" + strconv.Itoa(v.Height))
		return v.Width > 0 || v.Height > 0
	case *offset:
		w.seconds(time.Duration(*v))
		return true
	case *time.Time:
		w.dst = append(w.dst, '"')
		w.date(*v)
		w.dst = append(w.dst, '"')
		return !v.IsZero()
	case **Range:
		return w.field((*fullRange)(v), least)
	case *fullRange:
		if *v == nil {
			return false
		}
		w.dst = append(w.dst, '"')
		w.subRange(*v)
		w.dst = append(w.dst, '"')
		return true
	case *[]string:
		w.quoted(strings.Join(*v, "\t"))
		return *v != nil
	}
	return false
}
