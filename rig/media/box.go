package media

import "encoding/binary"

// boxes writes ISO base media file format boxes (ISO/IEC 14496-12 section 4.2).
// It is all this package needs of MP4; a library would take this file's place.
type boxes struct{ b []byte }

// smallestBox is the length in bytes of a box without content.
const smallestBox = 8

// box writes a box whose content is what inside writes.
func (w *boxes) box(kind string, inside func()) {
	at := len(w.b)
	w.u32(0)
	w.str(kind)
	inside()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

// full writes a box that has a version and 24 bits of flags.
func (w *boxes) full(kind string, version byte, flags uint32, inside func()) {
	w.box(kind, func() {
		w.u32(uint32(version)<<24 | flags)
		inside()
	})
}

// free writes a box of padding, n ≥ smallestBox bytes in all.
func (w *boxes) free(n int64) {
	w.u32(uint32(n))
	w.str("free")
	for n -= smallestBox; n > 0; {
		run := min(n, int64(len(zeros)))
		w.b = append(w.b, zeros[:run]...)
		n -= run
	}
}

var zeros [1 << 14]byte

func (w *boxes) u8(v ...byte) { w.b = append(w.b, v...) }
func (w *boxes) u16(v ...uint16) {
	for _, x := range v {
		w.b = binary.BigEndian.AppendUint16(w.b, x)
	}
}
func (w *boxes) u32(v ...uint32) {
	for _, x := range v {
		w.b = binary.BigEndian.AppendUint32(w.b, x)
	}
}
func (w *boxes) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *boxes) str(s string) { w.b = append(w.b, s...) }
