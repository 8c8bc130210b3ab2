package cmcd

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const sid = "6e2fb550-c457-11e9-bb97-0800200c9a66"

// TestPrint holds the rules of CTA-5004: which header a key goes to, units and
// rounding, booleans without a value, quoted strings, what is left out.
func TestPrint(t *testing.T) {
	say := func(f func(*Report)) Report {
		r := Empty()
		f(&r)
		return r
	}
	for _, tc := range []struct {
		rule   string
		report Report
		want   string // headers, without their common prefix, and the query's plain value
	}{
		{"nothing is known: nothing is sent", Empty(), ""},
		{"br, d, ot, tb go to Object; br and tb in kbps", say(func(r *Report) {
			r.Bitrate, r.Duration, r.Object, r.Top = 3_200_000, 4004*time.Millisecond, "v", 6_000_000
		}), "Object: br=3200,d=4004,ot=v,tb=6000"},
		{"br and d to the nearest unit", say(func(r *Report) { r.Bitrate, r.Duration = 1_499_500, 4004500*time.Microsecond }), "Object: br=1500,d=4005"},
		{"bl, dl, mtp, su go to Request; bl and dl to the nearest 100 ms, mtp to the nearest 100 kbps", say(func(r *Report) {
			r.Buffer, r.Deadline, r.Measured, r.Startup = 21349*time.Millisecond, 21350*time.Millisecond, 25_449_000, true
		}), "Request: bl=21300,dl=21400,mtp=25400,su"},
		{"an empty buffer is told", say(func(r *Report) { r.Buffer = 0 }), "Request: bl=0"},
		{"a throughput that rounds to nothing is not", say(func(r *Report) { r.Measured = 49_000 }), ""},
		{"bs goes to Status, and is never sent when false", say(func(r *Report) { r.Starved = true }), "Status: bs"},
		{"cid, pr, sf, sid, st go to Session; pr is left out at normal speed", say(func(r *Report) {
			r.Content, r.Format, r.Session, r.Stream = "faec5fc2-ac30-11ea-bb37-0242ac130002", "h", sid, "l"
		}), `Session: cid="faec5fc2-ac30-11ea-bb37-0242ac130002",sf=h,sid="` + sid + `",st=l`},
		{"pr is a decimal", say(func(r *Report) { r.Rate = 1.0499999523162842 }), "Session: pr=1.05"},
		{"pr is 0 when nothing plays", say(func(r *Report) { r.Rate = 0 }), "Session: pr=0"},
		{"quotation marks and backslashes are escaped", say(func(r *Report) { r.Content = "a\"b\\c,d=e\n" }), `Session: cid="a\"b\\c,d=e"`},
		{"a string has at most 64 characters", say(func(r *Report) { r.Content = strings.Repeat("x", 65) }), ""},
		{"all four", say(func(r *Report) {
			r.Session, r.Bitrate, r.Buffer, r.Starved = sid, 320_000, 1500*time.Millisecond, true
		}), `Object: br=320|Request: bl=1500|Status: bs|Session: sid="` + sid + `"`},
	} {
		var got []string
		for line := range strings.SplitSeq(string(tc.report.AppendHeaders(nil)), "\r\n") {
			if line != "" {
				got = append(got, strings.TrimPrefix(line, "CMCD-"))
			}
		}
		if g := strings.Join(got, "|"); g != tc.want {
			t.Errorf("%s: headers\n%s; want\n%s", tc.rule, g, tc.want)
		}
		h := http.Header{}
		tc.report.Headers(h.Set)
		back := Empty()
		for name := range h {
			back.ParseHeader(strings.ToLower(name), h.Get(name))
		}
		u, err := url.Parse(string(tc.report.AppendQuery(nil, "http://a/b?x=1")))
		if err != nil || strings.ContainsAny(u.RawQuery, `",{} `) {
			t.Errorf("%s: %v, %v", tc.rule, u, err)
		}
		fromQuery := Empty()
		fromQuery.ParseQuery(u.RawQuery)
		if back != fromQuery {
			t.Errorf("%s: headers say %+v; the query %+v", tc.rule, back, fromQuery)
		}
		plain := string(tc.report.put(nil, -1))
		if u.Query().Get("CMCD") != plain {
			t.Errorf("%s: the query says %q; want %q", tc.rule, u.Query().Get("CMCD"), plain)
		}
		var last string
		for rest := plain; rest != ""; {
			end := unquotedComma(rest)
			key, _, _ := strings.Cut(rest[:end], "=")
			if key <= last {
				t.Errorf("%s: %s after %s; want alphabetical order", tc.rule, key, last)
			}
			last, rest = key, rest[min(end+1, len(rest)):]
		}
	}
}

