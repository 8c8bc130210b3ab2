package m3u8

import (
	"bytes"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/wild.txt")

// wildBase is where the playlists of testdata/wild come from.
var wildBase, _ = url.Parse("http://cdn.example.com/live/index.m3u8?token=abc")

// TestWild reads playlists as they are written in the wild, one oddity each,
// and compares what was made of them, and what was said, with testdata/wild.txt.
func TestWild(t *testing.T) {
	files, err := filepath.Glob("testdata/wild/*.m3u8")
	if err != nil || len(files) == 0 {
		t.Fatal("no playlists in testdata/wild: ", err)
	}
	var got bytes.Buffer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s\n", strings.TrimSuffix(filepath.Base(file), ".m3u8"))
		p, err := Parse(text, Options{Base: wildBase, Imports: map[string]string{"imported": "yes"}})
		if err != nil {
			fmt.Fprintf(&got, "    refused: %v\n", err)
			continue
		}
		check(t, p)
		switch p := p.(type) {
		case *Media:
			fmt.Fprintf(&got, "    media: %d segments, %v, target %v, from %d", len(p.Segments), p.Duration, p.TargetDuration, p.MediaSequence)
			if len(p.Segments) > 0 {
				fmt.Fprintf(&got, ", %v %s", p.Segments[0].Duration, p.Segments[0].URL)
			}
		case *Multivariant:
			fmt.Fprintf(&got, "    multivariant: %d variants, %d renditions", len(p.Variants), len(p.Renditions))
			if len(p.Variants) > 0 {
				v := p.Variants[0]
				fmt.Fprintf(&got, ", %d bit/s %dx%d %v %q %s", v.Bandwidth, v.Width, v.Height, v.FrameRate, v.Codecs, v.URL)
			}
		}
		got.WriteByte('\n')
		for _, f := range told(p) {
			fmt.Fprintf(&got, "    %s\n", f)
		}
	}
	const golden = "testdata/wild.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("testdata/wild.txt, line %d: got\n%s\nwant\n%s\n(go test ./player/m3u8 -run Wild -update)", i+1, a[i], b[i])
			}
		}
		t.Fatalf("got %d lines, want %d", len(a), len(b))
	}
}
