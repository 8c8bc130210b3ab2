package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/page"
	"hlsload/reports/record"
	"hlsload/reports/spread"
	"hlsload/run"
	"hlsload/scenarios"
	"hlsload/system"
)

// Bounds of --seeds.
const (
	maxSeeds = 1000
	maxSeed  = 1 << 53 // as that of the key seed
)

// parseSeeds reads a list of seeds: 1..5, 1,2,7 or both together.
func parseSeeds(list string) ([]uint64, error) {
	wrong := func(why string, got string) error {
		return misused("--seeds: %s (got %q; want 1 to %d different seeds from 0 to %d, such as 1..5 or 1,2,7)", why, got, maxSeeds, maxSeed)
	}
	var seeds []uint64
	seen := map[uint64]bool{}
	for part := range strings.SplitSeq(list, ",") {
		from, to, span := strings.Cut(part, "..")
		if !span {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 64)
		last, err2 := strconv.ParseUint(to, 10, 64)
		switch {
		case err1 != nil || err2 != nil:
			return nil, wrong("not a list of seeds", part)
		case last > maxSeed:
			return nil, wrong("out of range", part)
		case last < first:
			return nil, wrong("it ends before it begins", part)
		case last-first >= maxSeeds || len(seeds)+int(last-first) >= maxSeeds:
			return nil, wrong("too many seeds", part)
		}
		for seed := first; seed <= last; seed++ {
			if seen[seed] {
				return nil, wrong("a seed stands there twice", part)
			}
			seen[seed] = true
			seeds = append(seeds, seed)
		}
	}
	return seeds, nil
}

// simulateSeeds simulates a scenario with several seeds, as many at a time as there are
// processors, and prints how far apart the results are.
func simulateSeeds(cmd *cobra.Command, sc *scenarios.Scenario, out *output, seeds []uint64) error {
	if err := simulable(sc); err != nil {
		return err
	}
	if err := checkProgress(out.shows()); err != nil {
		return err
	}
	if err := out.place(sc.Name, time.Now()); err != nil {
		return err
	}
	defer out.history.tidy(out.dir)
	dirs := make([]string, len(seeds))
	for i, seed := range seeds {
		dirs[i] = fmt.Sprintf("seed-%d", seed)
		if err := (&output{dir: filepath.Join(out.dir, dirs[i])}).place(sc.Name, time.Now()); err != nil {
			return err
		}
	}
	defer collectOften()()
	said := io.Discard
	if out.shows() != progressNone {
		said = printable{cmd.ErrOrStderr()}
	}
	all := make([]*reports.Summary, len(seeds))
	failed := make([]error, len(seeds)) // what kept a simulation from its end
	unwritten := make([]error, len(seeds))
	inOrder(len(seeds), func(i int) {
		one := *sc
		one.Seed = seeds[i]
		v := virtual{sc: &one, dir: filepath.Join(out.dir, dirs[i]), events: out.events, progress: &silent{w: io.Discard}, begin: func(run.Watched) {}, end: func(*record.Part) {}}
		if all[i], failed[i] = v.run(cmd.Context()); failed[i] == nil {
			out.history.mark(all[i], secretsOf(cmd.Context()))
			before, err := out.history.before(v.dir, all[i])
			unwritten[i] = errors.Join(v.unwritten, err, page.WriteAfter(v.dir, all[i], before))
			all[i].Timeline = nil // it is the largest part, and in the file now
		}
	}, func(i int) {
		if s := all[i]; s != nil {
			unwritten[i] = errors.Join(unwritten[i], out.history.add(printable{cmd.ErrOrStderr()}, filepath.Join(out.dir, dirs[i]), s))
			fmt.Fprintf(said, "seed %d (%d of %d): %s: %s\n", seeds[i], i+1, len(seeds), strings.ToUpper(s.Verdict), s.Reason())
		}
	})
	for i, err := range failed {
		if err != nil {
			exit := exitOf(err)
			return &exitError{exit.code, fmt.Sprintf("seed %d: %s", seeds[i], exit.msg), err}
		}
	}
	return out.concludeSeeds(cmd, spread.Of(all, dirs), errors.Join(unwritten...))
}

// inOrder calls do for 0 to n-1, as many at a time as there are processors, and then for
// each of them, one after the other and in their order, and as soon as that is possible.
func inOrder(n int, do, then func(int)) {
	done := make([]chan struct{}, n)
	for i := range done {
		done[i] = make(chan struct{})
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				do(i)
				close(done[i])
			}
		})
	}
	workers.Go(func() {
		defer close(next)
		for i := range n {
			next <- i
		}
	})
	for i := range n {
		<-done[i]
		then(i)
	}
	workers.Wait()
}

// concludeSeeds prints the verdict of several seeds, writes their summary and returns the
// exit code.
func (o *output) concludeSeeds(cmd *cobra.Command, s *spread.Summary, late error) error {
	unwritten := errors.Join(late, os.MkdirAll(o.dir, 0o755))
	w := cmd.OutOrStdout()
	var printed error
	if o.json {
		printed = s.WriteJSON(w)
	} else {
		printed = page.WriteSeeds(s, w, o.dir, o.text(w))
	}
	unwritten = errors.Join(unwritten, document.WriteFile(filepath.Join(o.dir, reports.SummaryFile), s.WriteJSON))
	o.onFinish.knows(s.Scenario.Name, s.Verdict, s.Reason)
	if unwritten != nil {
		unwritten = fmt.Errorf("writing the results (they are incomplete; the verdict above stands): %w", unwritten)
	}
	if printed != nil && !system.IsClosedPipe(printed) {
		unwritten = errors.Join(unwritten, printed)
	}
	return concluded(s.ExitCode, unwritten)
}
