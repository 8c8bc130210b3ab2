package natsbus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func sample(t testing.TB, role Role, address, run string) *Join {
	t.Helper()
	k, err := NewKeys(run, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	j, err := k.Join(role, address)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestJoinReadsWhatItWrote(t *testing.T) {
	for _, address := range []string{"127.0.0.1:4222", "[::1]:1", "conductor-0.hlsload.svc.cluster.local:65535", strings.Repeat("a", maxAddress-5) + ":4222"} {
		for _, role := range roles {
			want := sample(t, role, address, "r-1_A")
			got, err := ParseJoin("\n " + want.Text() + "\n")
			if err != nil {
				t.Errorf("%s, %s: %v", role, address, err)
			} else if *got != *want {
				t.Errorf("%s, %s: got another one", role, address)
			}
		}
	}
}

// packed is a join string with the right sum around any content.
func packed(role byte, address, run string, more int) string {
	j := &Join{Role: Role(role), Address: address, Run: run}
	if more == 0 {
		return j.Text()
	}
	b, _ := base64.RawURLEncoding.DecodeString(j.Text()[len(joinVersion):])
	return pack(append(b[:len(b)-checkBytes], make([]byte, more)...))
}

func TestParseJoinSaysWhatIsWrong(t *testing.T) {
	good := sample(t, Agent, "10.0.0.1:4222", "r").Text()
	for _, tc := range []struct{ text, says string }{
		{"", "cut off"},
		{"hl1.", "cut off"},
		{good[:len(good)-1], "damaged"},
		{good[:40], "damaged"},
		{good + "A", "damaged"},
		{good[:20] + flip(good[20]) + good[21:], "damaged"},
		{"hl2." + good[4:], "another version"},
		{"nats://10.0.0.1:4222", "is not one"},
		{good[4:], "is not one"},
		{good[:30] + "\n" + good[30:], "character 31"},
		{good[:30] + "é" + good[30:], "character 31"},
		{good[:30] + "=" + good[30:], "character 31"},
		{"hl1." + strings.Repeat("A", maxJoin), "at most 640"},
		{pack([]byte("a")), "damaged"},
		{pack([]byte("a\xff")), "damaged"},
		{packed('x', "10.0.0.1:4222", "r", 0), "conductor, agent or halt"},
		{packed('a', "10.0.0.1:4222", "r", 1), "damaged"},
		{packed('a', "10.0.0.1", "r", 0), "a colon and a port"},
		{packed('a', ":4222", "r", 0), "a colon and a port"},
		{packed('a', "10.0.0.1:0", "r", 0), "a colon and a port"},
		{packed('a', "10.0.0.1:04222", "r", 0), "a colon and a port"},
		{packed('a', "10.0.0.1:70000", "r", 0), "a colon and a port"},
		{packed('a', "a b:4222", "r", 0), "a colon and a port"},
		{packed('a', strings.Repeat("a", maxAddress), "r", 0), "a colon and a port"},
		{packed('a', "user@host:4222", "r", 0), "a colon and a port"},
		{packed('a', "10.0.0.1:4222", "", 0), "run"},
		{packed('a', "10.0.0.1:4222", "a.b", 0), "run"},
		{packed('a', "10.0.0.1:4222", strings.Repeat("r", maxRun+1), 0), "run"},
	} {
		_, err := ParseJoin(tc.text)
		switch {
		case err == nil:
			t.Errorf("%q: no error", tc.text)
		case !strings.Contains(err.Error(), tc.says):
			t.Errorf("%q: %v (want %q)", tc.text, err, tc.says)
		case len(tc.text) > 40 && strings.Contains(err.Error(), tc.text[shown:40]):
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func TestJoinIsNotPrinted(t *testing.T) {
	j := sample(t, Halt, "10.0.0.1:4222", "r")
	b, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	secret := j.Text()[len(j.Text())-40:]
	for _, s := range []string{j.String(), fmt.Sprint(j), fmt.Sprintf("%v %+v %#v %s", j, j, j, j), string(b)} {
		if strings.Contains(s, secret) || strings.Contains(s, fmt.Sprint(j.seed[0])+" "+fmt.Sprint(j.seed[1])) {
			t.Errorf("shows the secret: %s", s)
		}
	}
	if !strings.HasPrefix(j.Text(), strings.TrimSuffix(j.String(), "…")) || len(j.String()) > 16 {
		t.Errorf("%s", j)
	}
}

func FuzzParseJoin(f *testing.F) {
	f.Add(sample(f, Agent, "10.0.0.1:4222", "r").Text())
	f.Add(sample(f, Halt, "[fe80::1]:4222", "run-7").Text())
	f.Add(packed('c', "host:1", "r", 3))
	f.Add("hl1.AAAAAAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := base64.RawURLEncoding.DecodeString(text); err == nil { // past the sum
			if j, err := ParseJoin(pack(b)); err == nil && j.Text() != pack(b) {
				t.Errorf("%x reads as another one", b)
			}
		}
		j, err := ParseJoin(text)
		if err != nil {
			return
		}
		if j.Text() != strings.TrimSpace(text) {
			t.Errorf("%q reads as %q", text, j.Text())
		}
	})
}
