package chaos

import (
	"net/url"
	"strings"
	"time"

	"hlsload/player/m3u8"
)

// list notes when the segments of a new version of a playlist were listed.
// Those that stand before others must have been listed earlier, by as much as
// the others last.
func (r *Rewriter) list(now time.Duration, playlist string, body []byte) {
	base, err := url.Parse(playlist)
	if err != nil {
		return
	}
	media, err := m3u8.ParseMedia(body, m3u8.Options{Base: base})
	if err != nil {
		return
	}
	at := now
	for i := len(media.Segments) - 1; i >= 0; i-- {
		s := &media.Segments[i]
		if _, known := r.listed[s.URL]; !known {
			u := strings.Clone(s.URL) // not to keep the whole body
			r.listed[u] = at
			r.order = append(r.order, u)
		}
		at -= s.Duration
	}
	for len(r.order) > maxListed {
		delete(r.listed, r.order[0])
		r.order = r.order[1:]
	}
}
