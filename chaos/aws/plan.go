package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"hlsload/chaos"
)

// anyRun stands in a plan for the name of the run, which is made when it begins.
const anyRun = "RUN"

// Plan is what faults via aws would do.
type Plan struct {
	Text   string // the calls, and how they are undone, for people
	Policy string // what the caller must be allowed to do, and nothing else, as an IAM policy
	Role   string // what the role of watchdogs must be allowed to do; "" = there are none
	Hash   string // of all of them, and of what Cover was given: a run that was confirmed with it does what was read
	// Remarks are what people who grant the policy should know of it.
	Remarks []string
}

// NewPlan says what these faults would do. The drivers need no clients.
// always are calls that are made in any case.
func NewPlan(cfg *chaos.AWS, faults []chaos.Fault, drivers []Driver, always []Call) Plan {
	var b strings.Builder
	fmt.Fprintf(&b, "account %s, region %s", cfg.Account, cfg.Region)
	for _, t := range cfg.Tags {
		fmt.Fprintf(&b, ", tag %s=%s", t.Key, t.Value)
	}
	fmt.Fprintf(&b, "\nat most %d at once, %v each\n", cfg.AtOnce(), cfg.Longest())
	if cfg.Hours != nil {
		fmt.Fprintf(&b, "only %s\n", cfg.Hours)
	}
	if cfg.RequireLever {
		b.WriteString("not while the account's safety lever cannot be read\n")
	}
	calls := slices.Clone(always)
	var needs []Call // of watchdogs
	for _, d := range working(drivers) {
		calls = append(calls, d.Guards()...)
	}
	for _, s := range locks(drivers, &Order{Fault: newLock(), Run: anyRun}) {
		b.WriteString("\nfor the time of the run\n")
		describe(&b, s)
		calls = append(calls, s.change.Calls()...)
	}
	for i := range faults {
		f := &faults[i]
		if f.Via != chaos.ViaAWS {
			continue
		}
		o := &Order{Fault: f, Run: anyRun}
		fmt.Fprintf(&b, "\n%v to %v  %s", f.At, f.At+f.For, f.Name)
		if f.Occurrence > 1 {
			fmt.Fprintf(&b, " #%d", f.Occurrence)
		}
		fmt.Fprintf(&b, ": %s\n", f.Kind)
		all := steps(drivers, o)
		for _, s := range all {
			describe(&b, s)
			calls = append(calls, s.change.Calls()...)
		}
		needs = append(needs, rescues(all)...)
	}
	p := Plan{Text: b.String(), Policy: policy(calls, cfg.Tags), Role: watchdogRole(needs, cfg.Tags), Remarks: remarks(calls, cfg.Tags)}
	p.Cover("")
	return p
}

// Cover makes the hash one of this text as well: what else was read before the
// run was confirmed.
func (p *Plan) Cover(text string) {
	sum := sha256.Sum256([]byte(text + p.Text + p.Policy + p.Role))
	p.Hash = hex.EncodeToString(sum[:6])
}

// describe writes one change for people.
func describe(b *strings.Builder, s step) {
	d, c := s.driver, s.change
	about := c.About()
	fmt.Fprintf(b, "  %s %s of %s: %s\n", d.Service(), about.Op, about.Target, s.ends())
	var reads []string
	for _, call := range c.Calls() {
		if call.When == Reads && !slices.Contains(reads, call.Action) {
			reads = append(reads, call.Action)
		}
	}
	if len(reads) > 0 {
		fmt.Fprintf(b, "    reads   %s\n", strings.Join(reads, ", "))
	}
	for _, call := range c.Calls() {
		word := "makes "
		if call.When == Undoes {
			word = "undoes"
		}
		if call.When == Reads {
			continue
		}
		fmt.Fprintf(b, "    %s  %s", word, call.Action)
		if call.Resource != about.Target {
			fmt.Fprintf(b, " %s", call.Resource)
		}
		if call.Request != "" {
			fmt.Fprintf(b, "\n            %s", strings.ReplaceAll(call.Request, "\n", "\n            "))
		}
		b.WriteString("\n")
	}
}
