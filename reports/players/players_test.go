package players

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawn is a table as a simulation may write it: with all players, or with a sample.
func drawn(t *rapid.T) *Table {
	table := &Table{SessionShare: rapid.IntRange(1, Shares).Draw(t, "share"), EffectShare: rapid.IntRange(1, Shares).Draw(t, "share of effects")}
	for i := range rapid.IntRange(1, 3).Draw(t, "cohorts") {
		table.Cohorts = append(table.Cohorts, Cohort{rapid.SampledFrom([]string{"web", `"tv", large`, "a;b"}).Draw(t, "name") + fmt.Sprint(i), "profile"})
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "occurrences") {
		table.Occurrences = append(table.Occurrences, Occurrence{"kill-0", i + 1})
	}
	span := func(name string, event bool) Span {
		s := rapid.SampledFrom([]Span{0, 1, 10, 12345, longest, Never, Unknown}).Draw(t, name)
		if !event && !s.Known() {
			s = 7
		}
		return s
	}
	cohort := func() int16 { return int16(rapid.IntRange(0, len(table.Cohorts)-1).Draw(t, "cohort")) }
	for range rapid.IntRange(0, 30).Draw(t, "rows") {
		player, number := rapid.Uint64Range(0, 40).Draw(t, "player"), rapid.Uint32Range(1, 3).Draw(t, "number")
		if rapid.Bool().Draw(t, "session") {
			s := Session{Player: player, Number: number, Cohort: cohort(), Joined: span("joined", false), Startup: span("startup", true), Stalled: span("stalled", false), Media: span("media", false),
				Bitrate: rapid.Uint32().Draw(t, "bitrate"), Stalls: rapid.Uint16().Draw(t, "stalls"), How: How(rapid.IntRange(0, int(hows)-1).Draw(t, "how")), StartupFailed: rapid.Bool().Draw(t, "failed")}
			if Bucket(player) < table.SessionShare && !slices.ContainsFunc(table.Sessions, func(o Session) bool { return o.Compare(&s) == 0 }) {
				table.Sessions = append(table.Sessions, s)
			}
			continue
		}
		e := Effect{Player: player, Number: number, Cohort: cohort(), Occurrence: int32(rapid.IntRange(0, len(table.Occurrences)-1).Draw(t, "occurrence")),
			Detection: span("detection", true), Failover: span("failover", true), Outage: span("outage", true), Result: Result(rapid.IntRange(0, int(results)-1).Draw(t, "result")), Flags: Flags(rapid.IntRange(0, int(knownFlags)).Draw(t, "flags"))}
		if Bucket(player) < table.EffectShare && !slices.ContainsFunc(table.Effects, func(o Effect) bool { return o.Compare(&e) == 0 }) {
			table.Effects = append(table.Effects, e)
		}
	}
	table.Sort()
	return table
}

// named is a table with names in place of numbers, which are those of the reader's own.
func named(t *Table) (rows []string) {
	for _, s := range t.Sessions {
		rows = append(rows, fmt.Sprint(t.Cohorts[s.Cohort], s.Player, s.Number, s.Joined, s.Startup, s.Stalled, s.Media, s.Bitrate, s.Stalls, s.How, s.StartupFailed))
	}
	for _, e := range t.Effects {
		rows = append(rows, fmt.Sprint(t.Cohorts[e.Cohort], t.Occurrences[e.Occurrence], e.Player, e.Number, e.Detection, e.Failover, e.Outage, e.Result, e.Flags))
	}
	slices.Sort(rows)
	return rows
}

// TestReadAsWritten: what is read has the rows that were written, and the same sample.
func TestReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		var b bytes.Buffer
		if err := want.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		got, err := ReadCSV(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, &b)
		}
		if a, b := named(want), named(got); !slices.Equal(a, b) {
			t.Fatalf("read\n%s\nwant\n%s", strings.Join(b, "\n"), strings.Join(a, "\n"))
		}
		if len(want.Sessions) > 0 && got.SessionShare != want.SessionShare || len(want.Effects) > 0 && got.EffectShare != want.EffectShare {
			t.Fatalf("shares of %d and %d read; want %d and %d", got.SessionShare, got.EffectShare, want.SessionShare, want.EffectShare)
		}
	})
}