func TestQuery(t *testing.T) {
	r := Empty()
	r.Session = sid
	for _, tc := range []struct{ url, want string }{
		{"http://a/b.m3u8", "http://a/b.m3u8?CMCD=sid%3D%22" + sid + "%22"},
		{"http://a/b.m3u8?x=1", "http://a/b.m3u8?x=1&CMCD=sid%3D%22" + sid + "%22"},
		{"http://a/b.m3u8?", "http://a/b.m3u8?CMCD=sid%3D%22" + sid + "%22"},
	} {
		got := string(r.AppendQuery(nil, tc.url))
		if got != tc.want {
			t.Errorf("%s: got %s; want %s", tc.url, got, tc.want)
		}
		if back := CutQuery(got); back != strings.TrimSuffix(tc.url, "?") {
			t.Errorf("cut %s: got %s; want %s", got, back, tc.url)
		}
	}
	for _, same := range []string{"http://a/b", "http://a/b?cmcd=1", "http://a/b?xCMCD=1"} {
		if got := CutQuery(same); got != same {
			t.Errorf("cut %s: got %s", same, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want func(*Report)
	}{
		{`bl=21300,br=3200,bs,cid="a,b",d=4004,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v",nrr="12323-48763",ot=v,pr=1.08,rtp=12000,sf=d,sid="` + sid + `",st=v,su,tb=6000`, func(r *Report) {
			*r = Report{Session: sid, Content: "a,b", Object: "v", Format: "d", Stream: "v", Bitrate: 3.2e6, Top: 6e6, Measured: 48.1e6,
				Duration: 4004 * time.Millisecond, Buffer: 21300 * time.Millisecond, Deadline: 18500 * time.Millisecond, Startup: true, Starved: true, Rate: 1.08}
		}},
		{`bs=?0,su=false, br=1 , bl=`, func(r *Report) { r.Bitrate = 1000 }},
		{`com.example-x="\"",bl=-5,d=1e9,pr=nan,br=99999999999999999999`, func(*Report) {}},
		{`sid="` + strings.Repeat("x", 65) + `"`, func(*Report) {}},
		{strings.Repeat(",", 1000) + "br=1", func(*Report) {}},
	} {
		want := Empty()
		tc.want(&want)
		got := Empty()
		if got.Parse(tc.in); got != want {
			t.Errorf("%.80s: got %+v; want %+v", tc.in, got, want)
		}
	}
}

func TestSID(t *testing.T) {
	got := SID(0x3f9a2c81, 42, 1)
	if got != "3f9a2c81-0001-8000-8000-00000000002a" {
		t.Error(got)
	}
	if run, viewer, session, ok := ParseSID(got); run != 0x3f9a2c81 || viewer != 42 || session != 1 || !ok {
		t.Error(run, viewer, session, ok)
	}
	for _, s := range []string{"", sid, got[:35], got + "0", strings.Replace(got, "3f9a", "zzzz", 1), strings.Replace(got, "-0001", "-+001", 1)} {
		if _, _, _, ok := ParseSID(s); ok {
			t.Errorf("%q: taken for one of ours", s)
		}
	}
	if run, ok := ParseRun("3f9a2c81"); run != 0x3f9a2c81 || !ok {
		t.Error(run, ok)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`bl=21300,br=3200,bs,cid="a\"b",sid="x",su`)
	f.Add(`%2C"\`)
	f.Fuzz(func(t *testing.T, s string) {
		r := Empty()
		r.Parse(s)
		r.ParseQuery(s)
		again := Empty()
		again.Parse(string(r.put(nil, -1)))
		third := Empty()
		third.Parse(string(again.put(nil, -1)))
		if string(third.put(nil, -1)) != string(again.put(nil, -1)) {
			t.Errorf("%q: %q and %q", s, again.put(nil, -1), third.put(nil, -1))
		}
	})
}
