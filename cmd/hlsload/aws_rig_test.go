//go:build full

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/account"
	"hlsload/chaos/aws/awstest"
	"hlsload/chaos/conduct"
	"hlsload/chaos/journal"
	"hlsload/player/m3u8"
	"hlsload/rig"
	"hlsload/rig/serve"
	"hlsload/run/runtest"
)

// rigBucket is the embedded channel's origin as a bucket on AWS: objects are
// the rig's own, over its S3 API; what that does not have (policy, ACLs, tags,
// versioning) and every other service is the emulated account's. Its writers
// obey the policy, conditions included.
type rigBucket struct {
	*awstest.Account
	bucket *awstest.Bucket
	origin string
	client *http.Client

	applier *serve.Applier
	paths   map[string]*chaos.Fault // key of a media playlist -> what freezes it
	frozen  map[string]bool
}

const rigRole = "arn:aws:iam::123456789012:role/encoder"

// RoundTrip implements [http.RoundTripper].
func (b *rigBucket) RoundTrip(q *http.Request) (*http.Response, error) {
	query := q.URL.Query()
	if !strings.HasPrefix(q.URL.Host, "live.s3.") || query.Has("policy") || query.Has("tagging") || query.Has("acl") || query.Has("versioning") {
		return b.Account.RoundTrip(q)
	}
	at, err := url.Parse(b.origin)
	if err != nil {
		return nil, err
	}
	to := q.Clone(q.Context())
	to.URL.Scheme, to.URL.Host, to.Host = "http", at.Host, at.Host
	to.URL.Path, to.URL.RawPath = "/live"+q.URL.Path, ""
	return b.client.Transport.RoundTrip(to)
}

// obey freezes what the encoders may not write, and nothing else, until ctx
// ends.
func (b *rigBucket) obey(ctx context.Context) {
	for ctx.Err() == nil {
		for key, f := range b.paths {
			denied := !b.bucket.Allows("s3:PutObject", key, rigRole)
			if denied && !b.frozen[key] {
				_ = b.applier.Apply(ctx, f)
			} else if !denied && b.frozen[key] {
				_ = b.applier.Undo(ctx, f)
			}
			b.frozen[key] = denied
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// TestS3DriverOnTheRig drives the rig's origin with the real S3 driver: listing,
// reading, conditional deletes and puts, and policies that end by themselves.
func TestS3DriverOnTheRig(t *testing.T) {
	setCredentials(t)
	fault := func(kind chaos.Kind, more func(f *chaos.Fault)) *chaos.Fault {
		f := chaos.NewFault("x", kind)
		f.Via, f.Occurrence, f.For, f.Pipeline = chaos.ViaAWS, 1, time.Minute, 0
		if more != nil {
			more(&f)
		}
		return &f
	}
	for _, c := range []struct {
		name  string
		fault *chaos.Fault
		// alone: nobody undoes it.
		alone bool
	}{
		{"freeze", fault(chaos.PlaylistFreeze, nil), false},
		{"freeze of a rendition", fault(chaos.PlaylistFreeze, func(f *chaos.Fault) { f.Rendition = "lowest" }), false},
		{"kill", fault(chaos.PipelineKill, nil), false},
		{"freeze that nobody undoes", fault(chaos.PlaylistFreeze, nil), true},
		{"delete", fault(chaos.PlaylistDelete, func(f *chaos.Fault) { f.Once = true }), false},
		{"endlist", fault(chaos.PlaylistEndlist, nil), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(simEpoch) - time.Second)
				began := time.Now()
				cfg := rig.Default()
				cfg.Ladder, cfg.Origin.Stale = rig.Ladders["mini"], "none"
				main, err := rig.New(cfg, 7, began)
				if err != nil {
					t.Fatal(err)
				}
				m := runtest.NewNetwork()
				board := conduct.NewBoard(7)
				server, err := serve.Start(t.Context(), serve.Config{Rig: main, Board: board, Listener: m.Listen, Now: func() time.Duration { return time.Since(began) }})
				if err != nil {
					t.Fatal(err)
				}
				defer server.Close()
				transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) { return m.Dial(ctx, network, addr) }}
				defer transport.CloseIdleConnections()
				b := &rigBucket{Account: awstest.New(nil), origin: server.Origin(), client: &http.Client{Transport: transport},
					applier: &serve.Applier{Server: server, Board: board}, paths: map[string]*chaos.Fault{}, frozen: map[string]bool{}}
				b.bucket = b.AddBucket("live", false)
				for p := range 2 {
					for i, name := range []string{"256x144", "416x234", "640x360"} {
						f := chaos.NewFault(fmt.Sprintf("freeze-%d-%d", p, i), chaos.PlaylistFreeze)
						f.Via, f.Pipeline, f.Rendition, f.Rule = chaos.ViaRig, p, name, 10+3*p+i
						b.paths[fmt.Sprintf("p%d/index_%s.m3u8", p, name)] = &f
					}
				}
				obeying, stop := context.WithCancel(t.Context())
				obeyed := make(chan struct{})
				go func() { defer close(obeyed); b.obey(obeying) }()
				defer func() { stop(); <-obeyed }()

				allowed := &chaos.AWS{Account: b.ID, Region: b.Region, Bucket: "live", Pipelines: []string{"p0/*", "p1/*"}, Writer: rigRole}
				acc, err := account.Open(t.Context(), allowed, account.Options{Transport: b})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := acc.Guard(t.Context()); err != nil {
					t.Fatal(err)
				}
				j, err := journal.Create(filepath.Join(t.TempDir(), "journal.ndjson"), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer j.Close()
				a := aws.New(aws.Config{AWS: allowed, Drivers: acc.Drivers, Run: "0a1b2c3d", Journal: j})
				if err := a.Apply(t.Context(), c.fault); err != nil {
					t.Fatal(err)
				}
				lookUntil(t, "bites", a.Look, c.fault)
				if c.fault.Kind == chaos.PlaylistEndlist && !strings.Contains(b.read(t, "/live/p0/index_416x234.m3u8"), "#EXT-X-ENDLIST") {
					t.Error("the playlist is not ended")
				}
				p, err := m3u8.ParseMedia([]byte(b.read(t, "/live/p1/index_640x360.m3u8")), m3u8.Options{})
				if err != nil || p.EndList {
					t.Errorf("the other pipeline: %v", err)
				}
				if c.alone {
					time.Sleep(c.fault.For + chaos.AWSMargin + 10*time.Second)
				} else if err := a.Undo(t.Context(), c.fault); err != nil {
					t.Fatal(err)
				}
				for key := range b.paths {
					if !b.bucket.Allows("s3:PutObject", key, rigRole) {
						t.Errorf("%s is still denied", key)
					}
				}
				if err := a.Undo(t.Context(), c.fault); err != nil {
					t.Fatal(err)
				}
				lookUntil(t, "healthy", a.LookUndone, c.fault)
				if got := b.bucket.Policy(); got != "" {
					t.Errorf("left: %s", got)
				}
			})
		})
	}
}

func (b *rigBucket) read(t *testing.T, path string) string {
	t.Helper()
	a, err := b.client.Get(b.origin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %+v", path, err, a)
	}
	return string(body)
}

// lookUntil looks until it sees it.
func lookUntil(t *testing.T, what string, look func(context.Context, *chaos.Fault) (bool, string), f *chaos.Fault) {
	t.Helper()
	detail := ""
	for range 40 {
		ok := false
		if ok, detail = look(t.Context(), f); ok {
			return
		}
	}
	t.Fatalf("%s: never: %s", what, detail)
}
