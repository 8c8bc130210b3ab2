package rig

import (
	"fmt"
	"strconv"
	"strings"

	"hlsload/player/m3u8"
)

// The channel's paths, as MediaLive names them from a base name "index" and a
// name modifier per rendition:
//
//	/live/p0/index.m3u8                  multivariant playlist of pipeline 0
//	/live/p0/index_1280x720.m3u8         a media playlist
//	/live/p0/index_1280x720_00123.ts     a segment; .m4s in fragmented MP4
//	/live/p0/index_1280x720_init.mp4     its initialization section
//	/live/p0/index_00003.key             a key
//
// Resources that hold several segments, and their initialization section, have
// the name of the first of these.
const (
	root           = "/live/p"
	base           = "/index"
	playlistSuffix = ".m3u8"
	initSuffix     = "_init.mp4"
	keySuffix      = ".key"
	maxPath        = 1024
	maxDigits      = 15
)

// noRendition is the rendition of a multivariant playlist.
const noRendition = -1

// ID names a thing of the channel.
type ID struct {
	Kind      m3u8.Kind
	Pipeline  int
	Rendition int    // index in the ladder; the audio rendition follows the video ones; -1 = none
	Sequence  uint64 // of a segment; with byte ranges, of the first one in the resource; of a key its number
}

// key is the ID in one word, for maps.
func (id ID) key() uint64 {
	return uint64(id.Kind)&7 | uint64(id.Pipeline)&1<<3 | uint64(id.Rendition+1)&0xff<<4 | id.Sequence<<12
}

// names are the names of a channel's renditions, in listed order.
type names struct {
	renditions []string
	segment    string // suffix of a segment: ".ts", ".m4s"
	pipelines  int
	hasInit    bool
	hasKeys    bool
	ranges     bool // initialization sections are parts of resources with segments
}

const audioName = "audio"

// newNames names the rungs by their size, and by their rate too where several
// have one size.
func newNames(c *Config) names {
	n := names{segment: ".ts", pipelines: c.Pipelines, hasKeys: c.Encryption == "aes-128", ranges: c.ByteRanges}
	if c.Container == "fmp4" {
		n.segment, n.hasInit = ".m4s", true
	}
	for i, r := range c.Ladder {
		name := strconv.Itoa(r.Width) + "x" + strconv.Itoa(r.Height)
		for k, o := range c.Ladder {
			if k != i && o.Width == r.Width && o.Height == r.Height {
				name += "_" + strconv.FormatInt(r.Rate, 10)
				break
			}
		}
		n.renditions = append(n.renditions, name)
	}
	if c.Audio == "demuxed" {
		n.renditions = append(n.renditions, audioName)
	}
	return n
}

// parse reads a path without its query. It accepts exactly the names that
// [names.path] writes, so one thing has one path.
func (n *names) parse(path string) (ID, bool) {
	if len(path) < len(root)+1+len(base) || len(path) > maxPath || path[:len(root)] != root {
		return ID{}, false
	}
	p := int(path[len(root)] - '0')
	rest := path[len(root)+1:]
	if p < 0 || p >= n.pipelines || rest[:len(base)] != base {
		return ID{}, false
	}
	rest = rest[len(base):]
	if rest == playlistSuffix {
		return ID{Kind: m3u8.KindMultivariant, Pipeline: p, Rendition: noRendition}, true
	}
	if rest == "" || rest[0] != '_' {
		return ID{}, false
	}
	id := ID{Pipeline: p}
	var ok bool
	if n.hasKeys && cut(&rest, keySuffix) {
		id.Kind, id.Rendition = m3u8.KindKey, noRendition
		if id.Sequence, ok = cutSequence(&rest); !ok || rest != "" {
			return ID{}, false
		}
		return id, true
	}
	rest = rest[1:]
	switch {
	case cut(&rest, n.segment):
		id.Kind = m3u8.KindSegment
		if id.Sequence, ok = cutSequence(&rest); !ok {
			return ID{}, false
		}
	case cut(&rest, playlistSuffix):
		id.Kind = m3u8.KindMedia
	case n.hasInit && !n.ranges && cut(&rest, initSuffix):
		id.Kind = m3u8.KindInit
	default:
		return ID{}, false
	}
	for i, name := range n.renditions {
		if name == rest {
			id.Rendition = i
			return id, true
		}
	}
	return ID{}, false
}

func cut(s *string, suffix string) bool {
	if len(*s) < len(suffix) || (*s)[len(*s)-len(suffix):] != suffix {
		return false
	}
	*s = (*s)[:len(*s)-len(suffix)]
	return true
}

// cutSequence takes "_00123" off the end.
func cutSequence(s *string) (uint64, bool) {
	i := strings.LastIndexByte(*s, '_')
	if i < 0 {
		return 0, false
	}
	digits := (*s)[i+1:]
	if len(digits) < 5 || len(digits) > maxDigits || len(digits) > 5 && digits[0] == '0' {
		return 0, false
	}
	n := uint64(0) // that many digits are in range
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	*s = (*s)[:i]
	return n, true
}

// name returns the last element of the path of id.
func (n *names) name(id ID) string {
	switch id.Kind {
	case m3u8.KindMultivariant:
		return base[1:] + playlistSuffix
	case m3u8.KindMedia:
		return base[1:] + "_" + n.renditions[id.Rendition] + playlistSuffix
	case m3u8.KindInit:
		if !n.ranges {
			return base[1:] + "_" + n.renditions[id.Rendition] + initSuffix
		}
	case m3u8.KindKey:
		return fmt.Sprintf("%s_%05d%s", base[1:], id.Sequence, keySuffix)
	}
	return fmt.Sprintf("%s_%s_%05d%s", base[1:], n.renditions[id.Rendition], id.Sequence, n.segment)
}

// path returns the path of id.
func (n *names) path(id ID) string { return root + strconv.Itoa(id.Pipeline) + "/" + n.name(id) }
