package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the program itself, for tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv("HLSLOAD_TEST_IS_THE_PROGRAM") != "" {
		main()
	}
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
