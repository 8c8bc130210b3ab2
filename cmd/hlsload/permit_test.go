package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	agreed "hlsload/player/consent"
	"hlsload/reports"
	"hlsload/run/client"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// names is a resolver: what a host is found to have, one after the other.
type names struct {
	mu    sync.Mutex
	hosts map[string][]string
	alias map[string]string
}

func (n *names) LookupCNAME(_ context.Context, host string) (string, error) {
	return cmp.Or(n.alias[host], host+"."), nil
}

func (n *names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.hosts[host]
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(list) > 1 {
		n.hosts[host] = list[1:]
	}
	var out []netip.Addr
	for a := range strings.FieldsSeq(list[0]) {
		out = append(out, netip.MustParseAddr(a))
	}
	return out, nil
}

// public is a healthy stream as others would serve it.
type public struct {
	healthy
	terms    string // its consent file; "" = none
	segments string // where they are, "" = here
	redirect string // of the multivariant playlist
	variant  string // where the media playlist is, "" = here
	later    string // where segments are from the third new one on; "" = as before
	cdn      bool

	mu     sync.Mutex
	agents map[string]int // requests of players and looks
	asked  int            // for the file
	secret bool           // a header of the target came with that
}

func (p *public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if r.URL.Path == agreed.Path {
		p.asked++
		p.secret = p.secret || r.Header.Get("X-Token") != "" || r.Header.Get("Cookie") != ""
	} else {
		p.agents[r.UserAgent()]++
	}
	p.mu.Unlock()
	if p.cdn {
		w.Header().Set("Via", "1.1 abc.cloudfront.net (CloudFront)")
		w.Header().Set("X-Amz-Cf-Pop", "FRA56-P4")
	}
	switch {
	case r.URL.Path == agreed.Path && p.terms == "":
		http.NotFound(w, r)
	case r.URL.Path == agreed.Path:
		fmt.Fprint(w, p.terms)
	case r.URL.Path == "/index.m3u8" && p.redirect != "":
		http.Redirect(w, r, p.redirect, http.StatusFound)
	case r.URL.Path == "/index.m3u8" && p.variant != "":
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\n"+p.variant+"\n")
	case r.URL.Path == "/media.m3u8":
		list := p.media(2, "2.0", p.segments+"%d.ts")
		for n := 102; p.later != "" && n <= p.last(); n++ {
			list = strings.Replace(list, fmt.Sprintf("\n%d.ts", n), fmt.Sprintf("\n%s%d.ts", p.later, n), 1)
		}
		fmt.Fprint(w, list)
	case strings.HasPrefix(r.URL.Path, "/moved/"):
		http.Redirect(w, r, "http://inside.example"+strings.TrimPrefix(r.URL.Path, "/moved"), http.StatusFound)
	default:
		p.healthy.ServeHTTP(w, r)
	}
}

const by, until = "--set authorized.by=ops@example.com", "--set authorized.until=2000-06-01"

