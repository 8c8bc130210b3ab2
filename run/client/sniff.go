package client

import (
	"sync"

	"hlsload/player/content"
	"hlsload/player/mediatime"
)

// Sniffer reads the first bytes of a resource until it knows the media time and the
// kind of content. It holds a buffer only until then.
type Sniffer struct {
	buf     *[]byte
	Init    bool // the resource is an initialization section
	Opening mediatime.Opening
	Content content.Kind
}

// sniffSize is usually enough bytes; at least [content.Enough].
const sniffSize = 2 << 10

var sniffs = sync.Pool{New: func() any { b := make([]byte, 0, sniffSize); return &b }}

// Begin starts sniffing.
func (l *Sniffer) Begin() {
	l.buf = sniffs.Get().(*[]byte)
	*l.buf = (*l.buf)[:0]
}

// Looking reports whether more bytes are needed.
func (l *Sniffer) Looking() bool { return l.buf != nil }

// Read takes at most n of the next bytes of a body.
func (l *Sniffer) Read(b Body, n int64) (int64, error) {
	at := len(*l.buf)
	if at == cap(*l.buf) {
		*l.buf = append(make([]byte, 0, min(4*at, mediatime.Limit)), *l.buf...)
	}
	room := (*l.buf)[at:cap(*l.buf)]
	k, err := b.Read(room[:min(int64(len(room)), max(n, 0))])
	*l.buf = (*l.buf)[:at+k]
	var more bool
	if l.Opening, more = mediatime.Read(*l.buf, err != nil); !more && len(*l.buf) >= content.Enough {
		l.End(false)
	}
	return int64(k), err
}

// End sets Content and releases the buffer; whole means that the resource is
// complete.
func (l *Sniffer) End(whole bool) {
	if l.buf == nil {
		return
	}
	l.Content = content.Of(*l.buf, whole, l.Init)
	if cap(*l.buf) == sniffSize {
		sniffs.Put(l.buf)
	}
	l.buf = nil
}
