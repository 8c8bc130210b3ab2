package protocol

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func samples() map[string][]byte {
	h := Head{Run: "instance", Gen: 1, Seq: 5}
	return map[string][]byte{
		"who":    encode(&who{h}),
		"here":   encode(&who{h}),
		"join":   encode(&join{Head: h, ID: "x", Nonce: "nx", Info: Info{Name: "x", Build: "b1"}}),
		"answer": encode(&answer{Head: h, Nonce: "n0"}),
		"clock":  encode(&probe{h, 1}),
		"time":   encode(&reading{h, 1, 2, 3}),
		"plan":   encode(&plan{h, Sum([]byte("plan"))}, []byte("plan")),
		"start":  encode(&start{h, time.Hour, 1, true}),
		"beat":   encode(&beat{Head: h, Now: time.Second, Phase: Underway, Fenced: []uint64{1}, Halt: &Order{Mode: Now}}, []byte("usual")),
		"course": encode(&course{h, pieces{0, []int{1, 2}}}, []byte("abb")),
		"tick":   encode(&tick{Head: h, State: Running, Rows: []rowsHead{{0, 2}}}, []byte("ab")),
		"ack":    encode(&ack{Head: h, Tick: 1, pieces: pieces{0, []int{1}}}, []byte("a")),
		"part":   encode(&chunk{Head: h, Size: 3, Sum: Sum([]byte("abc"))}, []byte("abc")),
		"got":    encode(&got{Head: h, Next: 1}),
		"halt":   encode(&halt{h, Order{Mode: Drain}}),
	}
}

func TestMessagesAreRead(t *testing.T) {
	for kind, data := range samples() {
		m := blank(kind)
		body, err := decode(data, m)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if again := encode(m, body); !bytes.Equal(again, data) {
			t.Errorf("%s: %s became %s", kind, data, again)
		}
	}
}

func blank(kind string) message {
	return map[string]message{
		"who": new(who), "here": new(who), "join": new(join), "answer": new(answer), "clock": new(probe), "time": new(reading), "plan": new(plan), "start": new(start),
		"beat": new(beat), "course": new(course), "tick": new(tick), "ack": new(ack), "part": new(chunk), "got": new(got), "halt": new(halt),
	}[kind]
}

