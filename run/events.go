package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/record"
)

// Events are the files of events. Without a file, there is no log.
//
// events.ndjson has the first ones, as text. Further ones are in events-0002.ndjson.zst and
// so on, compressed. Once half of the bytes that all may take are used, only the events
// of some players are written, of fewer and fewer, so that a run of a day ends within them.
type Events struct {
	Log    *record.EventLog // nil = events are not written
	out    *eventFiles
	failed bool // which was said
}

// Bounds of the files of events, in bytes.
const (
	mostPlain  = 256 << 20 // of events.ndjson
	mostPacked = 64 << 20  // of each further file
	mostEvents = 1 << 30   // of all
)

// CreateEvents creates the file in the directory of the results, if events are
// wanted.
func CreateEvents(dir string, wanted bool) (*Events, error) { return openEvents(dir, wanted, false) }

// AppendEvents goes on with the files of a run whose machine was lost. A line that was cut
// off is dropped.
func AppendEvents(dir string, wanted bool) (*Events, error) { return openEvents(dir, wanted, true) }

func openEvents(dir string, wanted, more bool) (*Events, error) {
	if !wanted {
		return &Events{}, nil
	}
	out := &eventFiles{dir: dir, plain: mostPlain, packed: mostPacked, most: mostEvents}
	if err := out.open(more); err != nil {
		return nil, fmt.Errorf("opening the event file: %w", err)
	}
	e := &Events{Log: record.NewEventLog(out, 0), out: out}
	out.sample = e.Log.Sample
	out.thin()
	return e, nil
}

// Rest writes what is buffered. It returns warnings when the files are incomplete: events
// are an extra, without which the results stand.
func (e *Events) Rest() (w []string) {
	if e.Log == nil {
		return nil
	}
	if err := e.Log.Flush(); err != nil {
		e.failed = true
		w = append(w, fmt.Sprintf("%s is incomplete: %v", reports.EventsFile, err))
	}
	if n := e.out.number; n > 1 {
		w = append(w, fmt.Sprintf("events: the first %s are in %s, the others in %s to %s (zstd -dc prints them)", figure.Size(mostPlain), reports.EventsFile, packedName(2), packedName(n)))
	}
	if n, at := e.Log.Sampled(); n > 1 {
		w = append(w, fmt.Sprintf("events: since %s only those of every %s player are written, all of them: the files would have become larger than %s", figure.Clock(at), ordinal(n), figure.Size(mostEvents)))
	}
	return w
}

// ordinal is such as 4th: n is a power of 2.
func ordinal(n uint64) string {
	if n%100 != 12 && n%10 == 2 {
		return fmt.Sprintf("%dnd", n)
	}
	return fmt.Sprintf("%dth", n)
}

// Close writes what is buffered.
func (e *Events) Close() error {
	if e.Log == nil {
		return nil
	}
	if err := errors.Join(e.Log.Flush(), e.out.close()); err != nil && !e.failed {
		return fmt.Errorf("writing the event file: %w", err)
	}
	return nil
}

// eventFiles takes whole lines. It belongs to one goroutine.
type eventFiles struct {
	dir                 string
	plain, packed, most int64
	sample              func(of uint64) // writes the events of one in so many players from now on

	number int   // of the file, from 1
	size   int64 // of it
	all    int64 // of all files before it
	file   *os.File
	zip    *zstd.Encoder // nil = the file is text
	of     uint64        // one in so many players
}

// packedName is the name of a further file.
func packedName(n int) string { return fmt.Sprintf("events-%04d.ndjson.zst", n) }

func (f *eventFiles) path(n int) string {
	if n == 1 {
		return filepath.Join(f.dir, reports.EventsFile)
	}
	return filepath.Join(f.dir, packedName(n))
}

// open opens the first file, or goes on after those that are there.
func (f *eventFiles) open(more bool) (err error) {
	f.number, f.of = 1, 1
	if !more {
		for n := 2; os.Remove(f.path(n)) == nil; n++ { // of an earlier run
		}
		f.file, err = os.Create(f.path(1))
		return err
	}
	for info, err := os.Stat(f.path(f.number + 1)); err == nil; info, err = os.Stat(f.path(f.number + 1)) {
		f.all += info.Size()
		f.number++
	}
	if f.number > 1 { // the last one may end in the middle of a block
		if info, err := os.Stat(f.path(1)); err == nil {
			f.all += info.Size()
		}
		return f.next()
	}
	if f.file, err = os.OpenFile(f.path(1), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if f.size, err = lastLine(f.file); err == nil {
		if err = f.file.Truncate(f.size); err == nil {
			_, err = f.file.Seek(f.size, io.SeekStart)
		}
	}
	if err != nil {
		f.file.Close()
	}
	return err
}

// lastLine is the end of the last whole line of a file.
func lastLine(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	b := make([]byte, 1<<16)
	for at := info.Size(); at > 0; {
		n := min(at, int64(len(b)))
		if _, err := f.ReadAt(b[:n], at-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return at - n + int64(i) + 1, nil
		}
		at -= n
	}
	return 0, nil
}

// Write implements [io.Writer].
func (f *eventFiles) Write(b []byte) (int, error) {
	full := f.size >= f.packed
	if f.zip == nil {
		full = f.size+int64(len(b)) > f.plain
	}
	if full {
		if err := f.turn(); err != nil {
			return 0, err
		}
	}
	if f.zip == nil {
		n, err := f.file.Write(b)
		f.size += int64(n)
		f.thin()
		return n, err
	}
	n, err := f.zip.Write(b)
	if err == nil {
		err = f.zip.Flush() // what was written can be read, whatever happens to the machine
	}
	f.thin()
	return n, err
}

// turn ends the file and opens the next one.
func (f *eventFiles) turn() error {
	err := f.close()
	f.all, f.size = f.all+f.size, 0
	return errors.Join(err, f.next())
}

// next opens the next file.
func (f *eventFiles) next() (err error) {
	f.number++
	f.size = 0
	if f.file, err = os.Create(f.path(f.number)); err != nil {
		return err
	}
	f.zip, err = zstd.NewWriter(sized{f}, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	return err
}

// sized counts the bytes of a compressed file.
type sized struct{ f *eventFiles }

func (c sized) Write(b []byte) (int, error) {
	n, err := c.f.file.Write(b)
	c.f.size += int64(n)
	return n, err
}

// thin makes the events of fewer players be written: of a quarter each time half of
// what was left is used.
func (f *eventFiles) thin() {
	of := uint64(1)
	for left := f.most / 2; f.all+f.size > f.most-left && left > 0 && of < 1<<40; left /= 2 {
		of *= 4
	}
	if of > f.of {
		f.of = of
		f.sample(of)
	}
}

func (f *eventFiles) close() error {
	if f.file == nil {
		return nil
	}
	var err error
	if f.zip != nil {
		err = f.zip.Close()
	}
	err = errors.Join(err, f.file.Close())
	f.file, f.zip = nil, nil
	return err
}
