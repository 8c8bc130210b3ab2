package fleet

import (
	"sync"

	"hlsload/player/content"
	"hlsload/player/mediatime"
)

// look keeps the first bytes of a resource on their way until they have told
// its media time and what it is. It holds a buffer only meanwhile.
type look struct {
	buf  *[]byte
	init bool // it is an initialization section
	said mediatime.Opening
	is   content.Kind
}

// glance is how many bytes tell it, mostly; at least [content.Enough].
const glance = 2 << 10

var looks = sync.Pool{New: func() any { b := make([]byte, 0, glance); return &b }}

// begin starts to look.
func (l *look) begin() {
	l.buf = looks.Get().(*[]byte)
	*l.buf = (*l.buf)[:0]
}

// looking reports whether more bytes could tell more.
func (l *look) looking() bool { return l.buf != nil }

// read takes at most n of the next bytes of a body.
func (l *look) read(b Body, n int64) (int64, error) {
	at := len(*l.buf)
	if at == cap(*l.buf) {
		*l.buf = append(make([]byte, 0, min(4*at, mediatime.Limit)), *l.buf...)
	}
	room := (*l.buf)[at:cap(*l.buf)]
	k, err := b.Read(room[:min(int64(len(room)), max(n, 0))])
	*l.buf = (*l.buf)[:at+k]
	var more bool
	if l.said, more = mediatime.Read(*l.buf, err != nil); !more && len(*l.buf) >= content.Enough {
		l.end(false)
	}
	return int64(k), err
}

// end says what the resource is and gives the buffer back; whole tells that it
// is complete.
func (l *look) end(whole bool) {
	if l.buf == nil {
		return
	}
	l.is = content.Of(*l.buf, whole, l.init)
	if cap(*l.buf) == glance {
		looks.Put(l.buf)
	}
	l.buf = nil
}
