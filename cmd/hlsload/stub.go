package main

import "github.com/spf13/cobra"

func runCommand() *cobra.Command    { return &cobra.Command{Use: "run"} }
func rigCommand() *cobra.Command    { return &cobra.Command{Use: "rig"} }
func undoCommand() *cobra.Command   { return &cobra.Command{Use: "undo"} }
func reportCommand() *cobra.Command { return &cobra.Command{Use: "report"} }
