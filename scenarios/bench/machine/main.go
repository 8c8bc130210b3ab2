// Command machine makes the figures of a machine from a run on it:
//
//	go run ./scenarios/bench/machine hlsload-out/bench-fleet/run >hlsload-out/bench-fleet/machine.yaml
//
// The run must have watched a stream that another process served, alone, and must not be void. What it
// had of players is what the machine carries; a larger run may show that it carries more. The rate of the
// network is that of the fastest card that has a link, where the machine says it, and else assumed to be
// 10 Gbit/s. The result is a file for hlsload capacity EVENT --machine FILE (docs/event.md).
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

	"hlsload/reports"
	"hlsload/scenarios"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "machine: want the directory of a run")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	s, err := reports.Read(dir)
	if err != nil {
		return err
	}
	m, err := measured(s, runtime.NumCPU())
	if err != nil {
		return err
	}
	if m.Network = network(os.DirFS("/sys/class/net")); m.Network == 0 {
		m.Network, m.NetworkAssumed = assumed, true
	}
	_, err = os.Stdout.Write(m.YAML())
	return err
}

// measured are the figures that a run has, but for the network.
func measured(s *reports.Summary, cores int) (*scenarios.Machine, error) {
	requests := int64(0)
	for _, r := range s.Requests {
		requests += r.Count
	}
	switch {
	case s.Mode != reports.ModeRun || s.Target == reports.Rig || len(s.Agents) > 0:
		return nil, fmt.Errorf("figures of a %s of %s, with %d agents (want a run, in one process, of a stream that another one serves)", s.Mode, s.Target, len(s.Agents))
	case s.Verdict != reports.Pass && s.Verdict != reports.Fail:
		return nil, fmt.Errorf("figures of a run that is %s: %s (want one that is not, with fewer players)", s.Verdict, s.VoidReason+s.Interrupted)
	case requests == 0 || s.Players.Peak == 0 || !s.Tester.CPUS.Known() || s.Tester.CPUS <= 0:
		return nil, fmt.Errorf("figures of a run of %d players with %d requests and %v s of CPU (want more than none of each)", s.Players.Peak, requests, s.Tester.CPUS)
	}
	ended, err := time.Parse(time.RFC3339, s.Ended)
	if err != nil {
		return nil, fmt.Errorf("figures of a run that ended at %q (want an instant)", s.Ended)
	}
	cpu := time.Duration(float64(s.Tester.CPUS) / float64(requests) * float64(time.Second)).Round(100 * time.Nanosecond)
	source := fmt.Sprintf("make bench-fleet with hlsload %s, lag p99 %.0f ms", s.Build, float64(s.Tester.LagMs.P99))
	return &scenarios.Machine{Cores: cores, Players: int(s.Players.Peak), CPU: max(cpu, time.Nanosecond), Source: source, Seen: ended.UTC().Truncate(24 * time.Hour)}, nil
}

// assumed is the rate of a network that the machine does not say.
const assumed = 10e9

// network is the rate of the fastest card with a link, in bit/s; 0 = not known. Linux has it in Mbit/s, and
// -1, or an error, without a link.
func network(cards fs.FS) (most int64) {
	files, err := fs.Glob(cards, "*/speed")
	if err != nil {
		return 0
	}
	for _, file := range files {
		data, err := fs.ReadFile(cards, file)
		if n, bad := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && bad == nil && n > 0 && n <= 1e6 && path.Dir(file) != "lo" {
			most = max(most, n*1e6)
		}
	}
	return most
}
