package main

import (
	"strings"
	"testing"

	"hlsload/reports"
)

// TestEstimate compares the origin's load as answers tell it with what the rig
// counts. The estimate knows when viewers asked, the rig when that reached the
// origin: at the end of every second, all that was counted has been estimated,
// and at most the requests of one more second, but for one that was never
// answered, and 1 %.
func TestEstimate(t *testing.T) {
	fleet := strings.Replace(usual[2].text, "players: 10", "players: 120", 1)
	for _, name := range []string{"pipeline kill", "playlist freeze", "origin status", "origin slow", "origin hang", "edge flush", "edge hang", "bare edge", "demuxed fmp4"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := fleet + twins[name]
			for _, u := range usual {
				if !strings.Contains("\n"+text, "\n"+u.key+":") {
					text = u.text + text
				}
			}
			s, err := reports.Read(inRealTime(t, parse(t, text)))
			if err != nil {
				t.Fatal(err)
			}
			counted, estimated := 0.0, 0.0
			for i, r := range s.Timeline {
				counted, estimated = counted+float64(r.OriginRps), estimated+float64(r.OriginEstimatedRps)
				soon := counted
				if i+1 < len(s.Timeline) {
					soon += float64(s.Timeline[i+1].OriginRps)
				}
				if slack := 1 + 0.01*counted; estimated < counted-slack || estimated > soon+slack {
					t.Errorf("up to second %d: %v requests estimated; %v counted, %v a second later", r.T, estimated, counted, soon)
				}
			}
			if s.Origin.Source != "rig" || counted == 0 {
				t.Errorf("%v requests at the origin, as counted by %s; want some by the rig", counted, s.Origin.Source)
			}
			var byPop, byLayer int64
			for _, n := range s.Origin.ByPop {
				byPop += n
			}
			for _, n := range s.Origin.AnsweredBy {
				byLayer += n
			}
			if float64(byPop) != float64(s.Origin.Estimated) || byLayer < byPop || byLayer > s.Edge.Requests {
				t.Errorf("%d requests by POP, %d answers by layer; want %v and at most %d", byPop, byLayer, s.Origin.Estimated, s.Edge.Requests)
			}
		})
	}
}
