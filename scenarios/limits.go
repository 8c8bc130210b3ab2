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
// undone, and the results are written. Players are not slowed down instead, since
// that would change what is measured.
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

const wantRequests = "a number per second such as 20000/s"

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
	l.Requests = scalar(requestsAt, 0, "not a rate of requests", wantRequests, nil, func(s string) (int64, bool) {
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
	add(l.Requests > 0, "%d requests/s", l.Requests)
	add(l.Bandwidth > 0, "%s", formatRate(l.Bandwidth))
	add(l.Bytes > 0, "%s of response bodies", formatBytes(l.Bytes))
	add(l.Playlist > 0, "%s per playlist", formatBytes(l.Playlist))
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
