package player

import (
	"net/netip"
	"net/url"
	"strings"

	"hlsload/player/draw"
	"hlsload/player/policy"
)

// FirstEstimate is the throughput that is reckoned with before anything was
// measured.
type FirstEstimate interface {
	// rate is in bit/s, for a stream from a private address or a public one.
	rate(p *Player, private bool) float64
}

var _ = policy.Register("startup.estimate", policy.Offers[FirstEstimate]{
	"configured": new(configuredEstimate),
	"browser":    new(browserEstimate),
})

// firstRate is the first estimate.
func (p *Player) firstRate() float64 {
	return p.cfg.Profile.Startup.Estimate.Is.rate(p, p.private())
}

// private reports whether the stream comes from a private address (loopback, 10/8
// …). The embedded channel does not count as one.
func (p *Player) private() bool { return !p.cfg.Public && private(p.cfg.URL) }

// private reports whether a URL's host is an address that is not of the Internet.
func private(u string) bool {
	at, err := url.Parse(u)
	if err != nil {
		return false
	}
	host := at.Hostname()
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast())
}

var firstNoise = draw.NewRule("player/first estimate")
