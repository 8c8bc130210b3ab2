// Package content says by the first bytes of a body whether players can take it
// for media, and what else it is: a page, an error in JSON or XML, a playlist,
// nothing at all.
//
// Start with [Of]. It only looks at what a demultiplexer's probe looks at: the
// sync bytes of a transport stream, the types of boxes, the tags and frame headers
// of packed audio. What is encrypted as a whole has no such signs; the caller
// knows whether it may be.
package content

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Kind is what a body is.
type Kind uint8

// The kinds. Only Media is fit for a player as it is; Binary may be, when it is
// encrypted.
const (
	Unseen   Kind = iota // it was not looked at
	Media                // MPEG-TS, fragmented MP4, packed audio or WebVTT
	Binary               // neither media nor text
	Empty                // no byte
	Short                // it begins like media, and is too short to have any
	HTML                 // a page
	XML                  // a document
	JSON                 // an object or a list
	Playlist             // #EXTM3U
	Text                 // other text
	kinds
)

var names = [kinds]string{"", "media", "binary", "empty", "too short", "HTML", "XML", "JSON", "a playlist", "text"}

func (k Kind) String() string {
	if k < kinds {
		return names[k]
	}
	return fmt.Sprintf("content(%d)", uint8(k))
}

// Enough is how many first bytes tell a body's kind, unless it is a short one.
const Enough = 8 * packet

// What a body must have to hold media: a transport stream its two tables and a
// packet of media, packed audio a frame.
const (
	packet      = 188
	leastStream = 3 * packet
	leastAudio  = 32
)

// Of says what a body is. head is its first bytes; whole says that they are all
// of it. An initialization section need not hold media.
func Of(head []byte, whole, init bool) Kind {
	switch {
	case len(head) == 0 && whole:
		return Empty
	case len(head) == 0:
		return Unseen
	}
	as := text(head)
	switch {
	case as >= HTML && as <= Playlist:
		return as
	case isBoxes(head):
		if whole && !holds(head, init) {
			return Short
		}
		return Media
	case isStream(head, whole):
		if whole && !init && len(head) < leastStream {
			return Short
		}
		return Media
	case isPacked(head):
		if whole && len(head) < leastAudio {
			return Short
		}
		return Media
	}
	return as
}

// isBoxes reports whether a body begins with a box that resources begin with
// (ISO/IEC 14496-12).
func isBoxes(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[4:8]) {
	case "ftyp", "styp", "moov", "moof", "sidx", "ssix", "emsg", "prft", "free", "skip", "mdat", "uuid", "pdin", "wide":
		return true
	}
	return false
}

// holds reports whether a whole body has the box that media, or an
// initialization section, cannot do without.
func holds(b []byte, init bool) bool {
	for len(b) >= 8 {
		size := uint64(binary.BigEndian.Uint32(b))
		kind := string(b[4:8])
		if size == 1 && len(b) >= 16 {
			size = binary.BigEndian.Uint64(b[8:])
		}
		if kind == "moov" || !init && kind == "mdat" {
			return true
		}
		if size < 8 || size >= uint64(len(b)) {
			return false
		}
		b = b[size:]
	}
	return false
}

// isStream reports whether the sync bytes of a transport stream are found, at the
// start or after some other bytes, as players look for them.
func isStream(b []byte, whole bool) bool {
	for at := 0; at < len(b) && at <= 5*packet; at++ {
		if b[at] != 0x47 {
			continue
		}
		syncs := 1
		next := at + packet
		for ; next < len(b) && b[next] == 0x47; next += packet {
			syncs++
		}
		switch {
		case next < len(b): // another byte where one should be
			if at == 0 && syncs >= 2 || syncs >= 3 {
				return true
			}
		case syncs >= 3, at == 0 && (syncs == 2 || !printable(b)), whole && next == len(b):
			return true // to the end
		}
	}
	return false
}

// isPacked reports whether a body begins as packed audio does: a tag, or the
// header of a frame of AAC, MP3, AC-3 or AC-4. WebVTT is taken for media as well.
func isPacked(b []byte) bool {
	switch {
	case bytes.HasPrefix(b, []byte("ID3")), bytes.HasPrefix(b, []byte("WEBVTT")), bytes.HasPrefix(b, []byte("\xef\xbb\xbfWEBVTT")):
		return true
	case len(b) < 2:
		return false
	}
	first := binary.BigEndian.Uint16(b)
	mp3 := first&0xffe0 == 0xffe0 && first&0x06 != 0 && first != 0xfffe // which begins UTF-16
	return first&0xfff6 == 0xfff0 || mp3 || first == 0x0b77 || first == 0xac40 || first == 0xac41
}

// text says which kind of text a body is, or that it is none.
func text(b []byte) Kind {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	b = bytes.TrimLeft(b, " \t\r\n")
	b = b[:min(len(b), 512)]
	begins := func(s string) bool { return len(b) >= len(s) && bytes.EqualFold(b[:len(s)], []byte(s)) }
	switch {
	case begins("#extm3u"):
		return Playlist
	case begins("<"): // most bodies are media, which the following does not have to be fast for
		return markup(bytes.ToLower(b))
	case !printable(b):
		return Binary
	case begins("{"), begins("["):
		return JSON
	}
	return Text
}

// markup says which kind of text a body is that begins with <. It is in lower case.
func markup(b []byte) Kind {
	has := func(s string) bool { return bytes.Contains(b, []byte(s)) }
	switch {
	case bytes.HasPrefix(b, []byte("<!doctype html")), has("<html"), has("<body"), has("<head"):
		return HTML
	case bytes.HasPrefix(b, []byte("<?xml")), printable(b):
		return XML
	}
	return Binary
}

// printable reports whether bytes may be a text: no control characters but those
// of lines.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// Unfit reports whether no player can take a body for media. size is that of
// all of it; encrypted says that it is as a whole, by AES-128: then its signs do
// not show, and it is full blocks.
func (k Kind) Unfit(size int64, encrypted bool) bool {
	switch k {
	case Unseen, Media:
		return false
	case Binary, Short, Text:
		return !encrypted || size%16 != 0
	}
	return true
}
