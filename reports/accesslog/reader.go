package accesslog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"hlsload/player/cmcd"
)

// Bounds of what is read. A line of CloudFront's has some kilobytes, most of
// them a query string.
const (
	maxLine    = 256 << 10
	maxColumns = 256
)

// Options describe a file that does not describe itself.
type Options struct {
	// Fields names the columns in order, for files without a #Fields line that
	// are not in the documented order.
	Fields []string
}

// Format is how a file is written.
type Format string

// The formats.
const (
	W3C      Format = "w3c"      // columns after a #Fields line
	JSON     Format = "json"     // an object a line
	Plain    Format = "plain"    // columns in the order of standard logs, or in a given one
	RealTime Format = "realtime" // columns in the order of real-time records
)

// Stats counts what was read of a file so far.
type Stats struct {
	Format    Format
	Lines     int64
	Entries   int64
	Malformed int64
	Problem   string // the first malformed line's
}

// Reader reads the entries of one file.
type Reader struct {
	br      *bufio.Reader
	options Options
	columns []column
	sep     byte
	stats   Stats
	line    []byte
	names   map[string]string // one copy of each common word
}

// NewReader looks at the beginning of a file. It unpacks gzip by itself.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	a := &Reader{br: br, options: o, names: map[string]string{}}
	head, err := br.Peek(4)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("read access log: gzip: %w", err)
		}
		a.br = bufio.NewReaderSize(z, 64<<10)
	case string(head) == "PAR1":
		return nil, errors.New("read access log: Parquet is not supported (want w3c, json or plain, or convert it to JSON lines)")
	}
	if len(o.Fields) > 0 {
		if err := a.order(o.Fields); err != nil {
			return nil, err
		}
		a.stats.Format = Plain
	}
	return a, nil
}

// order sets the columns.
func (r *Reader) order(names []string) error {
	if len(names) > maxColumns {
		return fmt.Errorf("read access log: %d columns; want at most %d", len(names), maxColumns)
	}
	r.columns = r.columns[:0]
	for _, n := range names {
		r.columns = append(r.columns, columnNamed(n))
	}
	has := func(column string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), column) })
	}
	if !has("timestamp") && !has("timestamp(ms)") && !(has("date") && has("time")) {
		return fmt.Errorf("read access log: no column has an instant (got %.200q; want date and time, or timestamp, among them)", strings.Join(names, " "))
	}
	return nil
}

// Next reads the next entry, and returns io.EOF after the last one. Other
// errors mean that the rest of the file cannot be read.
func (r *Reader) Next(e *Entry) error {
	for {
		line, whole, err := r.next()
		if err != nil {
			return err
		}
		r.stats.Lines++
		if r.stats.Lines == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		switch {
		case !whole:
			r.malformed("longer than %d bytes", maxLine)
			continue
		case len(bytes.TrimSpace(line)) == 0:
			continue
		case line[0] == '#':
			if err := r.directive(line); err != nil {
				return err
			}
			continue
		}
		if r.stats.Format == "" {
			if err := r.recognise(line); err != nil {
				return err
			}
		}
		*e = Entry{Took: Unknown, FirstByte: Unknown, Origin: Unknown, CMCD: cmcd.Empty()}
		if r.stats.Format == JSON {
			err = r.object(line, e)
		} else {
			err = r.row(line, e)
		}
		if err == nil {
			var ok bool
			if e.Time, ok = e.at.instant(); !ok {
				err = errors.New("no instant in it")
			}
		}
		if err != nil {
			r.malformed("%v", err)
			continue
		}
		r.stats.Entries++
		return nil
	}
}

func (r *Reader) malformed(format string, args ...any) {
	if r.stats.Malformed++; r.stats.Problem == "" {
		r.stats.Problem = fmt.Sprintf("line %d: %s", r.stats.Lines, fmt.Sprintf(format, args...))
	}
}

// next returns the next line without its end; whole is false when it was too
// long, and then it is not there.
func (r *Reader) next() (line []byte, whole bool, err error) {
	r.line = r.line[:0]
	whole = true
	for {
		part, err := r.br.ReadSlice('\n')
		if whole {
			if len(r.line)+len(part) > maxLine {
				whole, r.line = false, r.line[:0]
			} else {
				r.line = append(r.line, part...)
			}
		}
		switch {
		case err == nil:
			return bytes.TrimRight(r.line, "\r\n"), whole, nil
		case err == bufio.ErrBufferFull:
		case err == io.EOF:
			if len(r.line) == 0 && whole {
				return nil, true, io.EOF
			}
			return bytes.TrimRight(r.line, "\r\n"), whole, nil
		default:
			return nil, false, fmt.Errorf("read access log: after %d lines: %w", r.stats.Lines, err)
		}
	}
}