func TestConsent(t *testing.T) {
	const terms = "hlsload: 1\ntester: ops@example.com\nuntil: 2000-06-01\n"
	const foreign = "203.0.113.9"
	for _, tc := range []struct {
		name  string
		set   func(p *public, n *names)
		args  string
		code  int
		said  string
		agent string // what every User-Agent ends with; "-" = nobody says who calls
	}{
		{"a handful needs nobody's", nil, "--players 5", 0, "5 playing at the end", "hlsload/" + ownVersion()},
		{"a crowd does", nil, "--players 6", exitUsage, "no consent: more than 5 players need permission where the target is not local (got 6)\n    edge.example is at 203.0.113.9; http://edge.example/.well-known/hlsload.txt: status 404; want 200\n" +
			"once the operator agrees, either write into the scenario (testdata/scenarios/url.yaml)\n    authorized: {by: ops@example.com, until: 2000-01-08}\n" +
			"or have the operator serve https://edge.example/.well-known/hlsload.txt, with authorized: {by: ops@example.com} in the scenario\n    hlsload: 1\n    tester: ops@example.com\n    until: 2000-01-08", ""},
		{"consent in the scenario", nil, "--players 6 " + by + " " + until, 0, "6 playing at the end", "hlsload/" + ownVersion() + " (+ops@example.com)"},
		{"a name is no consent", nil, "--players 6 " + by, exitUsage, "no consent", ""},
		{"consent of the target", func(p *public, _ *names) { p.terms = terms }, "--players 6 " + by, 0, "edge.example consents to this load", "(+ops@example.com)"},
		{"for somebody else", func(p *public, _ *names) { p.terms = strings.ReplaceAll(terms, "ops", "dev") }, "--players 6 " + by + " " + until, exitUsage, "it does not name the tester", ""},
		{"over", func(p *public, _ *names) { p.terms = strings.ReplaceAll(terms, "2000-06-01", "1999-12-31") }, "--players 6 " + by + " " + until, exitUsage, "it ends with 1999-12-31", ""},
		{"for fewer", func(p *public, _ *names) { p.terms = terms + "players: 10" }, "--players 11 " + by, exitUsage, "it allows 10 players (got 11)", ""},
		{"not to be understood", func(p *public, _ *names) { p.terms = terms + "weekdays: none" }, "--players 6 " + by + " " + until, exitUsage, "unknown key (got \"weekdays\"", ""},
		{"a page for people, and consent in the scenario", func(p *public, _ *names) { p.terms = "<html>welcome</html>" }, "--players 6 " + by + " " + until, 0, "6 playing", "(+ops@example.com)"},
		{"a page for people", func(p *public, _ *names) { p.terms = "<html>welcome</html>" }, "--players 6 " + by, exitUsage, "not a permission for hlsload", ""},
		{"without end", func(p *public, _ *names) { p.terms = strings.Repeat("# \n", 1<<20) }, "--players 6 " + by, exitUsage, "too long", ""},
		{"its ceiling binds", func(p *public, _ *names) { p.terms = terms + "requests: 10/s" }, "--players 6 --set limits.requests=1000/s " + by, reports.ExitInterrupted,
			"ceiling reached: more than 10 requests would have been sent within a second", "(+ops@example.com)"},
		{"our ceiling binds", func(p *public, _ *names) { p.terms = terms + "requests: 1000/s" }, "--players 6 --set limits.bandwidth=100kbps " + by, reports.ExitInterrupted,
			"ceiling reached: ", "(+ops@example.com)"},
		{"segments elsewhere", func(p *public, _ *names) { p.segments = "http://segments.example/" }, "--players 6 " + by + " " + until, exitUsage,
			"segments.example is at 203.0.113.9; http://segments.example/.well-known/hlsload.txt: status 404; want 200\nonce the operator agrees, either write into the scenario (testdata/scenarios/url.yaml)\n" +
				"    authorized: {by: ops@example.com, until: 2000-01-08, hosts: [segments.example]}", ""},
		{"segments elsewhere, agreed", func(p *public, _ *names) { p.segments = "http://segments.example/" }, "--players 6 --set authorized.hosts=[segments.example] " + by + " " + until, 0, "6 playing", "(+ops@example.com)"},
		{"only the segments are foreign", func(p *public, n *names) {
			p.segments, n.hosts["edge.example"] = "http://segments.example/", []string{"10.0.0.1"}
		}, "--players 6", exitUsage, "segments.example is at", ""},
		{"redirected", func(p *public, n *names) {
			p.redirect, n.hosts["edge.example"] = "http://segments.example/media.m3u8", []string{"10.0.0.1"}
		}, "--players 6", exitUsage, "segments.example is at", ""},
		{"one of several addresses", func(_ *public, n *names) { n.hosts["edge.example"] = []string{"10.0.0.1 203.0.113.9"} }, "--players 6", exitUsage, "edge.example is at 10.0.0.1, not a public address, and it is at a public one as well", ""},
		{"one of several addresses, named", func(_ *public, n *names) { n.hosts["edge.example"] = []string{"10.0.0.1 203.0.113.9"} }, "--players 6 --set authorized.hosts=[edge.example] " + by, exitUsage, "no consent: more than 5 players need permission where the target is not local (got 6)\n    edge.example is at 203.0.113.9", ""},
		{"rebinds", func(_ *public, n *names) {
			n.hosts["edge.example"] = []string{"10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "203.0.113.9"}
		}, "--players 6", reports.ExitInterrupted,
			"no consent for edge.example, which is at 203.0.113.9 (want ", "-"},
		{"at home", func(_ *public, n *names) { n.hosts["edge.example"] = []string{"10.0.0.1"} }, "--players 6", 0, "6 playing", "-"},
		{"written out", nil, "--players 6 --url http://203.0.113.9/index.m3u8", exitInvalid, "target.url: more than 5 players need the consent of the operator to watch an address that is not local (got 6;", ""},
		{"written out, agreed", nil, "--players 6 --url http://203.0.113.9/index.m3u8 " + by + " " + until, 0, "6 playing", "(+ops@example.com)"},
		{"CloudFront", func(p *public, _ *names) { p.cdn = true }, "--players 30 " + by + " " + until, 0, "CloudFront serves this target: before a large test, read AWS's current policies", "(+ops@example.com)"},
		{"CloudFront by its name", func(_ *public, n *names) { n.alias = map[string]string{"edge.example": "D123.CloudFront.net."} }, "--players 30 --progress plain " + by + " " + until, 0,
			"0:00  ** CloudFront serves this target", "(+ops@example.com)"},
		{"nothing to be said to a handful", func(p *public, _ *names) { p.cdn = true }, "--players 5", 0, "nothing else was expected No fault was made", "hlsload/" + ownVersion()},
		{"one address", nil, "--players 30 " + by + " " + until, 0, "connections went to one address", "(+ops@example.com)"},
		{"one POP", func(p *public, _ *names) { p.cdn = true }, "--players 30 " + by + " " + until, 0, "all answers came from one POP (FRA56-P4)", "(+ops@example.com)"},
		{"no address", func(_ *public, n *names) { n.hosts["edge.example"] = nil }, "--players 6", reports.ExitUnreachable, "target unreachable at start", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				p := &public{healthy: healthy{began: time.Now()}, agents: map[string]int{}}
				n := &names{hosts: map[string][]string{"edge.example": {foreign}, "segments.example": {foreign}}}
				if tc.set != nil {
					tc.set(p, n)
				}
				for _, addr := range []string{foreign + ":80", "10.0.0.1:80"} {
					defer m.ServeAt(addr, p).Close()
				}
				out := filepath.Join(t.TempDir(), "out")
				args := append([]string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--progress", "none", "--out", out}, strings.Fields(tc.args)...)
				var stdout, stderr bytes.Buffer
				code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args, &stdout, &stderr)
				said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
				if code != tc.code || !strings.Contains(said, tc.said) {
					t.Errorf("exit code %d; want %d and\n%s\nin\n%s", code, tc.code, tc.said, said)
				}
				if _, err := os.Stat(out); (err == nil) != (tc.agent != "" || tc.code == reports.ExitUnreachable) {
					t.Errorf("results: %v", err)
				}
				if strings.Contains(said, "CloudFront serves") && !strings.Contains(tc.said, "CloudFront serves") && !p.cdn || strings.Contains(tc.args, "--players 5") && strings.Contains(said, "CloudFront") {
					t.Errorf("a hint that nobody needs:\n%s", said)
				}
				if p.secret {
					t.Error("headers of the target came with the request for the file")
				}
				players := 0
				for a, k := range p.agents {
					if strings.HasPrefix(a, "hlsload/") {
						continue // a look
					}
					players += k
					if says := strings.Contains(a, " hlsload/"); says != (tc.agent != "-") || says && !strings.HasSuffix(a, tc.agent) {
						t.Errorf("User-Agent %q; want it to end with %q", a, tc.agent)
					}
				}
				if (players > 0) != (tc.agent != "") {
					t.Errorf("%d requests of players", players)
				}
				if tc.name == "at home" && p.asked > 0 {
					t.Error("a local target was asked for consent")
				}
			})
		})
	}
}

