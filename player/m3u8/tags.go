package m3u8

// kind is the kind of playlist a tag belongs to.
type kind uint8

const (
	kindEither kind = iota
	kindMedia
	kindMultivariant
)

func (k kind) String() string {
	return [...]string{"playlist", "media playlist", "multivariant playlist"}[k]
}

// tag is a tag that the parser knows, EXTM3U and EXTINF apart.
type tag uint8

const (
	tagUnknown tag = iota
	tagVersion
	tagIndependentSegments
	tagStart
	tagDefine
	tagTargetDuration
	tagMediaSequence
	tagDiscontinuitySequence
	tagEndList
	tagPlaylistType
	tagIFramesOnly
	tagPartInf
	tagServerControl
	tagByteRange
	tagDiscontinuity
	tagKey
	tagMap
	tagProgramDateTime
	tagGap
	tagBitrate
	tagPart
	tagDateRange
	tagSkip
	tagPreloadHint
	tagRenditionReport
	tagMedia
	tagStreamInf
	tagIFrameStreamInf
	tagSessionData
	tagSessionKey
	tagContentSteering
	tagCount
)

// often says how often a tag may be there.
type often uint8

const (
	once    often = iota // at most once in a playlist
	counted              // within Limits.Tags
	bounded              // within another limit, or without a trace
)

var tagRules = [tagCount]struct {
	name  string
	kind  kind
	often often
}{
	// rfc8216bis 4.4.1, 4.4.2
	tagVersion:             {"EXT-X-VERSION", kindEither, once},
	tagIndependentSegments: {"EXT-X-INDEPENDENT-SEGMENTS", kindEither, once},
	tagStart:               {"EXT-X-START", kindEither, once},
	tagDefine:              {"EXT-X-DEFINE", kindEither, counted},
	// 4.4.3
	tagTargetDuration:        {"EXT-X-TARGETDURATION", kindMedia, once},
	tagMediaSequence:         {"EXT-X-MEDIA-SEQUENCE", kindMedia, once},
	tagDiscontinuitySequence: {"EXT-X-DISCONTINUITY-SEQUENCE", kindMedia, once},
	tagEndList:               {"EXT-X-ENDLIST", kindMedia, once},
	tagPlaylistType:          {"EXT-X-PLAYLIST-TYPE", kindMedia, once},
	tagIFramesOnly:           {"EXT-X-I-FRAMES-ONLY", kindMedia, once},
	tagPartInf:               {"EXT-X-PART-INF", kindMedia, once},
	tagServerControl:         {"EXT-X-SERVER-CONTROL", kindMedia, once},
	// 4.4.4
	tagByteRange:       {"EXT-X-BYTERANGE", kindMedia, bounded},
	tagDiscontinuity:   {"EXT-X-DISCONTINUITY", kindMedia, bounded},
	tagKey:             {"EXT-X-KEY", kindMedia, bounded},
	tagMap:             {"EXT-X-MAP", kindMedia, bounded},
	tagProgramDateTime: {"EXT-X-PROGRAM-DATE-TIME", kindMedia, bounded},
	tagGap:             {"EXT-X-GAP", kindMedia, bounded},
	tagBitrate:         {"EXT-X-BITRATE", kindMedia, bounded},
	tagPart:            {"EXT-X-PART", kindMedia, bounded},
	// 4.4.5
	tagDateRange:       {"EXT-X-DATERANGE", kindMedia, counted},
	tagSkip:            {"EXT-X-SKIP", kindMedia, once},
	tagPreloadHint:     {"EXT-X-PRELOAD-HINT", kindMedia, counted},
	tagRenditionReport: {"EXT-X-RENDITION-REPORT", kindMedia, counted},
	// 4.4.6
	tagMedia:           {"EXT-X-MEDIA", kindMultivariant, bounded},
	tagStreamInf:       {"EXT-X-STREAM-INF", kindMultivariant, bounded},
	tagIFrameStreamInf: {"EXT-X-I-FRAME-STREAM-INF", kindMultivariant, bounded},
	tagSessionData:     {"EXT-X-SESSION-DATA", kindMultivariant, counted},
	tagSessionKey:      {"EXT-X-SESSION-KEY", kindMultivariant, counted},
	tagContentSteering: {"EXT-X-CONTENT-STEERING", kindMultivariant, once},
}

var tagNamed = func() map[string]tag {
	m := make(map[string]tag, tagCount)
	for t := tagUnknown + 1; t < tagCount; t++ {
		m[tagRules[t].name] = t
	}
	return m
}()

// read reads the tag whose value is p.value0.
func (p *parser) read(t tag) {
	switch t {
	case tagVersion:
		p.readVersion()
	case tagIndependentSegments:
		p.independent = true
	case tagStart:
		p.readStart()
	case tagDefine:
		p.readDefine()
	case tagTargetDuration:
		p.readTargetDuration()
	case tagMediaSequence:
		p.readMediaSequence()
	case tagDiscontinuitySequence:
		p.readDiscontinuitySequence()
	case tagEndList:
		p.media.EndList = true
	case tagPlaylistType:
		p.readPlaylistType()
	case tagIFramesOnly:
		p.media.IFramesOnly = true
	case tagPartInf:
		p.readPartInf()
	case tagServerControl:
		p.readServerControl()
	case tagByteRange:
		p.readByteRange()
	case tagDiscontinuity:
		p.readDiscontinuity()
	case tagKey:
		p.readKey()
	case tagMap:
		p.readMap()
	case tagProgramDateTime:
		p.readProgramDateTime()
	case tagGap:
		p.segment.begun, p.segment.gap = true, true
	case tagBitrate:
		p.readBitrate()
	case tagPart:
		p.readPart()
	case tagDateRange:
		p.readDateRange()
	case tagSkip:
		p.readSkip()
	case tagPreloadHint:
		p.readPreloadHint()
	case tagRenditionReport:
		p.readRenditionReport()
	case tagMedia:
		p.readRendition()
	case tagStreamInf:
		p.readStreamInf()
	case tagIFrameStreamInf:
		p.readIFrameStreamInf()
	case tagSessionData:
		p.readSessionData()
	case tagSessionKey:
		p.readSessionKey()
	case tagContentSteering:
		p.readContentSteering()
	}
}
