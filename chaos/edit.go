package chaos

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// maxPlaylist is the largest playlist that is kept or edited, in bytes. Live
// playlists have a few kilobytes; what is larger passes as it is.
const maxPlaylist = 1 << 20

// outline is what an edit of a media playlist needs to know of its text.
type outline struct {
	target   time.Duration // EXT-X-TARGETDURATION; 0 = absent or nonsense
	segments []segmentText
	ended    bool // EXT-X-ENDLIST
}

// segmentText is where a segment ends in the text: behind its URI line.
type segmentText struct {
	end      int
	duration time.Duration
}

// isPlaylist reports whether the body claims to be a playlist (rfc8216bis
// 4.4.1.1: EXTM3U is the first line) that is worth keeping.
func isPlaylist(body []byte) bool {
	return len(body) <= maxPlaylist && bytes.HasPrefix(body, []byte("#EXTM3U"))
}

// lines yields each line without its end, and the offset behind it.
func lines(text []byte, yield func(line []byte, end int)) {
	for at := 0; at < len(text); {
		end := len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		yield(bytes.TrimSpace(text[at:end]), end)
		at = end
	}
}

func outlineOf(body []byte) outline {
	var o outline
	var duration time.Duration
	lines(body, func(line []byte, end int) {
		switch {
		case len(line) == 0:
		case line[0] != '#':
			o.segments = append(o.segments, segmentText{end, duration})
			duration = 0
		case bytes.HasPrefix(line, []byte("#EXTINF:")):
			value, _, _ := bytes.Cut(line[len("#EXTINF:"):], []byte(","))
			duration = seconds(value)
		case bytes.HasPrefix(line, []byte("#EXT-X-TARGETDURATION:")):
			o.target = seconds(line[len("#EXT-X-TARGETDURATION:"):])
		case bytes.Equal(line, []byte("#EXT-X-ENDLIST")):
			o.ended = true
		}
	})
	return o
}

// targetOf returns the target duration of a playlist, 0 when it has none.
func targetOf(body []byte) time.Duration {
	const tag = "#EXT-X-TARGETDURATION:"
	i := bytes.Index(body, []byte(tag))
	if i < 0 {
		return 0
	}
	value := body[i+len(tag):]
	if n := bytes.IndexAny(value, "\r\n"); n >= 0 {
		value = value[:n]
	}
	return seconds(value)
}

// newest is the media sequence number after the last segment of a playlist.
func newest(body []byte) int64 {
	const tag = "#EXT-X-MEDIA-SEQUENCE:"
	n := int64(0)
	if i := bytes.Index(body, []byte(tag)); i >= 0 {
		for _, c := range body[i+len(tag):] {
			if c < '0' || c > '9' || n > math.MaxInt64/100 {
				break
			}
			n = 10*n + int64(c-'0')
		}
	}
	return n + int64(bytes.Count(body, []byte("#EXTINF:")))
}

// seconds reads a duration in seconds; 0 for nonsense and for more than a day.
func seconds(text []byte) time.Duration {
	if len(text) > 32 {
		return 0
	}
	s, err := strconv.ParseFloat(string(bytes.TrimSpace(text)), 64)
	if err != nil || !(s > 0 && s <= 86400) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// wholePlaylist are the tags that hold for a whole media playlist and may
// stand behind its last segment all the same.
var wholePlaylist = [][]byte{
	[]byte("#EXT-X-TARGETDURATION:"), []byte("#EXT-X-VERSION:"), []byte("#EXT-X-INDEPENDENT-SEGMENTS"),
	[]byte("#EXT-X-PLAYLIST-TYPE:"), []byte("#EXT-X-START:"), []byte("#EXT-X-SERVER-CONTROL:"),
	[]byte("#EXT-X-PART-INF:"), []byte("#EXT-X-DEFINE:"), []byte("#EXT-X-I-FRAMES-ONLY"),
}

// keepSegments cuts a media playlist behind its first n segments: what follows
// goes (later segments, parts, hints, reports, the end), but for tags that hold
// for the whole playlist.
func keepSegments(body []byte, o *outline, n int) []byte {
	if n >= len(o.segments) || n <= 0 {
		return body
	}
	end := o.segments[n-1].end
	kept := body[:end:end]
	lines(body[end:], func(line []byte, _ int) {
		for _, tag := range wholePlaylist {
			if bytes.HasPrefix(line, tag) {
				kept = append(append(kept, line...), '\n')
				return
			}
		}
	})
	return kept
}

// dropLast is the playlist without its last n segments; at least one is left.
func dropLast(body []byte, n int) []byte {
	o := outlineOf(body)
	return keepSegments(body, &o, max(1, len(o.segments)-n))
}

// before is the playlist as it was about d ago: without the last segments that
// were listed since; at least one is left.
func before(body []byte, d time.Duration) []byte {
	o := outlineOf(body)
	n := len(o.segments)
	for n > 1 && o.segments[n-1].duration > 0 && o.segments[n-1].duration <= d {
		d -= o.segments[n-1].duration
		n--
	}
	return keepSegments(body, &o, n)
}

// endlist is the playlist with EXT-X-ENDLIST at its end.
func endlist(body []byte) []byte {
	if o := outlineOf(body); o.ended {
		return body
	}
	ended := append(make([]byte, 0, len(body)+17), body...)
	if n := len(ended); n > 0 && ended[n-1] != '\n' {
		ended = append(ended, '\n')
	}
	return append(ended, "#EXT-X-ENDLIST\n"...)
}
