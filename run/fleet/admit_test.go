package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/credential"
	"hlsload/player/ticket"
)

// desk issues tokens: one a pass, of a player's own.
type desk struct {
	gate   *ticket.Gate
	target string
	life   time.Duration // of a pass; 0 = for good
	refuse func(v *audience.Arrival) error

	mu     sync.Mutex
	issued map[string]time.Time // by token
}

func newDesk(t *testing.T, target, header string) *desk {
	t.Helper()
	d := &desk{target: target, issued: map[string]time.Time{}, gate: &ticket.Gate{Seed: 1, Secret: "5ec2e75ec2e75ec2"}}
	tmpl, err := ticket.ParseTemplate(target, false)
	if err != nil {
		t.Fatal(err)
	}
	d.gate.URLs = []ticket.Template{tmpl}
	if header != "" {
		if tmpl, err = ticket.ParseTemplate(header, true); err != nil {
			t.Fatal(err)
		}
		d.gate.Headers = []ticket.HeaderTemplate{{Name: "Authorization", Value: tmpl}}
	}
	return d
}

func (d *desk) Ticket(_ context.Context, v *audience.Arrival, renewals int) (*ticket.Pass, error) {
	if d.refuse != nil {
		if err := d.refuse(v); err != nil {
			return nil, err
		}
	}
	token := fmt.Sprintf("marmalade-of-%d-%d-%d", v.Player, v.Session, renewals)
	d.mu.Lock()
	d.issued[token] = time.Now()
	d.mu.Unlock()
	t := &ticket.Ticket{Fields: map[string]string{"token": token}}
	if d.life > 0 {
		t.Expires = time.Now().Add(d.life)
	}
	return d.gate.Pass(ticket.Ask{Player: int64(v.Player), Session: int(v.Session)}, t, int(v.Entry))
}

func (d *desk) Credentials(p *ticket.Pass) *credential.Set {
	return credential.New([]string{d.target}, p.Headers, nil)
}

// good reports whether a token was issued, and not too long ago.
func (d *desk) good(token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.issued[token]
	return ok && (d.life == 0 || time.Since(at) <= d.life)
}

// guarded has a channel behind a check of tokens in paths.
func (d *desk) guarded(c *channel, echo bool) *guard {
	g := &guard{used: map[string]int{}}
	c.hook = func(w http.ResponseWriter, r *http.Request) bool {
		token, rest, _ := strings.Cut(r.URL.Path[1:], "/")
		g.mu.Lock()
		defer g.mu.Unlock()
		if strings.Contains(r.URL.String(), d.gate.Secret) {
			g.standIns++
		}
		if !d.good(token) {
			g.refused++
			http.Error(w, "no "+r.URL.String(), http.StatusForbidden)
			return true
		}
		g.used[token]++
		r.URL.Path = "/" + rest
		switch {
		case echo && rest == "index.m3u8":
			fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400000\n/%s/p0/v400000.m3u8?t=%s\n", token, token)
			return true
		case echo && strings.HasSuffix(rest, ".m3u8"):
			text := strings.ReplaceAll(c.playlist("v400000"), ".ts", ".ts?t="+token)
			c.mu.Lock()
			c.told[rest+c.playlist("v400000")] = true
			c.mu.Unlock()
			fmt.Fprint(w, text)
			return true
		}
		return false
	}
	return g
}

type guard struct {
	mu                sync.Mutex
	used              map[string]int
	refused, standIns int
}

// clean fails when a sample says anything of a token.
func clean(t *testing.T, name string, r *ledger) {
	t.Helper()
	for _, s := range r.sessions {
		for _, sm := range s.samples {
			if strings.Contains(sm.Reason, "marmalade") || strings.Contains(sm.Reason, "5ec2e7") {
				t.Errorf("%s: player %d says %q", name, s.who.Player, sm.Reason)
			}
		}
	}
}

// TestTokensInPaths: every session plays with a token of its own, and all share
// the playlists that were parsed, also where playlists repeat the token.
func TestTokensInPaths(t *testing.T) {
	for _, c := range []struct {
		name     string
		standard bool
		echo     bool
		cmcd     CMCD
		hooked   bool
	}{{name: "lean"}, {name: "standard", standard: true}, {name: "echo", echo: true}, {name: "cmcd", cmcd: CMCDQuery}, {name: "faults", echo: true, hooked: true}} {
		d := newDesk(t, "http://rig/{token}/index.m3u8", "")
		var g *guard
		w := inBubble(t, func(cfg *Config, ch *channel) {
			g = d.guarded(ch, c.echo)
			cfg.URL, cfg.Tickets, cfg.Standard, cfg.CMCD, cfg.Audience.Players = nil, d, c.standard, c.cmcd, 20
			if c.hooked {
				cfg.Chaos = &meddler{}
			}
		}, nil)
		if len(g.used) != 20 || g.refused != 0 || g.standIns != 0 {
			t.Errorf("%s: %d tokens used, %d requests refused, %d with a stand-in; want 20, none, none", c.name, len(g.used), g.refused, g.standIns)
		}
		for token, n := range g.used {
			if n < 25 {
				t.Errorf("%s: %s was used %d times; want by all requests of its player", c.name, token, n)
			}
		}
		if n := w.record.count(player.Appended); n < 20*12 {
			t.Errorf("%s: %d segments appended; want at least 240", c.name, n)
		}
		if n := w.fleet.Stats().Parsed; n < 5 || n > len(w.channel.told)+1 {
			t.Errorf("%s: %d playlists parsed for 20 sessions; want at most %d", c.name, n, len(w.channel.told)+1)
		}
		for _, s := range w.record.sessions {
			for _, sm := range s.samples {
				if sm.Type == player.Appended && sm.Pipeline != 0 {
					t.Fatalf("%s: media of pipeline %d; want 0", c.name, sm.Pipeline)
				}
			}
		}
		clean(t, c.name, w.record)
	}
}

