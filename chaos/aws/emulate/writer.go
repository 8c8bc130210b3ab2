package emulate

import (
	"fmt"
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

// writer is a pipeline that writes to a bucket.
type writer struct {
	ch       *Channel
	pipeline int
	bucket   *Bucket
	prefix   string
	next     time.Time // of the next segment
	down     time.Time // until when it restarts
	first    int       // number of the first segment since the last restart
	number   int
	fresh    bool // the multivariant playlist is still to be written
	refused  int  // writes that the bucket refused
}

func newWriter(ch *Channel, pipeline int, bucket *Bucket, prefix string, now time.Time) *writer {
	w := &writer{ch: ch, pipeline: pipeline, bucket: bucket, prefix: prefix, fresh: true}
	w.next = now.Add(-listed * segmentLength)
	for !w.next.After(now) {
		w.step()
	}
	return w
}

// restarted makes the numbers begin again.
func (w *writer) restarted(time.Time) { w.first, w.number, w.fresh = 0, 0, true }

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
		var b strings.Builder
		b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n")
		for i, r := range renditions {
			fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=%s\nindex_%s.m3u8\n", 2_000_000>>i, r, r)
		}
		w.fresh = !w.put("index.m3u8", b.String(), at)
	}
	for _, r := range renditions {
		w.put(fmt.Sprintf("index_%s_%05d.ts", r, w.number), fmt.Sprintf("segment %d of %s", w.number, r), at)
		from := max(w.first+1, w.number-listed+1)
		var b strings.Builder
		fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:%d\n", from)
		for n := from; n <= w.number; n++ {
			fmt.Fprintf(&b, "#EXTINF:4.000,\nindex_%s_%05d.ts\n", r, n)
		}
		w.put("index_"+r+".m3u8", b.String(), at)
		if old := w.number - kept; old > w.first {
			w.bucket.remove(w.prefix+fmt.Sprintf("index_%s_%05d.ts", r, old), "", at)
		}
	}
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
