// Command compare runs scenarios in real time and in virtual time, with the same
// seeds, and compares what came out.
//
//	go run ./scenarios/bench/compare -seeds 1,2,3,4,5 -parallel 4 bin/hlsload pipeline-kill playlist-freeze
//
// Medians of failover and outage should agree within 5 % or 150 ms, origin
// requests within 3 %, counts of outcomes within 1 % of the players. It prints a
// row per fault and marks what misses; it exits with 1 if anything does.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"

	"hlsload/reports"
)

func main() {
	seeds := flag.String("seeds", "1,2,3,4,5", "seeds, with commas between")
	parallel := flag.Int("parallel", 2, "runs in real time at once")
	out := flag.String("out", "hlsload-out/compare", "directory of the results")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "compare: want the program and at least one scenario")
		os.Exit(2)
	}
	missed, err := compare(flag.Arg(0), flag.Args()[1:], strings.Split(*seeds, ","), *parallel, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	if missed > 0 {
		os.Exit(1)
	}
}

// pair is one scenario and seed, run both ways.
type pair struct {
	scenario, seed string
	run, sim       *reports.Summary
	err            error
}

func compare(program string, scenarios, seeds []string, parallel int, out string) (missed int, err error) {
	var pairs []*pair
	for _, sc := range scenarios {
		for _, seed := range seeds {
			pairs = append(pairs, &pair{scenario: sc, seed: seed})
		}
	}
	var work sync.WaitGroup
	slots := make(chan struct{}, max(parallel, 1))
	for _, p := range pairs {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			if p.sim, p.err = one(program, "simulate", p, out); p.err == nil {
				p.run, p.err = one(program, "run", p, out)
			}
		})
	}
	work.Wait()
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SCENARIO\tSEED\tFAULT\tFAILOVER P50 run/sim ms\tOUTAGE P50 run/sim ms\tFAILED OVER\tHEALED\tNEVER\tORIGIN REQUESTS\tMISSES")
	var errs []error
	for _, p := range pairs {
		if p.err != nil {
			errs = append(errs, p.err)
			continue
		}
		missed += p.print(w)
	}
	if err := w.Flush(); err != nil {
		errs = append(errs, err)
	}
	fmt.Printf("%d misses in %d pairs\n", missed, len(pairs))
	return missed, errors.Join(errs...)
}

// one runs the program once and reads its summary.
func one(program, command string, p *pair, out string) (*reports.Summary, error) {
	dir := filepath.Join(out, fmt.Sprintf("%s-%s-%s", filepath.Base(p.scenario), p.seed, command))
	cmd := exec.Command(program, command, p.scenario, "--seed", p.seed, "--out", dir, "--progress", "none")
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() >= 99) {
		return nil, fmt.Errorf("%s %s seed %s: %w\n%s", command, p.scenario, p.seed, err, text)
	}
	return reports.Read(dir)
}

func (p *pair) print(w *tabwriter.Writer) (missed int) {
	players := max(p.run.Players.Started, 1)
	origin := fmt.Sprintf("%d/%d", p.run.Origin.Requests, p.sim.Origin.Requests)
	originMiss := off(float64(p.run.Origin.Requests), float64(p.sim.Origin.Requests), 0.03, 0)
	if p.run.Verdict == reports.Void {
		missed++
		fmt.Fprintf(w, "%s\t%s\t-\t\t\t\t\t\t%s\tvoid: %s\n", p.scenario, p.seed, origin, p.run.VoidReason)
	}
	if len(p.run.Faults) == 0 && originMiss {
		missed++
		fmt.Fprintf(w, "%s\t%s\t-\t\t\t\t\t\t%s\torigin\n", p.scenario, p.seed, origin)
	}
	for i := range min(len(p.run.Faults), len(p.sim.Faults)) {
		r, s := &p.run.Faults[i], &p.sim.Faults[i]
		var misses []string
		note := func(miss bool, what string) {
			if miss {
				misses = append(misses, what)
			}
		}
		count := func(a, b int64) bool { return math.Abs(float64(a-b)) > 0.01*float64(players) }
		note(medians(r.FailoverMs.P50, s.FailoverMs.P50), "failover")
		note(medians(r.OutageMs.P50, s.OutageMs.P50), "outage")
		note(count(r.FailedOver, s.FailedOver), "failed over")
		note(count(r.Healed, s.Healed), "healed")
		note(count(r.NeverRecovered, s.NeverRecovered), "never")
		note(i == 0 && originMiss, "origin")
		missed += len(misses)
		fmt.Fprintf(w, "%s\t%s\t%s #%d\t%s/%s\t%s/%s\t%d/%d\t%d/%d\t%d/%d\t%s\t%s\n", p.scenario, p.seed, r.Name, r.Occurrence,
			ms(r.FailoverMs.P50), ms(s.FailoverMs.P50), ms(r.OutageMs.P50), ms(s.OutageMs.P50), r.FailedOver, s.FailedOver, r.Healed, s.Healed,
			r.NeverRecovered, s.NeverRecovered, origin, strings.Join(misses, ", "))
	}
	return missed
}

func ms(median reports.Value) string {
	if !median.Known() {
		return "never"
	}
	return fmt.Sprintf("%.0f", median)
}

// medians reports whether two medians differ by more than 5 % and 150 ms.
func medians(a, b reports.Value) bool {
	if !a.Known() || !b.Known() {
		return a.Known() != b.Known()
	}
	return off(float64(a), float64(b), 0.05, 150)
}

func off(a, b, share, least float64) bool {
	return math.Abs(a-b) > max(share*max(math.Abs(a), math.Abs(b)), least)
}
