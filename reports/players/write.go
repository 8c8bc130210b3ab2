package players

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// columns of players.csv. A row about a fault has a name in the column fault; the columns
// from detection_ms on are its own, those from joined_ms to bitrate_bps of a session.
var columns = []string{
	"player", "session", "cohort", "profile", "weight", "fault", "occurrence", "outcome",
	"joined_ms", "startup_ms", "startup_failed", "stalls", "stalled_ms", "media_ms", "bitrate_bps",
	"detection_ms", "failover_ms", "outage_ms", "outage_longer", "joined", "flapped_back", "fatal",
}

// The columns by number.
const (
	colPlayer = iota
	colSession
	colCohort
	colProfile
	colWeight
	colFault
	colOccurrence
	colOutcome
	colJoinedMs
	colStartup
	colStartupFailed
	colStalls
	colStalled
	colMedia
	colBitrate
	colDetection
	colFailover
	colOutage
	colLonger
	colJoined
	colFlapped
	colFatal
)

// WriteCSV writes the table, by player and session: the row of a session comes before
// those of its faults.
func (t *Table) WriteCSV(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	_, _ = b.WriteString(strings.Join(columns, ",") + "\n") // Flush has its error
	cohorts, faults := make([]string, len(t.Cohorts)), make([]string, len(t.Occurrences))
	for i, c := range t.Cohorts {
		cohorts[i] = "," + quoted(c.Name) + "," + quoted(c.Profile) + ","
	}
	for i, o := range t.Occurrences {
		faults[i] = "," + quoted(o.Fault) + "," + strconv.Itoa(o.Number) + ","
	}
	perSession, perEffect := weight(t.SessionShare)+",,,", weight(t.EffectShare)
	var row []byte
	for i, e := 0, 0; i < len(t.Sessions) || e < len(t.Effects); {
		if e < len(t.Effects) && (i == len(t.Sessions) || t.Effects[e].before(&t.Sessions[i])) {
			x := &t.Effects[e]
			row = head(row[:0], x.Player, x.Number, cohorts[x.Cohort], perEffect)
			row = append(row, faults[x.Occurrence]...)
			row = x.appendTo(row)
			e++
		} else {
			s := &t.Sessions[i]
			row = head(row[:0], s.Player, s.Number, cohorts[s.Cohort], perSession)
			row = s.appendTo(row)
			i++
		}
		_, _ = b.Write(row)
	}
	return b.Flush()
}

// appendTo writes the columns from outcome on.
func (s *Session) appendTo(row []byte) []byte {
	row = append(append(row, s.How.String()...), ',')
	row = append(s.Joined.appendTo(row), ',')
	row = append(s.Startup.appendTo(row), ',')
	row = append(flag(row, s.StartupFailed), ',')
	row = append(strconv.AppendUint(row, uint64(s.Stalls), 10), ',')
	row = append(s.Stalled.appendTo(row), ',')
	row = append(s.Media.appendTo(row), ',')
	if s.Bitrate > 0 {
		row = strconv.AppendUint(row, uint64(s.Bitrate), 10)
	}
	return append(row, ",,,,,,,\n"...)
}

// appendTo writes the columns from outcome on.
func (e *Effect) appendTo(row []byte) []byte {
	row = append(append(row, e.Result.String()...), ",,,,,,,,"...)
	row = append(e.Detection.appendTo(row), ',')
	row = append(e.Failover.appendTo(row), ',')
	row = append(e.Outage.appendTo(row), ',')
	row = append(flag(row, e.Flags&Longer != 0), ',')
	row = append(append(row, joined[e.Flags&During]...), ',')
	row = append(flag(row, e.Flags&Flapped != 0), ',')
	return append(flag(row, e.Flags&GaveUp != 0), '\n')
}

// joined is when a session joined, by [During].
var joined = [...]string{"before", "during"}

// before reports whether the effect is on a session that comes before s.
func (e *Effect) before(s *Session) bool {
	return cmp.Or(cmp.Compare(e.Player, s.Player), cmp.Compare(e.Number, s.Number)) < 0
}

// head begins a row.
func head(row []byte, player uint64, number uint32, cohort, weight string) []byte {
	row = append(strconv.AppendUint(row, player, 10), ',')
	return append(append(strconv.AppendUint(row, uint64(number), 10), cohort...), weight...)
}

// weight is how many players a player of a sample stands for.
func weight(share int) string {
	if share <= 0 {
		return "1"
	}
	return strconv.FormatFloat(math.Round(1e4*Shares/float64(share))/1e4, 'f', -1, 64)
}

func flag(row []byte, on bool) []byte {
	if on {
		return append(row, '1')
	}
	return append(row, '0')
}

// appendTo writes milliseconds, "never", or nothing.
func (s Span) appendTo(row []byte) []byte {
	switch s {
	case Never:
		return append(row, "never"...)
	case Unknown:
		return row
	}
	row = strconv.AppendUint(row, uint64(s)/10, 10)
	if tenth := s % 10; tenth > 0 {
		row = append(row, '.', '0'+byte(tenth))
	}
	return row
}

// quoted is a name as a field.
func quoted(name string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{strings.Join(strings.Fields(name), " "), ""}) // memory takes everything
	w.Flush()
	return strings.TrimSuffix(b.String(), ",\n")
}

// Sort puts the rows in order.
func (t *Table) Sort() {
	slices.SortFunc(t.Sessions, func(a, b Session) int { return a.Compare(&b) })
	slices.SortFunc(t.Effects, func(a, b Effect) int { return a.Compare(&b) })
}
