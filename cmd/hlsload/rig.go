package main

import (
	"encoding/json"
	"fmt"
	"os"
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
with the URLs. The control address is a web page that plays the channel and
starts and stops faults. The scenario's faults do not start by themselves: use
that page, or POST them to /faults at the control address (docs/rig.md).`,
		Args:              takes("[SCENARIO]"),
		ValidArgsFunction: shipped,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := channelOf(args, &o)
			if err != nil {
				return err
			}
			log, err := run.CreateEdgeLog(edgeLog)
			if err != nil {
				return &exitError{exitUsage, err.Error(), err}
			}
			defer log.Close()
			epoch := time.Now()
			seed := seedOf(sc)
			r, err := rig.New(*sc.Target.Rig, seed, epoch)
			if err != nil {
				return &exitError{exitInvalid, err.Error(), err}
			}
			server, err := serve.Start(cmd.Context(), serve.Config{
				Rig: r, Now: func() time.Duration { return time.Since(epoch) }, Listen: listen, Control: control, Listener: on.listen,
				Decode: func(b []byte) (chaos.Fault, error) { return scenarios.DecodeFault(b, sc.Target) },
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
			if terminal(cmd.ErrOrStderr()) {
				fmt.Fprintf(cmd.ErrOrStderr(), "watch the channel and break it at %s/\n", server.Control())
			}
			<-cmd.Context().Done()
			return nil
		},
	}
	o.registerChannel(cmd)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "serve the edges at `ADDR`; the POP follows from the client's address")
	cmd.Flags().StringVar(&control, "control", "127.0.0.1:0", "serve the web page and the control API at `ADDR`")
	cmd.Flags().StringVar(&edgeLog, "edge-log", "", "`FILE` to which the edges write their access log, as CloudFront does")
	return cmd
}

// defaultChannel is the scenario that rig serves without another one.
const defaultChannel = "version: 1\nname: rig\n"

// channelOf returns the scenario whose channel is served.
func channelOf(args []string, o *overrides) (sc *scenarios.Scenario, err error) {
	if len(args) == 1 {
		sc, err = load(args[0], o)
	} else {
		sc, err = loadSource(scenarios.Source{File: "rig", Data: []byte(defaultChannel), Getenv: os.LookupEnv}, o)
	}
	if err == nil && sc.Target.Rig == nil {
		err = &exitError{code: exitInvalid, msg: "the scenario watches a URL (got target.url; want target.rig)"}
	}
	return sc, err
}

// seedOf is the seed of a scenario.
func seedOf(sc *scenarios.Scenario) draw.Seed { return draw.Seed(sc.Seed) }
