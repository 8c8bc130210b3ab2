package client

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"hlsload/player/content"
	"hlsload/player/mediatime"
	"hlsload/rig/media"
)

// slowBody gives one byte at a time, and everything else of a body at once.
type slowBody struct{ r io.Reader }

func (b slowBody) Read(p []byte) (int, error)       { return b.r.Read(p) }
func (b slowBody) Discard(max int64) (int64, error) { return discard(b.r, max) }
func (b slowBody) Close() error                     { return nil }
func body(b []byte, one bool) (r Body) {
	if one {
		return slowBody{iotest.OneByteReader(bytes.NewReader(b))}
	}
	return slowBody{bytes.NewReader(b)}
}

func TestSnifferReadsWhatItNeeds(t *testing.T) {
	video := media.Format{Container: media.TS, Video: true, Audio: true, Width: 256, Height: 144}
	audio := media.Format{Container: media.TS, Audio: true}
	fmp4 := media.Format{Container: media.FMP4, Video: true, Width: 256, Height: 144}
	for _, c := range []struct {
		name string
		b    []byte
		want mediatime.Opening
		is   content.Kind
		most int // bytes that are looked at
	}{
		{"transport stream", media.AppendSegment(nil, video, time.Hour, 2*time.Second), mediatime.Opening{Stamp: media.FirstStamp(video, time.Hour)}, content.Media, 2 << 10},
		{"without pictures", media.AppendSegment(nil, audio, time.Hour, 2*time.Second), mediatime.Opening{Stamp: media.FirstStamp(audio, time.Hour)}, content.Media, mediatime.Limit},
		{"fmp4", media.AppendSegment(nil, fmp4, time.Hour, 2*time.Second), mediatime.Opening{Stamp: media.FirstStamp(fmp4, time.Hour)}, content.Media, 2 << 10},
		{"initialization section", media.Init(fmp4), mediatime.Opening{Scales: media.Timescales(fmp4)}, content.Media, 2 << 10},
		{"a page", bytes.Repeat([]byte("<html>"), 10_000), mediatime.Opening{}, content.HTML, 2 << 10},
		{"nothing", nil, mediatime.Opening{}, content.Empty, 0},
	} {
		for _, one := range []bool{false, true} {
			b := body(c.b, one)
			var l Sniffer
			l.Begin()
			n, looked := int64(0), 0
			for {
				var k int64
				var err error
				if l.Looking() {
					k, err = l.Read(b, 1<<20)
					looked += int(k)
				} else {
					k, err = b.Discard(1 << 20)
				}
				n += k
				if err != nil {
					break
				}
			}
			l.End(true)
			if l.Opening != c.want || l.Content != c.is || n != int64(len(c.b)) || looked > c.most {
				t.Errorf("%s, byte by byte %v: got %+v, %v, %d bytes, %d looked at; want %+v, %v, %d, at most %d", c.name, one, l.Opening, l.Content, n, looked, c.want, c.is, len(c.b), c.most)
			}
		}
	}
}
