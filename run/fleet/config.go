package fleet

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/credential"
	"hlsload/player/draw"
	"hlsload/reports/record"
	"hlsload/run/client"
)

// Config is what a fleet is made of.
type Config struct {
	Audience audience.Config
	Profiles map[string]*player.Profile // by the names that cohorts use
	Seed     draw.Seed
	// Epoch is when the run's clock stands at 0; the first viewers arrive then.
	Epoch    time.Time
	Duration time.Duration // of the run; 0 = until the context ends
	// URL is the multivariant playlist that a viewer opens.
	URL      func(*audience.Arrival) string
	Classify player.Classify     // which pipeline a media playlist belongs to; nil = unknown
	Headers  []credential.Header // sent with every request to any host: no secrets
	// Credentials are what the hosts of the target are sent; nil = nothing.
	Credentials *credential.Set
	// Tickets lets each session in with a URL and credentials of its own, instead
	// of URL and Credentials; nil = all have the same.
	Tickets  Tickets
	Renew    Renewal // of what Tickets gives
	NoBodies bool    // segments are asked for with HEAD
	// MaxPlaylist bounds the body of a playlist, in bytes; 0 = [m3u8.DefaultBody].
	MaxPlaylist int64
	CMCD        CMCD   // whether players say how they are
	Run         uint32 // names the run in the session ids of CMCD
	// Join begins the record of a session. It is called from any goroutine.
	Join func(now time.Duration, of record.SessionInfo) Session
	// Redact takes secrets out of a text that may quote a URL, or what a server
	// made of one; nil = there are none.
	Redact func(string) string
	Chaos  Chaos // on the viewers' side; nil = none
	// LinkFaults says that Chaos may change links, so that links without
	// limits must be modelled, too. See [Fleet.LinksChanged].
	LinkFaults bool
	// Lost returns the faults that held back the answer to a request which its
	// player gave up: an answer that comes names them itself. Requests carry
	// their number in a Hlsload-Request header then; nil = they do not.
	Lost func(request uint64) chaos.Marks
	// Named has requests say whose they are and when that viewer's token was
	// issued, in a Hlsload-Viewer header: the embedded channel, which has no
	// tokens, checks them by that.
	Named bool

	// Standard carries http URLs with net/http, too.
	Standard bool
	TLS      *tls.Config // nil = the default; see [client.Config]
	// Public says that the stream's addresses stand for ones of the Internet;
	// see [player.Config].
	Public bool
	// Sources is how many loopback addresses players connect from, 127.0.0.1
	// and on; 0 = whatever the system chooses. [Preflight] says how many.
	Sources int
	Dial    client.Dial // of IP addresses; nil = the system's

	// Resolver looks hosts up; nil = the system's.
	Resolver client.Resolver
	// Allow says whether a host may be dialled at the addresses that it was found
	// to have, nil = it may. An error, such as a [client.NotAllowed], halts the fleet.
	// The address of a host that is not looked up here is the zero one.
	Allow func(host string, addrs []netip.Addr) error
	// Led is called with each host that redirected a request or answered with a
	// playlist: what is asked for next may be of its choice. nil = it is not.
	Led     func(host string)
	Ceiling Ceiling
	// Cautious bounds how often players ask for URLs that failed; see
	// [player.Config]. They are from the first address on that is dialled and not
	// local, whatever this says.
	Cautious bool
	// Caller is appended to the User-Agent of players that are cautious, as in
	// "hlsload/1.0 (+ops@example.com)"; others look like real ones.
	Caller string
	// Guard is deferred in every goroutine of a viewer, so that it may recover
	// from a panic; nil = none ends the program as usual.
	Guard func()
}

// CMCD is how players tell the CDN about themselves (CTA-5004).
type CMCD uint8

// The ways. A query argument is part of the cache key of a CDN that keys on
// query strings: then every request is a miss.
const (
	CMCDOff CMCD = iota
	CMCDHeader
	CMCDQuery
)

// connsDefault is for profiles that say nothing.
const connsDefault = 6

func (c *Config) validate() error {
	var errs []error
	if err := c.Audience.Validate(); err != nil {
		errs = append(errs, err)
	}
	for i := range c.Audience.Cohorts {
		h := &c.Audience.Cohorts[i]
		if c.Profiles[h.Profile] == nil {
			errs = append(errs, fmt.Errorf("cohort %q: no profile %q", h.Name, h.Profile))
		}
	}
	if c.URL == nil && c.Tickets == nil || c.Join == nil {
		errs = append(errs, errors.New("fleet: URL and Join are required"))
	}
	if c.Redact == nil {
		c.Redact = func(text string) string { return text }
	}
	if c.Epoch.IsZero() {
		errs = append(errs, errors.New("fleet: Epoch is required"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return nil
}

// cohort is a cohort with what it refers to.
type cohort struct {
	audience.Cohort
	profile *player.Profile
	conns   int // to one host
	http    client.Config

	called string // the User-Agent with [Config.Caller]
}
