package history

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hlsload/nights"
	"hlsload/reports"
)

// File is the name of a history in its folder, and PageFile that of the page made of it.
const (
	File     = "history.ndjson"
	PageFile = "index.html"
)

// Bounds of what is read: a history may come from outside.
const (
	// MaxLine is the longest line that is a night, in bytes.
	MaxLine = 4 << 20
	// maxKept is how much memory the nights take, about, in bytes: ten years of twenty runs
	// a night. Of more, the lines at the end of the file are kept.
	maxKept = 512 << 20
	// maxListed is how many damaged lines are listed.
	maxListed = 20
	maxText   = 2000 // bytes of a text
	maxNames  = 2000 // measures, expectations or faults of a night
	maxValues = 100_000
)

// History is what a file of nights holds.
type History struct {
	Nights []nights.Night // by start, the oldest first
	// Damaged are the first lines that are not nights, and DamagedLines how many there are.
	Damaged      []Damage
	DamagedLines int
	Cut          bool // the last line has no end: it is being written, or a power loss cut it
	Newer        int  // lines of a newer version of hlsload
	Doubles      int  // lines about a night that another line is about, too
	Left         int  // nights at the beginning of a file that is too large
}

// Damage is a line that is not a night.
type Damage struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// Reading is what is read of a history.
type Reading struct {
	Hist bool // the distributions of all sessions, too, which are the largest part

	most int // memory of the nights; 0 = maxKept
}

// Read reads a history. Its error is that of r: what is wrong with single lines is told
// by the result.
func (o Reading) Read(r io.Reader) (*History, error) {
	h := &History{}
	words := map[string]string{}
	b := bufio.NewReaderSize(r, 1<<16)
	type kept struct {
		nights.Night
		cost int
	}
	var all []kept
	total, most := 0, cmp.Or(o.most, maxKept)
	for n := 1; ; n++ {
		line, size, err := readLine(b)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s: %w", File, err)
		}
		h.Cut = err != nil && size > 0
		if size > MaxLine {
			h.damage(n, fmt.Sprintf("%d bytes (want at most %d)", size, MaxLine))
		} else if line = bytes.TrimSpace(line); len(line) > 0 {
			switch night, newer, err := o.parse(line, words); {
			case newer:
				h.Newer++
			case err != nil:
				h.damage(n, err.Error())
			default:
				all = append(all, kept{night, cost(&night)})
				total += all[len(all)-1].cost
			}
		}
		for total > most && len(all) > 1 {
			total -= all[0].cost
			all = all[1:]
			h.Left++
		}
		if err != nil {
			break
		}
	}
	h.Nights = make([]nights.Night, len(all))
	for i := range all {
		h.Nights[i] = all[i].Night
	}
	h.merge()
	return h, nil
}

func (h *History) damage(line int, why string) {
	h.DamagedLines++
	if len(h.Damaged) < maxListed {
		h.Damaged = append(h.Damaged, Damage{line, why})
	}
}

// readLine reads a line, and how long it is; of one that is too long, no more than what is
// needed to see that. The error is io.EOF after the last line.
func readLine(b *bufio.Reader) (line []byte, size int, err error) {
	for {
		part, err := b.ReadSlice('\n')
		size += len(part)
		if size <= MaxLine {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, size, err
		}
	}
}

// errNoNight is why a line is no night, if nothing else is known of it.
var errNoNight = errors.New("not a night (want a line that hlsload wrote)")

// parse reads a line. Words makes equal strings one.
func (o Reading) parse(line []byte, words map[string]string) (n nights.Night, newer bool, err error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		var at *json.SyntaxError
		if errors.As(err, &at) {
			return n, false, fmt.Errorf("column %d: %w", at.Offset, err)
		}
		return n, false, errNoNight
	}
	if version, ours := strings.CutPrefix(head.Schema, strings.TrimSuffix(nights.Schema, "1")); ours && head.Schema != nights.Schema {
		if _, err := strconv.ParseUint(version, 10, 16); err == nil {
			return n, true, nil
		}
	}
	if head.Schema != nights.Schema {
		return n, false, fmt.Errorf("schema %.40q (want %s)", head.Schema, nights.Schema)
	}
	if err := json.Unmarshal(line, &n); err != nil {
		return n, false, fmt.Errorf("not a night: %.200s", err)
	}
	if err := check(&n); err != nil {
		return n, false, err
	}
	o.trim(&n, words)
	return n, false, nil
}