// TestHeadersOfSessions: the header of a session goes to the target, and to no
// other host that its playlists name.
func TestHeadersOfSessions(t *testing.T) {
	d := newDesk(t, "http://rig/index.m3u8", "Bearer {token}")
	seen := map[string]map[string]int{} // by host and header
	inBubble(t, func(cfg *Config, c *channel) {
		c.elsewhere = "http://elsewhere"
		cfg.Tickets = d
		c.hook = func(_ http.ResponseWriter, r *http.Request) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			if seen[r.Host] == nil {
				seen[r.Host] = map[string]int{}
			}
			seen[r.Host][r.Header.Get("Authorization")]++
			return false
		}
	}, nil)
	if len(seen["rig"]) != 5 || seen["rig"][""] != 0 || seen["rig"]["Bearer marmalade-of-3-1-0"] == 0 {
		t.Errorf("the target was sent %v; want the tokens of 5 players", seen["rig"])
	}
	if len(seen["elsewhere"]) != 1 || seen["elsewhere"][""] == 0 {
		t.Errorf("another host was sent %v; want no token", seen["elsewhere"])
	}
}

// TestRenewal: passes that end are renewed in time, in place or by joining anew.
func TestRenewal(t *testing.T) {
	for _, rejoin := range []bool{false, true} {
		for _, every := range []bool{false, true} {
			name := fmt.Sprintf("rejoin %v, every %v", rejoin, every)
			d := newDesk(t, "http://rig/{token}/index.m3u8", "")
			d.life = 8 * time.Second
			var g *guard
			var issued sync.Map // of requests
			w := inBubble(t, func(cfg *Config, c *channel) {
				g = d.guarded(c, false)
				cfg.Tickets, cfg.Renew = d, Renewal{Before: 3 * time.Second, Rejoin: rejoin}
				if every {
					cfg.Renew = Renewal{Every: 5 * time.Second, Rejoin: rejoin}
				}
				cfg.Chaos = &meddler{answer: func(_ time.Duration, t *chaos.Thing, _ string, real chaos.Answer) (chaos.Answer, chaos.Effect) {
					issued.Store(fmt.Sprint(t.Viewer, t.Issued), true)
					return real, chaos.Effect{}
				}}
			}, nil)
			if g.refused != 0 || len(g.used) < 5*5 {
				t.Errorf("%s: %d refused, %d tokens used; want none, at least 25", name, g.refused, len(g.used))
			}
			n := 0
			issued.Range(func(any, any) bool { n++; return true })
			if n < 5*5 {
				t.Errorf("%s: faults see tokens of %d instants; want at least 25", name, n)
			}
			if sessions := len(w.record.sessions); rejoin != (sessions >= 5*5) || !rejoin && sessions != 5 {
				t.Errorf("%s: %d sessions", name, sessions)
			}
			if s := w.fleet.Stats(); s.LocalErrors != 0 || s.Live != 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// TestNoToken: a session without a token does not begin and is no word about the
// target; one that cannot renew goes on and tries again.
func TestNoToken(t *testing.T) {
	d := newDesk(t, "http://rig/{token}/index.m3u8", "")
	var g *guard
	asked := map[uint64]int{}
	d.refuse = func(v *audience.Arrival) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		asked[v.Player]++
		if v.Player == 3 || v.Player == 2 && asked[2] == 2 {
			return errors.New("no such player")
		}
		return nil
	}
	w := inBubble(t, func(cfg *Config, c *channel) {
		g = d.guarded(c, false)
		cfg.Tickets, cfg.Renew = d, Renewal{Every: 10 * time.Second}
	}, nil)
	if s := w.fleet.Stats(); s.LocalErrors != 2 || s.LocalError != "no token for a session: no such player" || s.Sessions != 4 {
		t.Errorf("%+v; want 2 local errors and 4 sessions", s)
	}
	if g.refused != 0 || asked[3] != 1 || asked[2] < 3 {
		t.Errorf("%d refused; asked %v", g.refused, asked)
	}
}

// TestRefusedTokens: what a server says when it refuses shows no token.
func TestRefusedTokens(t *testing.T) {
	d := newDesk(t, "http://rig/{token}/index.m3u8?s={token}", "Bearer {token}")
	d.life = 10 * time.Second
	w := inBubble(t, func(cfg *Config, c *channel) {
		d.guarded(c, false)
		guard := c.hook
		c.hook = func(w http.ResponseWriter, r *http.Request) bool {
			if time.Since(c.epoch) > 15*time.Second { // it redirects to and fro
				http.Redirect(w, r, r.URL.String()+"&again="+r.Header.Get("Authorization"), http.StatusFound)
				return true
			}
			return guard(w, r)
		}
		cfg.Tickets = d
	}, nil)
	clean(t, "refused", w.record)
	said := 0
	for _, s := range w.record.sessions {
		for _, sm := range s.samples {
			if sm.Reason != "" {
				said++
			}
		}
	}
	if said == 0 {
		t.Error("nothing was said at all")
	}
}