// TestHalts ends runs at once: players go, the fault is undone, the results are
// written.
func TestHalts(t *testing.T) {
	for _, tc := range []struct {
		name string
		code int
		said string
	}{
		{"stop file", reports.ExitInterrupted, "stop file: "},
		{"stop file of the scenario", reports.ExitInterrupted, "stop file: "},
		{"signal", reports.ExitInterrupted, "halted by the user"},
		{"stop file from the start", exitUsage, "exists already"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "stop")
			synctest.Test(t, func(t *testing.T) {
				m := runtest.NewNetwork()
				var last time.Time // of a request
				var mu sync.Mutex
				dial := func(ctx context.Context, network, address string) (net.Conn, error) {
					c, err := m.Dial(ctx, network, address)
					return noting{c, func() { mu.Lock(); last = time.Now(); mu.Unlock() }}, err
				}
				on := network{listen: m.Listen, web: look.Network{Dial: dial}}
				began, pull := time.Now(), 20*time.Second // in the kill of short.yaml
				args := []string{"run", "testdata/scenarios/short.yaml", "--out", dir, "--progress", "plain"}
				switch tc.name {
				case "signal":
					stop := make(chan struct{}) // of the bubble
					on.halt = stop
					time.AfterFunc(pull, func() { close(stop) })
				case "stop file of the scenario":
					args = append(args, "--set", "limits.stop_file="+file)
				default:
					args = append(args, "--stop-file", file)
				}
				write := func() { os.WriteFile(file, nil, 0o600) }
				if strings.Contains(tc.name, "start") {
					write()
				} else if tc.name != "signal" {
					time.AfterFunc(pull, write)
				}
				var stdout, stderr bytes.Buffer
				code := executeOn(t.Context(), on, args, &stdout, &stderr)
				said := strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
				if code != tc.code || !strings.Contains(said, tc.said) {
					t.Errorf("exit code %d; want %d and %q in\n%s", code, tc.code, tc.said, said)
				}
				if tc.code == exitUsage {
					return
				}
				if late := last.Sub(began) - pull; late > time.Second {
					t.Errorf("the last request left %v after the switch", late)
				}
				s := summaryOf(t, dir)
				f := s["faults"].([]any)[0].(map[string]any)
				if s["verdict"] != reports.Interrupted || f["undo_verified"] != true || f["cleared_at_s"] == nil || s["duration_s"].(float64) > 21.1 {
					t.Errorf("verdict %v after %v s; fault undone %v at %v", s["verdict"], s["duration_s"], f["undo_verified"], f["cleared_at_s"])
				}
			})
		})
	}
}

// noting tells of each write.
type noting struct {
	net.Conn
	wrote func()
}

func (n noting) Write(b []byte) (int, error) {
	n.wrote()
	return n.Conn.Write(b)
}

var _ client.Resolver = (*names)(nil)
