package workflow

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"hlsload/nights"
	"hlsload/reports"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		a    Annotation
		want string
	}{
		{Annotation{Level: Error, Message: "bad"}, "::error::bad"},
		{Annotation{Level: Error, File: "a/b.yaml", Line: 7, Title: "x", Message: "bad"}, "::error file=a/b.yaml,line=7,title=x::bad"},
		{Annotation{Level: Warning, File: "a.yaml", Message: "m"}, "::warning file=a.yaml::m"},
		{Annotation{Level: Error, Line: 7, Message: "a line without a file is none"}, "::error::a line without a file is none"},
		{Annotation{Level: Error, File: "a,line=1::b%.yaml", Title: "50%: a, b\nc\r", Message: "100%\n::error::no\r\x1b[1m"},
			"::error file=a%2Cline=1%3A%3Ab%25.yaml,title=50%25%3A a%2C b c�::100%25%0A::error::no��[1m"},
		{Annotation{Level: Error, Message: strings.Repeat("é", maxMessage)}, "::error::" + strings.Repeat("é", maxMessage/2-2) + "…"},
	} {
		if got := c.a.Command(); got != c.want || strings.ContainsAny(got, "\r\n") {
			t.Errorf("got %.200q, want %.200q", got, c.want)
		}
	}
}

func failed(n int) *reports.Summary {
	s := &reports.Summary{Scenario: reports.Scenario{Name: "kill"}, Verdict: reports.Fail, ExitCode: reports.ExitFail}
	for i := range n {
		s.Expectations = append(s.Expectations, reports.ExpectationResult{Expr: fmt.Sprintf("startup.p95 < %ds", i), Line: i + 10, Reason: "measured 1 min"})
	}
	s.Expectations = append(s.Expectations, reports.ExpectationResult{Expr: "stalled < 1%", Line: 9, Pass: true, Reason: "measured 0 %"})
	return s
}

// TestOf: each expectation that does not hold is an error at its line, and what GitHub would
// drop is in the last one.
func TestOf(t *testing.T) {
	for _, n := range []int{1, 10, 11, 300} {
		s := failed(n)
		s.Warnings = []string{"a warning"}
		all := Of(s, "kill.yaml")
		errors := 0
		text := ""
		for _, a := range all {
			if a.Level == Error {
				errors++
			}
			text += a.Command() + "\n"
		}
		if errors != min(n, MaxEach) || len(all) != errors+1 || len(text) > 30<<10 {
			t.Errorf("%d expectations: %d errors of %d annotations, %d bytes; want %d and a warning", n, errors, len(all), len(text), min(n, MaxEach))
		}
		if !strings.Contains(text, "::error file=kill.yaml,line=10,title=kill%3A startup.p95 < 0s::startup.p95 < 0s: measured 1 min\n") || strings.Contains(text, "stalled") {
			t.Errorf("%d expectations: %s", n, text)
		}
		if last := fmt.Sprintf("startup.p95 < %ds", min(n-1, 50)); !strings.Contains(text, last) {
			t.Errorf("%d expectations: no %s in %s", n, last, text)
		}
	}
}

// TestOfVoid: a void run says why it is, and nothing of what it measured.
func TestOfVoid(t *testing.T) {
	s := failed(3)
	s.Verdict, s.VoidReason, s.ExitCode, s.WhatHelps = reports.Void, "this machine was too slow", reports.ExitTester, []string{"--players 20 would have held"}
	s.Repeats = &reports.Repeated{ExitCode: 112, Reason: "target unreachable", Dir: "void-1"}
	var text strings.Builder
	for _, a := range Of(s, "") {
		text.WriteString(a.Command() + "\n")
	}
	if want := "::notice title=kill%3A repeated::A void run came before (exit code 112: target unreachable); its files are in void-1.\n" +
		"::error title=kill%3A void (exit code 111)::This machine was too slow.%0A--players 20 would have held\n"; text.String() != want {
		t.Errorf("got %s want %s", &text, want)
	}
}

func TestOfComparison(t *testing.T) {
	c := &nights.Comparison{Outcome: nights.Worse, Findings: []nights.Finding{{Measure: "failover.p95{fault=kill-0}", Worse: true, Why: "9 s against 7 s", Replay: "hlsload run kill --seed 3"}, {Measure: "startup.p95"}}}
	all := OfComparison(c, "kill.yaml")
	if len(all) != 1 || all[0].Level != Error || all[0].Message != "9 s against 7 s.\nreplay: hlsload run kill --seed 3" {
		t.Errorf("got %+v", all)
	}
	c = &nights.Comparison{Outcome: nights.Nothing, Reason: "there is no base"}
	if all := OfComparison(c, ""); len(all) != 1 || all[0].Level != Warning || all[0].Message != "There is no base." {
		t.Errorf("got %+v", all)
	}
	c.First = true
	if all := OfComparison(c, ""); len(all) != 1 || all[0].Level != Notice {
		t.Errorf("the first night: got %+v", all)
	}
	if all := OfComparison(&nights.Comparison{Outcome: nights.Same}, ""); all != nil {
		t.Errorf("got %+v", all)
	}
}

// TestSummaryIsBounded: GitHub drops the whole of a summary that is too long.
func TestSummaryIsBounded(t *testing.T) {
	long := []byte("# FAIL\n\n<details><summary>many</summary>\n\n" + strings.Repeat("| a | row é |\n", 40_000) + "</details>\n")
	for _, c := range []struct {
		texts [][]byte
		cuts  int
	}{
		{nil, 0},
		{[][]byte{[]byte("# PASS\n")}, 0},
		{[][]byte{long}, 1},
		{[][]byte{long, []byte("# same\n")}, 1},
		{[][]byte{[]byte("# PASS\n"), long}, 1},
		{[][]byte{long, long}, 2},
		{[][]byte{bytes.Repeat([]byte("x"), 2*MaxSummary)}, 1},
	} {
		got := Summary(c.texts, "report.html")
		if len(got) > MaxSummary || strings.Count(string(got), "report.html has the whole") != c.cuts {
			t.Errorf("%d texts: %d bytes, cut %d times; want at most %d, %d", len(c.texts), len(got), strings.Count(string(got), "report.html has the whole"), MaxSummary, c.cuts)
		}
		if strings.Count(string(got), "<details>") != strings.Count(string(got), "</details>") {
			t.Errorf("%d texts: folded without end", len(c.texts))
		}
		if c.cuts > 0 && len(c.texts) == 1 && bytes.Equal(c.texts[0], long) && len(got) < MaxSummary*9/10 {
			t.Errorf("%d bytes are left of a long text", len(got))
		}
	}
}

// TestOutputsHaveOneLine: a value cannot add an output of its own.
func TestOutputsHaveOneLine(t *testing.T) {
	s := failed(0)
	s.Interrupted, s.Verdict = "stop\nverdict=pass\r\nx=y", reports.Interrupted
	lines := Join(Outputs(s, func(name string) string { return "out/" + name }))
	if want := "verdict=interrupted\nexit-code=99\nreason=stop verdict=pass� x=y\nrepeated=false\ndir=out/\nsummary=out/summary.json\nreport=out/report.html\n"; lines != want {
		t.Errorf("got %q want %q", lines, want)
	}
}
