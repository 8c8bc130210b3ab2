package players

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What a file may have. A simulation writes far less.
const (
	maxBytes = 256 << 20
	maxLine  = 16 << 10
	maxRows  = 2_000_000
	maxNames = 20_000 // cohorts, or occurrences of faults
	maxText  = 400    // bytes of a name
)

// ReadCSV reads what [Table.WriteCSV] wrote. The file may be hostile: it is read within
// limits, and an error says in which line and column it is.
func ReadCSV(r io.Reader) (*Table, error) {
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	c := &reader{lines: bufio.NewScanner(limited), t: &Table{SessionShare: Shares, EffectShare: Shares}, cohorts: map[Cohort]int16{}, occurrences: map[Occurrence]int32{}}
	c.lines.Buffer(nil, maxLine)
	err := c.rows()
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("read players: more than %d MiB", maxBytes>>20)
	case err != nil:
		return nil, fmt.Errorf("read players: %w", err)
	}
	return c.t, nil
}

// rows reads all rows.
func (c *reader) rows() error {
	for c.next() {
		switch {
		case c.err != nil:
			return c.err
		case c.line == 1:
			for i, name := range columns {
				if c.row[i] != name {
					return c.wrong(i, "name of the column", strconv.Quote(name))
				}
			}
		case len(c.t.Sessions)+len(c.t.Effects) == maxRows:
			return fmt.Errorf("more than %d rows", maxRows)
		default:
			if err := c.take(); err != nil {
				return err
			}
		}
	}
	switch err := c.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: more than %d bytes", c.line+1, maxLine)
	case err != nil:
		return err
	case c.line == 0:
		return errors.New("the file is empty (want a line of column names)")
	}
	return c.sorted()
}

// reader reads a table row by row.
type reader struct {
	lines       *bufio.Scanner
	line        int
	row         []string
	at          []int // column of each field in the line, from 1
	t           *Table
	cohorts     map[Cohort]int16
	occurrences map[Occurrence]int32
	last        Session // of the row before
	err         error   // the first of a row
}

// next reads a line and parts it into fields. A field never goes on in the next line.
func (c *reader) next() bool {
	if !c.lines.Scan() {
		return false
	}
	c.line++
	text := strings.TrimSuffix(c.lines.Text(), "\r")
	c.row, c.at, c.err = c.row[:0], c.at[:0], nil
	if strings.Contains(text, `"`) {
		one := csv.NewReader(strings.NewReader(text))
		row, err := one.Read()
		if err != nil {
			c.err = fmt.Errorf("line %d: %w", c.line, errors.Unwrap(err))
			return true
		}
		c.row = row
		for i := range row {
			_, at := one.FieldPos(i)
			c.at = append(c.at, at)
		}
	} else {
		at := 1
		for field := range strings.SplitSeq(text, ",") {
			c.row, c.at = append(c.row, field), append(c.at, at)
			at += len(field) + 1
		}
	}
	if len(c.row) != len(columns) {
		c.err = fmt.Errorf("line %d: %d columns (want %d)", c.line, len(c.row), len(columns))
	}
	return true
}

// wrong is the error of a field.
func (c *reader) wrong(column int, what, want string) error {
	got := c.row[column]
	if len(got) > 40 {
		got = got[:40] + "…"
	}
	return fmt.Errorf("line %d, column %d: %s: got %q (want %s)", c.line, c.at[column], what, got, want)
}

func (c *reader) fail(column int, want string) {
	if c.err == nil {
		c.err = c.wrong(column, columns[column], want)
	}
}

// take adds a row to the table.
func (c *reader) take() error {
	c.err = nil
	e := Effect{Player: c.number(colPlayer, math.MaxUint64), Number: uint32(c.number(colSession, math.MaxUint32)), Cohort: c.cohort()}
	ofFault := c.row[colFault] != ""
	if e.Occurrence = -1; ofFault {
		e.Occurrence = c.occurrence()
	}
	share := c.share()
	if ofFault {
		c.effect(&e)
	} else {
		c.session(&e)
	}
	if c.err != nil {
		return c.err
	}
	at := Session{Player: e.Player, Number: e.Number}
	if before := c.last.Compare(&at); before > 0 || before == 0 && !ofFault && len(c.t.Sessions)+len(c.t.Effects) > 1 {
		return c.wrong(colPlayer, "order of the rows", "them by player and session, the row of a session before those of its faults")
	}
	c.last = at
	of, first := &c.t.SessionShare, len(c.t.Sessions) == 1
	if ofFault {
		of, first = &c.t.EffectShare, len(c.t.Effects) == 1
	}
	switch {
	case first:
		*of = share
	case *of != share:
		return c.wrong(colWeight, "weight", "that of the rows before")
	}
	if Bucket(e.Player) >= share {
		return c.wrong(colPlayer, "player", "one of the sample that the weight stands for")
	}
	return nil
}

// sorted puts the effects in the order of the table's own occurrences, each once.
func (c *reader) sorted() error {
	c.t.Sort()
	for i := 1; i < len(c.t.Effects); i++ {
		if e := &c.t.Effects[i]; e.Compare(&c.t.Effects[i-1]) == 0 {
			o := c.t.Occurrences[e.Occurrence]
			return fmt.Errorf("player %d, session %d: fault %q, occurrence %d stands there twice (want once)", e.Player, e.Number, o.Fault, o.Number)
		}
	}
	return nil
}

