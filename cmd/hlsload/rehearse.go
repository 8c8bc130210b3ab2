package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"hlsload/capacity/answer"
	"hlsload/capacity/rehearsal"
	"hlsload/player/units"
	"hlsload/scenarios"
)

// agentOf is the machine that a rehearsal would run on: that of a file, or the usual one.
func agentOf(file string) (answer.Machine, error) {
	if file == "" {
		return answer.DefaultMachine, nil
	}
	src, err := scenarios.OpenMachine(file)
	if err != nil {
		return answer.Machine{}, forbidden(err)
	}
	m, err := scenarios.LoadMachine(src)
	if err != nil {
		return answer.Machine{}, invalidFile("the figures of the machine are invalid", err)
	}
	return answer.MachineOf(m), nil
}

// rehearsed prints the scenario of a rehearsal.
func rehearsed(cmd *cobra.Command, e *scenarios.Event, share string, agent answer.Machine) error {
	part, ok := units.ParseShare(share)
	if !ok {
		return misused("--rehearse %.40q (want a share of the viewers, such as 2%%)", share)
	}
	r, err := rehearsal.Of(e, part, agent)
	if err != nil {
		return forbidden(err)
	}
	dir, err := filepath.Abs(filepath.Dir(e.Scenario.File))
	if err != nil {
		return internal(err)
	}
	data, err := r.Scenario(filepath.ToSlash(dir))
	if err != nil {
		return forbidden(err)
	}
	_, err = cmd.OutOrStdout().Write(data)
	return internal(err)
}
