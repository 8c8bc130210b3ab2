package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hlsload/nights"
	"hlsload/nights/archive"
	"hlsload/nights/history"
	historypage "hlsload/nights/history/page"
	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/figure"
	"hlsload/reports/page"
	"hlsload/reports/spread"
	"hlsload/scenarios/redact"
	"hlsload/stage"
)

// A night is compared with so many before it, and so many nights of a series are.
const (
	baseNights     = 14
	comparedNights = 120
)

// lastNights is how many nights of a series the table of a terminal has.
const lastNights = 14

func historyCommand() *cobra.Command {
	var asJSON, all bool
	var out, keep string
	var runs []string
	cmd := &cobra.Command{
		Use: "history DIR", Short: "The nights so far as one page: verdicts, trends, and since when something is another", Args: takes("DIR"),
		Long: `history shows the nights that run --history DIR and simulate --history DIR left in
DIR/history.ndjson: a table here, and a page that works offline, DIR/index.html, with a
trend of each primary measure, change points, and links to the reports of the runs. A
void night is marked and is in no trend. Nights are compared with those before them by
the rules of hlsload compare; neither a night that is worse nor a change point changes
the exit code.

DIR may be a plain folder, the checkout of a branch or a copy of a bucket. Where it
cannot be written, --out puts the page elsewhere.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			age, err := parseAge(keep)
			if err != nil {
				return err
			}
			secretsOf(cmd.Context()).Keep(dir)
			if err := archive.Check(dir); err != nil {
				return forbidden(fmt.Errorf("reading the history: %w", err))
			}
			said := printable{cmd.ErrOrStderr()}
			for _, run := range runs {
				if err := addToHistory(said, dir, run, secretsOf(cmd.Context())); err != nil {
					return err
				}
			}
			h, err := archive.Read(dir, history.Reading{})
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return forbidden(fmt.Errorf("no history in %s: there is no %s (want the folder of run --history DIR; --add RUN begins one with runs that are there)", dir, history.File))
			case err != nil:
				return forbidden(err)
			}
			if keep != "" {
				if err := forget(said, dir, h, time.Now().Add(-age)); err != nil {
					return err
				}
			}
			hideNights(h, secretsOf(cmd.Context()))
			v := history.Of(h, history.Looking{Kept: archive.Kept(dir), Settings: archive.Settings(dir), Base: baseNights, Compared: comparedNights})
			return showHistory(cmd, v, dir, out, asJSON, all)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print all that is on the page as JSON; the page is written with --out only")
	f.BoolVarP(&all, "verbose", "v", false, "print all nights, not only the last ones")
	f.StringVar(&out, "out", "", "write the page to this `FILE` (default DIR/index.html)")
	f.StringArrayVar(&runs, "add", nil, "add the results in the folder `RUN`, as of a CI artifact, and copy its reports into DIR; repeatable")
	f.StringVar(&keep, "keep", "", "remove the folders of runs older than `AGE`, such as 30d; their lines stay")
	cmd.MarkFlagsMutuallyExclusive("json", "verbose")
	return cmd
}

// parseAge reads an age in days or hours.
func parseAge(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	const most = 36500 // days
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 32); err == nil && n > 0 && n <= most {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(s); err == nil && d >= time.Hour {
		return d, nil
	}
	return 0, misused("--keep %s: not an age (want at least 1h, such as 30d or 12h)", s)
}

// showHistory prints the nights and writes the page.
func showHistory(cmd *cobra.Command, v *history.View, dir, out string, asJSON, all bool) error {
	w := cmd.OutOrStdout()
	width := columns(w)
	var failed error
	if asJSON {
		failed = printJSON(cmd, v)
	} else {
		o := historypage.Options{Width: width, Rows: lastNights}
		if all {
			o.Rows = 0
		}
		failed = internal(historypage.WriteText(w, v, o))
	}
	if asJSON && out == "" {
		return failed
	}
	at := historypage.At{Title: titleOf(dir)}
	if out == "" {
		out = filepath.Join(dir, history.PageFile)
	} else {
		at.Base = leads(filepath.Dir(out), dir)
	}
	err := document.WriteFile(out, func(w io.Writer) error { return historypage.WriteHTML(w, v, at) })
	switch {
	case err != nil:
		return errors.Join(failed, internal(fmt.Errorf("writing the page of the history (what is printed stands; --out FILE puts it elsewhere): %w", err)))
	case !asJSON:
		_, err := fmt.Fprint(printable{w}, "\n"+document.Wrap("Page: "+out, "", width))
		failed = errors.Join(failed, internal(err))
	}
	return failed
}

// titleOf is the name of a folder.
func titleOf(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return filepath.Base(abs)
	}
	return filepath.Base(dir)
}

// leads is the way from one folder to another, with slashes.
func leads(from, to string) string {
	a, err1 := filepath.Abs(from)
	b, err2 := filepath.Abs(to)
	rel, err := filepath.Rel(a, b)
	if err1 != nil || err2 != nil || err != nil {
		return filepath.ToSlash(to)
	}
	if rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// hideNights takes secrets out of what comes from outside.
func hideNights(h *history.History, secrets *redact.Secrets) {
	for i := range h.Nights {
		n := &h.Nights[i]
		n.Reason, n.Build, n.Release = secrets.Text(n.Reason), secrets.Text(n.Build), secrets.Text(n.Release)
		for k := range n.Failed {
			n.Failed[k] = secrets.Text(n.Failed[k])
		}
	}
}

// forget removes the folders of old runs, and says which.
func forget(said io.Writer, dir string, h *history.History, before time.Time) error {
	removals, err := archive.Remove(dir, h, before)
	if err != nil {
		return forbidden(err)
	}
	var bytes int64
	n := 0
	for _, r := range removals {
		if r.Why == "" {
			fmt.Fprintf(said, "removed %s\n", r.Run)
			bytes += r.Bytes
			n++
		} else {
			fmt.Fprintf(said, "not removed: %s: %s\n", r.Run, r.Why)
		}
	}
	fmt.Fprintf(said, "%s of runs before %s removed, %s; the lines of %s stay\n", figure.Plural(n, "folder"), before.UTC().Format("2006-01-02 15:04"), figure.Size(bytes), history.File)
	return nil
}

// addToHistory adds the run whose results are in a folder, or the seeds of a simulation.
func addToHistory(said io.Writer, dir, run string, secrets *redact.Secrets) error {
	secrets.Keep(run)
	if seeds, err := seedsIn(run); err != nil || len(seeds) > 0 {
		if err != nil {
			return forbidden(fmt.Errorf("--add %s: %w", run, err))
		}
		for _, seed := range seeds {
			if err := addToHistory(said, dir, filepath.Join(run, seed), secrets); err != nil {
				return err
			}
		}
		return nil
	}
	s, err := reports.Read(run)
	if err != nil {
		return forbidden(fmt.Errorf("--add %s: reading the results (want the folder of a finished run): %w", run, err))
	}
	secrets.Keep(s.Scenario.File)
	stage.Hide(s, secrets) // it may come from another version of hlsload
	old, err := archive.Read(dir, history.Reading{Hist: true})
	if errors.Is(err, fs.ErrNotExist) {
		old, err = &history.History{}, nil
	}
	if err != nil {
		return forbidden(err)
	}
	at, err := archive.Inside(dir, run)
	there := old.Find(s)
	switch {
	case err == nil: // it stays where it is
	case !errors.Is(err, archive.ErrOutside):
		return forbidden(fmt.Errorf("--add %s: %w", run, err))
	case there != nil && archive.Kept(dir)(history.Local(there)):
		fmt.Fprintf(said, "%s is in the history already, as %s\n", run, there.Run)
		return nil
	default:
		folder, err := archive.NewFolder(dir, titleOf(run))
		if err != nil {
			return forbidden(fmt.Errorf("--add %s: %w", run, err))
		}
		if at, err = archive.Inside(dir, folder); err != nil {
			return internal(err)
		}
		if err := page.WriteAfter(folder, s, earlier(old, dir, at, s)); err != nil {
			return internal(fmt.Errorf("--add %s: %w", run, err))
		}
	}
	n := nights.Of(s, at)
	if there != nil && sameNight(there, &n) {
		fmt.Fprintf(said, "%s is in the history already\n", run)
		return nil
	}
	note, err := archive.Append(dir, &n)
	if note != "" {
		fmt.Fprintf(said, "warning: %s\n", note)
	}
	if err != nil {
		return internal(fmt.Errorf("--add %s: %w", run, err))
	}
	fmt.Fprintf(said, "added %s\n", at)
	return nil
}

func sameNight(a, b *nights.Night) bool {
	x, err1 := history.Line(a)
	y, err2 := history.Line(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// seedsIn are the folders of the seeds of a simulation of several, in its folder.
func seedsIn(run string) ([]string, error) {
	f, err := os.Open(filepath.Join(run, reports.SummaryFile))
	if err != nil {
		return nil, nil // what reads the results says so
	}
	defer f.Close()
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(f, most))
	var s struct {
		Schema string `json:"schema"`
		Seeds  []struct {
			Dir string `json:"dir"`
		} `json:"seeds"`
	}
	if err != nil || json.Unmarshal(text, &s) != nil || s.Schema != spread.Schema {
		return nil, nil
	}
	var dirs []string
	for _, seed := range s.Seeds {
		if !filepath.IsLocal(seed.Dir) || strings.ContainsAny(seed.Dir, `/\`) {
			return nil, fmt.Errorf("folder of a seed: %.100q is not in it", seed.Dir)
		}
		dirs = append(dirs, seed.Dir)
	}
	return dirs, nil
}

// earlier is what went before a run in a history, whose folder is a path in that of the
// history; nil = the run began without one.
func earlier(h *history.History, dir, run string, s *reports.Summary) *page.Earlier {
	now := nights.Of(s, run)
	before := h.Before(&now)
	c := nights.Compare(before, now, nights.How{Nights: baseNights})
	e := &page.Earlier{Said: c.Reason, Worse: c.Outcome == nights.Worse}
	up := strings.Repeat("../", strings.Count(run, "/")+1)
	if info, err := os.Stat(filepath.Join(dir, history.PageFile)); err == nil && info.Mode().IsRegular() {
		e.Index = up + history.PageFile
	}
	kept := archive.Kept(dir)
	for i := len(before) - 1; i >= 0; i-- {
		n := &before[i]
		if n.Scenario != now.Scenario {
			continue
		}
		if len(e.Nights) == baseNights {
			e.More++
			continue
		}
		x := page.EarlierNight{Started: history.Start(n).Format("2006-01-02 15:04"), Verdict: n.Verdict, What: historypage.What(n)}
		if at := history.Local(n); at != "" && kept(at) {
			x.Link = historypage.Link(strings.TrimSuffix(up, "/"), at)
		}
		e.Nights = append(e.Nights, x)
	}
	return e
}

// keeping is the history that a run belongs to.
type keeping struct {
	dir     string        // "" = none
	release string        // of the stream
	went    *page.Earlier // what went before the run; nil = nothing
}

func (k *keeping) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.dir, "history", "", "keep the results in the folder `DIR`, and a line about them in DIR/history.ndjson, to compare nights with one another")
	cmd.Flags().StringVar(&k.release, "release", "", "`NAME` of what is tested, such as the release or commit of the packager; it stands in the results and in the history")
}

// place makes the folder of a run in the history. Another one than the default must be in
// it.
func (k *keeping) place(out, name string, now time.Time) (string, error) {
	if out != "" {
		if _, err := archive.Inside(k.dir, out); err != nil {
			return "", misused("--out %s is not in --history %s (want a folder in it, or no --out): a history holds the folders of its runs, so that its page can lead to them", out, k.dir)
		}
	}
	if err := archive.Begin(k.dir); err != nil {
		return "", forbidden(fmt.Errorf("--history: %w", err))
	}
	if out != "" {
		return out, nil
	}
	folder, err := archive.NewFolder(k.dir, name+"-"+now.Format("20060102-150405"))
	if err != nil {
		return "", forbidden(fmt.Errorf("--history: %w", err))
	}
	return folder, nil
}

// mark says in a summary what is tested.
func (k *keeping) mark(s *reports.Summary, secrets *redact.Secrets) {
	if k.release != "" {
		s.Release = cutRelease(secrets.Text(k.release))
	}
}

// cutRelease is a name in one line, of at most 200 characters.
func cutRelease(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	return string(r[:min(len(r), 200)])
}

// tidy removes the folder of a run that left nothing in it.
func (k *keeping) tidy(folder string) {
	if k.dir != "" {
		_ = os.Remove(folder) // fails when there is something
	}
}

// before is what went before a run, whose results are in a folder of the history; nil =
// there is no history, or it cannot be read, which the error says.
func (k *keeping) before(folder string, s *reports.Summary) (*page.Earlier, error) {
	dir := k.dir
	run := ""
	if dir == "" {
		if dir, run = archive.Of(folder); dir == "" {
			return nil, nil
		}
	} else {
		var err error
		if run, err = archive.Inside(dir, folder); err != nil {
			return nil, err
		}
	}
	h, err := archive.Read(dir, history.Reading{Hist: true})
	if errors.Is(err, fs.ErrNotExist) {
		h, err = &history.History{}, nil
	}
	if err != nil {
		return nil, err
	}
	return earlier(h, dir, run, s), nil
}

// add adds a finished run to the history, if there is one.
func (k *keeping) add(said io.Writer, folder string, s *reports.Summary) error {
	if k.dir == "" {
		return nil
	}
	run, err := archive.Inside(k.dir, folder)
	if err != nil {
		return err
	}
	n := nights.Of(s, run)
	note, err := archive.Append(k.dir, &n)
	if note != "" {
		fmt.Fprintf(said, "warning: %s\n", note)
	}
	return err
}
