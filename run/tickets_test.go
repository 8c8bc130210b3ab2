package run

import (
	"fmt"
	"hlsload/player/audience"
	"strings"
	"testing"
)

// TestTokensOfAProgram: each session gets its own; when there is no program any
// more, the run ends; what the program says is told without tokens.
func TestTokensOfAProgram(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         string // tokens and errors of three sessions
		halts, says  string // part of it
	}{
		{"as it should", `while read -r l; do n=$((n+1)); echo "{\"token\":\"t-$n\"}"; done`, "t-1 t-2 t-3", "", ""},
		{"talks", `while read -r l; do n=$((n+1)); echo "issued token-number-$n" >&2; echo "{\"token\":\"token-number-$n\"}"; done`,
			"token-number-1 token-number-2 token-number-3", "", `says "issued ***; issued ***; issued ***"`},
		{"ends", `for i in 1 2; do read -r l; echo "{\"token\":\"t-$i\"}"; done; echo no more >&2`, "t-1 t-2 error", "its output ended", `says "no more"`},
		{"refuses", `while read -r l; do n=$((n+1)); case $n in 2) echo '{"error":"no"}';; *) echo "{\"token\":\"t-$n\"}";; esac; done`, "t-1 error t-3", "", ""},
		{"lacks", `while read -r l; do echo '{"tokne":"x"}'; done`, "error error error", "", ""},
	} {
		sc := parse(t, "target: {url: \"http://127.0.0.1:1/{token}/index.m3u8\", sessions: {command: \""+strings.ReplaceAll(strings.ReplaceAll(c.script, `\`, `\\`), `"`, `\"`)+"\"}}\n")
		in, err := openTickets(sc)
		if err != nil {
			t.Fatal(err)
		}
		halted := ""
		in.onEnd(func(why string) { halted = why })
		var got []string
		for n := range uint64(3) {
			p, err := in.Ticket(t.Context(), &audience.Arrival{Player: n, Session: 1}, 0)
			if err != nil {
				got = append(got, "error")
				continue
			}
			got = append(got, strings.Split(p.Wire(p.URL), "/")[3])
		}
		in.close()
		if w := fmt.Sprint(in.warnings()); strings.Join(got, " ") != c.want || !strings.Contains(halted, c.halts) || (halted == "") != (c.halts == "") || !strings.Contains(w, c.says) {
			t.Errorf("%s: %s, halted: %q, warnings %s; want %s, %q, %s", c.name, got, halted, w, c.want, c.halts, c.says)
		}
	}
}
