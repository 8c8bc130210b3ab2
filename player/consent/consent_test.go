package consent

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestLocal(t *testing.T) {
	for a, want := range map[string]bool{
		"127.0.0.1": true, "127.200.3.4": true, "::1": true, "0.0.0.0": true, "::": true, "10.1.2.3": true, "172.16.0.1": true, "172.31.255.255": true,
		"192.168.1.1": true, "169.254.169.254": true, "fe80::1%eth0": true, "fd00::1": true, "fc00::1": true, "100.64.0.1": true, "100.127.255.255": true,
		"::ffff:10.0.0.1": true, "::ffff:127.0.0.1": true,
		"8.8.8.8": false, "172.32.0.1": false, "172.15.255.255": false, "192.169.0.1": false, "100.63.255.255": false, "100.128.0.0": false, "11.0.0.1": false,
		"203.0.113.9": false, "2600:9000::1": false, "::ffff:8.8.8.8": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "224.0.0.1": false,
		"ff02::1": false, "255.255.255.255": false, "fec0::1": false, "::10.0.0.1": false,
	} {
		if got := Local(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: local %v, want %v", a, got, want)
		}
	}
	if Local(netip.Addr{}) {
		t.Error("no address is local")
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"a.example.com", "A.example.com.", true},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "evilexample.com", false},
		{"*.example.com", ".example.com", false},
		{"example.com", "a.example.com", false},
		{"[2001:db8::1]", "2001:db8::1", true},
		{"", "", false},
	} {
		if got := Covers(c.pattern, c.host); got != c.want {
			t.Errorf("Covers(%q, %q) = %v", c.pattern, c.host, got)
		}
	}
	for p, want := range map[string]bool{"a.example.com": true, "*.example.com": true, "192.0.2.1": true, "[2001:db8::1]": true, "localhost": true,
		"*": false, "*.com": false, "a*.example.com": false, "": false, "a..b": false, "https://a": false, "a/b": false, "a:80": false} {
		if got := ValidPattern(p); got != want {
			t.Errorf("ValidPattern(%q) = %v", p, got)
		}
	}
}

const good = "# ours\nhlsload: 1\ntester: Ops <-- no\n"

func TestParse(t *testing.T) {
	terms, err := Parse([]byte("# load tests\r\nhlsload: 1\r\ntester: ops@example.com # the team\ntester: Jörg Ä.\nuntil: 2026-12-31\nplayers: 5000\nrequests: 20000/s\nbandwidth: 5Gbps\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(*terms), "{[ops@example.com Jörg Ä.] 2027-01-01 00:00:00 +0000 UTC 5000 20000 5000000000}"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	head := "hlsload: 1\ntester: a\nuntil: 2026-12-31\n"
	for text, want := range map[string]string{
		"":                                   "empty",
		"# only\n":                           "empty",
		"<html>hello</html>":                 "line 1: not a permission",
		"tester: a\nhlsload: 1":              "line 1: not a permission",
		"hlsload: 2\n":                       "want hlsload: 1",
		"hlsload: 1\n":                       "no tester",
		"hlsload: 1\ntester: a\n":            "no end",
		"hlsload: 1\ntester: a\nuntil: soon": "line 3: not a day",
		"hlsload: 1\ntester: a(b)\n":         "line 2: bad tester",
		good:                                 "line 3: bad tester",
		head + "players: 0":                  "line 4: bad players",
		head + "players: -1":                 "line 4: bad players",
		head + "players: 1\nplayers: 2":      "there twice",
		head + "requests: 1e9":               "line 4: bad requests",
		head + "bandwidth: 5":                "line 4: bad bandwidth",
		head + "bandwidth: 99999999999Gbps":  "line 4: bad bandwidth",
		head + "paths: /live":                "line 4: unknown key",
		head + "word":                        "line 4: no key",
		head + "\xff":                        "UTF-8",
		head + strings.Repeat("#", MaxBytes): "too long",
		"hlsload: 1\n" + strings.Repeat("tester: a\n", maxTesters+1): "bad tester",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v; want %q", text, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	terms := &Terms{Testers: []string{"ops@example.com"}, Players: 100}
	terms.Until, _ = Until("2026-12-31")
	last := terms.Until.Add(-time.Second)
	for _, c := range []struct {
		tester  string
		end     time.Time
		players int
		want    string
	}{
		{"OPS@example.com", last, 100, ""},
		{"", last, 1, "does not say who tests"},
		{"ops", last, 1, "does not name the tester"},
		{"ops@example.com", terms.Until, 1, "ends with 2026-12-31"},
		{"ops@example.com", last, 101, "allows 100 players (got 101)"},
	} {
		if got := fmt.Sprint(terms.Check(c.tester, c.end, c.players)); c.want == "" && got != "<nil>" || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// FuzzParse: what strangers serve is read or refused.
func FuzzParse(f *testing.F) {
	f.Add([]byte("hlsload: 1\ntester: a\nuntil: 2026-12-31\nplayers: 5000\nrequests: 20000/s\nbandwidth: 5Gbps\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		terms, err := Parse(data)
		if err == nil && (len(terms.Testers) == 0 || terms.Until.IsZero() || terms.Players < 0 || terms.Requests < 0 || terms.Bandwidth < 0) {
			t.Errorf("%q: %+v", data, terms)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}
