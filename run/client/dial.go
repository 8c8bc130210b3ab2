package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hlsload/system"
)

// Dial opens a connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Resolver looks up the addresses of a host; [net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Dialer connects the players of a fleet, or a [Visitor], to hosts. Each connection
// looks up its host again and uses one of all the addresses found, IPv4 and IPv6,
// so that players spread over them as the audience of a CDN does.
//
// The standard library does not return the TTL of an answer, so an answer is used
// for one connection. Only if the resolver fails or is too slow, the last answer is
// used again, for at most staleAnswer, which is less than the TTL of CloudFront's
// names (60 s).
type Dialer struct {
	resolver Resolver
	dial     Dial // nil = the system's
	sources  int
	// allow returns an error if the addresses found must not be dialled.
	allow func(host string, addrs []netip.Addr) error

	lookups chan struct{} // in progress
	no6     atomic.Int64  // failures of IPv6 in a row; negative = it works

	mu    sync.Mutex
	last  map[string]answer
	conns map[netip.Addr]int64
}

// DialerConfig configures a dialer.
type DialerConfig struct {
	Resolver Resolver // nil = the system's, or none if there is a Dial
	Dial     Dial     // of IP addresses, or of names without a resolver; nil = the system's
	// Allow returns an error if a host must not be dialled at the addresses found;
	// nil = all may be. A host that is not looked up here has the zero address.
	Allow func(host string, addrs []netip.Addr) error
	// Sources is how many loopback addresses players connect from, 127.0.0.1 and
	// on, at most [MaxSources]; 0 = whatever the system chooses.
	Sources int
}

// MaxSources bounds the loopback addresses to connect from.
const MaxSources = 250

// sourceIP is the i-th loopback address to connect from.
func sourceIP(i int) net.IP { return net.IPv4(127, 0, byte(i/MaxSources), byte(i%MaxSources)+1) }

type answer struct {
	at    time.Time
	addrs []netip.Addr
}

// Bounds of look-ups.
const (
	maxLookups  = 64               // at a time
	maxAnswers  = 256              // hosts kept
	maxAddrs    = 32               // of an answer
	maxCounted  = 1024             // addresses whose connections are counted
	staleAnswer = 10 * time.Second // how old an answer may be that is used again
	lookupTime  = 5 * time.Second
	nextAddress = 3 * time.Second // until the next address is tried
	no6After    = 3               // failures until IPv6 is not tried any more
)

// NewDialer returns a dialer.
func NewDialer(c DialerConfig) *Dialer {
	d := &Dialer{resolver: c.Resolver, dial: c.Dial, sources: c.Sources, allow: c.Allow, lookups: make(chan struct{}, maxLookups),
		last: map[string]answer{}, conns: map[netip.Addr]int64{}}
	if d.resolver == nil && d.dial == nil {
		d.resolver = net.DefaultResolver
	}
	return d
}

// For returns the Dial of one player. If paced is set, the player's link is limited,
// and the kernel must not buffer whole segments.
func (d *Dialer) For(player uint64, paced bool) Dial {
	return (&playerDialer{Dialer: d, number: player, paced: paced}).connectHost
}

// playerDialer is the dialer of one player.
type playerDialer struct {
	*Dialer
	number uint64
	paced  bool
	made   atomic.Uint32 // connections
}

// connectHost connects to one of the addresses of a host. The player's number and
// the number of its connections choose the address. If it does not answer, the
// others are tried.
func (d *playerDialer) connectHost(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if d.resolver == nil && !literal(host) { // d.dial takes names
		if err := d.check(host, []netip.Addr{{}}); err != nil {
			return nil, err
		}
		return d.dial(ctx, network, address)
	}
	addrs, err := d.look(ctx, host)
	if err != nil {
		return nil, err
	}
	if err := d.check(host, addrs); err != nil {
		return nil, err
	}
	var first error
	start := int((d.number + uint64(d.made.Add(1)-1)) % uint64(len(addrs)))
	for i := range addrs {
		a := addrs[(start+i)%len(addrs)]
		if a.Is6() && d.no6.Load() >= no6After && len(addrs) > 1 && i < len(addrs)-1 {
			continue
		}
		c, err := d.connect(ctx, network, net.JoinHostPort(a.String(), port), i < len(addrs)-1)
		d.learn(a, err)
		if err == nil {
			return c, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// refusal is the error of a host that must not be dialled.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func (d *Dialer) check(host string, addrs []netip.Addr) error {
	if d.allow == nil {
		return nil
	}
	if err := d.allow(host, addrs); err != nil {
		return &refusal{err}
	}
	return nil
}

func literal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// connect dials an address, for at most nextAddress if there are others.
func (d *playerDialer) connect(ctx context.Context, network, address string, others bool) (net.Conn, error) {
	if others {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, nextAddress)
		defer cancel()
	}
	if d.dial != nil {
		return d.dial(ctx, network, address)
	}
	nd := net.Dialer{KeepAlive: -1}
	if n := uint64(d.sources); n > 0 {
		nd.LocalAddr = &net.TCPAddr{IP: sourceIP(int(d.number % n))}
	}
	nd.Control = prepare(nd.LocalAddr != nil, d.paced)
	return nd.DialContext(ctx, network, address)
}

// learn counts a connection, and whether IPv6 works.
func (d *Dialer) learn(a netip.Addr, err error) {
	if a.Is6() {
		switch {
		case err == nil:
			d.no6.Store(-1 << 60)
		case system.IsNoNetwork(err):
			d.no6.Add(no6After)
		case errors.Is(err, context.DeadlineExceeded), system.IsNoHost(err):
			d.no6.Add(1)
		}
	}
	if err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.conns[a]; ok || len(d.conns) < maxCounted {
		d.conns[a]++
	}
}

// look returns the addresses of a host.
func (d *Dialer) look(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	select {
	case d.lookups <- struct{}{}:
	default:
		if old := d.known(host); old != nil {
			return old, nil
		}
		select {
		case d.lookups <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-d.lookups }()
	asking, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	found, err := d.resolver.LookupNetIP(asking, "ip", host)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	if err != nil {
		var gone *net.DNSError
		if old := d.known(host); old != nil && !(errors.As(err, &gone) && gone.IsNotFound) {
			return old, nil
		}
		return nil, err
	}
	addrs := make([]netip.Addr, 0, min(len(found), maxAddrs))
	for _, a := range found[:min(len(found), maxAddrs)] {
		addrs = append(addrs, a.Unmap())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.last[host]; !ok && len(d.last) >= maxAnswers {
		for h := range d.last { // any of them: it is looked up again
			delete(d.last, h)
			break
		}
	}
	d.last[host] = answer{time.Now(), addrs}
	return addrs, nil
}

// known is the last answer, if it is not too old.
func (d *Dialer) known(host string) []netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.last[host]; time.Since(a.at) < staleAnswer {
		return a.addrs
	}
	return nil
}

// Spread is how many addresses the connections of all players went to.
type Spread struct {
	Connections int64
	Addresses   int // different ones
}

// Spread counts the connections so far. It may be called at any time.
func (d *Dialer) Spread() Spread {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Spread{Addresses: len(d.conns)}
	for _, n := range d.conns {
		s.Connections += n
	}
	return s
}

// NotAllowed is the error of an address that must not be dialled.
type NotAllowed struct {
	Host string
	Addr netip.Addr
	Want string // what would allow it
}

// Error says what is not allowed, and what would allow it.
func (e *NotAllowed) Error() string {
	return fmt.Sprintf("no consent for %s, which is at %s (want %s)", e.Host, e.Addr, e.Want)
}