func (c *reader) session(e *Effect) {
	s := Session{Player: e.Player, Number: e.Number, Cohort: e.Cohort,
		Joined: c.span(colJoinedMs, false), Startup: c.span(colStartup, true), StartupFailed: c.flag(colStartupFailed),
		Stalls: uint16(c.number(colStalls, math.MaxUint16)), Stalled: c.span(colStalled, false), Media: c.span(colMedia, false)}
	how := slices.Index(howNames[:], c.row[colOutcome])
	if how < 0 {
		c.fail(colOutcome, strings.Join(howNames[:], ", "))
		return
	}
	s.How = How(how)
	if c.row[colBitrate] != "" {
		s.Bitrate = uint32(c.number(colBitrate, math.MaxUint32))
	}
	c.empty(colOccurrence, colOccurrence)
	c.empty(colDetection, colFatal)
	c.t.Sessions = append(c.t.Sessions, s)
}

func (c *reader) effect(e *Effect) {
	e.Detection, e.Failover, e.Outage = c.span(colDetection, true), c.span(colFailover, true), c.span(colOutage, true)
	result := slices.Index(resultNames[:], c.row[colOutcome])
	if result < 0 {
		c.fail(colOutcome, strings.Join(resultNames[:], ", "))
		return
	}
	e.Result = Result(result)
	e.Flags = c.flagged(colLonger, Longer) | c.flagged(colFlapped, Flapped) | c.flagged(colFatal, GaveUp)
	switch c.row[colJoined] {
	case joined[0]:
	case joined[1]:
		e.Flags |= During
	default:
		c.fail(colJoined, "before or during")
	}
	c.empty(colJoinedMs, colBitrate)
	c.t.Effects = append(c.t.Effects, *e)
}

// empty checks that columns are.
func (c *reader) empty(from, to int) {
	for col := from; col <= to; col++ {
		if c.row[col] != "" {
			c.fail(col, "nothing in such a row")
		}
	}
}

func (c *reader) number(column int, most uint64) uint64 {
	n, err := strconv.ParseUint(c.row[column], 10, 64)
	if err != nil || n > most {
		c.fail(column, fmt.Sprintf("a number from 0 to %d", most))
	}
	return n
}

func (c *reader) flag(column int) bool {
	switch c.row[column] {
	case "0":
		return false
	case "1":
		return true
	}
	c.fail(column, "0 or 1")
	return false
}

func (c *reader) flagged(column int, f Flags) Flags {
	if c.flag(column) {
		return f
	}
	return 0
}

// span reads milliseconds with one decimal place at most; where something may not have
// happened, also "never", or nothing when that was not measured.
func (c *reader) span(column int, event bool) Span {
	text := c.row[column]
	switch {
	case text == "never" && event:
		return Never
	case text == "" && event:
		return Unknown
	}
	whole, tenth, cut := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	if err == nil && n <= uint64(longest)/10 && (!cut || len(tenth) == 1 && tenth[0] >= '0' && tenth[0] <= '9') {
		if n *= 10; cut {
			n += uint64(tenth[0] - '0')
		}
		if n <= uint64(longest) {
			return Span(n)
		}
	}
	c.fail(column, "milliseconds such as 1240.5")
	return 0
}

// share is the share of the players that a weight stands for.
func (c *reader) share() int {
	w, err := strconv.ParseFloat(c.row[colWeight], 64)
	if err != nil || !(w >= 1 && w <= Shares) {
		c.fail(colWeight, "how many players a row stands for, 1 to "+strconv.Itoa(Shares))
		return Shares
	}
	return int(math.Round(Shares / w))
}

func (c *reader) name(column int) string {
	if text := c.row[column]; text != "" && len(text) <= maxText {
		return text
	}
	c.fail(column, fmt.Sprintf("a name of 1 to %d bytes", maxText))
	return ""
}

func (c *reader) cohort() int16 {
	k := Cohort{c.row[colCohort], c.row[colProfile]}
	if i, ok := c.cohorts[k]; ok {
		return i
	}
	if len(c.t.Cohorts) == maxNames {
		c.fail(colCohort, fmt.Sprintf("at most %d cohorts", maxNames))
		return 0
	}
	k = Cohort{strings.Clone(c.name(colCohort)), strings.Clone(c.name(colProfile))}
	c.cohorts[k] = int16(len(c.t.Cohorts))
	c.t.Cohorts = append(c.t.Cohorts, k)
	return c.cohorts[k]
}

func (c *reader) occurrence() int32 {
	k := Occurrence{c.row[colFault], int(c.number(colOccurrence, math.MaxInt32))}
	if i, ok := c.occurrences[k]; ok {
		return i
	}
	if len(c.t.Occurrences) == maxNames {
		c.fail(colFault, fmt.Sprintf("at most %d occurrences of faults", maxNames))
		return 0
	}
	k.Fault = strings.Clone(c.name(colFault))
	c.occurrences[k] = int32(len(c.t.Occurrences))
	c.t.Occurrences = append(c.t.Occurrences, k)
	return c.occurrences[k]
}
