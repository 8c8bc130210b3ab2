package scenarios

import (
	"fmt"
	"strings"
	"time"

	"hlsload/player/audience"
	"hlsload/player/units"
	"hlsload/reports/figure"
)

// Limits are what a run must never exceed; zero = no limit. Reaching one of
// requests, bandwidth and bytes ends the run: nothing more is sent, the faults are
// undone, and the results are written. Players are not slowed down instead, since
// that would change what is measured.
type Limits struct {
	Players   int
	Lost      float64 // the share of the players that may be lost with their agents
	Requests  int64   // of the whole fleet, in any second
	Bandwidth int64   // bit/s of bodies received by the whole fleet, over any second
	Bytes     int64   // of bodies received by the whole fleet in the run
	StopFile  string  // when it appears, all players leave at once
	// Playlist bounds the body of one playlist, before and after decompression;
	// 0 = the parser's own bound. A larger one is a failed fetch.
	Playlist int64
}

// Bounds of Limits.Playlist, in bytes.
const (
	LeastPlaylist = 100_000
	MostPlaylist  = 256_000_000
)

var limitsKey = key{name: "limits", example: "{requests: 20000/s, bandwidth: 5Gbps, bytes: 500GB}", doc: "what the run must never exceed", keys: []key{
	{name: "lag", form: ofDuration, least: int64(time.Millisecond), most: int64(time.Minute), def: "100ms", example: "250ms", doc: "how late requests may leave this machine (p99); above it the run is void"},
	{name: "players", form: ofCount, least: 1, most: audience.MaxPlayers, without: "no limit", example: "5000", doc: "players at one time; a larger fleet is an error"},
	{name: "lost", form: ofShare, most: 99, def: "0%", example: "2%", doc: "share of the players that may be lost with their agents in a run over several machines; every expectation is then judged by the worst that they may have seen, and above it the run is void; one machine loses none. Also the share of its time that a run may lose with its machine (--resume), when that is more than 5%"},
	{name: "requests", form: ofPerSecond, least: 1, most: 1e9, without: "no limit", example: "20000/s", doc: "requests of the whole fleet in any second; reaching it ends the run; of several agents each has a part, at least 1/s"},
	{name: "bandwidth", form: ofRate, least: 1000, most: 1e15, without: "no limit", example: "5Gbps", doc: "rate of the bodies that the whole fleet receives in any second; reaching it ends the run; of several agents each has a part"},
	{name: "bytes", form: ofBytes, least: 1000, most: 1e15, without: "no limit", example: "500GB", doc: "bodies that the whole fleet receives in the run; reaching it ends the run; of several agents each has a part"},
	{name: "playlist", form: ofBytes, least: LeastPlaylist, most: MostPlaylist, without: "16 MiB", example: "2MB", doc: "size of one playlist, before and after decompression; a larger one is a failed fetch"},
	{name: "stop_file", form: ofFile, without: "none", example: "/tmp/stop", doc: "the name of a file; when it appears, all players leave at once and the faults are undone"},
}}

func (d *decoder) limits(v value, sc *Scenario) {
	sc.LagLimit = defaultLagLimit
	s, ok := v.section()
	if !ok {
		return
	}
	sc.LagLimit = s.at("lag").duration(defaultLagLimit)
	l := &sc.Limits
	playersAt := s.at("players")
	l.Players = playersAt.count(0)
	l.Lost = s.at("lost").share(0)
	l.Requests = s.at("requests").perSecond()
	l.Bandwidth = s.at("bandwidth").rate(0)
	l.Bytes = s.at("bytes").bytes(0)
	l.Playlist = s.at("playlist").bytes(0)
	if at := s.at("stop_file"); at.given() {
		if t, ok := at.secret(); ok {
			if l.StopFile = t.Value; l.StopFile == "" {
				at.wrong("empty file name", "the name of a file whose appearance ends the run")
			}
		}
	}
	s.done()
	if n := sc.MostPlayers(); l.Players > 0 && n > l.Players {
		playersAt.wrong("fewer than the run would have", fmt.Sprintf("at least %d, the most players at one time, or a smaller fleet", n))
	}
}

// describe lists the limits in words.
func (l *Limits) describe() string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(l.Players > 0, "%d players", l.Players)
	add(l.Lost > 0, "at most %s of the players lost with their agents", figure.Percent(l.Lost))
	add(l.Requests > 0, "%d requests/s", l.Requests)
	add(l.Bandwidth > 0, "%s", units.FormatRate(l.Bandwidth))
	add(l.Bytes > 0, "%s of response bodies", units.FormatBytes(l.Bytes))
	add(l.Playlist > 0, "%s per playlist", units.FormatBytes(l.Playlist))
	add(l.StopFile != "", "the run stops when the file %s appears", l.StopFile)
	switch rated := l.Requests > 0 || l.Bandwidth > 0; {
	case rated && l.Bytes > 0:
		parts = append(parts, "the run ends when a rate or the number of bytes is reached")
	case rated:
		parts = append(parts, "the run ends when a rate is reached")
	case l.Bytes > 0:
		parts = append(parts, "the run ends when the number of bytes is reached")
	}
	return strings.Join(parts, ", ")
}
