package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"hlsload/chaos/aws"
)

// A watchdog stays as long as what it undoes could not be removed; that of
// another run goes.
func TestSweepKeepsWatchdogs(t *testing.T) {
	removed := map[string]bool{}
	left := func(run, what string, watchdog bool, err error) aws.Leftover {
		return aws.Leftover{Target: "it", Run: run, What: what, Watchdog: watchdog, Remove: func(context.Context) error { removed[what] = err == nil; return err }}
	}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	var out strings.Builder
	cmd.SetOut(&out)
	items := []aws.Leftover{
		left("1", "fault 1", false, errors.New("denied")), left("2", "fault 2", false, nil), left("1", "watchdog 1", true, nil), left("2", "watchdog 2", true, nil),
	}
	s := &sweeping{w: &out, redact: strings.ToUpper, yes: true}
	err := s.sweep(cmd, items)
	if err == nil || !strings.Contains(err.Error(), "denied") {
		t.Errorf("got %v; want why fault 1 is not removed", err)
	}
	if removed["watchdog 1"] || !removed["fault 2"] || !removed["watchdog 2"] || !strings.Contains(out.String(), "kept: this watchdog undoes what could not be removed") {
		t.Errorf("removed %v\n%s", removed, out.String())
	}

	// The same as a document.
	out.Reset()
	s = &sweeping{w: &out, redact: strings.ToUpper, yes: true, asJSON: true}
	if err := s.document(cmd, s.sweep(cmd, items)); err != nil {
		t.Fatal(err)
	}
	var doc swept
	if err := json.Unmarshal([]byte(out.String()), &doc); err != nil {
		t.Fatalf("%v:\n%s", err, out.String())
	}
	var states []string
	for _, item := range doc.Left {
		states = append(states, item.Run+" "+item.State)
	}
	if got := strings.Join(states, ", "); got != "1 failed, 2 removed, 1 kept, 2 removed" || doc.Error != "IT: FAULT 1: DENIED" || doc.Left[0].What != "FAULT 1" || doc.Left[0].Expires != "" {
		t.Errorf("%s: %+v", got, doc)
	}
	documentedFields(t, out.String())
}
