package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"hlsload/run/bus/natsbus"
	"hlsload/run/crew"
	"hlsload/run/crew/protocol"
	"hlsload/scenarios"
)

// haltWithin is how long a halt may take.
const haltWithin = 5 * time.Second

func haltCommand() *cobra.Command {
	m := meeting{role: natsbus.Halt, variable: haltVariable}
	var reason string
	cmd := &cobra.Command{
		Use:   "halt",
		Short: "End a run on many machines: all players of all agents leave at once",
		Long: `halt ends a run that hlsload run --agents conducts, from any machine. All players
of all agents leave at once, the faults are undone and the reports written. It ends
when the conductor has answered, after 5 s at most.`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := scenarios.CheckEnv(os.Environ()); err != nil {
				return forbidden(err)
			}
			name, connect, err := m.find(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), haltWithin)
			defer cancel()
			b, err := connect(ctx, natsbus.Options{Name: "hlsload halt"})
			switch {
			case errors.Is(err, natsbus.ErrRefused), errors.Is(err, natsbus.ErrDenied):
				return forbidden(err)
			case err != nil:
				return &exitError{exitInternal, fmt.Sprintf("halt run %s: %v", name, err), err}
			}
			defer b.Close()
			if err := crew.Stop(ctx, b, name, protocol.Order{Mode: protocol.Now, Reason: reason, By: me()}); err != nil {
				return &exitError{exitInternal, fmt.Sprintf("%v (waited %v; agents that heard the halt have halted)", err, haltWithin), err}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "run %s: its conductor has taken the halt\n", name)
			return internal(err)
		},
	}
	m.register(cmd)
	cmd.Flags().StringVar(&reason, "reason", "halted from outside", "`TEXT` that the report gives as the reason")
	return cmd
}

// me is who runs this program, and where.
func me() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}
