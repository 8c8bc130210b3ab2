package protocol

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPartArrives sends parts of all sizes through losses, copies and damage.
func TestPartArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{0, 1, MaxChunk - 1, MaxChunk, MaxChunk + 1}).Draw(t, "size")
		damaged := rapid.IntRange(0, maxTries).Draw(t, "damaged") // tries
		data := bytes.Repeat([]byte("part "), size/5+1)[:size]
		s, r := newSender(data), &receiver{limit: MaxPart}
		var err error
		var answers []*got
		for range 500 {
			if r.done || err != nil {
				break
			}
			k := new(chunk)
			body, derr := decode(s.chunk(Head{}), k)
			if derr != nil {
				t.Fatal(derr)
			}
			if k.Try < damaged && k.Index == 0 && len(body) > 0 {
				body = append([]byte("!"), body[1:]...)
			}
			for range rapid.IntRange(0, 2).Draw(t, "copies") {
				if err = r.take(k, body); err != nil {
					break
				}
				g := new(got)
				if _, derr := decode(r.got(Head{}), g); derr != nil {
					t.Fatal(derr)
				}
				answers = append(answers, g)
			}
			for len(answers) > 0 && rapid.IntRange(0, 3).Draw(t, "heard") > 0 {
				i := rapid.IntRange(0, len(answers)-1).Draw(t, "which") // old ones too
				s.take(answers[i])
				if rapid.Bool().Draw(t, "gone") {
					answers = append(answers[:i], answers[i+1:]...)
				}
			}
		}
		switch {
		case damaged == maxTries && size > 0:
			if err != nil && err != errSum {
				t.Fatal(err)
			}
		case err != nil:
			t.Fatal(err)
		case r.done && !bytes.Equal(r.data, data):
			t.Fatalf("got %d bytes (want %d)", len(r.data), size)
		}
	})
}

func TestPartIsRefused(t *testing.T) {
	r := &receiver{limit: 10}
	k := &chunk{Size: 11, Sum: Sum(nil)}
	if err := r.take(k, make([]byte, 11)); err == nil || !strings.Contains(err.Error(), "its part has 11 bytes (want at most 10)") {
		t.Errorf("%v", err)
	}
	r = &receiver{limit: MaxPart}
	if err := r.take(&chunk{Size: MaxChunk + 1, Sum: "a"}, make([]byte, MaxChunk)); err != nil {
		t.Error(err)
	}
	if err := r.take(&chunk{Size: MaxChunk + 1, Sum: "b", Index: 1}, make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "changed while it was sent") {
		t.Errorf("%v", err)
	}
}

func TestClockwork(t *testing.T) {
	var c clockwork
	now := time.Duration(0)
	answer := func(sent, back, agentClock time.Duration) {
		n := c.ask(now)
		r := &reading{N: n, T1: now + sent + agentClock, T2: now + sent + agentClock}
		now += sent + back
		if !c.take(now, r) {
			t.Fatal("not taken")
		}
		if c.take(now, r) {
			t.Fatal("taken twice")
		}
	}
	answer(10*time.Millisecond, 10*time.Millisecond, time.Hour)
	answer(200*time.Millisecond, time.Millisecond, time.Hour)
	if o, ok := c.best(now); !ok || o.Ahead != -time.Hour || o.RTT != 20*time.Millisecond || o.Error < 10*time.Millisecond || o.Error > 11*time.Millisecond {
		t.Errorf("%+v", o)
	}
	now += 2 * time.Minute
	if o, _ := c.best(now); o.Error < 60*time.Millisecond {
		t.Errorf("an old sample has error %v", o.Error)
	}
	for _, tc := range []struct {
		name string
		add  uint64
		took time.Duration
		r    reading
	}{
		{"of another probe", 1, time.Millisecond, reading{}},
		{"back in time", 0, time.Millisecond, reading{T1: 5, T2: 4}},
		{"longer than it took", 0, time.Millisecond, reading{T1: 0, T2: time.Hour}},
	} {
		tc.r.N = c.ask(now) + tc.add
		if c.take(now+tc.took, &tc.r) {
			t.Errorf("took an answer %s", tc.name)
		}
	}
}

func TestOutbox(t *testing.T) {
	var out outbox
	var in inbox
	var taken []string
	deliver := func() {
		tk := &tick{State: Running}
		body := bytes.Join(out.fill(tk), nil)
		for _, r := range in.take(time.Hour, tk, body) {
			taken = append(taken, string(r.data))
		}
	}
	for _, s := range []string{"a", "b", "c", "d"} {
		out.put(time.Second, []byte(s))
	}
	if !out.full() {
		t.Error("not full with four")
	}
	deliver()
	deliver()
	out.acknowledged(3)
	out.acknowledged(2) // an old one
	out.put(time.Second, []byte("e"))
	deliver()
	out.acknowledged(99)
	deliver()
	if got := strings.Join(taken, ""); got != "abcde" {
		t.Errorf("took %s", got)
	}
	out = outbox{first: 7}
	out.put(0, []byte("x"))
	deliver() // reports in between are missing: wait for them
	if len(taken) != 5 {
		t.Errorf("took %q", taken)
	}
}
