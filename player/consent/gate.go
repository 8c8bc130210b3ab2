package consent

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// Gate decides where a stream may lead: its playlists and redirects are written
// by others, and must not make this machine ask what only this machine can
// reach. Once any host of the target is public, or one that a playlist came
// from, an inner address (see [Inner])
// may be dialled only for a host of the target itself that was never public, or
// for one that was named for it and had one from its first look-up on. Addresses where machines keep their credentials
// are dialled only when the target's URL has the address itself.
//
// It is asked with all that a look-up gave, right before an address is dialled,
// and remembers what the target's own hosts were found to be. It is safe for
// concurrent use.
type Gate struct {
	named []string // patterns of hosts that may be inner

	mu     sync.Mutex
	met    map[string]bool // hosts that are named -> had an inner address at first
	other  map[string]bool // hosts that are public and not the target's
	own    map[string]bool // hosts of the target -> were public
	public bool            // some host of the target was
}

// NewGate returns a gate for the hosts of a target. Named are patterns, as
// [Covers] has them, of hosts that may have inner addresses.
func NewGate(own, named []string) *Gate {
	g := &Gate{named: named, met: map[string]bool{}, other: map[string]bool{}, own: map[string]bool{}}
	for _, h := range own {
		g.own[canonical(h)] = false
	}
	return g
}

// NotDialled is the error of an address where a stream must not lead.
type NotDialled struct {
	Host string
	Addr netip.Addr
	Why  string
	Want string // what would allow it
}

// Error says where it led, and why that is refused.
func (e *NotDialled) Error() string {
	return fmt.Sprintf("not dialled: %s is at %s, %s (want %s)", e.Host, e.Addr, e.Why, e.Want)
}

// Check says why a host must not be dialled at the addresses that it was found
// to have, nil = it may.
func (g *Gate) Check(host string, addrs []netip.Addr) error {
	name := canonical(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	was, own := g.own[name]
	switch out := slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.IsValid() && !Inner(a) }); {
	case out && own:
		g.own[name], g.public = true, true
	case out && len(g.other) < maxMet:
		g.other[name] = true
	}
	named, inside := g.byName(name, addrs)
	for _, a := range addrs {
		if err := g.refuse(host, name, a, was, named, inside); err != nil {
			return err
		}
	}
	return nil
}

// Told notes that a host was the source of a playlist or a redirect: one from a
// public host makes the target public, wherever its own URL leads.
func (g *Gate) Told(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.public = g.public || g.other[canonical(host)]
}

// maxMet bounds the hosts that are kept in mind.
const maxMet = 4096

// byName reports whether a host was named, and whether it may be inner: whether it
// was when it was looked up first. g.mu must be held.
func (g *Gate) byName(name string, addrs []netip.Addr) (named, inside bool) {
	if !slices.ContainsFunc(g.named, func(p string) bool { return Covers(p, name) }) {
		return false, false
	}
	inside, known := g.met[name]
	if !known && len(addrs) > 0 && addrs[0].IsValid() && len(g.met) < maxMet {
		inside = slices.ContainsFunc(addrs, Inner)
		g.met[name] = inside
	}
	return true, inside
}

// refuse decides about one address; was says that a host of the target was
// public before, named and inside what [Gate.byName] says. g.mu must be held.
func (g *Gate) refuse(host, name string, a netip.Addr, was, named, inside bool) error {
	if !a.IsValid() || !Inner(a) {
		return nil
	}
	public, own := g.own[name]
	said := &NotDialled{Host: host, Addr: a}
	switch literal, err := netip.ParseAddr(name); {
	case keepsCredentials(a):
		if err == nil && own && literal.WithZone("") == a.WithZone("") {
			return nil // the user wrote it
		}
		said.Why, said.Want = "where machines keep their credentials", "the address itself in the URL, if it is what is meant"
		return said
	case own && !public, inside, !g.public:
		return nil
	case named:
		said.Why, said.Want = "not a public address, and it was at a public one before (DNS rebinding)", "an address that is not public from the first look-up on, as authorized.hosts has it"
		return said
	case own && was:
		said.Why = "not a public address, and it was at a public one before (DNS rebinding)"
	case own:
		said.Why = "not a public address, and it is at a public one as well"
	default:
		said.Why = "not a public address, and the target is public: its playlists and redirects must not lead there"
	}
	said.Want = fmt.Sprintf("authorized.hosts, or --authorized-hosts of probe, to have %s, if it is meant", host)
	return said
}

// inner are address ranges, beside those of [Local], at which something inside a
// network may answer, and no public server does.
var inner = prefixes("0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "fec0::/10", "64:ff9b:1::/48")

// credentialAddrs are where clouds tell a machine its credentials, and what else
// is link-local: AWS (169.254.169.254, fd00:ec2::254 and more), Google
// (fd20:ce::254), Azure (168.63.129.16), Alibaba (100.100.100.200), Oracle
// (192.0.0.192).
var credentialAddrs = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32")

// Ranges of IPv6 addresses that stand for an IPv4 address.
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour  = netip.MustParsePrefix("2002::/16")    // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")    // RFC 4380
	compatible = netip.MustParsePrefix("::/96")        // RFC 4291 2.5.5.1
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

// Inner reports whether an address may lead to this machine or into its own
// networks. Unlike [Local] it counts an address that stands for an IPv4 address
// as that one, however it is written, and what is reserved.
func Inner(a netip.Addr) bool {
	for _, a := range [...]netip.Addr{a, meant(a)} {
		if Local(a) || within(inner, a) || within(credentialAddrs, a) {
			return true
		}
	}
	return false
}

func keepsCredentials(a netip.Addr) bool {
	return within(credentialAddrs, a.Unmap().WithZone("")) || within(credentialAddrs, meant(a))
}

func within(list []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// meant is the IPv4 address that an address stands for, and else itself.
func meant(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a
	}
	b := a.As16()
	switch {
	case nat64.Contains(a), compatible.Contains(a) && !a.IsLoopback() && !a.IsUnspecified():
		return netip.AddrFrom4([4]byte(b[12:]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	case teredo.Contains(a):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
	}
	return a
}
