package run

import (
	"context"
	"fmt"
	agreed "hlsload/player/consent"
	"hlsload/run/look"
	"hlsload/run/runtest"
	"hlsload/scenarios"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestDecidedOnce: a host that shows up during the run gets no credentials because
// of its own file, which could not bind the run any more.
func TestDecidedOnce(t *testing.T) {
	for _, tc := range []struct {
		during bool
		hosts  []string
		ok     bool
		asked  int
	}{{false, nil, true, 1}, {true, nil, false, 0}, {true, []string{"late.example"}, true, 0}} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			m := runtest.NewNetwork()
			defer m.ServeAt("203.0.113.9:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == agreed.Path {
					asked++
				}
				fmt.Fprint(w, "hlsload: 1\ntester: ops@example.com\nuntil: 2000-06-01\n")
			})).Close()
			sc := &scenarios.Scenario{Duration: time.Minute}
			sc.Fleet.Audience.Players = 6
			sc.Authorized.By, sc.Authorized.Hosts = "ops@example.com", tc.hosts
			if tc.hosts != nil {
				sc.Authorized.Until = time.Now().Add(time.Hour)
			}
			p, err := newPermission(t.Context(), sc, look.Network{Dial: m.Dial, Resolver: oneHost{}}, "")
			if err == nil && tc.during {
				err = p.permit(t.Context(), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := p.decide(t.Context(), "http://late.example"); (err == nil) != tc.ok || asked != tc.asked {
				t.Errorf("%+v: %v after %d requests for the file", tc, err, asked)
			}
		})
	}
}

// TestOnlyTheChannel: players of an embedded channel go to its edges, and nowhere else that
// is not local.
func TestOnlyTheChannel(t *testing.T) {
	may := (&ground{target: target{urls: []string{"http://203.0.113.9:4000"}}}).onlyChannel()
	foreign := netip.MustParseAddr("203.0.113.9")
	for _, tc := range []struct {
		host  string
		addrs []netip.Addr
		ok    bool
	}{
		{"h", []netip.Addr{netip.MustParseAddr("127.0.0.1")}, true},
		{"h", []netip.Addr{netip.MustParseAddr("127.0.0.1"), foreign}, false},
		{"203.0.113.9", []netip.Addr{foreign}, true},
		{"203.0.113.10", []netip.Addr{netip.MustParseAddr("203.0.113.10")}, false},
	} {
		if err := may(tc.host, tc.addrs); (err == nil) != tc.ok {
			t.Errorf("%s: %v; want allowed: %v", tc.host, err, tc.ok)
		}
	}
}

// oneHost resolves every name to one public address.
type oneHost struct{}

func (oneHost) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil
}

// TestLoopbackIsNotCloudFront: the edges of a rig answer with CloudFront's headers.
func TestLoopbackIsNotCloudFront(t *testing.T) {
	for name, foreign := range map[string]bool{"127.0.0.1": false, "203.0.113.9": true} {
		p := &permission{players: 300, foreign: map[string]netip.Addr{}, on: look.Network{}, gate: agreed.NewGate([]string{name}, nil)}
		if _, err := p.look(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		r := &live{ground: &ground{permission: p, target: target{stream: &stream{cloudFront: true}}}}
		if hint := r.hint(); (hint != "") != foreign {
			t.Errorf("%s answers with CloudFront's headers: hint %q; want one: %v", name, hint, foreign)
		}
	}
}
