package ticket

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hlsload/player/credential"
)

const secret = "8c1f0d5ab3e24796"

func gate(t testing.TB, headers map[string]string, urls ...string) *Gate {
	t.Helper()
	g := &Gate{Seed: 3, Secret: secret}
	for _, u := range urls {
		tmpl, err := ParseTemplate(u, false)
		if err != nil {
			t.Fatal(err)
		}
		g.URLs = append(g.URLs, tmpl)
	}
	for name, v := range headers {
		tmpl, err := ParseTemplate(v, true)
		if err != nil {
			t.Fatal(err)
		}
		g.Headers = append(g.Headers, HeaderTemplate{name, tmpl})
	}
	return g
}

func TestTemplate(t *testing.T) {
	for _, c := range []struct {
		text  string
		loose bool
		want  string // filled with NAME in place of {name}
	}{
		{"https://h/live.m3u8", false, "https://h/live.m3u8"},
		{"https://h/{token}/{player}.m3u8", false, "https://h/TOKEN/PLAYER.m3u8"},
		{"https://h/{{token}", false, "https://h/{token}"},
		{"https://h/${token}", false, "https://h/${token}"},
		{"https://h/{a b}", false, "error"},
		{"https://h/{", false, "error"},
		{"https://h/{1}", false, "error"},
		{`{"a":{"b":"{token}"}}`, true, `{"a":{"b":"TOKEN"}}`},
		{"Bearer {jwt-1}", true, "Bearer JWT-1"},
		{strings.Repeat("{a}", maxFields), false, strings.Repeat("A", maxFields)},
		{strings.Repeat("{a}", maxFields+1), false, "error"},
	} {
		got := "error"
		if tmpl, err := ParseTemplate(c.text, c.loose); err == nil {
			got = tmpl.Fill(strings.ToUpper)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
	if tmpl, err := ParseTemplate(Literal("a{player}b{"), false); err != nil || tmpl.Fill(nil) != "a{player}b{" {
		t.Errorf("a literal: %v", err)
	}
}

func TestParse(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	got, err := Parse([]byte(`{"url":"https://h/x","headers":{"B":"2","A":"1"},"token":"abc","n":17,"expires":90}`), now)
	if err != nil || got.URL != "https://h/x" || fmt.Sprint(got.Headers) != "[{A 1} {B 2}]" || got.Fields["token"] != "abc" || got.Fields["n"] != "17" || !got.Expires.Equal(now.Add(90*time.Second)) {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]time.Time{`"2026-11-29T12:05:00Z"`: now.Add(5 * time.Minute), "1795953900": now.Add(5 * time.Minute), `""`: {}, "0.5": now.Add(time.Second / 2)} {
		if got, err := Parse([]byte(`{"expires":`+text+`}`), now); err != nil || !got.Expires.Equal(want) {
			t.Errorf("expires %s: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{``, `null`, `[]`, `{`, `"x"`, `{"a":{}}`, `{"a":true}`, `{"headers":[]}`, `{"headers":{"A b":"x"}}`, `{"headers":{"A":"x\ny"}}`,
		`{"headers":{"A":null}}`, `{"headers":{"Host":"x"}}`, `{"headers":{"User-Agent":"x"}}`, `{"expires":"soon"}`, `{"expires":-1}`, `{"expires":1e300}`, `{"a b":"x"}`, `{"error":"no such player"}`, `{"a":null}`,
		`{"x":"` + strings.Repeat("y", MaxLine) + `"}`} {
		if got, err := Parse([]byte(bad), now); err == nil {
			t.Errorf("%.60s: %+v; want an error", bad, got)
		}
	}
}

func TestPass(t *testing.T) {
	long := "eyJhbGciOiJIUzI1NiJ9.payload.signature"
	for _, c := range []struct {
		name    string
		target  string
		ticket  Ticket
		wire    string // of what the session opens
		child   string // reference in its playlist
		on      string // what is asked for then
		bad     string // part of the error
		unlike  bool   // sessions do not share URLs
		headers map[string]string
		sends   string
	}{
		{name: "nothing of its own", target: "https://h/live/i.m3u8", wire: "https://h/live/i.m3u8", child: "720.m3u8", on: "https://h/live/720.m3u8"},
		{name: "a path token", target: "https://h/{token}/live/i.m3u8", ticket: Ticket{Fields: map[string]string{"token": long}},
			wire: "https://h/" + long + "/live/i.m3u8", child: "p0/720.m3u8", on: "https://h/" + long + "/live/p0/720.m3u8"},
		{name: "an absolute path with the token", target: "https://h/{token}/live/i.m3u8", ticket: Ticket{Fields: map[string]string{"token": long}},
			wire: "https://h/" + long + "/live/i.m3u8", child: "/" + long + "/x.m3u8", on: "https://h/" + long + "/x.m3u8"},
		{name: "the player's number in the path", target: "https://h/p/{player}/live/i.m3u8", wire: "https://h/p/17/live/i.m3u8", child: "720.m3u8", on: "https://h/p/17/live/720.m3u8"},
		{name: "builtin fields", target: "https://h/{cohort}/i.m3u8?p={player}&s={session}&r={random}",
			wire: "https://h/web/i.m3u8?p=17&s=2&r=RANDOM", child: "a.m3u8", on: "https://h/web/a.m3u8"},
		{name: "a signed URL", target: "https://h/live/i.m3u8?Policy={policy}&Signature={sig}", ticket: Ticket{Fields: map[string]string{"policy": "cG9saWN5X18", "sig": "c2ln~"}},
			wire: "https://h/live/i.m3u8?Policy=cG9saWN5X18&Signature=c2ln~", child: "720.m3u8?Policy=cG9saWN5X18", on: "https://h/live/720.m3u8?Policy=cG9saWN5X18"},
		{name: "a URL of the issuer's", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "https://h/" + long + "/live/i.m3u8?Signature=abc"},
			wire: "https://h/" + long + "/live/i.m3u8?Signature=abc", child: "720.m3u8", on: "https://h/" + long + "/live/720.m3u8"},
		{name: "a parameter twice", target: "https://h/live/i.m3u8?a=1", ticket: Ticket{URL: "https://h/live/i.m3u8?a=1&t=x&t=y&flag"},
			wire: "https://h/live/i.m3u8?a=1&t=x&t=y&flag", child: "720.m3u8", on: "https://h/live/720.m3u8"},
		{name: "a short one", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "https://h/t/17/live/i.m3u8"},
			wire: "https://h/t/17/live/i.m3u8", child: "720.m3u8", on: "https://h/t/17/live/720.m3u8"},
		{name: "a port", target: "http://h:8080/live/i.m3u8", ticket: Ticket{URL: "http://H:8080/live/i.m3u8?a=b"}, wire: "http://H:8080/live/i.m3u8?a=b", child: "x", on: "http://H:8080/live/x"},
		{name: "a URL at another host", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "https://evil/live/i.m3u8"}, bad: "another host"},
		{name: "a URL of another scheme", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "http://h/live/i.m3u8"}, bad: "another host"},
		{name: "a URL with a user", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "https://me:x@h/live/i.m3u8"}, bad: "another host"},
		{name: "no URL", target: "https://h/live/i.m3u8", ticket: Ticket{URL: "live"}, bad: "another host"},
		{name: "a blank", target: "https://h/{token}/i.m3u8", ticket: Ticket{Fields: map[string]string{"token": "a b"}}, bad: "not a URL"},
		{name: "a line end", target: "https://h/{token}/i.m3u8", ticket: Ticket{Fields: map[string]string{"token": "a\r\nX: y"}}, bad: "not a URL"},
		{name: "a field without a value", target: "https://h/{token}/i.m3u8", bad: "no value for {token}"},
		{name: "headers", target: "https://h/i.m3u8", headers: map[string]string{"Authorization": "Bearer {jwt}"}, ticket: Ticket{Fields: map[string]string{"jwt": long}, Headers: []Header{{Name: "X", Value: "1"}}},
			wire: "https://h/i.m3u8", child: "a", on: "https://h/a", sends: "[{Authorization Bearer " + long + "} {X 1}]"},
		{name: "headers of the issuer win", target: "https://h/i.m3u8", headers: map[string]string{"Authorization": "none"}, ticket: Ticket{Headers: []Header{{Name: "authorization", Value: "some"}}},
			wire: "https://h/i.m3u8", child: "a", on: "https://h/a", sends: "[{authorization some}]"},
		{name: "a header of two lines", target: "https://h/i.m3u8", headers: map[string]string{"A": "{jwt}"}, ticket: Ticket{Fields: map[string]string{"jwt": "a\r\nB: c"}}, bad: "header A"},
	} {
		g := gate(t, c.headers, c.target)
		a := Ask{Player: 17, Session: 2, Cohort: "web"}
		p, err := g.Pass(a, &c.ticket, 0)
		if c.bad != "" {
			if err == nil || !strings.Contains(err.Error(), c.bad) || strings.Contains(err.Error(), long) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.bad)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		random := g.random(a)
		if got := strings.ReplaceAll(p.Wire(p.URL), random, "RANDOM"); got != c.wire {
			t.Errorf("%s: opens %s, want %s", c.name, got, c.wire)
		}
		body := p.SharedBody([]byte(c.child))
		base, _ := url.Parse(p.URL)
		on, err := base.Parse(string(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Wire(on.String()); got != c.on {
			t.Errorf("%s: then %s, want %s", c.name, got, c.on)
		}
		if got := p.Shared(c.on); got != on.String() {
			t.Errorf("%s: redirected to %s it is %s, want %s", c.name, c.on, got, on)
		}
		if c.sends != "" && fmt.Sprint(p.Headers) != c.sends {
			t.Errorf("%s: sends %v, want %s", c.name, p.Headers, c.sends)
		}
		for _, v := range p.Secrets() {
			if len(v) >= minText && (strings.Contains(p.URL, v) || strings.Contains(on.String(), v)) {
				t.Errorf("%s: the shared URLs %s and %s show %s", c.name, p.URL, on, v)
			}
		}
		if got := p.Named(p.URL); strings.Contains(got, secret) {
			t.Errorf("%s: people are shown %s", c.name, got)
		}
	}
}

// TestShared: sessions share URLs, whatever their tokens; that is what keeps
// thousands of them from parsing the same playlists thousands of times.
func TestShared(t *testing.T) {
	for _, target := range []string{"https://h/{token}/live/i.m3u8", "https://h/{player}/{cohort}/i.m3u8?t={token}&r={random}", "https://h/live/i.m3u8"} {
		g := gate(t, nil, target)
		var urls []string
		for n := range int64(100) {
			tk := Ticket{Fields: map[string]string{"token": fmt.Sprintf("token-of-player-%d", n)}}
			if !strings.Contains(target, "{") {
				tk.URL = fmt.Sprintf("https://h/token-of-player-%d/live/i.m3u8?Policy=p%d&Signature=s%d", n, n, n)
			}
			p, err := g.Pass(Ask{Player: n, Session: 1, Cohort: fmt.Sprint("c", n%3)}, &tk, 0)
			if err != nil {
				t.Fatal(err)
			}
			urls = append(urls, p.URL)
			if body := p.SharedBody([]byte("#EXTM3U\n/token-of-player-" + fmt.Sprint(n) + "/x\n")); strings.Contains(string(body), "token-of-player") {
				t.Errorf("a playlist keeps the token: %s", body)
			}
		}
		slices.Sort(urls)
		if n := len(slices.Compact(urls)); n != 1 {
			t.Errorf("%s: %d different URLs of 100 sessions; want 1", target, n)
		}
	}
}

// TestNoStandInFromOutside: a text from outside, a hostile playlist's among them,
// is translated only where it has the secret.
func TestNoStandInFromOutside(t *testing.T) {
	g := gate(t, nil, "https://h/{token}/i.m3u8")
	p, err := g.Pass(Ask{}, &Ticket{Fields: map[string]string{"token": "the-token-itself"}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	standIn := strings.Split(p.URL, "/")[3]
	for _, u := range []string{"https://evil/{token}", "https://evil/" + strings.TrimSuffix(standIn, secret), "https://evil/?x=" + standIn[:len(standIn)-1]} {
		if got := p.Wire(u); got != u {
			t.Errorf("%s became %s", u, got)
		}
	}
	var none *Pass
	if none.Wire("x") != "x" || none.Shared("x") != "x" || none.Named("x") != "x" || string(none.SharedBody([]byte("x"))) != "x" || none.Secrets() != nil {
		t.Error("without a pass something changes")
	}
}

// FuzzParse: an issuer may write anything.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"url":"https://h/x","headers":{"B":"2"},"token":"abc","n":17,"expires":90}`))
	f.Add([]byte(`{"url":"https://h/%zz?a=b&c#d","error":7}`))
	g := gate(f, map[string]string{"A": "{token}"}, "https://h/{token}/live/i.m3u8?x=1")
	f.Fuzz(func(t *testing.T, line []byte) {
		tk, err := Parse(line, time.Unix(0, 0))
		if err != nil {
			return
		}
		p, err := g.Pass(Ask{Player: 1}, tk, 0)
		if err != nil {
			return
		}
		u, err := url.Parse(p.Wire(p.URL))
		if err != nil || u.Host != "h" && !strings.EqualFold(u.Host, "h") || u.Scheme != "https" {
			t.Errorf("%q leads to %s, %v", line, u, err)
		}
		for _, h := range p.Headers {
			if credential.Check(h.Name, h.Value) != nil {
				t.Errorf("%q sends %+q", line, h)
			}
		}
	})
}

func TestFile(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, c := range []struct{ name, text, want string }{
		{"t.csv", "token,expires\nabc,60\n\"d,e\",\n", "abc 1060, d,e never"},
		{"t.csv", "\ufefftoken\r\nabc\r\n", "abc never"},
		{"t.ndjson", "{\"token\":\"abc\"}\n\n{\"token\":\"def\",\"expires\":5}\n", "abc never, def 1005"},
		{"t.JSONL", "{\"token\":1}", "1 never"},
		{"t.csv", "token\n", "error: no line with a token"},
		{"t.csv", "", "error: no line with a token"},
		{"t.csv", "token,token\na,b\n", `error: line 1: not the name of a column (got "token"; want a name of its own of letters, digits, _ and -)`},
		{"t.csv", "a b\nx\n", `error: line 1: not the name of a column (got "a b"; want a name of its own of letters, digits, _ and -)`},
		{"t.csv", "token,expires\nabc\n", "error: line 2: wrong number of fields"},
		{"t.csv", "token,expires\nabc,soon\n", "error: line 2: expires is not a time (want RFC 3339, seconds since 1970, or seconds from now)"},
		{"t.csv", "token\n\"abc\n", "error: line 2: extraneous or missing \" in quoted-field"},
		{"t.ndjson", "{\"token\":\"abc\"}\nabc\n", `error: line 2: not an object of JSON (want a line such as {"token": "…"})`},
	} {
		got := ""
		f, err := ReadFile(c.name, []byte(c.text))
		if err != nil {
			got = "error: " + err.Error()
		} else {
			for i := range f.Len() {
				tk, err := f.At(uint64(i+f.Len()), now)
				if err != nil {
					t.Fatal(err)
				}
				until := "never"
				if !tk.Expires.IsZero() {
					until = fmt.Sprint(tk.Expires.Unix())
				}
				got += ", " + tk.Fields["token"] + " " + until
			}
			got = strings.TrimPrefix(got, ", ")
		}
		if got != c.want {
			t.Errorf("%s %q: %s; want %s", c.name, c.text, got, c.want)
		}
	}
	f, err := ReadFile("t.ndjson", []byte("{\"token\":\"abc\",\"url\":\"x\"}\n{\"other\":\"abc\",\"url\":\"x\"}\n"))
	if err != nil || f.Lacks("token") != 2 || f.Lacks("url") != 0 || f.Lacks("expires") != 1 || fmt.Sprint(f.Fields()) != "[token]" {
		t.Errorf("%v, %v", f, err)
	}
}

// TestLine: each session takes a line of its own as long as there are any.
func TestLine(t *testing.T) {
	const players, generation = 3, 1_000_000_000
	for _, c := range []struct {
		player   int64
		session  int
		renewals int
		want     uint64
	}{{Look, 1, 0, 0}, {0, 1, 0, 0}, {2, 1, 0, 2}, {0, 2, 0, 3}, {2, 1, 1, 5}, {generation + 1, 1, 0, 4}, {2*generation + 1, 2, 0, 10}} {
		if got := Line(Ask{Player: c.player, Session: c.session}, c.renewals, players, generation); got != c.want {
			t.Errorf("player %d, session %d, %d renewals: line %d, want %d", c.player, c.session, c.renewals, got, c.want)
		}
	}
}
