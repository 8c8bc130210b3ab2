package main

import (
	"fmt"
	"os"
	"path/filepath"

	"hlsload/reports"
	"hlsload/reports/document"
	"hlsload/reports/players"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
)

// outcomeRows is how many rows players.csv has at most of sessions, and as many of what faults
// did to them. So it fits into a spreadsheet (2²⁰ rows) and into 2 % of the memory of a million
// players, and in a long simulation with churn, too, memory does not grow much.
func outcomeRows(sc *scenarios.Scenario) int {
	const least, most, each = 50_000, 200_000, 20
	n := max(sc.Fleet.Audience.Arrivals(), sc.Fleet.Audience.Peak())
	return min(max(least, each*n), most)
}

// writePlayers writes what became of each viewer.
func writePlayers(dir string, t *players.Table, secrets *redact.Secrets) error {
	for i := range t.Cohorts {
		c := &t.Cohorts[i]
		c.Name, c.Profile = secrets.Text(c.Name), secrets.Text(c.Profile)
	}
	for i := range t.Occurrences {
		t.Occurrences[i].Fault = secrets.Text(t.Occurrences[i].Fault)
	}
	if err := document.WriteFile(filepath.Join(dir, reports.PlayersFile), t.WriteCSV); err != nil {
		return fmt.Errorf("write the outcomes of the players: %w", err)
	}
	return nil
}

// readPlayers reads what became of each viewer of a simulation, from the directory of its
// results.
func readPlayers(dir string) (*players.Table, error) {
	f, err := os.Open(filepath.Join(dir, reports.PlayersFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := players.ReadCSV(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return t, nil
}
