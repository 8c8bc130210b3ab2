package policy

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
		doc, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		with := doc.With("hlsload0a1b2c3df0n1", json.RawMessage(ours))
		if got := with.String(); got != c.with || !with.Has("hlsload0a1b2c3df0n1") {
			t.Errorf("with: got %s\nwant %s", got, c.with)
		}
		if got := with.Without("hlsload0a1b2c3df0n1").String(); !strings.Contains(c.text, "hlsload") && !same(got, c.text) {
			t.Errorf("without: got %s\nwant %s", got, c.text)
		}
		if at := with.Statements[len(with.Statements)-1].Until(); !at.Equal(time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("ends at %v", at)
		}
	}
	for _, bad := range []string{"[]", "{", `{"Statement":[1]}`, `{"Statement":"x"}`, `nonsense`, `{}`} {
		if doc, err := Parse(bad); err == nil {
			t.Errorf("%s: parsed as %s", bad, doc)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{"", `{"Statement":[{"Sid":"a"}],"Version":"2012-10-17"}`, `{"Statement":{"Sid":"hlsloadx"}}`, `{"a":{"b":[1,2]},"Statement":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Parse(text)
		if err != nil || doc.Has("hlsload-test") {
			return
		}
		again, err := Parse(doc.With("hlsload-test", json.RawMessage(`{"Sid":"hlsload-test"}`)).String())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !again.Has("hlsload-test") {
			t.Fatal("the statement is lost")
		}
		if got := again.Without("hlsload-test").String(); got != doc.String() {
			t.Errorf("got %s, want %s", got, doc)
		}
	})
}
