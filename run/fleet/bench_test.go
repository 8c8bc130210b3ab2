package fleet

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/reports/record"
)

// cpu is the processor time of this process, the benchmark's server included.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkParses is the cost of a playlist that somebody has parsed before.
func BenchmarkParses(b *testing.B) {
	c := newParses(nil, 0)
	body := []byte((&channel{epoch: time.Now()}).playlist("v"))
	prof := mustLoad("hlsjs-1.7")
	b.ReportAllocs()
	for b.Loop() {
		c.media(encoded{base: "http://a/v.m3u8", body: body}, nil, prof)
	}
}

type nowhere struct{}

func (nowhere) Add(*player.Sample, *record.Meta) {}

// BenchmarkFleet is players in real time for five seconds each, server in the
// same process.
func BenchmarkFleet(b *testing.B) {
	for b.Loop() {
		epoch := time.Now()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		srv := &http.Server{Handler: &channel{epoch: epoch, size: 100_000, asked: map[string]int{}, told: map[string]bool{}}}
		go srv.Serve(ln)
		f, err := New(Config{
			Audience: audience.Config{Players: 500, Arrive: audience.Arrive{Over: time.Second}, Cohorts: []audience.Cohort{{Name: "all", Share: 1, Profile: "rfc8216bis"}}},
			Profiles: map[string]*player.Profile{"rfc8216bis": mustLoad("rfc8216bis")},
			Epoch:    epoch, Duration: 5 * time.Second, Join: func(time.Duration, record.SessionInfo) Session { return nowhere{} },
			URL: func(*audience.Arrival) string { return "http://" + ln.Addr().String() + "/index.m3u8" },
		})
		if err != nil {
			b.Fatal(err)
		}
		before := cpu()
		f.Run(context.Background())
		b.ReportMetric((cpu()-before).Seconds()*1e6/500/5, "cpu-µs/player-s")
		srv.Close()
	}
}
