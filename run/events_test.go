package run

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"hlsload/reports"
)

// all reads all files of events in their order, whole or not.
func all(t *testing.T, dir string) (text string, files int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, reports.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	text = string(b)
	for n := 2; ; n++ {
		b, err := os.ReadFile(filepath.Join(dir, packedName(n)))
		if err != nil {
			return text, n - 1
		}
		z, err := zstd.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		_, _ = out.ReadFrom(z) // one that was cut off ends early
		z.Close()
		text += out.String()
	}
}

// Events go on in compressed files, each of which can be read up to the last write; from half of what they
// may take on, those of ever fewer players are asked for.
func TestEventFiles(t *testing.T) {
	dir := t.TempDir()
	var of []uint64
	f := &eventFiles{dir: dir, plain: 2000, packed: 3000, most: 40_000, sample: func(n uint64) { of = append(of, n) }}
	if err := f.open(false); err != nil {
		t.Fatal(err)
	}
	want, n := "", 0
	put := func(times int) {
		for range times {
			n++
			line := fmt.Sprintf(`{"t_ms":%d,"player":%d,"text":"%x"}`+"\n", n, n%7, n*n*7919)
			want += line
			if _, err := f.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(30)
	if got, files := all(t, dir); got != want || files != 1 {
		t.Fatalf("%d bytes in %d files; want %d in one", len(got), files, len(want))
	}
	put(300)
	got, files := all(t, dir)
	if got != want || files < 3 {
		t.Fatalf("%d bytes in %d files; want %d in several, before they are closed", len(got), files, len(want))
	}
	if of != nil {
		t.Errorf("fewer players (%d) after %d of %d bytes", of, f.all+f.size, f.most)
	}
	f.file.Close() // the machine is lost
	again := &eventFiles{dir: dir, plain: 2000, packed: 3000, most: 40_000, sample: f.sample}
	if err := again.open(true); err != nil {
		t.Fatal(err)
	}
	if again.number != files+1 || again.all < f.all {
		t.Errorf("goes on with file %d after %d bytes; want file %d after %d or more", again.number, again.all, files+1, f.all)
	}
	f = again
	put(1500)
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := all(t, dir); got != want {
		t.Errorf("%d bytes after it went on; want %d", len(got), len(want))
	}
	if len(of) < 2 || of[0] != 4 || of[1] != 16 {
		t.Errorf("one in %d players; want one in 4, then one in 16", of)
	}
}

// Of a run whose machine was lost, a line that was cut off is dropped.
func TestEventsGoOnAfterAWholeLine(t *testing.T) {
	for text, want := range map[string]string{"": "", "{\"a\":1}\n": "{\"a\":1}\n", "{\"a\":1}\n{\"b": "{\"a\":1}\n", "{\"b": "", strings.Repeat("x", 70_000): ""} {
		dir := t.TempDir()
		write(t, dir, reports.EventsFile, text)
		e, err := AppendEvents(dir, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.out.Write([]byte("{}\n")); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if got, _ := all(t, dir); got != want+"{}\n" {
			t.Errorf("%.20q: %.20q; want %q", text, got, want+"{}\n")
		}
	}
}
