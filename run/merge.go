package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hlsload/reports"
	"hlsload/reports/figure"
	"hlsload/reports/measure"
	"hlsload/reports/record"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
	"hlsload/stage"
)

// What [Merge] reads at most: files, and bytes of a plan.
const (
	maxKept     = protocol.MaxAgents
	maxKeptPlan = 4 << 20
)

// Merge joins the parts that agents of one run kept in directories when they lost their
// conductor. There is no verdict: what the conductor alone knows is missing. getenv looks up
// variables that the scenario names; those that are not set are left as they are.
func Merge(dirs []string, getenv func(string) (string, bool)) (*reports.Summary, error) {
	plans, err := findPlans(dirs)
	if err != nil {
		return nil, err
	}
	m := &merging{getenv: getenv}
	for _, file := range plans {
		if err := m.add(file); err != nil {
			return nil, fmt.Errorf("merge %s: %w", file, err)
		}
	}
	return m.summary(), nil
}

// findPlans are the plans that agents kept in directories.
func findPlans(dirs []string) (files []string, err error) {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("merge parts: %w", err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), planName) && e.Type().IsRegular() {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	switch {
	case len(files) == 0:
		return nil, fmt.Errorf("merge parts: no %sRUN-AGENT in %s (want directories in which agents kept their parts: hlsload agent --out DIR)", planName, strings.Join(dirs, ", "))
	case len(files) > maxKept:
		return nil, fmt.Errorf("merge parts: %d agents (want at most %d)", len(files), maxKept)
	}
	return files, nil
}

// merging joins the parts of a run.
type merging struct {
	getenv    func(string) (string, bool)
	first     kept
	sc        *scenarios.Scenario
	collector *record.Collector
	part      *record.Part
	rest      leavings
	agents    []measure.Agent
	taken     map[int]string // numbers of the agents, and their files
}

// add adds what one agent kept.
func (m *merging) add(file string) error {
	var k kept
	data, err := readAtMost(file, maxKeptPlan)
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err != nil {
		return fmt.Errorf("read the plan: %w", err)
	}
	if data, err = json.Marshal(&k.Plan); err == nil {
		_, err = readPlan(data)
	}
	if err != nil {
		return err
	}
	if m.collector == nil {
		if err := m.open(&k); err != nil {
			return err
		}
	}
	if k.Plan.Run != m.first.Plan.Run || k.Plan.Agents != m.first.Plan.Agents {
		return fmt.Errorf("it is of run %.80s over %d agents (want run %s over %d, as the others)", k.Plan.Run, k.Plan.Agents, m.first.Plan.Run, m.first.Plan.Agents)
	}
	if other, twice := m.taken[k.Plan.Agent]; twice {
		return fmt.Errorf("agent %d is also in %s (want each part once)", k.Plan.Agent, other)
	}
	m.taken[k.Plan.Agent] = file
	dir, name := filepath.Split(file)
	data, err = readAtMost(filepath.Join(dir, partName+strings.TrimPrefix(name, planName)), protocol.MaxPart)
	if errors.Is(err, os.ErrNotExist) { // it was killed before it could keep one
		m.agents = append(m.agents, m.agent(&k, "it kept no part"))
		return nil
	}
	if err != nil {
		return err
	}
	l, rest, err := readLeavings(data)
	if err != nil {
		return fmt.Errorf("read the part: %w", err)
	}
	part, err := m.collector.ReadPart(rest)
	if err != nil {
		return err
	}
	if m.part == nil {
		m.part = part
	} else if err := m.part.Merge(part); err != nil {
		return err
	}
	a := m.agent(&k, "")
	a.CPU, a.RSSPeak = l.CPU, l.RSS
	m.agents = append(m.agents, a)
	m.rest.CPU, m.rest.RSS, m.rest.LocalErrors = m.rest.CPU+l.CPU, max(m.rest.RSS, l.RSS), m.rest.LocalErrors+l.LocalErrors
	return nil
}

func (m *merging) agent(k *kept, lost string) measure.Agent {
	return measure.Agent{Name: k.Plan.Name, Players: int64(k.Plan.share().players(m.sc.MostPlayers())), Lost: lost}
}

// open opens the run that the first part is of.
func (m *merging) open(k *kept) error {
	src, err := scenarios.Unbundle(k.Plan.Scenario, func(name string) (string, bool) {
		if value, set := m.getenv(name); set {
			return value, true
		}
		return "${" + name + "}", true
	})
	if err != nil {
		return err
	}
	if m.sc, err = scenarios.Load(src); err != nil {
		return fmt.Errorf("the scenario is invalid here: %w", err)
	}
	c := measuring(m.sc, m.sc.Faults())
	c.RunID, c.Build, c.Started = k.Plan.Run, k.Build, k.Started
	c.RunKey = stage.Key(m.sc, reports.ModeRun, k.Build, k.Plan.Agents)
	c.TargetDuration, c.Pipelines, c.Renditions = k.Target.TargetDuration, k.Target.Pipelines, k.Target.Renditions
	if m.collector, err = record.New(c); err != nil {
		return err
	}
	m.first, m.taken = *k, map[int]string{}
	return nil
}

// summary is what the parts say.
func (m *merging) summary() *reports.Summary {
	of := m.first.Plan.Agents
	var missing []string
	for i := range of {
		if _, ok := m.taken[i]; !ok {
			missing = append(missing, fmt.Sprint(i))
		}
	}
	end := measure.End{LostLimit: 1, Agents: m.agents, CPU: m.rest.CPU, RSSPeak: m.rest.RSS, DroppedSamples: m.rest.LocalErrors,
		Gone: fmt.Sprintf("the conductor was lost: these are the parts of %d of %s, without what the conductor alone knows (whether the faults were undone, the load that the embedded channel counted, AWS)", len(m.taken), figure.Plural(of, "agent"))}
	switch n := len(missing); {
	case n == 1:
		end.Warnings = append(end.Warnings, fmt.Sprintf("the part of 1 agent is missing (number %s): what its players saw is in no figure", missing[0]))
	case n > 1:
		end.Warnings = append(end.Warnings, fmt.Sprintf("the parts of %d agents are missing (numbers %s): what their players saw is in no figure", n, strings.Join(missing[:min(20, n)], ", ")))
	}
	slices.SortFunc(end.Agents, func(a, b measure.Agent) int { return strings.Compare(a.Name, b.Name) })
	part := m.part
	if part == nil { // not one of them kept a part
		part = m.collector.Finish(0)
	}
	end.At = part.At
	s := measure.Derive(part, end).Summary
	stage.Hide(s, m.sc.Secrets())
	return s
}

// readAtMost reads a file that is not larger than it may be.
func readAtMost(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("read %s: more than %d bytes", file, most)
	}
	return data, err
}
