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

func parseSize(s string) (width, height int, ok bool) {
	w, h, ok := strings.Cut(s, "x")
	if !ok {
		return 0, 0, false
	}
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	return width, height, errW == nil && errH == nil
}
