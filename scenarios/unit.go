package scenarios

import (
	"strconv"
	"strings"
	"time"

	"hlsload/player/units"
)

// What the units look like, for messages.
const (
	wantDuration = "a duration with its unit, such as 250ms, 30s or 2m"
	wantOffset   = "a duration with its unit, such as 30s, or -30m for one before"
	wantInstant  = "an instant such as 2026-12-12T18:00Z, or 2026-12-12T18:00+01:00"
	wantRate     = "a rate with its unit, such as 800kbps or 20Mbps"
	wantShare    = "a share such as 25%"
	wantBytes    = "a number of bytes with its unit, such as 500kB, 800MB or 5GB"
	wantSize     = "a size such as 640x360"
	wantRequests = "a number per second such as 20000/s"
)

// parseOffset reads a duration that may have a minus sign.
func parseOffset(s string) (time.Duration, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	d, ok := units.ParseDuration(rest)
	if negative {
		d = -d
	}
	return d, ok
}

// parseInstant reads an instant with its zone.
func parseInstant(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseSize(s string) (width, height int, ok bool) {
	w, h, ok := strings.Cut(s, "x")
	if !ok {
		return 0, 0, false
	}
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	return width, height, errW == nil && errH == nil
}
