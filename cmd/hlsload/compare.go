package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/nights"
	"hlsload/nights/archive"
	"hlsload/nights/history"
	nightspage "hlsload/nights/page"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
	"hlsload/reports/players"
	"hlsload/scenarios/redact"
)

func compareCommand() *cobra.Command {
	var c comparing
	var firstOK bool
	var out string
	var show detail
	cmd := &cobra.Command{
		Use: "compare BASE… NEW", Short: "What got worse in a run, compared with earlier ones, and whether that is more than chance", Args: takes("BASE…"),
		Long: `compare says whether a run is worse than those before it, by more than chance. NEW is
the folder of its results. BASE is one or more folders of results, or the folder of a
history (run --history DIR): then the last nights before NEW are taken.

Only runs of one scenario are compared: with the same settings, defaults and overrides
included, but whatever the seed (docs/nightly.md says what counts). --across names what was
changed on purpose: target (only target.* and aws.* differ), profile (only the players
do) or scenario (anything but run or simulate, and the major version of hlsload).

It writes comparison.json, comparison.md, comparison.html and comparison.junit.xml into
--out, else into NEW.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return misused("compare: no NEW given (want hlsload %s)", cmd.Use)
			}
			if c.across != "" && !slices.Contains(nights.Changes, c.across) {
				return misused("--across %s (want %s)", c.across, strings.Join(nights.Changes, ", "))
			}
			if c.most < 1 || c.most > mostNights {
				return misused("--nights %d (want 1 to %d)", c.most, mostNights)
			}
			secrets := secretsOf(cmd.Context())
			for _, arg := range append(slices.Clone(args), out) {
				secrets.Keep(arg)
			}
			c.hide = secrets.Text
			last := len(args) - 1
			if err := c.open(args[last]); err != nil {
				return err
			}
			for _, base := range args[:last] {
				c.take(base)
			}
			if c.readable == 0 {
				return &exitError{exitUsage, fmt.Sprintf("no base can be read (want folders of finished runs, or of a history)\n%s", strings.Join(c.unread(), "\n")), nil}
			}
			if out == "" {
				out = c.new.folder
			}
			if err := nightspage.Free(out); err != nil {
				return forbidden(fmt.Errorf("results of the comparison: %w (want --out with another directory)", err))
			}
			return c.conclude(cmd, c.judged(), out, firstOK, &show)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.across, "across", "", "compare across a change that was made on purpose: `target`, profile or scenario")
	f.IntVar(&c.most, "nights", baseNights, "use at most the last `N` nights of the base")
	f.BoolVar(&firstOK, "first-ok", false, "exit 0 in place of 114 when there are not yet enough nights to compare with")
	f.StringVar(&out, "out", "", "write the files into the directory `DIR` (default: that of NEW)")
	f.BoolVarP(&show.verbose, "verbose", "v", false, "print all measures")
	f.BoolVar(&show.quiet, "quiet", false, "print the outcome only")
	f.BoolVar(&show.json, "json", false, "print comparison.json and nothing else on stdout")
	cmd.MarkFlagsMutuallyExclusive("verbose", "quiet", "json")
	completes(cmd, "across", func() []string { return nights.Changes })
	return cmd
}

// Bounds of a base: nights that are used, and folders that are read.
const (
	mostNights = 1000
	mostBases  = 10_000
)

// compared is a run that takes part in a comparison.
type compared struct {
	nights.Night
	folder  string           // of its results; "" = it is gone
	summary *reports.Summary // without what a comparison does not need; nil = it is gone
}

// comparing collects the runs of a comparison.
type comparing struct {
	across   string
	most     int
	hide     func(string) string
	new      compared
	base     []compared
	left     []nights.Ref // that are no nights
	notes    []string
	readable int // arguments that are runs or histories
	command  string
}

// open reads the new run.
func (c *comparing) open(arg string) error {
	if archive.Has(arg) && !exists(filepath.Join(arg, reports.SummaryFile)) {
		return &exitError{exitUsage, fmt.Sprintf("%s is a history (want the folder of one run as the last argument, NEW)", arg), nil}
	}
	dir := folderOf(arg)
	if seeds, _ := seedsIn(dir); len(seeds) > 0 {
		return &exitError{exitUsage, fmt.Sprintf("%s has the results of %s (want the folder of one, such as %s)", arg, figure.Plural(len(seeds), "seed"), filepath.Join(dir, seeds[0])), nil}
	}
	s, err := c.read(dir)
	if err != nil {
		return &exitError{exitUsage, fmt.Sprintf("reading the new run (got %q; want the folder of a finished run): %v", arg, err), err}
	}
	c.command = s.Command()
	c.new = c.night(s, dir)
	return nil
}

// folderOf is the folder that an argument means: that of a file of results, too.
func folderOf(arg string) string {
	if base := filepath.Base(arg); base == reports.SummaryFile || base == history.File {
		return filepath.Dir(arg)
	}
	return filepath.Clean(arg)
}

// read reads the summary in a folder.
func (c *comparing) read(dir string) (*reports.Summary, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, errors.New("it is a file")
	}
	s, err := reports.Read(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && exists(dir):
		return nil, fmt.Errorf("there is no %s in it", reports.SummaryFile)
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such folder")
	case err != nil:
		return nil, err
	}
	s.Scenario.File = strings.TrimSpace(s.Scenario.File)
	return s, nil
}

// night is a run whose summary was read, with all of its key.
func (c *comparing) night(s *reports.Summary, dir string) compared {
	n := compared{Night: nights.Of(s, dir), folder: dir, summary: s}
	if s.Key != nil {
		n.Key = *s.Key.Clone()
	}
	nights.Lighten(s)
	return n
}

// take adds what an argument means to the base. What it cannot read it leaves out: a
// pattern that a shell expanded may have anything in it.
func (c *comparing) take(arg string) {
	named := filepath.Base(arg)
	switch {
	case len(c.base)+len(c.left) >= mostBases:
		c.leave(arg, fmt.Sprintf("more than %d runs", mostBases))
	case named == history.File, named != reports.SummaryFile && archive.Has(arg):
		if exists(filepath.Join(arg, reports.SummaryFile)) {
			c.notes = append(c.notes, fmt.Sprintf("%s has a history and the results of a run: the history is taken (%s means the run)", arg, filepath.Join(arg, reports.SummaryFile)))
		}
		c.history(folderOf(arg))
	default:
		c.run(folderOf(arg))
	}
}

func (c *comparing) leave(arg, why string) {
	c.left = append(c.left, nights.Ref{Run: arg, Why: c.hide(why)})
}

// run adds a folder of results, or those of several seeds.
func (c *comparing) run(dir string) {
	seeds, err := seedsIn(dir)
	if err != nil {
		c.leave(dir, err.Error())
		return
	}
	for _, seed := range seeds {
		c.run(filepath.Join(dir, seed))
	}
	if len(seeds) > 0 {
		return
	}
	s, err := c.read(dir)
	if err != nil {
		c.leave(dir, err.Error())
		return
	}
	c.readable++
	c.add(c.night(s, dir))
}

// history adds the nights of a history that are before the new run.
func (c *comparing) history(dir string) {
	h, err := archive.Read(dir, history.Reading{Hist: true})
	if err != nil {
		c.leave(dir, err.Error())
		return
	}
	c.readable++
	for _, problem := range h.Problems() {
		c.notes = append(c.notes, dir+": "+problem)
	}
	now := c.new.Night
	if run, err := archive.Inside(dir, c.new.folder); err == nil {
		now.Run = run
	}
	before := h.Before(&now)
	if later := len(h.Nights) - len(before); later > 1 { // one is the new run itself
		c.notes = append(c.notes, fmt.Sprintf("%s: %d of %s are not before the new run and are left out", dir, later, figure.Plural(len(h.Nights), "night")))
	}
	for i := range before {
		n := compared{Night: before[i]}
		n.Reason, n.Build = c.hide(n.Reason), c.hide(n.Build)
		if local := history.Local(&n.Night); local != "" {
			n.folder = filepath.Join(dir, filepath.FromSlash(local))
			n.Run = n.folder
		}
		c.add(n)
	}
	c.recall()
}

// recall finds the settings of nights of a history, which its lines do not have. They are in the
// folders that are still there; one for each key is enough.
func (c *comparing) recall() {
	const tries = 5 // folders of one key
	settings, tried := map[string]map[string]string{}, map[string]int{}
	for i := range slices.Backward(c.base) {
		of := &c.base[i]
		hash := of.Key.Hash
		if of.Key.Settings != nil || hash == c.new.Key.Hash || settings[hash] != nil || of.folder == "" || tried[hash] == tries {
			continue
		}
		tried[hash]++
		if s := c.again(of); s != nil {
			settings[hash] = s.Key.Settings
		}
	}
	for i := range c.base {
		of := &c.base[i]
		if hash := of.Key.Hash; of.Key.Settings == nil && hash == c.new.Key.Hash {
			of.Key.Settings = c.new.Key.Settings
		} else if of.Key.Settings == nil {
			of.Key.Settings = settings[hash]
		}
	}
}

// again reads the results of a night of a history; nil = they are gone, or are others.
func (c *comparing) again(of *compared) *reports.Summary {
	if of.summary == nil && of.folder != "" {
		s, err := c.read(of.folder)
		if err != nil || s.Key == nil || s.Key.Hash != of.Key.Hash {
			of.folder = ""
			return nil
		}
		nights.Lighten(s)
		of.summary = s
	}
	return of.summary
}

// add adds a night once.
func (c *comparing) add(n compared) {
	if n.Is(&c.new.Night) {
		c.leave(n.Run, "it is the new run itself")
		return
	}
	for i := range c.base {
		if c.base[i].Is(&n.Night) {
			c.leave(n.Run, "it is the same run as "+c.base[i].Run)
			return
		}
	}
	c.base = append(c.base, n)
}

// unread are the arguments that cannot be read, and why.
func (c *comparing) unread() (lines []string) {
	const most = 10
	for i, r := range c.left {
		if i == most {
			return append(lines, fmt.Sprintf("and %d more", len(c.left)-most))
		}
		lines = append(lines, r.Run+": "+r.Why)
	}
	return lines
}

// judged is the comparison.
func (c *comparing) judged() *nights.Comparison {
	var base []nights.Night
	for i := range c.base {
		base = append(base, c.base[i].Night)
	}
	j := nights.Judge(base, c.new.Night, c.across, c.most)
	if len(base) == 0 && len(c.left) > 0 && j.First {
		j.Reason = fmt.Sprintf("there is no other run to compare with: %s: %s", c.left[0].Run, c.left[0].Why)
	}
	j.Left = append(j.Left, c.left...)
	j.Notes = append(j.Notes, c.notes...)
	if j.Replay = c.command; j.Outcome == nights.Undecided && c.new.Key.Mode == reports.ModeSimulate {
		j.Notes = append(j.Notes, fmt.Sprintf("two simulations with one seed are compared exactly: the new one has seed %d, the last one of the base %d", c.new.Seed, j.Base[len(j.Base)-1].Seed))
	}
	c.pair(&j)
	var used []*reports.Summary
	var before []nights.Night
	for _, r := range j.Base {
		for i := range c.base {
			if c.base[i].Run != r.Run || c.base[i].Started != r.Started {
				continue
			}
			before = append(before, c.base[i].Night)
			if s := c.again(&c.base[i]); s != nil {
				used = append(used, s)
			}
		}
	}
	for i := range j.Findings {
		f := &j.Findings[i]
		if f.Worse {
			f.Replay = c.command
			f.Since = nights.Since(f, before, &c.new.Night)
			f.Whom = nights.Whom(f.Measure, used, c.new.summary)
		}
	}
	return &j
}

// pair compares two simulations with one seed player by player, if both left what became of
// their players.
func (c *comparing) pair(j *nights.Comparison) {
	if len(j.Base) != 1 || j.Outcome == nights.Nothing || c.new.Key.Mode != reports.ModeSimulate || j.Base[0].Seed != c.new.Seed {
		return
	}
	i := slices.IndexFunc(c.base, func(n compared) bool { return n.Run == j.Base[0].Run })
	if i < 0 || c.base[i].Key.Mode != reports.ModeSimulate {
		return
	}
	var tables [2]*players.Table
	for k, dir := range []string{c.base[i].folder, c.new.folder} {
		var err error
		if tables[k], err = readPlayers(dir); err != nil {
			j.Notes = append(j.Notes, fmt.Sprintf("not compared player by player: %v", err))
			return
		}
	}
	j.With(nights.Pair(tables[0], tables[1], time.Duration(c.new.TargetS.OrZero()*float64(time.Second))))
}

// conclude prints the comparison, writes its files and returns the exit code. The outcome
// comes first: a full disk must not lose it.
func (c *comparing) conclude(cmd *cobra.Command, j *nights.Comparison, out string, firstOK bool, show *detail) error {
	if firstOK && j.First {
		j.ExitCode = reports.ExitPass
		j.Notes = append(j.Notes, "--first-ok: exit code 0 in place of 114")
	}
	redact.Strings(j, c.hide)
	w := cmd.OutOrStdout()
	o := nightspage.TextOptions{Width: columns(w), Color: (&output{}).text(w).Color, All: show.verbose, Brief: show.quiet}
	var printed error
	if show.json {
		printed = reports.WriteObject(w, j)
	} else {
		printed = nightspage.WriteText(w, j, o)
	}
	unwritten := nightspage.Write(out, j)
	if unwritten != nil {
		unwritten = fmt.Errorf("writing the comparison (its files are incomplete; the outcome above stands): %w", unwritten)
	}
	if !show.json && !show.quiet && unwritten == nil {
		_, err := fmt.Fprint(printable{w}, document.Wrap("Files: "+out+"/ ("+nightspage.HTMLFile+" to look at, "+nightspage.MarkdownFile+" for a pull request, "+nightspage.JSONFile+" for scripts)", "", o.Width))
		printed = errors.Join(printed, err)
	}
	return concluded(j.ExitCode, errors.Join(unwritten, internal(printed)))
}
