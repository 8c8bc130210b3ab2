package record

import (
	"strconv"

	"hlsload/player"
	"hlsload/player/content"
	"hlsload/reports"
)

// fail counts an answer that was an error or never came.
func (r *Requests) fail(sm *player.Sample) {
	r.Errors++
	reports.Count(&r.Why, why(sm), 1)
	if unfit(sm) {
		reports.Count(&r.Unfit, what(sm), 1)
	}
}

// why is what was wrong with an answer: its status, or the failure.
func why(sm *player.Sample) string {
	switch {
	case sm.Status >= 400:
		return strconv.Itoa(int(sm.Status))
	case sm.Failure == player.NotMedia:
		return what(sm)
	}
	return sm.Failure.String()
}

// unfit reports whether an answer was complete but cannot be what was asked for.
func unfit(sm *player.Sample) bool {
	return sm.Failure == player.NotMedia || sm.Failure == player.BadBody && sm.Content > content.Media && sm.Content != content.Playlist
}

// what is the content of an answer that is unfit.
func what(sm *player.Sample) string {
	if sm.Content == content.Unseen {
		return content.Empty.String() // as announced
	}
	return sm.Content.String()
}