// verdicts are those that a night has.
var verdicts = []string{reports.Pass, reports.Fail, reports.Void, reports.Interrupted}

// check checks what is relied on later.
func check(n *nights.Night) error {
	values := 0
	for i := range n.Measures {
		m := &n.Measures[i]
		values += len(m.Values)
		if k := len(m.Values); len(m.Counts) != 0 && len(m.Counts) != k || len(m.Phases) != 0 && len(m.Phases) != k {
			return fmt.Errorf("%.100q: %d values with %d counts and %d phases (want as many, or none)", m.Name, k, len(m.Counts), len(m.Phases))
		}
	}
	switch at, err := time.Parse(time.RFC3339, n.Started); {
	case err != nil:
		return fmt.Errorf("started: not a time (got %.40q; want RFC 3339)", n.Started)
	case at.Year() < 1970 || at.Year() > 9999:
		return fmt.Errorf("started: not a time of a run (got %.40q)", n.Started)
	case !slices.Contains(verdicts, n.Verdict):
		return fmt.Errorf("verdict: not known (got %.40q; want %s)", n.Verdict, strings.Join(verdicts, ", "))
	case len(n.Measures) > maxNames || len(n.Failed) > maxNames || len(n.NeverRecovered) > maxNames || values > maxValues:
		return fmt.Errorf("too many figures (want at most %d measures and %d values)", maxNames, maxValues)
	}
	for _, s := range []string{n.Run, n.RunID, n.Scenario, n.Build, n.Release, n.Key.Hash, n.Key.Mode, n.Key.Version} {
		if len(s) > maxText {
			return fmt.Errorf("a text of %d bytes (want at most %d)", len(s), maxText)
		}
	}
	return nil
}

// trim leaves out what is not needed of a night.
func (o Reading) trim(n *nights.Night, words map[string]string) {
	one := func(s *string) {
		if w, ok := words[*s]; ok {
			*s = w
		} else if len(words) < 10_000 {
			words[*s] = *s
		}
	}
	n.Reason = n.Reason[:min(len(n.Reason), maxText)]
	n.Key.Settings = nil
	for _, s := range []*string{&n.Schema, &n.Scenario, &n.Build, &n.Release, &n.Verdict, &n.Key.Hash, &n.Key.Mode, &n.Key.Version} {
		one(s)
	}
	for i := range n.Measures {
		m := &n.Measures[i]
		one(&m.Name)
		one(&m.Unit)
		if !o.Hist {
			m.Hist = ""
		}
	}
}

// cost is how much memory a night takes, about.
func cost(n *nights.Night) int {
	c := 600 + len(n.Run) + len(n.RunID) + len(n.Reason)
	for i := range n.Measures {
		c += 160 + 8*(len(n.Measures[i].Values)+len(n.Measures[i].Counts)+len(n.Measures[i].Phases)) + len(n.Measures[i].Hist)
	}
	for _, s := range n.Failed {
		c += 16 + len(s)
	}
	return c + 100*(len(n.NeverRecovered)+len(n.Key.Profiles))
}

// id is the same for lines about one run.
func id(n *nights.Night) string {
	if n.RunID != "" {
		return n.RunID
	}
	return fmt.Sprintf("%s\n%s\n%d\n%s", path.Clean(n.Run), n.Started, n.Seed, n.Scenario)
}

