package awstest

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// What every pipeline writes.
const (
	segmentLength = 4 * time.Second
	listed        = 10
	kept          = 21
)

// renditions of every channel, by the names of their files.
var renditions = []string{"1280x720", "640x360"}

// packets are the sync bytes of three packets of a transport stream, which is what
// players look for.
var packets = strings.Repeat("G"+strings.Repeat("\xff", 187), 3)

// writer is a pipeline that writes to a bucket.
type writer struct {
	ch       *Channel
	pipeline int
	bucket   *Bucket
	prefix   string
	next     time.Time // of the next segment
	down     time.Time // until when it restarts
	number   int       // of the last segment since the last restart
	list     [][]int   // by rendition: segments that were written, the newest last
	fresh    bool      // the multivariant playlist is still to be written
	refused  int       // writes that the bucket refused
}

// begin writes as if it had been doing so for a while.
func (w *writer) begin(now time.Time) {
	w.next = now.Add(-listed * segmentLength)
	w.advance(now)
}

// restarted makes the numbers begin again.
func (w *writer) restarted() { w.number, w.list, w.fresh = 0, nil, true }

func (w *writer) advance(now time.Time) {
	for !w.next.After(now) {
		w.step()
	}
}

// step is the end of a segment.
func (w *writer) step() {
	at := w.next
	w.next = at.Add(segmentLength)
	if at.Before(w.down) || w.ch.state != "RUNNING" && w.ch.state != "RECOVERING" {
		return
	}
	w.number++
	if w.bucket == nil || w.ch.paused(w.pipeline, at) {
		return
	}
	if w.fresh {
		w.fresh = !w.put(w.main(), w.multivariant(), at)
	}
	if w.list == nil {
		w.list = make([][]int, len(renditions))
	}
	for i, r := range renditions {
		name := func(n int) string { return fmt.Sprintf("%s_%05d.ts", w.child(r), n) }
		if w.put(name(w.number), packets+fmt.Sprintf("segment %d of %s", w.number, r), at) {
			w.list[i] = append(w.list[i], w.number)
		}
		shown := w.list[i][max(0, len(w.list[i])-listed):]
		if len(shown) == 0 {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", shown[0])
		for k, n := range shown {
			if k > 0 && n != shown[k-1]+1 {
				b.WriteString("#EXT-X-DISCONTINUITY\n")
			}
			fmt.Fprintf(&b, "#EXTINF:4.000,\n%s\n", path.Base(w.prefix+name(n)))
		}
		w.put(w.child(r)+".m3u8", b.String(), at)
		if len(w.list[i]) > kept {
			if w.bucket.allows("s3:DeleteObject", w.prefix+name(w.list[i][0]), principal{arn: w.ch.Role}, at) {
				w.bucket.remove(w.prefix+name(w.list[i][0]), "", at)
			}
			w.list[i] = w.list[i][1:]
		}
	}
}

// A prefix is a directory, or the beginning of names in one that the pipelines
// share, as redundant manifests want it.
func (w *writer) shares() bool { return !strings.HasSuffix(w.prefix, "/") }

// main is the name of the multivariant playlist, after the prefix.
func (w *writer) main() string {
	if w.shares() {
		return ".m3u8"
	}
	return "index.m3u8"
}

// child is the name of a rendition's files, after the prefix, up to what tells
// them apart.
func (w *writer) child(rendition string) string {
	if w.shares() {
		return "_" + rendition
	}
	return "index_" + rendition
}

// multivariant lists this pipeline's playlists, and after each that of the
// other pipeline, when they share a directory.
func (w *writer) multivariant() string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n")
	for i, r := range renditions {
		list := []*writer{w}
		for _, o := range w.ch.writers {
			if o != w && w.shares() && o.shares() {
				list = append(list, o)
			}
		}
		for _, o := range list {
			fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=%s\n%s.m3u8\n", 2_000_000>>i, r, path.Base(o.prefix+o.child(r)))
		}
	}
	return b.String()
}

// put writes an object if the bucket lets it.
func (w *writer) put(name, body string, at time.Time) bool {
	if !w.bucket.allows("s3:PutObject", w.prefix+name, principal{arn: w.ch.Role}, at) {
		w.refused++
		return false
	}
	kind := "application/vnd.apple.mpegurl"
	if strings.HasSuffix(name, ".ts") {
		kind = "video/MP2T"
	}
	w.bucket.put(w.prefix+name, []byte(body), kind, "max-age=2", at)
	return true
}
