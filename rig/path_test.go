package rig

import (
	"testing"

	"hlsload/player/m3u8"
)

func TestPath(t *testing.T) {
	c := Default()
	c.Ladder = []Rung{{640, 360, 800e3}, {640, 360, 1200e3}, {1280, 720, 2700e3}}
	c.Container, c.Audio, c.Encryption = "fmp4", "demuxed", "aes-128"
	n := newNames(&c)
	tests := []struct {
		path string
		id   ID
		ok   bool
	}{
		{"/live/p0/index.m3u8", ID{m3u8.KindMultivariant, 0, -1, 0}, true},
		{"/live/p1/index.m3u8", ID{m3u8.KindMultivariant, 1, -1, 0}, true},
		{"/live/p1/index_640x360_1200000.m3u8", ID{m3u8.KindMedia, 1, 1, 0}, true},
		{"/live/p0/index_640x360_1200000_00042.m4s", ID{m3u8.KindSegment, 0, 1, 42}, true},
		{"/live/p0/index_1280x720_123456.m4s", ID{m3u8.KindSegment, 0, 2, 123456}, true},
		{"/live/p0/index_audio_init.mp4", ID{m3u8.KindInit, 0, 3, 0}, true},
		{"/live/p0/index_00003.key", ID{m3u8.KindKey, 0, -1, 3}, true},
		{"/live/p1/index_audio_00003.key", ID{}, false},
		{"/live/p2/index.m3u8", ID{}, false},
		{"/live/p0/index_640x360.m3u8", ID{}, false},
		{"/live/p0/index_1280x720_042.m4s", ID{}, false},
		{"/live/p0/index_1280x720_000042.m4s", ID{}, false},
		{"/live/p0/index_1280x720_1234567890123456.m4s", ID{}, false},
		{"/live/p0/index_1280x720.m4s", ID{}, false},
		{"/live/p0/index_00042.m4s", ID{}, false},
		{"/live/p0/index_1280x720_00042.ts", ID{}, false},
		{"/live/p0/index", ID{}, false},
		{"/live/p0/", ID{}, false},
		{"", ID{}, false},
	}
	keys := map[uint64]string{}
	for _, tt := range tests {
		id, ok := n.parse(tt.path)
		if id != tt.id || ok != tt.ok {
			t.Errorf("%q: %+v %v; want %+v %v", tt.path, id, ok, tt.id, tt.ok)
		}
		if !ok {
			continue
		}
		if got := n.path(id); got != tt.path {
			t.Errorf("%+v: path %q; want %q", id, got, tt.path)
		}
		if other, twice := keys[id.key()]; twice {
			t.Errorf("%q and %q have one key", tt.path, other)
		}
		keys[id.key()] = tt.path
	}
}

func FuzzPath(f *testing.F) {
	c := Default()
	c.Container, c.Audio = "fmp4", "demuxed"
	all := []names{newNames(&c)}
	c.ByteRanges, c.Encryption = true, "aes-128"
	all = append(all, newNames(&c))
	for _, s := range []string{"/live/p0/index.m3u8", "/live/p1/index_640x360_00042.m4s", "/live/p0/index_audio_init.mp4", "/live/p0/index_audio.m3u8",
		"/live/p1/index_00007.key", "/live/p0/index_audio_00007.key", "/live/p0/index_.key", "/live/p0/index__00001.key"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, n := range all {
			if id, ok := n.parse(path); ok && n.path(id) != path {
				t.Errorf("%q: %+v, whose path is %q", path, id, n.path(id))
			}
		}
	})
}
