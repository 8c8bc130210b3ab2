package redact

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"all 3 expectations hold", "all 3 expectations hold"},
		{"failed_over{fault=kill-0} >= 99%: got 98%, stop = now", "failed_over{fault=kill-0} >= 99%: got 98%, stop = now"},
		{"rebuffer_ratio{cohort=web,kind=media} < 1%", "rebuffer_ratio{cohort=web,kind=media} < 1%"},
		{"http://127.0.0.1:1/index.m3u8: dial tcp 127.0.0.1:1: connect: connection refused", "http://127.0.0.1:1/index.m3u8: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"(got https://u:p4ss@h.example/a?x=1&_HLS_msn=12)", "(got https://***@h.example/a?x=***&_HLS_msn=12)"},
		{"GET https://h/live/index.m3u8?Expires=1&Signature=abc~def&Key-Pair-Id=APK: status 403", "GET https://h/live/index.m3u8?Expires=***&Signature=***&Key-Pair-Id=***: status 403"},
		{"https://h/v1/master/3fc1b1c5a5b04b3a8e1bd5d1ae21cb4a/index.m3u8", "https://h/v1/master/***/index.m3u8"},
		{"https://h/hdntl=exp=1700000000~acl=/*~hmac=99/a.ts", "https://h/hdntl=***/*~hmac=***"},
		{"https://h/a;jsessionid=0123/b", "https://h/a;jsessionid=***/b"},
		{"https://h/live/index_1280x720_20261125T154831_00001.ts", "https://h/live/index_1280x720_20261125T154831_00001.ts"},
		{"https://h/3fa85f64-5717-4562-b3fc-2c963f66afa6/1.ts", "https://h/***/1.ts"},
		{"/tmp/TestSecretsOfScenarios3463/001/secret.yaml:4:1: unknown key", "/tmp/TestSecretsOfScenarios3463/001/secret.yaml:4:1: unknown key"},
		{"https://h/Xk9Qa2LmZ7pRtYw3/1.ts", "https://h/***/1.ts"},
		{"https://h/${PATH_}/index.m3u8?a=${TOKEN}", "https://h/${PATH_}/index.m3u8?a=${TOKEN}"},
		{`bad URI (got "seg1.ts?token=hush&n=2"; want one)`, `bad URI (got "seg1.ts?token=***&n=***"; want one)`},
		{"is it so? yes = maybe", "is it so? yes = maybe"},
		{"back=https%3A%2F%2Fh%2Fa%3Ftoken%3Dhush", "back=https%3A%2F%2F***"},
		{`{"u":"https://h/a?b=1\u0026Signature=hush"}`, `{"u":"https://h/a?b=***\u0026Signature=***"}`},
		{"Authorization: Bearer hush hush", "Authorization: ***"},
		{"Authorization: Bearer ${TOKEN}", "Authorization: Bearer ${TOKEN}"},
		{"map[Authorization:[Bearer hushhush]]", "map[Authorization:***"},
		{"sent Bearer hush.hush to it", "sent Bearer *** to it"},
		{"Set-Cookie: id=hush; Path=/", "Set-Cookie: ***"},
		{`runs ["curl" "--token=hush" "-H" "X-Api-Key: hush"]`, `runs ["curl" "--token=***" "-H" "X-Api-Key: ***"]`},
		{`runs ["x" "--token" "hush" "--n" "5"] or x --api-key hush --auth --v`, `runs ["x" "--token" "***" "--n" "5"] or x --api-key *** --auth --v`},
		{`{"Sid": "hlsload-1", "Policy": "x", "Secret": "hush"}`, `{"Sid": "hlsload-1", "Policy": "x", "Secret": "***"}`},
		{"AWS_SECRET_ACCESS_KEY=hush AWS_REGION=eu-west-1", "AWS_SECRET_ACCESS_KEY=*** AWS_REGION=eu-west-1"},
		{"key AKIAABCDEFGHIJKLMNOP, eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodXNoIn0.c2lnbmF0dXJl", "key ***, ***"},
		{`Get "https://h/a?x=hush": EOF`, `Get "https://h/a?x=***": EOF`},
		{"https://h/a#access_token=hush", "https://h/a#***"},
		{"https://h/a?hush", "https://h/a?***"},
		{"get credentials: failed to refresh cached credentials, credentials: hush-1", "get credentials: failed to refresh cached credentials, credentials: ***"},
	} {
		got := Text(c.in)
		if got != c.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
		if again := Text(got); again != got {
			t.Errorf("Text(%q) = %q; want no change the second time", got, again)
		}
	}
}

