package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
	"hlsload/player/draw"
	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/run"
	"hlsload/scenarios"
)

func rigCommand(on network) *cobra.Command {
	var o overrides
	var listen, control, edgeLog string
	cmd := &cobra.Command{
		Use:   "rig [SCENARIO]",
		Short: "Serve the embedded channel until interrupted, for real players",
		Long: `rig serves the embedded channel that a scenario describes (the default one
without a scenario) until it is interrupted. Its first line on stdout is JSON
with the URLs. The scenario's faults do not begin by themselves: POST them to
/faults of the control address.`,
		Args:              takes("[SCENARIO]"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg := rig.Default()
			seed := seedOf(&scenarios.Scenario{Seed: 1})
			if len(args) == 1 {
				sc, err := load(args[0], &o)
				if err != nil {
					return err
				}
				if sc.Target.Rig == nil {
					return &exitError{code: exitInvalid, msg: "the scenario watches a URL (got target.url; want target.rig)"}
				}
				cfg, seed = *sc.Target.Rig, seedOf(sc)
			} else if list, err := o.list(); err != nil || len(list) > 0 {
				return &exitError{code: exitUsage, msg: "flags that change a scenario need a scenario"}
			}
			log, err := run.CreateEdgeLog(edgeLog)
			if err != nil {
				return &exitError{exitUsage, err.Error(), err}
			}
			defer log.Close()
			epoch := time.Now()
			r, err := rig.New(cfg, seed, epoch)
			if err != nil {
				return &exitError{exitInvalid, err.Error(), err}
			}
			target := scenarios.Target{Rig: &cfg}
			server, err := serve.Start(cmd.Context(), serve.Config{
				Rig: r, Now: func() time.Duration { return time.Since(epoch) }, Listen: listen, Control: control, Listener: on.listen,
				Decode: func(b []byte) (chaos.Fault, error) { return scenarios.DecodeFault(b, target) },
				Board:  conduct.NewBoard(seed),
				Log:    log.Writer(),
			})
			if err != nil {
				return &exitError{exitUsage, err.Error(), err}
			}
			defer server.Close()
			line, err := json.Marshal(struct {
				URLs    []string `json:"urls"`
				Origin  string   `json:"origin"`
				Control string   `json:"control"`
			}{server.URLs(), server.Origin(), server.Control()})
			if err != nil {
				return internal(err)
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line); err != nil {
				return internal(err)
			}
			<-cmd.Context().Done()
			return nil
		},
	}
	o.register(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address of the edges; the POP follows from the client's address")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:0", "address of the control API")
	cmd.Flags().StringVar(&edgeLog, "edge-log", "", "file to which the edges write their access log, as CloudFront does")
	return cmd
}

// seedOf is the seed of a scenario.
func seedOf(sc *scenarios.Scenario) draw.Seed { return draw.Seed(sc.Seed) }
