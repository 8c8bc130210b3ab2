package main

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/spf13/cobra"
)

// TestMain lets the test binary be the program itself, for tests that kill it. The
// tests do not depend on how progress is shown where they run.
func TestMain(m *testing.M) {
	if os.Getenv("HLSLOAD_TEST_IS_THE_PROGRAM") != "" {
		main()
	}
	os.Unsetenv("HLSLOAD_PROGRESS")
	os.Exit(m.Run())
}

// slow skips a test that takes minutes under the race detector, where others
// run the same code at the same time.
func slow(t *testing.T) {
	t.Helper()
	if underRace {
		t.Skip("takes minutes under the race detector; runs without it")
	}
}

// quiet is a command whose output is kept.
func quiet() (cmd *cobra.Command, stdout, stderr *bytes.Buffer) {
	cmd, stdout, stderr = &cobra.Command{}, new(bytes.Buffer), new(bytes.Buffer)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetContext(context.Background())
	return cmd, stdout, stderr
}