// directive takes a line such as #Fields: date time …
func (r *Reader) directive(line []byte) error {
	name, rest, _ := strings.Cut(string(line), ":")
	if !strings.EqualFold(strings.TrimSpace(name), "#Fields") {
		return nil
	}
	if err := r.order(strings.Fields(rest)); err != nil {
		return err
	}
	r.stats.Format, r.sep = W3C, 0
	return nil
}

// recognise finds out how a file without a #Fields line is written.
func (r *Reader) recognise(line []byte) error {
	if bytes.TrimLeft(line, " \t")[0] == '{' {
		r.stats.Format = JSON
		return nil
	}
	r.sep = separator(line)
	first, _, _ := strings.Cut(string(line), string(rune(r.sep)))
	n := bytes.Count(line, []byte{r.sep}) + 1
	standard, realtime := strings.Fields(standardOrder), strings.Fields(realtimeOrder)
	at := clock{date: first, time: "00:00:00"}
	if _, ok := at.instant(); ok && n <= len(standard) && n > 20 {
		r.stats.Format = Plain
		return r.order(standard)
	}
	at = clock{stamp: first}
	if _, ok := at.instant(); ok && n <= len(realtime) && n > 25 {
		r.stats.Format = RealTime
		// Configurations of all but the newest fields have no s-ip.
		third := strings.Split(string(line), string(rune(r.sep)))[2]
		if _, err := netip.ParseAddr(third); err != nil && n < len(realtime) {
			realtime = slices.Delete(realtime, 2, 3)
		}
		return r.order(realtime)
	}
	return fmt.Errorf("read access log: line %d: which column is which? (got %d columns without a #Fields line, the first %.40q; want the names of the columns in order)", r.stats.Lines, n, first)
}

// separator is what stands between the columns of a line: a tab, or what else
// v2 deliveries offer.
func separator(line []byte) byte {
	best, most := byte('\t'), 0
	for _, c := range []byte("\t,|; ") {
		if n := bytes.Count(line, []byte{c}); n > most {
			if best, most = c, n; c == '\t' {
				break
			}
		}
	}
	return best
}

// row takes a line of columns. One with fewer or more than expected is odd but
// often readable: CloudFront adds columns at the end.
func (r *Reader) row(line []byte, e *Entry) error {
	if r.sep == 0 {
		r.sep = separator(line)
	}
	text := string(line)
	n := 0
	for more := true; more && n < len(r.columns); n++ {
		var v string
		v, text, more = strings.Cut(text, string(rune(r.sep)))
		r.take(e, r.columns[n], v)
	}
	if n < 2 || n < len(r.columns)/2 {
		return fmt.Errorf("%d columns; want %d", n, len(r.columns))
	}
	return nil
}

// object takes a line with a JSON object.
func (r *Reader) object(line []byte, e *Entry) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil {
		return errors.New("no JSON object")
	}
	if len(values) > maxColumns {
		return fmt.Errorf("%d fields; want at most %d", len(values), maxColumns)
	}
	for name, raw := range values {
		c := columnNamed(name)
		if c.take == nil || len(raw) == 0 {
			continue
		}
		v := string(raw)
		switch raw[0] {
		case '"':
			if err := json.Unmarshal(raw, &v); err != nil {
				continue
			}
		case '{', '[', 'n': // null
			continue
		}
		r.take(e, c, v)
	}
	return nil
}

// maxWords bounds the words of which one copy is kept.
const maxWords = 10_000

// take gives an entry the value of a column. Of values that come again one copy
// is kept.
func (r *Reader) take(e *Entry, c column, v string) {
	if c.take == nil || v == "-" || v == "" {
		return
	}
	if c.common {
		v = r.kept(v)
	}
	c.take(e, v)
}

func (r *Reader) kept(v string) string {
	if w, ok := r.names[v]; ok {
		return w
	}
	if len(v) <= 64 && len(r.names) < maxWords {
		v = strings.Clone(v)
		r.names[v] = v
	}
	return v
}
