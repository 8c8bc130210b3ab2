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