func TestMessagesAreRefused(t *testing.T) {
	head := `{"v":"hl/1","run":"r","seq":1`
	for _, tc := range []struct{ kind, data, want string }{
		{"who", "", "want one line of JSON"},
		{"who", head + "}", "want one line of JSON"},
		{"who", "[]\n", "read a message"},
		{"who", strings.Replace(head, "hl/1", "hl/9", 1) + "}\n", `protocol "hl/9" (want hl/1)`},
		{"who", head + "}\nx", "1 bytes behind it (want none)"},
		{"who", head + `,"x":"` + strings.Repeat("x", MaxHead) + "\"}\n", "want one line of JSON"},
		{"join", head + `,"id":"a.b","nonce":"n"}` + "\n", `id "a.b" (want 1 to 64 letters`},
		{"join", head + `,"id":"a","nonce":""}` + "\n", `id ""`},
		{"join", head + `,"id":"a","nonce":"n","cores":-1}` + "\n", "less than 0 cores"},
		{"time", head + `,"t1":9223372036854775807}` + "\n", "within 70 years"},
		{"plan", head + "}\n" + strings.Repeat("x", MaxPlan+1), "plan of 786433 bytes"},
		{"beat", head + `,"halt":{"mode":"soon"}}` + "\n", `mode "soon" (want drain or now)`},
		{"beat", head + "}\n" + strings.Repeat("x", MaxTold+1), "beat with 16385 bytes for all (want at most 16384)"},
		{"halt", head + `}` + "\n", `mode ""`},
		{"course", head + `,"from":0,"sizes":[2]}` + "\nx", "entry of 2 bytes"},
		{"course", head + `,"from":0,"sizes":[-1]}` + "\nx", "entry of -1 bytes"},
		{"course", head + `,"from":-1}` + "\n", "impossible counts"},
		{"course", head + `,"from":0,"sizes":[1]}` + "\nxx", "1 bytes behind it"},
		{"tick", head + `,"state":"asleep"}` + "\n", `state "asleep"`},
		{"tick", head + `,"state":"running","rows":[{"size":5}]}` + "\nx", "rows of 5 bytes"},
		{"tick", head + `,"state":"running","rows":[{},{},{},{},{}]}` + "\n", "impossible counts"},
		{"tick", head + `,"state":"running","vitals":{"lag":-1}}` + "\n", "vitals below 0"},
		{"tick", head + `,"state":"running","halted":"x"}` + "\n", `mode "x"`},
		{"part", head + `,"size":3}` + "\nab", "has 2 bytes (want 3)"},
		{"part", head + `,"size":3,"index":1}` + "\n", "impossible counts"},
		{"part", head + `,"size":268435457}` + "\n", "impossible counts"},
		{"got", head + `,"try":-1}` + "\n", "impossible counts"},
		{"ack", head + `,"error":-1}` + "\n", "below 0"},
	} {
		_, err := decode([]byte(tc.data), blank(tc.kind))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %.80s: %v (want %q)", tc.kind, tc.data, err, tc.want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{"a\nb\x1b[0m": "a b [0m", "ab\u202ecd": "ab cd", "€€€": "€", "\xffa": "?a"} {
		if got := Plain(in, 5); got != want && in == "€€€" || got != want && len(want) <= 5 && in != "a\nb\x1b[0m" && in != "ab\u202ecd" {
			t.Errorf("%q became %q (want %q)", in, got, want)
		}
		if got := Plain(in, 20); in != "€€€" && got != want {
			t.Errorf("%q became %q (want %q)", in, got, want)
		}
	}
}

// FuzzMessage reads what comes from outside: a message that is taken is one that can be
// written again.
func FuzzMessage(f *testing.F) {
	for kind, data := range samples() {
		f.Add(kind, data)
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		m := blank(kind)
		if m == nil {
			return
		}
		body, err := decode(data, m)
		if err != nil {
			return
		}
		again := encode(m, body)
		if len(again) > 8*len(data)+200 { // JSON writes some characters as six
			t.Fatalf("%d bytes became %d", len(data), len(again))
		}
		if line, _, _ := bytes.Cut(again, []byte{'\n'}); len(line) <= MaxHead {
			if _, err := decode(again, blank(kind)); err != nil {
				t.Fatalf("%s: %v", again, err)
			}
		} else if !json.Valid(line) {
			t.Fatalf("%s", line)
		}
	})
}

// FuzzConductor throws messages at a conductor in the middle of a run: none of what an agent
// sends ends it, unless it has the gen of one.
func FuzzConductor(f *testing.F) {
	for kind, data := range samples() {
		f.Add(kind, "alpha", bytes.ReplaceAll(data, []byte(`"gen":1`), []byte(`"gen":9`)))
	}
	f.Fuzz(func(t *testing.T, kind, id string, data []byte) {
		w := newWorld(t, ConductorConfig{}, "alpha")
		w.running()
		if decodesToGen(data, 1) {
			id = "stranger"
		}
		w.conduct(Arrived{Kind: kind, ID: id, Data: data, At: w.now})
		w.conduct(Wake{})
		if kind != "halt" && (w.lead.phase != Underway || len(w.lost) > 0 || len(w.lead.members) != 1) {
			t.Fatalf("phase %s, lost %v", w.lead.phase, w.lost)
		}
	})
}

func decodesToGen(data []byte, gen uint64) bool {
	var h struct{ Head }
	_, err := decodeLine(data, &h)
	return err == nil && h.Gen == gen
}

// FuzzMember throws messages with the right gen at a conductor: the sender may lose itself,
// but no other.
func FuzzMember(f *testing.F) {
	for kind, data := range samples() {
		f.Add(kind, data)
	}
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		w := newWorld(t, ConductorConfig{Lost: .5}, "alpha", "beta")
		w.running()
		w.conduct(Arrived{Kind: kind, ID: "alpha", Data: data, At: w.now})
		w.conduct(Wake{})
		if w.lead.phase != Underway && w.lead.order == nil || w.lead.members[w.index(w.crew[1])].lost != nil {
			t.Fatalf("phase %s, lost %v", w.lead.phase, w.lost)
		}
	})
}

// FuzzAgent throws messages at an agent that plays.
func FuzzAgent(f *testing.F) {
	for kind, data := range samples() {
		f.Add(kind, "alpha", data)
		f.Add(kind, "", data)
	}
	f.Fuzz(func(t *testing.T, kind, id string, data []byte) {
		w := newWorld(t, ConductorConfig{}, "alpha")
		w.running()
		a := w.crew[0]
		a.step(Arrived{Kind: kind, ID: id, Data: data, At: a.local()})
		a.step(Wake{})
		if s := a.core.state; s != Running && s != Halted && s != Silent {
			t.Fatalf("state %s", s)
		}
	})
}
