package content_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"hlsload/player/content"
	"hlsload/rig/media"
)

func box(kind string, n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+n))
	return append(append(b, kind...), make([]byte, n)...)
}

func TestOf(t *testing.T) {
	video := media.Format{Container: media.TS, Video: true, Audio: true, Width: 256, Height: 144}
	fmp4 := media.Format{Container: media.FMP4, Video: true, Width: 256, Height: 144}
	ts := media.AppendSegment(nil, video, time.Hour, 2*time.Second)
	for _, tc := range []struct {
		name string
		b    []byte
		init bool
		want content.Kind
	}{
		{"a transport stream", ts, false, content.Media},
		{"one after other bytes", append(bytes.Repeat([]byte{0x89}, 700), ts...), false, content.Media},
		{"one that begins in a packet", ts[100:], false, content.Media},
		{"three packets", ts[:3*188], false, content.Media},
		{"two packets", ts[:2*188], false, content.Short},
		{"half a packet", ts[:90], false, content.Short},
		{"two packets of tables", ts[:2*188], true, content.Media},
		{"sync bytes and nothing else", bytes.Repeat([]byte("G"), 20_000), false, content.Media},
		{"fragmented MP4", media.AppendSegment(nil, fmp4, time.Hour, 2*time.Second), false, content.Media},
		{"its initialization section", media.Init(fmp4), true, content.Media},
		{"an initialization section for media", media.Init(fmp4), false, content.Media},
		{"a type box alone", box("styp", 16), false, content.Short},
		{"a fragment without media", append(box("styp", 16), box("moof", 200)...), false, content.Short},
		{"an event and media", append(box("emsg", 40), box("mdat", 400)...), false, content.Media},
		{"a type box for an initialization section", box("ftyp", 16), true, content.Short},
		{"AAC", append([]byte{0xff, 0xf1, 0x50, 0x80}, make([]byte, 400)...), false, content.Media},
		{"AAC with a timestamp", append([]byte("ID3\x04\x00"), make([]byte, 400)...), false, content.Media},
		{"MP3", append([]byte{0xff, 0xfb, 0x90}, make([]byte, 400)...), false, content.Media},
		{"AC-3", append([]byte{0x0b, 0x77}, make([]byte, 400)...), false, content.Media},
		{"a frame header of AAC", []byte{0xff, 0xf1, 0x50, 0x80, 0, 0, 0}, false, content.Short},
		{"subtitles", []byte("WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"), false, content.Media},
		{"nothing", nil, false, content.Empty},
		{"a page", []byte("<!DOCTYPE html><title>Sign in</title>"), false, content.HTML},
		{"a page after a comment", []byte("\n<!-- error --><HTML><BODY>Bad Gateway"), false, content.HTML},
		{"a long page", append([]byte("<html>"), bytes.Repeat([]byte("G "), 5000)...), false, content.HTML},
		{"a document", []byte(`<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>`), false, content.XML},
		{"a document without a declaration", []byte("<Error><Code>AccessDenied</Code></Error>"), false, content.XML},
		{"an object", []byte(`{"error": "no such stream"}`), false, content.JSON},
		{"a list", []byte("[]"), false, content.JSON},
		{"a playlist", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n"), false, content.Playlist},
		{"a word", []byte("Gone"), false, content.Text},
		{"a sentence", []byte("Gateway Timeout: the upstream did not answer"), false, content.Text},
		{"zeros", make([]byte, 20_000), false, content.Binary},
		{"an image", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 4000)...), false, content.Binary},
	} {
		for _, n := range []int{len(tc.b), min(len(tc.b), content.Enough)} {
			if n < len(tc.b) && tc.want == content.Short {
				continue
			}
			if got := content.Of(tc.b[:n], n == len(tc.b), tc.init); got != tc.want {
				t.Errorf("%s, %d of %d bytes: %v; want %v", tc.name, n, len(tc.b), got, tc.want)
			}
		}
	}
}

func TestUnfit(t *testing.T) {
	for _, tc := range []struct {
		k         content.Kind
		size      int64
		encrypted bool
		want      bool
	}{
		{content.Unseen, 0, false, false},
		{content.Media, 1000, false, false},
		{content.Binary, 16, false, true},
		{content.Binary, 1600, true, false},
		{content.Binary, 1601, true, true},
		{content.Text, 1600, true, false},
		{content.HTML, 1600, true, true},
		{content.Empty, 0, true, true},
		{content.Short, 200, false, true},
	} {
		if got := tc.k.Unfit(tc.size, tc.encrypted); got != tc.want {
			t.Errorf("%v of %d bytes, encrypted: %v: unfit %v", tc.k, tc.size, tc.encrypted, got)
		}
	}
}

// Nothing that comes from outside makes it fall, and the whole of a body is no
// worse than its beginning.
func FuzzOf(f *testing.F) {
	f.Add([]byte("<html>"), true)
	f.Add(box("styp", 16), true)
	f.Add([]byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false)
	f.Fuzz(func(t *testing.T, b []byte, init bool) {
		whole, part := content.Of(b, true, init), content.Of(b, false, init)
		if whole == content.Unseen || part == content.Short || len(b) > 0 && (whole == content.Empty || part == content.Unseen) {
			t.Errorf("%v, %v", whole, part)
		}
		_ = whole.String()
	})
}
