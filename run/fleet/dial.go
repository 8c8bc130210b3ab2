package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Resolver looks up the addresses of a host; [net.Resolver] is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// roads is how the players of a fleet reach hosts. Each connection looks its
// host up anew and goes to one of all the addresses that the answer has, IPv4
// and IPv6, so that players spread over them as the audience of a CDN does.
//
// The standard library does not tell how long an answer is good for. So an
// answer serves the connection it was asked for; only when the resolver does
// not keep up or fails is the last one used, as long as it is younger than
// staleAnswer, which is less than the TTL of CloudFront's names (60 s).
type roads struct {
	resolver Resolver
	dial     Dial // nil = the system's
	// allow says whether addresses may be dialled, after the look-up.
	allow func(host string, addrs []netip.Addr) error

	lookups chan struct{} // those under way
	no6     atomic.Int64  // failures of IPv6 in a row; negative = it works

	mu    sync.Mutex
	last  map[string]answer
	conns map[netip.Addr]int64
}

type answer struct {
	at    time.Time
	addrs []netip.Addr
}

// Bounds of looking up.
const (
	maxLookups  = 64               // at a time
	maxAnswers  = 256              // hosts kept
	maxAddrs    = 32               // of an answer
	maxCounted  = 1024             // addresses whose connections are counted
	staleAnswer = 10 * time.Second // how old an answer may be that is used again
	lookupTime  = 5 * time.Second
	nextAddress = 3 * time.Second // before another address is tried
	no6After    = 3               // failures until IPv6 is given up
)

func newRoads(c *Config) *roads {
	r := &roads{resolver: c.Resolver, dial: c.Dial, allow: c.Allow, lookups: make(chan struct{}, maxLookups),
		last: map[string]answer{}, conns: map[netip.Addr]int64{}}
	if r.resolver == nil && r.dial == nil {
		r.resolver = net.DefaultResolver
	}
	return r
}

// way is the road of one player.
type way struct {
	*roads
	number  uint64
	sources int
	paced   bool
	made    atomic.Uint32 // connections
}

// DialContext connects to one of the addresses of a host: which one follows
// from the player's number and how many connections it made. The others are
// tried when it does not answer.
func (w *way) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if w.resolver == nil && !literal(host) { // a network of its own, with names of its own
		if err := w.may(host, []netip.Addr{{}}); err != nil {
			return nil, err
		}
		return w.dial(ctx, network, address)
	}
	addrs, err := w.look(ctx, host)
	if err != nil {
		return nil, err
	}
	if err := w.may(host, addrs); err != nil {
		return nil, err
	}
	var first error
	start := int((w.number + uint64(w.made.Add(1)-1)) % uint64(len(addrs)))
	for i := range addrs {
		a := addrs[(start+i)%len(addrs)]
		if a.Is6() && w.no6.Load() >= no6After && len(addrs) > 1 && i < len(addrs)-1 {
			continue
		}
		c, err := w.connect(ctx, network, net.JoinHostPort(a.String(), port), i < len(addrs)-1)
		w.learn(a, err)
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

// refusal is the error of what may not be dialled.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func (r *roads) may(host string, addrs []netip.Addr) error {
	if r.allow == nil {
		return nil
	}
	if err := r.allow(host, addrs); err != nil {
		return &refusal{err}
	}
	return nil
}

func literal(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// connect dials an address, not longer than nextAddress when there are others.
func (w *way) connect(ctx context.Context, network, address string, others bool) (net.Conn, error) {
	if others {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, nextAddress)
		defer cancel()
	}
	if w.dial != nil {
		return w.dial(ctx, network, address)
	}
	d := net.Dialer{KeepAlive: -1}
	if n := uint64(w.sources); n > 0 {
		d.LocalAddr = &net.TCPAddr{IP: sourceIP(int(w.number % n))}
	}
	d.Control = prepare(d.LocalAddr != nil, w.paced)
	return d.DialContext(ctx, network, address)
}

// learn counts a connection, and whether IPv6 leads anywhere.
func (r *roads) learn(a netip.Addr, err error) {
	if a.Is6() {
		switch {
		case err == nil:
			r.no6.Store(-1 << 60)
		case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
			r.no6.Add(no6After)
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EHOSTUNREACH):
			r.no6.Add(1)
		}
	}
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.conns[a]; ok || len(r.conns) < maxCounted {
		r.conns[a]++
	}
}

// look returns the addresses of a host.
func (r *roads) look(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	select {
	case r.lookups <- struct{}{}:
	default:
		if old := r.known(host); old != nil {
			return old, nil
		}
		select {
		case r.lookups <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer func() { <-r.lookups }()
	asking, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	found, err := r.resolver.LookupNetIP(asking, "ip", host)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	if err != nil {
		var gone *net.DNSError
		if old := r.known(host); old != nil && !(errors.As(err, &gone) && gone.IsNotFound) {
			return old, nil
		}
		return nil, err
	}
	addrs := make([]netip.Addr, 0, min(len(found), maxAddrs))
	for _, a := range found[:min(len(found), maxAddrs)] {
		addrs = append(addrs, a.Unmap())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.last[host]; !ok && len(r.last) >= maxAnswers {
		for h := range r.last { // whichever: it is asked for again
			delete(r.last, h)
			break
		}
	}
	r.last[host] = answer{time.Now(), addrs}
	return addrs, nil
}

// known is the last answer, if it is young enough.
func (r *roads) known(host string) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.last[host]; time.Since(a.at) < staleAnswer {
		return a.addrs
	}
	return nil
}

// reached is how many connections were made to each address.
func (r *roads) reached() map[netip.Addr]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[netip.Addr]int64, len(r.conns))
	for a, n := range r.conns {
		all[a] = n
	}
	return all
}

// Spread says how the connections of a fleet were spread.
type Spread struct {
	Connections int64
	Addresses   int // different ones
}

// Spread may be called at any time.
func (f *Fleet) Spread() Spread {
	var s Spread
	for _, n := range f.roads.reached() {
		s.Connections += n
		s.Addresses++
	}
	return s
}

// NotAllowed is the error of an address that the fleet may not dial.
type NotAllowed struct {
	Host string
	Addr netip.Addr
	Want string // what would allow it
}

// Error says what is not allowed, and what would be right.
func (e *NotAllowed) Error() string {
	return fmt.Sprintf("no consent for %s, which is at %s (want %s)", e.Host, e.Addr, e.Want)
}
