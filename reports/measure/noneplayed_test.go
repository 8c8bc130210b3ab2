package measure

import (
	"strings"
	"testing"

	"hlsload/player/m3u8"
	"hlsload/reports"
)

// A run in which no session ever played is void, whatever was expected of it.
func TestNonePlayed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		end    End
		play   func(sc *scene)
		code   int
		reason string
	}{
		{"no viewer came", End{}, func(*scene) {}, reports.ExitUnreachable, "no session began"},
		{"errors", End{}, func(sc *scene) {
			v := sc.join(1, 0)
			v.request(1, m3u8.KindSegment, 0)
			v.answer(2, m3u8.KindSegment, 0, 404, -1)
			v.die(3)
			sc.join(99, 1)
		}, reports.ExitUnreachable, "2 sessions (1 failed to start, 1 still waiting at the end); failed: 1 of 1 segment requests"},
		{"interrupted at once", End{At: sec(2), Interrupted: "interrupted by the user"}, func(sc *scene) { sc.join(1, 0) }, reports.ExitInterrupted, ""},
		{"interrupted later", End{At: sec(50), Interrupted: "interrupted by the user"}, func(sc *scene) { sc.join(1, 0) }, reports.ExitUnreachable, "1 session (1 failed to start); no request failed"},
		{"one played", End{}, func(sc *scene) { sc.join(1, 0); sc.join(1, 0).start(2); sc.join(1, 0).start(2) }, reports.ExitPass, ""},
		{"the control cohort played", End{}, func(sc *scene) { sc.join(1, 0); sc.join(1, 1).start(2) }, reports.ExitFail, ""},
	} {
		sc := newScene(t, sceneConfig())
		tc.play(sc)
		s := sc.finish(tc.end)
		if s.ExitCode != tc.code || !strings.Contains(s.VoidReason, tc.reason) || (tc.reason == "") != (s.VoidReason == "") {
			t.Errorf("%s: exit code %d, %q; want %d, %q", tc.name, s.ExitCode, s.VoidReason, tc.code, tc.reason)
		}
		if (s.Verdict == reports.Void) != (tc.code == reports.ExitUnreachable) {
			t.Errorf("%s: verdict %s", tc.name, s.Verdict)
		}
	}
}
