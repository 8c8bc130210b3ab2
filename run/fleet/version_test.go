package fleet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/link"
	"hlsload/reports/record"
	"hlsload/run/client"
)

// TestVersionOfHTTP proves that over TLS a player speaks the version of HTTP that
// its profile names, and that its link is modelled for the version that server and
// player agreed on.
func TestVersionOfHTTP(t *testing.T) {
	serve := func(http2 bool) *httptest.Server {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		t.Cleanup(srv.Close)
		return srv
	}
	both, old := serve(true), serve(false)
	for _, tc := range []struct {
		profile string
		srv     *httptest.Server
		want    string
	}{
		{"hlsjs-1.7", both, "HTTP/2.0"},
		{"hlsjs-1.7", old, "HTTP/1.1"},
		{"ffmpeg-5.1", both, "HTTP/1.1"},
		{"media3-1.11", both, "HTTP/1.1"},
	} {
		f, err := New(Config{
			Audience: audience.Config{Players: 1, Cohorts: []audience.Cohort{{Name: "all", Share: 1, Profile: tc.profile, Network: link.Config{RTT: time.Millisecond}}}},
			Profiles: map[string]*player.Profile{tc.profile: mustLoad(tc.profile)}, Epoch: time.Now(),
			URL:  func(*audience.Arrival) string { return tc.srv.URL },
			Join: func(time.Duration, record.SessionInfo) Session { return nil },
			TLS:  tc.srv.Client().Transport.(*http.Transport).TLSClientConfig,
		})
		if err != nil {
			t.Fatal(err)
		}
		c := f.newClient(0, &f.cohorts[0], &f.cohorts[0].Network)
		var res client.Response
		if _, err := c.Do(t.Context(), &client.Request{Method: "GET", URL: tc.srv.URL}, &res, func(ctx context.Context, e client.Engine, req *client.Request, res *client.Response) error {
			return e.Send(ctx, req, res)
		}); err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if string(got) != tc.want {
			t.Errorf("%s: %q; want %s", tc.profile, got, tc.want)
		}
		c.Close()
	}
}
