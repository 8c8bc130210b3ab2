package accesslog

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// read takes a whole file.
func read(t testing.TB, file string, o Options) ([]Entry, Stats, error) {
	t.Helper()
	r, err := NewReader(strings.NewReader(file), o)
	if err != nil {
		return nil, Stats{}, err
	}
	var all []Entry
	for {
		var e Entry
		if err := r.Next(&e); err == io.EOF {
			return all, r.stats, nil
		} else if err != nil {
			return all, r.stats, err
		}
		all = append(all, e)
	}
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

const (
	v1 = "#Version: 1.0\n" +
		"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n"
	v1Row        = "2026-11-25\t21:02:31\tLAX50-C4\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/live/p0/index_1280x720.m3u8\t200\t-\tMozilla/5.0%2520(X11)%2520hlsload/1.2\tCMCD=ot%253Dm%252Csid%253D%25223f9a2c81-0001-8000-8000-00000000002a%2522\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tlive.example.com\thttps\t23\t0.011\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.009\tOriginShieldHit\ttext/html\t78\t-\t-\n"
	v2JSON       = `{"date":"2026-11-25","time":"21:02:31","x-edge-location":"LAX50-C4","sc-bytes":"392","cs-method":"GET","cs(Host)":"d1.cloudfront.net","cs-uri-stem":"/a.ts","sc-status":"503","cs(User-Agent)":"Mozilla/5.0%20(X11)","x-edge-result-type":"Error","x-edge-request-id":"abc==","time-taken":"1.5","time-to-first-byte":"1.5","x-edge-detailed-result-type":"OriginError","timestamp(ms)":"1795640551250","cmcd-session-id":"%223f9a2c81-0001-8000-8000-00000000002a%22","cmcd-buffer-length":"4000","cmcd-buffer-starvation":"true","origin-fbl":"-","something-new":{"a":[1]}}` + "\n"
	realTimeJSON = `{"timestamp":1795640551.25,"c-ip":"192.0.2.1","time-to-first-byte":0.002,"sc-status":206,"sc-bytes":16599,"cs-method":"GET","cs-uri-stem":"/a.ts","x-edge-location":"BOM50","x-edge-request-id":"id","time-taken":0.003,"cs-user-agent":"x","x-edge-result-type":"Miss","origin-fbl":"0.001","cs-headers":"host:a%0ACMCD-Request:bl=21300,su%0Acmcd-session:sid=%22s%22%0A"}` + "\n"
)

// A record of all fields that are documented has 69 columns.
func TestRealTimeFields(t *testing.T) {
	if n := strings.Count(realTimeRow(), "\t") + 1; n != 69 {
		t.Errorf("a record has %d columns; want 69", n)
	}
	cells := strings.Split(strings.TrimSpace(realTimeRow()), "\t")
	addressed := slices.Replace(slices.Clone(cells), 2, 3, "192.0.2.7")
	for _, row := range [][]string{cells, addressed, addressed[:41], slices.Delete(slices.Clone(cells), 2, 3)[:40]} {
		e, stats, err := read(t, strings.Join(row, "\t")+"\n", Options{})
		if err != nil || len(e) != 1 || stats.Format != RealTime || e[0].UserAgent != "hlsload" || e[0].Status != 200 {
			t.Errorf("%d columns: %v, %+v, %v", len(row), e, stats, err)
		}
	}
}

func realTimeRow() string {
	values := map[string]string{"timestamp": "1795640551.250", "time-to-first-byte": "0.002", "sc-status": "200", "sc-bytes": "16599", "cs-method": "GET",
		"cs-uri-stem": "/a.ts", "x-edge-location": "BOM50-C1", "x-edge-request-id": "id", "time-taken": "0.003", "cs-user-agent": "hlsload", "cs-uri-query": "x=1",
		"x-edge-result-type": "Miss", "x-edge-detailed-result-type": "Miss", "origin-fbl": "0.001", "origin-lbl": "0.002", "cmcd-encoded-bitrate": "3200",
		"cmcd-object-type": "v", "cmcd-session-id": "s", "cmcd-startup": "true", "cmcd-object-duration": "4000"}
	var cells []string
	for name := range strings.FieldsSeq(realtimeOrder) {
		v := values[name]
		if v == "" {
			v = "-"
		}
		cells = append(cells, v)
	}
	return strings.Join(cells, "\t") + "\n"
}

func TestFormats(t *testing.T) {
	at := time.Date(2026, 11, 25, 21, 2, 31, 0, time.UTC)
	later := at.Add(250 * time.Millisecond)
	for _, tc := range []struct {
		name, file string
		options    Options
		format     Format
		want       string
	}{
		{"v1", v1 + v1Row, Options{}, W3C,
			`21:02:31 LAX50-C4 200 392 "Mozilla/5.0 (X11) hlsload/1.2" Hit/OriginShieldHit 11ms 9ms -1ns sid=3f9a2c81-0001-8000-8000-00000000002a ot=m origin=false`},
		{"v1, packed", gz(v1 + v1Row), Options{}, W3C, "same"},
		{"v1 without a head", v1Row, Options{}, Plain, "same"},
		{"v1 with commas, as v2 may be delivered", strings.ReplaceAll(v1+v1Row, "\t", ","), Options{}, W3C, "same"},
		{"v1 with Windows line ends and a byte order mark", "\xef\xbb\xbf" + strings.ReplaceAll(v1+v1Row, "\n", "\r\n"), Options{}, W3C, "same"},
		{"v1 without a line end", strings.TrimSuffix(v1+v1Row, "\n"), Options{}, W3C, "same"},
		{"v2 JSON", v2JSON, Options{}, JSON,
			`21:02:31.25 LAX50-C4 503 392 "Mozilla/5.0 (X11)" Error/OriginError 1.5s 1.5s -1ns sid=3f9a2c81-0001-8000-8000-00000000002a bl=4s bs origin=true`},
		{"v2 plain, own columns", "1795640551250 LAX50-C4 503\n", Options{Fields: []string{"timestamp(ms)", "x-edge-location", "sc-status"}}, Plain,
			`21:02:31.25 LAX50-C4 503 0 "" / -1ns -1ns -1ns origin=false`},
		{"real-time JSON", realTimeJSON, Options{}, JSON,
			`21:02:31.25 BOM50 206 16599 "x" Miss/ 3ms 2ms 1ms sid=s bl=21.3s su origin=true`},
		{"real-time", realTimeRow(), Options{}, RealTime,
			`21:02:31.25 BOM50-C1 200 16599 "hlsload" Miss/Miss 3ms 2ms 1ms sid=s ot=v br=3200000 d=4s su origin=true`},
	} {
		entries, stats, err := read(t, tc.file, tc.options)
		if err != nil || len(entries) != 1 || stats.Format != tc.format || stats.Malformed != 0 || stats.Entries != 1 {
			t.Errorf("%s: %d entries, %+v, %v; want 1 in %s", tc.name, len(entries), stats, err, tc.format)
			continue
		}
		e := entries[0]
		if !e.Time.Equal(at) && !e.Time.Equal(later) {
			t.Errorf("%s: at %v; want %v", tc.name, e.Time, at)
		}
		if want := tc.want; want != "same" && say(&e) != want {
			t.Errorf("%s: got\n%s; want\n%s", tc.name, say(&e), want)
		} else if first, _, _ := read(t, v1+v1Row, Options{}); want == "same" && e != first[0] {
			t.Errorf("%s: got\n%s; want\n%s", tc.name, say(&e), say(&first[0]))
		}
	}
}

func say(e *Entry) string {
	s := fmt.Sprintf("%s %s %d %d %q %s/%s %v %v %v", e.Time.Format("15:04:05.999"), e.Pop, e.Status, e.Bytes, e.UserAgent, e.Result, e.Detailed, e.Took, e.FirstByte, e.Origin)
	c := &e.CMCD
	if c.Session != "" {
		s += " sid=" + c.Session
	}
	if c.Object != "" {
		s += " ot=" + c.Object
	}
	if c.Bitrate > 0 {
		s += fmt.Sprint(" br=", c.Bitrate)
	}
	if c.Buffer >= 0 {
		s += fmt.Sprint(" bl=", c.Buffer)
	}
	if c.Duration > 0 {
		s += fmt.Sprint(" d=", c.Duration)
	}
	if c.Startup {
		s += " su"
	}
	if c.Starved {
		s += " bs"
	}
	return s + fmt.Sprint(" origin=", e.AskedOrigin())
}

func TestAskedOrigin(t *testing.T) {
	for _, tc := range []struct {
		result, detailed string
		origin           time.Duration
		want             bool
	}{
		{"Hit", "Hit", Unknown, false},
		{"Miss", "Miss", Unknown, true},
		{"RefreshHit", "RefreshHit", Unknown, true},
		{"Miss", "OriginShieldHit", Unknown, false},
		{"Error", "Error", Unknown, false},
		{"Error", "OriginConnectError", Unknown, true},
		{"Error", "Error", time.Millisecond, true},
		{"LimitExceeded", "", Unknown, false},
	} {
		if e := (Entry{Result: tc.result, Detailed: tc.detailed, Origin: tc.origin}); e.AskedOrigin() != tc.want {
			t.Errorf("%+v: got %v", tc, e.AskedOrigin())
		}
	}
}

// TestHostile holds what any client can put into a log, or a user hand over as one.
func TestHostile(t *testing.T) {
	for _, tc := range []struct {
		name, file         string
		entries, malformed int64
		problem            string // of the file, or the first line
	}{
		{"empty", "", 0, 0, ""},
		{"only a head", v1, 0, 0, ""},
		{"empty lines", v1 + "\n\n" + v1Row + "\n", 1, 0, ""},
		{"a line without columns", v1 + "nonsense\n" + v1Row, 1, 1, "line 3: 1 columns; want 33"},
		{"columns missing at the end", v1 + strings.Join(strings.Split(v1Row, "\t")[:25], "\t") + "\n", 1, 0, ""},
		{"more columns than named", v1 + strings.TrimSuffix(v1Row, "\n") + "\tnew\tnewer\n", 1, 0, ""},
		{"no instant", v1 + strings.Replace(v1Row, "21:02:31", "25:02:31", 1), 0, 1, "line 3: no instant in it"},
		{"an endless line", v1 + strings.Repeat("x", 2*maxLine) + "\n" + v1Row, 1, 1, fmt.Sprintf("line 3: longer than %d bytes", maxLine)},
		{"an endless last line", v1 + strings.Repeat("\t", 2*maxLine), 0, 1, fmt.Sprintf("line 3: longer than %d bytes", maxLine)},
		{"numbers that are none", v1 + strings.NewReplacer("\t392\t", "\t-9e99\t", "0.011", "NaN", "\t200\t", "\t99999\t").Replace(v1Row), 1, 0, ""},
		{"JSON that is none", v2JSON + "{\n[]\n{\"timestamp\":null}\n" + v2JSON, 2, 3, "line 2: no JSON object"},
		{"deep JSON", strings.Repeat(`{"a":`, 100_000/5) + "\n", 0, 1, "line 1: no JSON object"},
		{"columns in no known order", "a\tb\tc\n", 0, 0, "read access log: line 1: which column is which? (got 3 columns without a #Fields line, the first \"a\"; want the names of the columns in order)"},
		{"columns without an instant", "#Fields: c-ip sc-status\n1\t2\n", 0, 0, "read access log: no column has an instant (got \"c-ip sc-status\"; want date and time, or timestamp, among them)"},
		{"Parquet", "PAR1\x00\x00", 0, 0, "read access log: Parquet is not supported (want w3c, json or plain, or convert it to JSON lines)"},
		{"broken gzip", gz(v1 + v1Row)[:200], 0, 0, "read access log: after 1 lines: unexpected EOF"},
		{"gzip that is none", "\x1f\x8bxxxxxxxxxxxx", 0, 0, "read access log: gzip: gzip: invalid header"},
		{"binary", "\x00\x01\x02\n\xff\xfe", 0, 0, "read access log: line 1: which column is which? (got 1 columns without a #Fields line, the first \"\\x00\\x01\\x02\"; want the names of the columns in order)"},
		{"a second head", v1 + v1Row + v1 + v1Row, 2, 0, ""},
	} {
		entries, stats, err := read(t, tc.file, Options{})
		problem := stats.Problem
		if err != nil {
			problem = err.Error()
		}
		if int64(len(entries)) != tc.entries || stats.Malformed != tc.malformed || problem != tc.problem {
			t.Errorf("%s: %d entries, %d malformed, %q; want %d, %d, %q", tc.name, len(entries), stats.Malformed, problem, tc.entries, tc.malformed, tc.problem)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{v1 + v1Row, v2JSON, realTimeJSON, realTimeRow(), "#Fields: date time cs-headers\n2026-01-01 00:00:00 CMCD-x:%25%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		entries, stats, err := read(t, s, Options{})
		if err == nil && stats.Entries != int64(len(entries)) {
			t.Errorf("%d entries; %+v", len(entries), stats)
		}
		for i := range entries {
			if e := &entries[i]; e.Time.IsZero() || e.Bytes < 0 || e.Status < 0 || e.Status > 999 || e.Took < Unknown || len(e.CMCD.Session) > 64 {
				t.Errorf("%+v", e)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	file := v1 + strings.Repeat(v1Row, 1000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, _ := NewReader(strings.NewReader(file), Options{})
		var e Entry
		for r.Next(&e) == nil {
		}
	}
}
