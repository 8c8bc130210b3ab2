package ticket

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// File is a file of tickets, one a line.
type File struct {
	names []string   // of the columns; nil = lines of JSON
	rows  [][]string // of CSV
	lines [][]byte   // of JSON
}

// maxLines bounds a file.
const maxLines = 1_000_000

// ReadFile reads a file of tickets: lines of JSON when its name ends in .ndjson,
// .jsonl or .json, else CSV whose first line names the columns. Its errors say in
// which line something is wrong, and quote no value.
func ReadFile(name string, data []byte) (*File, error) {
	f := &File{}
	read := f.readCSV
	if i := strings.LastIndexByte(name, '.'); i >= 0 && slices.Contains([]string{".ndjson", ".jsonl", ".json"}, strings.ToLower(name[i:])) {
		read = f.readJSON
	}
	if err := read(data); err != nil {
		return nil, err
	}
	if f.Len() == 0 {
		return nil, errors.New("no line with a token")
	}
	return f, nil
}

func (f *File) readJSON(data []byte) error {
	n := 0
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if _, err := Parse(line, time.Time{}); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if f.lines = append(f.lines, line); len(f.lines) > maxLines {
			return fmt.Errorf("too many lines (want at most %d)", maxLines)
		}
	}
	return nil
}

func (f *File) readCSV(data []byte) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.TrimLeadingSpace = true
	for {
		row, err := r.Read()
		var bad *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &bad):
			return fmt.Errorf("line %d: %w", bad.Line, bad.Err)
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		if f.names == nil {
			f.names = row
			if len(row) > maxValues {
				return fmt.Errorf("too many columns (got %d; want at most %d)", len(row), maxValues)
			}
			for i, name := range row {
				if !validName(name) || slices.Contains(row[:i], name) {
					return fmt.Errorf("line %d: not the name of a column (got %s; want a name of its own of letters, digits, _ and -)", line, Quote(name))
				}
			}
			continue
		}
		if _, err := f.ticket(row, time.Time{}); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if f.rows = append(f.rows, row); len(f.rows) > maxLines {
			return fmt.Errorf("too many lines (want at most %d)", maxLines)
		}
	}
}

func (f *File) ticket(row []string, now time.Time) (*Ticket, error) {
	t := &Ticket{}
	for i, name := range f.names {
		if len(row[i]) > MaxLine {
			return nil, fmt.Errorf("%s is too long (got %d bytes; want at most %d)", name, len(row[i]), MaxLine)
		}
		if err := t.Set(name, row[i], now); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Len is how many tickets there are.
func (f *File) Len() int { return len(f.rows) + len(f.lines) }

// At returns a ticket; those past the last one begin again.
func (f *File) At(i uint64, now time.Time) (*Ticket, error) {
	i %= uint64(f.Len())
	if f.names == nil {
		return Parse(f.lines[i], now)
	}
	return f.ticket(f.rows[i], now)
}

// Lacks returns the first line's number, counted without the names and empty
// lines, that has no value for a field; 0 = none.
func (f *File) Lacks(field string) int {
	if f.names != nil {
		if slices.Contains(f.names, field) {
			return 0
		}
		return 1
	}
	for i := range f.lines {
		t, err := Parse(f.lines[i], time.Time{})
		if err != nil {
			return i + 1
		}
		_, has := t.Fields[field]
		switch {
		case field == keyURL && t.URL == "", field == keyExpires && t.Expires.IsZero():
			return i + 1
		case field != keyURL && field != keyExpires && !has:
			return i + 1
		}
	}
	return 0
}

// Fields are the names that a line has values for, for a message.
func (f *File) Fields() []string {
	if f.names != nil {
		return f.names
	}
	var names []string
	if t, err := f.At(0, time.Time{}); err == nil {
		for name := range t.Fields {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Line is which ticket a session takes: the first ones go to the first sessions
// of the players, in the order of their numbers; a viewer that comes back, or takes
// the place of another one, takes a further one. Generation is how far apart the
// numbers of successors are.
func Line(a Ask, renewals, players int, generation uint64) uint64 {
	if a.Player < 0 {
		return 0
	}
	n := uint64(a.Player)
	round := n/generation + uint64(max(a.Session-1, 0)) + uint64(renewals)
	return n%generation + round*uint64(max(players, 1))
}
