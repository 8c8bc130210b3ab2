package player_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/draw"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// TestFirstChoice is what players begin with: by the address of the stream, by
// what the browser says, by the size of the screen.
func TestFirstChoice(t *testing.T) {
	for _, c := range []struct {
		name, profile, values, host string
		want                        int // height of the level
	}{
		{"a browser that knows its network", "vhs-3.17", "", "cdn.example.com", 720},
		{"a browser that learns nothing from a private address", "vhs-3.17", "", "127.0.0.1:8080", 360},
		{"of IPv6", "vhs-3.17", "", "[::1]:80", 360},
		{"of a network at home", "vhs-3.17", "", "192.168.1.7", 360},
		{"by name", "vhs-3.17", "", "localhost:80", 360},
		{"an address that only looks so", "vhs-3.17", "", "127.0.0.1.example.com", 720},
		{"a player that fills half of it", "vhs-3.17", "{choose: {screen: {size: 640x360}}}", "cdn.example.com", 360},
		{"a player between two sizes", "vhs-3.17", "{choose: {screen: {size: 700x400}}}", "cdn.example.com", 720},
		{"a player larger than everything", "vhs-3.17", "{choose: {screen: {size: 4000x3000}}}", "cdn.example.com", 1080},
		{"no bound", "vhs-3.17", "{choose: {screen: {size: none}}}", "cdn.example.com", 1080},
		{"an address that stands for one of the Internet", "vhs-3.17", "", "public 127.0.0.1:8080", 720},
		{"Shaka as well", "shaka-5.2", "", "10.0.0.1", 360},
		{"Shaka elsewhere", "shaka-5.2", "", "11.0.0.1", 1080},
		{"Shaka if nothing fits", "shaka-5.2", "{startup: {estimate: {browser: {public: 100kbps}}}}", "cdn.example.com", 180},
		{"hls.js does not care", "hlsjs-1.7", "", "10.0.0.1", 180},
	} {
		t.Run(c.name, func(t *testing.T) {
			prof, err := profile.Load(c.profile)
			if err == nil && c.values != "" {
				prof, err = profile.Override(prof, []byte(c.values))
			}
			if err != nil {
				t.Fatal(err)
			}
			var public bool
			c.host, public = strings.CutPrefix(c.host, "public ")
			mv := &m3u8.Multivariant{}
			for _, l := range []struct{ height, rate int }{{180, 400}, {360, 1000}, {720, 3000}, {1080, 6000}} {
				mv.Variants = append(mv.Variants, m3u8.Variant{URL: fmt.Sprintf("http://%s/%d.m3u8", c.host, l.height),
					Bandwidth: int64(l.rate) * 1000, Width: l.height * 16 / 9, Height: l.height})
			}
			l, err := player.NewLadder(mv, prof, nil)
			if err != nil {
				t.Fatal(err)
			}
			for seed := range draw.Seed(20) { // whatever the noise
				p := player.New(player.Config{Profile: prof, URL: "http://" + c.host + "/index.m3u8", Seed: seed, Public: public}, 0)
				out := p.Step(0, &player.Event{}, nil)
				for _, a := range out {
					if a.Type == player.Fetch {
						out = p.Step(time.Millisecond, &player.Event{Type: player.End, Fetch: a.Fetch, Status: 200, Bytes: 1, Ladder: l}, nil)
					}
				}
				want := fmt.Sprintf("/%d.m3u8", c.want)
				asked := ""
				for _, a := range out {
					if a.Type == player.Fetch {
						asked = a.URL
					}
				}
				if !strings.HasSuffix(asked, want) {
					t.Fatalf("seed %d: asks for %q; want %s", seed, asked, want)
				}
			}
		})
	}
}

// TestDrawsOfOneRule proves that the delays of retries stay the same when another
// rule draws, too.
func TestDrawsOfOneRule(t *testing.T) {
	first := func(seed draw.Seed, values string) time.Duration {
		t.Helper()
		prof, err := profile.Load("shaka-5.2")
		if err == nil {
			prof, err = profile.Override(prof, []byte(values))
		}
		if err != nil {
			t.Fatal(err)
		}
		p := player.New(player.Config{Profile: prof, URL: "http://cdn.example.com/index.m3u8", Seed: seed}, 0)
		for _, a := range p.Step(0, &player.Event{}, nil) {
			if a.Type == player.Fetch {
				p.Step(time.Millisecond, &player.Event{Type: player.End, Fetch: a.Fetch, Status: 503}, nil)
			}
		}
		return p.Wake()
	}
	delays := map[time.Duration]bool{}
	for seed := range draw.Seed(20) {
		plain, noisy := first(seed, "{startup: {estimate: {browser: {noise: 0}}}}"), first(seed, "{startup: {estimate: {browser: {noise: 0.1}}}}")
		if plain != noisy {
			t.Errorf("seed %d: retries at %v, with noise on the first estimate at %v; want the same", seed, plain, noisy)
		}
		delays[plain] = true
	}
	if len(delays) < 10 {
		t.Errorf("%d different delays of 20; want jitter", len(delays))
	}
}