const header = "player,session,cohort,profile,weight,fault,occurrence,outcome,joined_ms,startup_ms,startup_failed,stalls,stalled_ms,media_ms,bitrate_bps,detection_ms,failover_ms,outage_ms,outage_longer,joined,flapped_back,fatal\n"

// Rows of a session and of what a fault did to it.
const (
	aSession = "17,1,tv,shaka-5.2,1,,,fatal,50,410.6,0,2,8000.5,120000,2546166,,,,,,,\n"
	anEffect = "17,1,tv,shaka-5.2,1,kill-0,2,never_recovered,,,,,,,,6319.2,never,69000,1,during,0,1\n"
)

// TestRows fixes the file that people read.
func TestRows(t *testing.T) {
	table := &Table{SessionShare: Shares, EffectShare: Shares, Cohorts: []Cohort{{"tv", "shaka-5.2"}}, Occurrences: []Occurrence{{"kill-0", 2}},
		Sessions: []Session{{Player: 17, Number: 1, Joined: 500, Startup: 4106, Stalled: 80005, Media: 1200000, Bitrate: 2546166, Stalls: 2, How: Fatal}},
		Effects:  []Effect{{Player: 17, Number: 1, Detection: 63192, Failover: Never, Outage: 690000, Result: NeverRecovered, Flags: During | Longer | GaveUp}}}
	var b strings.Builder
	if err := table.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	if want := header + aSession + anEffect; b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	got, err := ReadCSV(strings.NewReader(b.String()))
	if err != nil || !reflect.DeepEqual(got, table) {
		t.Errorf("read %+v, %v; want %+v", got, err, table)
	}
}

