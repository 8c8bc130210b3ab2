package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hlsload/player/audience"
)

// Limits are what a run must never exceed; zero = no limit. Reaching one of
// requests, bandwidth and bytes ends the run: nothing more is sent, the faults are
// undone, and the results are written. Nobody is slowed down instead, which
// would change what is measured.
type Limits struct {
	Players   int
	Requests  int64  // of the whole fleet, in any second
	Bandwidth int64  // bit/s of bodies received by the whole fleet, over any second
	Bytes     int64  // of bodies received by the whole fleet in the run
	StopFile  string // when it appears, all players leave at once
	// Playlist bounds the body of one playlist, before and after decompression;
	// 0 = the parser's own bound. A larger one is a failed fetch.
	Playlist int64
}

// Bounds of Limits.Playlist, in bytes.
const (
	LeastPlaylist = 100_000
	MostPlaylist  = 256_000_000
)

const wantRequests = "a number a second such as 20000/s"

func (d *decoder) limits(v value, sc *Scenario) {
	sc.LagLimit = defaultLagLimit
	s, ok := v.section("a mapping such as {lag: 100ms, requests: 20000/s, bandwidth: 5Gbps, bytes: 500GB}")
	if !ok {
		return
	}
	sc.LagLimit = s.at("lag").duration(defaultLagLimit, time.Millisecond, time.Minute)
	l := &sc.Limits
	playersAt := s.at("players")
	l.Players = int(playersAt.integer(0, 1, audience.MaxPlayers))
	requestsAt := s.at("requests")
	l.Requests = scalar(requestsAt, 0, "not a number of requests a second", wantRequests, nil, func(s string) (int64, bool) {
		n, ok := strings.CutSuffix(s, "/s")
		x, err := strconv.ParseInt(n, 10, 64)
		return x, ok && err == nil && n[0] != '+'
	})
	l.Requests = within(requestsAt, l.Requests, 0, 1, 1e9, func(n int64) string { return fmt.Sprintf("%d/s", n) })
	l.Bandwidth = s.at("bandwidth").rate(0, 1000, 1e15)
	l.Bytes = s.at("bytes").bytes(0, 1000, 1e15)
	l.Playlist = s.at("playlist").bytes(0, LeastPlaylist, MostPlaylist)
	if at := s.at("stop_file"); at.given() {
		if t, ok := at.secret("the name of a file"); ok {
			if l.StopFile = t.Value; l.StopFile == "" {
				at.wrong("no name", "the name of a file whose appearance ends the run")
			}
		}
	}
	s.done()
	if n := sc.MostPlayers(); l.Players > 0 && n > l.Players {
		playersAt.wrong("fewer than there would be", fmt.Sprintf("at least %d, the most players at a time, or fewer players", n))
	}
}

// describe lists the limits for people.
func (l *Limits) describe() string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(l.Players > 0, "%d players", l.Players)
	add(l.Requests > 0, "%d requests/s", l.Requests)
	add(l.Bandwidth > 0, "%s", formatRate(l.Bandwidth))
	add(l.Bytes > 0, "%s of bodies", formatBytes(l.Bytes))
	add(l.Playlist > 0, "%s a playlist", formatBytes(l.Playlist))
	add(l.StopFile != "", "stops at once when %s appears", l.StopFile)
	switch rated := l.Requests > 0 || l.Bandwidth > 0; {
	case rated && l.Bytes > 0:
		parts = append(parts, "reaching a rate or the bytes ends the run")
	case rated:
		parts = append(parts, "reaching a rate ends the run")
	case l.Bytes > 0:
		parts = append(parts, "reaching the bytes ends the run")
	}
	return strings.Join(parts, ", ")
}
