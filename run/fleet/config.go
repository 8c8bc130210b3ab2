package fleet

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/credential"
	"hlsload/player/draw"
	"hlsload/reports/record"
	"hlsload/run/client"
)

// Config configures a fleet.
type Config struct {
	Audience audience.Config
	Profiles map[string]*player.Profile // by the names that cohorts use
	Seed     draw.Seed
	// Epoch is when the run's clock is 0. The first viewers arrive then.
	Epoch time.Time
	// Wall is the same instant on the wall clock that all machines of the run go by; zero =
	// Epoch's.
	Wall     time.Time
	Slots    *audience.Slots // whose viewers these are; nil = all
	Duration time.Duration   // of the run; 0 = until the context ends
	// URL is the multivariant playlist that a viewer opens.
	URL      func(*audience.Arrival) string
	Classify player.Classify     // which pipeline a media playlist belongs to; nil = unknown
	Headers  []credential.Header // sent with every request to any host: no secrets
	// Credentials are sent to the hosts of the target; nil = none.
	Credentials *credential.Set
	// Tickets gives each session a URL and credentials of its own, instead of URL
	// and Credentials; nil = all sessions have the same.
	Tickets  Tickets
	Renew    Renewal // of the passes of Tickets
	NoBodies bool    // request segments with HEAD
	// MaxPlaylist bounds the body of a playlist, in bytes; 0 = [m3u8.DefaultBody].
	MaxPlaylist int64
	CMCD        CMCD   // whether and how players send CMCD
	Run         uint32 // identifies the run in the session ids of CMCD
	// Join begins the record of a session. It is called from any goroutine.
	Join func(now time.Duration, of record.SessionInfo) Session
	// Redact takes secrets out of a text that may quote a URL; nil = there are none.
	Redact func(string) string
	Chaos  Chaos // faults via viewer; nil = none
	// LinkFaults means that Chaos may change links, so that links without limits
	// must be modelled as well. See [Fleet.LinksChanged].
	LinkFaults bool
	// Held makes requests ask which faults hold their answers back, because a player
	// that aborts a request never sees the answer, which would name them. Only the
	// embedded channel is to be asked: other servers do not know. See
	// [client.Request].
	Held bool
	// Named makes requests carry their viewer and the time when that viewer's token
	// was issued, in a Hlsload-Viewer header. The embedded channel, which has no
	// tokens, uses it for faults on tokens.
	Named bool

	// Standard uses net/http for http URLs as well.
	Standard bool
	TLS      *tls.Config // nil = the default; see [client.Config]
	// Public makes players treat the stream's addresses as public ones; see
	// [player.Config].
	Public bool
	// Sources is the number of loopback addresses that players connect from,
	// beginning with 127.0.0.1; 0 = the system chooses. [Preflight] returns it.
	Sources int

	// Dial, Resolver and Allow are those of [client.DialerConfig]. An error of Allow,
	// such as a [client.NotAllowed], halts the fleet.
	Dial     client.Dial
	Resolver client.Resolver
	Allow    func(host string, addrs []netip.Addr) error
	// Led is called with each host that redirected a request or answered with a
	// playlist: it may have chosen the next URLs. nil = it is not called.
	Led     func(host string)
	Ceiling Ceiling
	// Cautious bounds how often players request failed URLs; see [player.Config]. It
	// is set in any case once an address that is not local is dialled.
	Cautious bool
	// Caller is appended to the User-Agent of cautious players, as in
	// "hlsload/1.0 (+ops@example.com)"; others have the User-Agent of real players.
	Caller string
	// May reports whether requests may be made now; once it was false it stays false. nil = they may.
	May func() bool
	// Guard is deferred in every goroutine of a viewer, to recover from a panic;
	// nil = a panic ends the program.
	Guard func()
}

// CMCD is how players send Common Media Client Data (CTA-5004).
type CMCD uint8

// The ways. Where a CDN's cache key has query strings, CMCDQuery makes every request
// a miss.
const (
	CMCDOff CMCD = iota
	CMCDHeader
	CMCDQuery
)

// connsDefault is the number of connections to a host of profiles without one.
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
	if c.Wall.IsZero() {
		c.Wall = c.Epoch
	}
	if c.Epoch.IsZero() {
		errs = append(errs, errors.New("fleet: Epoch is required"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return nil
}

// cohort is a cohort with its profile and the HTTP configuration of its players.
type cohort struct {
	audience.Cohort
	profile *player.Profile
	conns   int // to one host
	http    client.Config

	called string // the User-Agent with [Config.Caller]
}