func TestSecrets(t *testing.T) {
	var s Secrets
	s.Add("pa ss/w&rd", "${P}")
	s.AddURL("https://joe:hunter22@h/tok/ab3fc1b1c5a5b04b3a8e1bd5d1ae21cb4a/i.m3u8?auth=s3cretvalue&_HLS_msn=1234567")
	s.AddURL("https://viewer:pass%20word@h/")
	s.AddURL("https://t0kenAsAUser@h/")
	s.AddHeader("X-Token", "Bearer opaque-thing")
	s.AddHeader("User-Agent", "Mozilla/5.0")
	s.AddHeader("Cookie", "a=crumbly; b=biscuit")
	s.AddEnv([]string{"AWS_SECRET_ACCESS_KEY=wJalr/XUtn+FEMI", "HOME=/home/me", "DB_PASSWORD=correcthorse", "SHORT_TOKEN=no"})
	b64 := func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) }
	for in, want := range map[string]string{
		"pa ss/w&rd":                                            "${P}",
		"x=" + url.QueryEscape("pa ss/w&rd"):                    "x=${P}",
		"pa%20ss%2fw&rd":                                        "${P}",
		b64("pa ss/w&rd"):                                       "${P}",
		"hunter22 and " + b64("joe:hunter22"):                   "*** and ***",
		b64("viewer:pass word")[:20]:                            "***",
		"Predicted for viewers of a pipeline; http://viewer@h/": "Predicted for viewers of a pipeline; http://***@h/",
		"a t0kenAsAUser, too":                                   "a ***, too",
		"s3cretvalue, 1234567":                                  "***, 1234567",
		"ab3fc1b1c5a5b04b3a8e1bd5d1ae21cb4a":                    "***",
		"opaque-thing crumbly biscuit":                          "*** *** ***",
		"Mozilla/5.0":                                           "Mozilla/5.0",
		"wJalr/XUtn+FEMI correcthorse no":                       "${AWS_SECRET_ACCESS_KEY} ${DB_PASSWORD} no",
		`got "s3cretva"`:                                        `got "***"`,
	} {
		if got := s.Text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	s.Keep("/builds/Xk9Qa2LmZ7pRtYw3/a.yaml")
	if got, want := s.Text("/builds/Xk9Qa2LmZ7pRtYw3/a.yaml:3:1: bad (got /Xk9Qa2LmZ7pRtYw3/)"), "/builds/Xk9Qa2LmZ7pRtYw3/a.yaml:3:1: bad (got /***/)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var none *Secrets
	if got := none.Text("https://a@h/"); got != "https://***@h/" {
		t.Errorf("without values: %q", got)
	}
}

func TestStrings(t *testing.T) {
	type dist struct{ Hist string }
	type part struct {
		Name string
		By   map[string]int64
		D    dist
	}
	x := struct {
		List  []string
		Parts map[string]*part
		Deep  []part
		N     []float64
		Any   any
		Bytes []byte
	}{[]string{"hush", "b"}, map[string]*part{"hush": {Name: "hush", By: map[string]int64{"hush": 3}, D: dist{"hush"}}}, []part{{Name: "a hush"}}, []float64{1}, 3, []byte("hush")}
	Strings(&x, func(s string) string { return strings.ReplaceAll(s, "hush", Mask) }, "dist")
	got := fmt.Sprintf("%v %v %+v %s", x.List, *x.Parts[Mask], x.Deep, x.Bytes)
	if want := "[*** b] {*** map[***:3] {hush}} [{Name:a *** By:map[] D:{Hist:}}] hush"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCredential(t *testing.T) {
	for _, c := range []struct {
		before, arg string
		want        bool
	}{
		{"--token", "hush", true},
		{"--token", "--verbose", false},
		{"-n", "hush", false},
		{"-H", "Authorization: Bearer hush", true},
		{"-H", "Authorization: Bearer ${TOKEN}", false},
		{"", "https://u:p@h/", true},
		{"", "https://h/stop?channel=1", false},
		{"", "https://h/stop?token=hush", true},
		{"", "https://h/stop?token=${TOKEN}", false},
		{"-c", "curl --api-key=hush http://h/", true},
		{"", "stop", false},
	} {
		if got := Credential(c.before, c.arg); got != c.want {
			t.Errorf("Credential(%q, %q) = %v", c.before, c.arg, got)
		}
	}
}

// FuzzText: a text of any kind is survived, shown once and for all, and what
// stands in a query or before the @ of a URL does not show.
func FuzzText(f *testing.F) {
	f.Add("see https://h/a?b=", "c")
	f.Add("\\u0026Signature=", "x\xff")
	f.Fuzz(func(t *testing.T, text, secret string) {
		once := Text(text + secret)
		if again := Text(once); again != once {
			t.Errorf("%q, then %q", once, again)
		}
		if len(secret) < 12 || strings.IndexFunc(secret, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
			return
		}
		for _, form := range []string{"https://h/a?x=%s", "https://%s@h/a", "https://u:%s@h/", "seg.ts?a=1&b=%s", "Cookie: a=%s"} {
			if got := Text(fmt.Sprintf(form, secret)); strings.Contains(got, secret) {
				t.Errorf("%q shows the secret", got)
			}
		}
	})
}
