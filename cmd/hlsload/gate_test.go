package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/reports"
	"hlsload/run/look"
	"hlsload/run/runtest"
)

// TestGate: a public stream leads neither the look before a run, nor the players,
// however few they are, nor a probe to addresses inside.
func TestGate(t *testing.T) {
	const foreign, inside = "203.0.113.9", "10.0.0.9"
	lookups := func(n int, first, then string) (list []string) {
		for range n {
			list = append(list, first)
		}
		return append(list, then)
	}
	segments := func(at string) func(*public, *names) { return func(p *public, _ *names) { p.segments = at } }
	redirect := func(to string) func(*public, *names) { return func(p *public, _ *names) { p.redirect = to } }
	media := func(at string) func(*public, *names) { return func(p *public, _ *names) { p.variant = at } }
	for _, tc := range []struct {
		name string
		set  func(p *public, n *names)
		args string
		run  int
		said string // of the run
		// probe is its exit code, and found what it says.
		probe int
		found string
		asked bool // who is inside was asked
	}{
		{"as it should be", nil, "", 0, "2 playing", 0, "media.m3u8", false},
		{"a media playlist inside", media("http://inside.example/media.m3u8"), "", exitUsage,
			"not dialled: inside.example is at 10.0.0.9, not a public address, and the target is public: its playlists and redirects must not lead there (want authorized.hosts, or --authorized-hosts of probe, to have inside.example, if it is meant); a playlist led there",
			112, "finding: http://inside.example/media.m3u8: not dialled: inside.example is at 10.0.0.9", false},
		{"its address", media("http://10.0.0.9/media.m3u8"), "", exitUsage, "not dialled: 10.0.0.9 is at 10.0.0.9", 112, "not dialled: 10.0.0.9 is at 10.0.0.9", false},
		{"its address by NAT64", media("http://[64:ff9b::a00:9]/media.m3u8"), "", exitUsage, "not dialled: 64:ff9b::a00:9 is at 64:ff9b::a00:9", 112, "not dialled", false},
		{"its address mapped", media("http://[::ffff:10.0.0.9]/media.m3u8"), "", exitUsage, "is at 10.0.0.9", 112, "not dialled", false},
		{"loopback, spelled oddly", media("http://0x7f.1/media.m3u8"), "", exitUsage, "not dialled: 0x7f.1 is at 127.0.0.1", 112, "not dialled: 0x7f.1 is at 127.0.0.1", false},
		{"this machine", media("http://localhost/media.m3u8"), "", exitUsage, "not dialled: localhost is at 127.0.0.1", 112, "not dialled", false},
		{"segments inside", segments("http://inside.example/"), "", exitUsage, "not dialled: inside.example is at 10.0.0.9", 112, "newest segment: http://inside.example/", false},
		{"segments inside, for a crowd", segments("http://inside.example/"), "--players 6 " + by + " " + until, exitUsage, "not dialled: inside.example is at 10.0.0.9", 112, "not dialled", false},
		{"a redirect inside", redirect("http://inside.example/media.m3u8"), "", exitUsage, "to have inside.example, if it is meant); a redirect of http://edge.example led there", exitUsage, "a redirect of http://edge.example led there", false},
		{"a redirect to credentials", redirect("http://169.254.169.254/latest/meta-data/"), "", exitUsage,
			"not dialled: 169.254.169.254 is at 169.254.169.254, where machines keep their credentials (want the address itself in the URL, if it is what is meant); a redirect of http://edge.example led there", exitUsage, "where machines keep", false},
		{"to credentials, though named", redirect("http://169.254.169.254/latest/meta-data/"), "--set authorized.hosts=[169.254.169.254] " + by, exitUsage, "where machines keep", exitUsage, "where machines keep", false},
		{"segments inside, named", segments("http://inside.example/"), "--set authorized.hosts=[inside.example] " + by, 0, "2 playing", 0, "media.m3u8", true},
		{"segments move inside", func(p *public, _ *names) { p.later = "http://inside.example/" }, "", reports.ExitInterrupted, "not dialled: inside.example is at 10.0.0.9", 0, "media.m3u8", false},
		{"segments are redirected inside later", func(p *public, _ *names) { p.later = "/moved/" }, "", reports.ExitInterrupted, "a redirect of http://edge.example led there", 0, "media.m3u8", false},
		{"another host rebinds inwards", func(p *public, n *names) {
			p.segments, n.hosts["segments.example"] = "http://segments.example/", lookups(1, foreign, inside)
		}, "", reports.ExitInterrupted, "not dialled: segments.example is at 10.0.0.9", 0, "media.m3u8", false},
		{"the target rebinds inwards", func(_ *public, n *names) { n.hosts["edge.example"] = lookups(4, foreign, inside) }, "", reports.ExitInterrupted,
			"not dialled: edge.example is at 10.0.0.9, not a public address, and it was at a public one before (DNS rebinding)", 0, "media.m3u8", false},
		{"inside, but for its playlists", func(p *public, n *names) {
			p.variant, p.segments = "http://segments.example/media.m3u8", "http://inside.example/"
			n.hosts["edge.example"] = []string{"10.0.0.1"}
		}, "", exitUsage, "not dialled: inside.example is at 10.0.0.9", 112, "not dialled: inside.example", false},
		{"inside, but for its segments, which are redirected inside later", func(p *public, n *names) {
			p.later = "http://segments.example/moved/"
			n.hosts["edge.example"] = []string{"10.0.0.1"}
		}, "", reports.ExitInterrupted, "a redirect of http://segments.example led there", 0, "media.m3u8", false},
		{"inside as a whole", func(p *public, n *names) {
			p.segments, n.hosts["edge.example"] = "http://inside.example/", []string{"10.0.0.1"}
		}, "", 0, "2 playing", 0, "media.m3u8", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				args := map[string][]string{
					"run":   append([]string{"run", "testdata/scenarios/url.yaml", "--url", "http://edge.example/index.m3u8", "--players", "2", "--duration", "10s", "--progress", "none", "--out", filepath.Join(t.TempDir(), "out")}, strings.Fields(tc.args)...),
					"probe": {"probe", "http://edge.example/index.m3u8"},
				}
				if strings.Contains(tc.args, "[inside") {
					args["probe"] = append(args["probe"], "--authorized-hosts", "inside.example")
				}
				for _, command := range []string{"run", "probe"} {
					m := runtest.NewNetwork()
					p := &public{healthy: healthy{began: time.Now()}, agents: map[string]int{}}
					n := &names{hosts: map[string][]string{"edge.example": {foreign}, "segments.example": {foreign}, "inside.example": {inside}, "0x7f.1": {"127.0.0.1"}, "localhost": {"127.0.0.1"}}}
					if tc.set != nil {
						tc.set(p, n)
					}
					var asked atomic.Int64
					within := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						asked.Add(1)
						p.healthy.ServeHTTP(w, r)
					})
					for addr, h := range map[string]http.Handler{foreign: p, "10.0.0.1": p, inside: within, "127.0.0.1": within, "169.254.169.254": within, "[64:ff9b::a00:9]": within} {
						defer m.ServeAt(addr+":80", h).Close()
					}
					var stdout, stderr bytes.Buffer
					code := executeOn(t.Context(), network{web: look.Network{Dial: m.Dial, Resolver: n}}, args[command], &stdout, &stderr)
					said := stderr.String() + strings.Join(strings.Fields(stdout.String()), " ")
					want, text := tc.run, tc.said
					if command == "probe" {
						want, text = tc.probe, tc.found
					}
					if code != want || !strings.Contains(said, text) {
						t.Errorf("%s: exit code %d; want %d and\n%s\nin\n%s", command, code, want, text, said)
					}
					if n := asked.Load(); (n > 0) != tc.asked {
						t.Errorf("%s: %d requests came inside", command, n)
					}
				}
			})
		})
	}
}