// TestReadRefuses: whatever is wrong is said with its line and column.
func TestReadRefuses(t *testing.T) {
	with := func(row, old, new string) string { return header + strings.Replace(row, old, new, 1) }
	for name, c := range map[string]struct{ text, want string }{
		"nothing":             {"", "the file is empty"},
		"another file":        {strings.Replace(header, "weight", "mass", 1), `line 1, column 31: name of the column: got "mass" (want "weight")`},
		"a column too few":    {header + "1,2,3\n", "line 2: 3 columns (want 22)"},
		"a quote":             {header + "\"1,2\n", "line 2"},
		"a player":            {with(aSession, "17", "-1"), `line 2, column 1: player: got "-1" (want a number from 0 to`},
		"a session":           {with(aSession, "17,1", "17,4294967296"), `column 4: session: got "4294967296"`},
		"an outcome":          {with(aSession, "fatal", "healed"), `outcome: got "healed" (want playing, stalled, waiting, left, ended, fatal)`},
		"a result":            {with(anEffect, "never_recovered", "fatal"), `outcome: got "fatal" (want failed_over, healed, left, never_recovered, unfinished)`},
		"a time":              {with(aSession, "410.6", "410.65"), `column 32: startup_ms: got "410.65" (want milliseconds such as 1240.5)`},
		"an endless time":     {with(aSession, "410.6", "99999999999999999999"), `startup_ms: got "99999999999999999999"`},
		"a time after most":   {with(aSession, "410.6", "429496729.4"), `startup_ms: got "429496729.4"`},
		"a time that must be": {with(aSession, ",50,", ",never,"), `joined_ms: got "never"`},
		"a flag":              {with(aSession, ",410.6,0", ",410.6,yes"), `startup_failed: got "yes" (want 0 or 1)`},
		"when it joined":      {with(anEffect, "during", "after"), `joined: got "after" (want before or during)`},
		"too much":            {with(aSession, ",2546166,,", ",2546166,5,"), `detection_ms: got "5" (want nothing in such a row)`},
		"no name":             {with(aSession, "tv", ""), `cohort: got "" (want a name of 1 to 400 bytes)`},
		"a long name":         {with(aSession, "tv", strings.Repeat("x", 401)), `cohort: got "` + strings.Repeat("x", 40) + `…"`},
		"a weight":            {with(aSession, "5.2,1,", "5.2,0.5,"), `weight: got "0.5" (want how many players a row stands for, 1 to 1000)`},
		"no weight":           {with(aSession, "5.2,1,", "5.2,NaN,"), `weight: got "NaN"`},
		"another weight":      {header + aSession + strings.Replace(strings.Replace(aSession, "17", "18", 1), "5.2,1,", "5.2,1.25,", 1), `line 3, column 19: weight: got "1.25" (want that of the rows before)`},
		"not in the sample":   {with(aSession, "5.2,1,", "5.2,1000,"), `player: got "17" (want one of the sample that the weight stands for)`},
		"out of order":        {header + aSession + strings.Replace(aSession, "17", "16", 1), `line 3, column 1: order of the rows: got "16"`},
		"a session twice":     {header + aSession + aSession, `line 3, column 1: order of the rows`},
		"an effect first":     {header + anEffect + aSession, `line 3, column 1: order of the rows`},
		"an effect twice":     {header + aSession + anEffect + anEffect, `player 17, session 1: fault "kill-0", occurrence 2 stands there twice (want once)`},
	} {
		if _, err := ReadCSV(strings.NewReader(c.text)); err == nil || !strings.HasPrefix(err.Error(), "read players: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

// endless is a file that goes on for ever.
type endless struct{ row, rest string }

func (e *endless) Read(b []byte) (int, error) {
	if e.rest == "" {
		e.rest = e.row
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestReadIsBounded: a file without an end is refused, with or without lines.
func TestReadIsBounded(t *testing.T) {
	for what, want := range map[string]string{"x": "line 2: more than 16384 bytes", "\"\n": "line 2", "\n": "line 2: 1 columns", aSession: "line 3"} {
		if _, err := ReadCSV(io.MultiReader(strings.NewReader(header), &endless{row: what})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for ever: %v; want %s", what, err, want)
		}
	}
	table := &Table{SessionShare: Shares, Cohorts: []Cohort{{"web", strings.Repeat("x", maxText)}}}
	for i := range maxBytes/maxText + 1 {
		table.Sessions = append(table.Sessions, Session{Player: uint64(i)})
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(table.WriteCSV(w)) }()
	if _, err := ReadCSV(r); err == nil || !strings.Contains(err.Error(), "more than 256 MiB") {
		t.Errorf("a large file: %v; want it refused", err)
	}
	r.Close()
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]Span{-1: 0, 99 * time.Microsecond: 0, time.Millisecond: 10, 119 * time.Hour: 4_284_000_000, 200 * time.Hour: longest} {
		if got := SpanOf(d); got != want {
			t.Errorf("%v: %d; want %d", d, got, want)
		}
	}
	if !math.IsInf(Never.Ms(), 1) || !math.IsNaN(Unknown.Ms()) || Span(15).Ms() != 1.5 || longest.Add(longest) != longest || Never.Known() {
		t.Error("spans: want never as infinity, unknown as no number, tenths, and no overflow")
	}
}

// TestBucketsAreEven: a sample of a share has about that share of the players, whatever
// their numbers have in common.
func TestBucketsAreEven(t *testing.T) {
	for name, of := range map[string]func(i uint64) uint64{
		"all":              func(i uint64) uint64 { return i },
		"one in ten":       func(i uint64) uint64 { return 10 * i },
		"those who follow": func(i uint64) uint64 { return 17 + i*1_000_000_000 },
	} {
		n := 0
		for i := range uint64(100_000) {
			if Bucket(of(i)) < 250 {
				n++
			}
		}
		if n < 24_300 || n > 25_700 { // five standard deviations
			t.Errorf("%s: %d of 100,000 players are in a quarter of the buckets", name, n)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(header))
	f.Add([]byte(header + aSession + anEffect))
	f.Add([]byte(header + anEffect))
	f.Add([]byte(header + strings.Replace(aSession, "5.2,1,", "5.2,4.0161,", 1)))
	f.Add([]byte(header + strings.Replace(aSession, "tv", `"t,""v"`, 1)))
	f.Add([]byte(header + strings.Replace(anEffect, "6319.2", "", 1)))
	f.Add([]byte("player\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := ReadCSV(bytes.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := table.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("written again: %v\n%s", err, &b)
		}
		if a, b := len(named(table)), len(named(again)); a != b {
			t.Fatalf("%d rows, written again %d", a, b)
		}
	})
}
