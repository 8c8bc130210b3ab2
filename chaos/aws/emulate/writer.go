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
	number   int       // of the last segment since the last restart
	list     [][]int   // by rendition: segments that were written, the newest last
	fresh    bool      // the multivariant playlist is still to be written
	refused  int       // writes that the bucket refused
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
func (w *writer) restarted(time.Time) { w.number, w.list, w.fresh = 0, nil, true }

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
	if w.list == nil {
		w.list = make([][]int, len(renditions))
	}
	for i, r := range renditions {
		name := func(n int) string { return fmt.Sprintf("index_%s_%05d.ts", r, n) }
		if w.put(name(w.number), fmt.Sprintf("segment %d of %s", w.number, r), at) {
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
			fmt.Fprintf(&b, "#EXTINF:4.000,\n%s\n", name(n))
		}
		w.put("index_"+r+".m3u8", b.String(), at)
		if len(w.list[i]) > kept {
			if w.bucket.allows("s3:DeleteObject", w.prefix+name(w.list[i][0]), principal{arn: w.ch.Role}, at) {
				w.bucket.remove(w.prefix+name(w.list[i][0]), "", at)
			}
			w.list[i] = w.list[i][1:]
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
