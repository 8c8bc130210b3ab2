package stream

import (
	"fmt"
	"slices"
	"strings"

	"hlsload/player/m3u8"
)

// LowLatency says what of low-latency HLS a media playlist offers and players are
// simulated without; "" = nothing.
func LowLatency(m *m3u8.Media) string {
	var has []string
	inParts := len(m.Parts) > 0 || slices.ContainsFunc(m.Segments, func(s m3u8.Segment) bool { return len(s.Parts) > 0 })
	switch {
	case m.PartTarget > 0:
		has = append(has, fmt.Sprintf("EXT-X-PART of %v", m.PartTarget))
	case inParts:
		has = append(has, "EXT-X-PART")
	}
	if len(m.PreloadHints) > 0 {
		has = append(has, "EXT-X-PRELOAD-HINT")
	}
	blocks := m.ServerControl != nil && m.ServerControl.CanBlockReload
	if blocks {
		has = append(has, "CAN-BLOCK-RELOAD")
	}
	switch {
	case has == nil:
		return ""
	case len(has) == 1 && blocks:
		return "blocking reloads are offered (CAN-BLOCK-RELOAD): players are simulated as if they were not"
	}
	return "this is a low-latency stream (" + strings.Join(has, ", ") + "): players are simulated as if it were not: no parts, no blocking reloads"
}
