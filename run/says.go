package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"hlsload/reports"
	"hlsload/run/crew/protocol"
	"hlsload/stage"
)

// report is what an agent says once a second, before what it counted.
type report struct {
	Entries int     `json:"entries"` // of the course that it has
	Shown   []shown `json:"shown,omitempty"`
}

// shown is what players saw of a fault via viewer since its window was last opened or closed.
type shown struct {
	Rule       int    `json:"rule"`
	Occurrence int    `json:"occurrence"`
	Touched    uint64 `json:"touched"`
	Passed     uint64 `json:"passed"`
}

// pace says when sums are said again: to make them takes at most one part in 20 of the time.
type pace struct{ next time.Duration }

// say says what was counted, with sums if they are wanted and due.
func (p *pace) say(s *stage.Speaker, now time.Duration, sums bool) *stage.Said {
	const share = 20
	began := time.Now()
	sums = sums && now >= p.next
	said := s.Say(now, sums)
	if sums {
		p.next = now + max(time.Second, share*time.Since(began))
	}
	return said
}

// split takes apart what an agent says, or its part.
func split(b []byte, head any) (rest []byte, err error) {
	line, rest, ok := bytes.Cut(b, []byte{'\n'})
	if !ok {
		return nil, errors.New("want one line of JSON, then what was measured")
	}
	return rest, json.Unmarshal(line, head)
}

// leavings is what an agent knows at the end beside what it measured.
type leavings struct {
	CPU         time.Duration    `json:"cpu"` // 0 = it is counted by the conductor
	RSS         int64            `json:"rss"`
	Goroutines  int64            `json:"goroutines"`
	LocalErrors int64            `json:"local_errors"`
	LocalError  string           `json:"local_error,omitempty"`
	Withheld    map[string]int64 `json:"withheld,omitempty"`
	Connections int64            `json:"connections"`
	Addresses   int              `json:"addresses"`
	Warnings    []string         `json:"warnings,omitempty"`
	Trends      []reports.Trend  `json:"trends,omitempty"`
}

// What is taken of what an agent knows at the end.
const (
	maxLeftWarnings = 20
	maxLeftTrends   = 10
	maxLeftHosts    = 64
	maxLeftText     = 1000 // bytes
	maxLeftCount    = 1 << 40
)

// readLeavings reads what an agent left, which comes from outside. rest is what it measured.
func readLeavings(data []byte) (l leavings, rest []byte, err error) {
	if rest, err = split(data, &l); err != nil {
		return l, nil, err
	}
	bound := func(n int64) int64 { return min(max(n, 0), maxLeftCount) }
	l.CPU, l.RSS, l.Goroutines, l.LocalErrors, l.Connections = max(l.CPU, 0), bound(l.RSS), bound(l.Goroutines), bound(l.LocalErrors), bound(l.Connections)
	l.CPU, l.Addresses = min(l.CPU, 1000*24*time.Hour), int(bound(int64(l.Addresses)))
	l.LocalError = protocol.Plain(l.LocalError, maxLeftText)
	l.Warnings = l.Warnings[:min(len(l.Warnings), maxLeftWarnings)]
	for i, w := range l.Warnings {
		l.Warnings[i] = protocol.Plain(w, maxLeftText)
	}
	l.Trends = l.Trends[:min(len(l.Trends), maxLeftTrends)]
	for i := range l.Trends {
		t := &l.Trends[i]
		t.Agent, t.What, t.Unit, t.Reason = "", protocol.Plain(t.What, maxLeftText), protocol.Plain(t.Unit, maxLeftText), protocol.Plain(t.Reason, maxLeftText)
	}
	hosts := map[string]int64{}
	for _, name := range slices.Sorted(maps.Keys(l.Withheld)) {
		if len(hosts) == maxLeftHosts {
			break
		}
		hosts[protocol.Plain(name, maxLeftText)] += bound(l.Withheld[name])
	}
	l.Withheld = hosts
	return l, rest, nil
}
