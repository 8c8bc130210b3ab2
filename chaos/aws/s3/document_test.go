package s3

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const ours = `{"Sid":"hlsload0a1b2c3df0n1","Effect":"Deny","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-25T10:00:00Z"}}}`

// Whatever others have in a policy, and however they write it, is the same
// after our statement came and went.
func TestDocument(t *testing.T) {
	for _, c := range []struct{ text, with string }{
		{"", `{"Version":"2012-10-17","Statement":[` + ours + `]}`},
		{`{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"a","Action":"s3:*"},{"Effect":"Allow"}]}`,
			`{"Version":"2008-10-17","Id":"x","Statement":[{"Sid":"a","Action":"s3:*"},{"Effect":"Allow"},` + ours + `]}`},
		{`{"Statement": {"Sid": "a", "Resource": "${aws:username}"}, "Version": "2012-10-17"}`,
			`{"Version":"2012-10-17","Statement":[{"Sid":"a","Resource":"${aws:username}"},` + ours + `]}`},
		{`{"Version":"2012-10-17","Statement":[` + ours + `]}`, `{"Version":"2012-10-17","Statement":[` + ours + `]}`},
	} {
		doc, err := parseDocument(c.text)
		if err != nil {
			t.Fatal(err)
		}
		with := doc.with("hlsload0a1b2c3df0n1", json.RawMessage(ours))
		if got := with.String(); got != c.with || !with.has("hlsload0a1b2c3df0n1") {
			t.Errorf("with: got %s\nwant %s", got, c.with)
		}
		if got := with.without("hlsload0a1b2c3df0n1").String(); !strings.Contains(c.text, "hlsload") && !same(got, c.text) {
			t.Errorf("without: got %s\nwant %s", got, c.text)
		}
		if at := with.statements[len(with.statements)-1].until(); !at.Equal(time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("ends at %v", at)
		}
	}
	for _, bad := range []string{"[]", "{", `{"Statement":[1]}`, `{"Statement":"x"}`, `nonsense`, `{}`} {
		if doc, err := parseDocument(bad); err == nil {
			t.Errorf("%s: parsed as %s", bad, doc)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{"", `{"Statement":[{"Sid":"a"}],"Version":"2012-10-17"}`, `{"Statement":{"Sid":"hlsloadx"}}`, `{"a":{"b":[1,2]},"Statement":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := parseDocument(text)
		if err != nil || doc.has("hlsload-test") {
			return
		}
		again, err := parseDocument(doc.with("hlsload-test", json.RawMessage(`{"Sid":"hlsload-test"}`)).String())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !again.has("hlsload-test") {
			t.Fatal("the statement is lost")
		}
		if got := again.without("hlsload-test").String(); got != doc.String() {
			t.Errorf("got %s, want %s", got, doc)
		}
	})
}

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		key, rendition string
		want           bool
	}{
		{"live/p0/index_1280x720.m3u8", "1280x720", true},
		{"live/index_a_1280x720.m3u8", "1280x720", true},
		{"live/1280x720.m3u8", "1280x720", true},
		{"live/index_11280x720.m3u8", "1280x720", false},
		{"live/index_1280x7200.m3u8", "1280x720", false},
		{"live/index_high.m3u8", "high", true},
		{"live/index_veryhigh.m3u8", "high", false},
	} {
		if got := named(c.key, c.rendition); got != c.want {
			t.Errorf("%s, %s: got %v", c.key, c.rendition, got)
		}
	}
}

// A pattern for segments never reaches another rendition.
func TestBegin(t *testing.T) {
	others := []object{{key: "p/index_1.m3u8"}, {key: "p/index_10.m3u8"}, {key: "p/a.m3u8"}, {key: "p/a_b.m3u8"}}
	for _, c := range []struct {
		playlist, segment, want, err string
	}{
		{"p/index_1.m3u8", "p/index_1_00001.ts", "p/index_1_*", ""},
		{"p/index_1.m3u8", "p/index_100001.ts", "", "would reach p/index_10.m3u8"},
		{"p/a.m3u8", "p/a_00001.ts", "", "would reach p/a_b.m3u8"},
		{"p/a.m3u8", "q/a_00001.ts", "", "not named as their playlist"},
	} {
		got, err := begin(c.playlist, []string{c.segment}, others)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q, %v; want %q, %s", c.playlist, got, err, c.want, c.err)
		}
	}
}