// merge makes one night of lines about one run, of which the last counts, and sorts the
// nights by start.
func (h *History) merge() {
	at := map[string]int{}
	once := h.Nights[:0]
	for i := range h.Nights {
		n := h.Nights[i]
		key := id(&n)
		if k, ok := at[key]; ok {
			once[k] = n
			h.Doubles++
			continue
		}
		at[key] = len(once)
		once = append(once, n)
	}
	h.Nights = once
	slices.SortStableFunc(h.Nights, func(a, b nights.Night) int {
		return cmp.Or(Start(&a).Compare(Start(&b)), cmp.Compare(a.Run, b.Run), cmp.Compare(id(&a), id(&b)))
	})
}

// Start is when a night started.
func Start(n *nights.Night) time.Time {
	t, _ := time.Parse(time.RFC3339, n.Started) // was checked
	return t.UTC()
}

// Problems says what could not be read, a sentence each; empty = everything was read.
func (h *History) Problems() []string {
	var all []string
	if h.DamagedLines > 0 {
		first := h.Damaged[0]
		what := "1 line is damaged and left out"
		if h.DamagedLines > 1 {
			what = fmt.Sprintf("%d lines are damaged and left out", h.DamagedLines)
		}
		text := fmt.Sprintf("%s: %s:%d: %s", what, File, first.Line, first.Why)
		if more := h.Damaged[1:]; len(more) > 0 {
			var at []string
			for _, d := range more {
				at = append(at, strconv.Itoa(d.Line))
			}
			text += "; also line " + strings.Join(at, ", ")
			if h.DamagedLines > len(h.Damaged) {
				text += " and others"
			}
		}
		all = append(all, text)
	}
	if h.Newer > 0 {
		all = append(all, fmt.Sprintf("%s of a newer hlsload left out: update hlsload to see them", lines(h.Newer)))
	}
	if h.Left > 0 {
		all = append(all, fmt.Sprintf("%d nights at the beginning of %s are left out: it is too large", h.Left, File))
	}
	return all
}

func lines(n int) string {
	if n == 1 {
		return "1 line is"
	}
	return strconv.Itoa(n) + " lines are"
}

// Line is a night as a line of a history.
func Line(n *nights.Night) ([]byte, error) {
	if err := check(n); err != nil {
		return nil, fmt.Errorf("night of %s: %w", n.Run, err)
	}
	short := *n
	short.Key.Settings = nil
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(&short); err != nil {
		return nil, fmt.Errorf("night of %s: %w", n.Run, err)
	}
	if b.Len() > MaxLine {
		return nil, fmt.Errorf("night of %s: %d bytes (want at most %d)", n.Run, b.Len(), MaxLine)
	}
	return b.Bytes(), nil
}

// Local is the folder of a run as a path in the history's folder, with slashes; "" = the
// line names none, or one outside.
func Local(n *nights.Night) string {
	run := n.Run
	if run == "" || strings.ContainsAny(run, "\\\x00") || path.IsAbs(run) {
		return ""
	}
	run = path.Clean(run)
	if run == "." || run == ".." || strings.HasPrefix(run, "../") {
		return ""
	}
	return run
}

// Find is the night of a run; nil = there is none.
func (h *History) Find(s *reports.Summary) *nights.Night {
	for i := range h.Nights {
		n := &h.Nights[i]
		if s.RunID != "" && n.RunID == s.RunID || s.RunID == "" && n.RunID == "" && n.Started == s.Started && n.Seed == s.Seed && n.Scenario == s.Scenario.Name {
			return n
		}
	}
	return nil
}

// siblings reports whether two nights are seeds of one simulation: neither went before the
// other.
func siblings(a, b *nights.Night) bool {
	x, y := path.Clean(a.Run), path.Clean(b.Run)
	const seed = "seed-"
	return path.Dir(x) != "." && path.Dir(x) == path.Dir(y) && strings.HasPrefix(path.Base(x), seed) && strings.HasPrefix(path.Base(y), seed)
}

// Before are the nights that started before a run, without it and other seeds of it.
func (h *History) Before(n *nights.Night) []nights.Night {
	var all []nights.Night
	for i := range h.Nights {
		if o := &h.Nights[i]; Start(o).Before(Start(n)) && id(o) != id(n) && !siblings(o, n) {
			all = append(all, *o)
		}
	}
	return all
}
