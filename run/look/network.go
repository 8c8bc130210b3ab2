package look

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"hlsload/player/consent"
	"hlsload/run/client"
)

// Network reaches a target; the zero value is the system's network.
type Network struct {
	Dial client.Dial // of IP addresses if there is a resolver, else of names; nil = the system's
	// Resolver looks up names; nil = the system's, or none if there is a Dial.
	Resolver client.Resolver
}

// lookupTime bounds looking up one name.
const lookupTime = 5 * time.Second

// Gate returns the gate that decides which hosts a stream may lead to. It first looks
// up all URLs of the target, because one public URL makes the whole target public.
// A gate that refuses one of the URLs is an error.
func (n *Network) Gate(ctx context.Context, urls, named []string) (*consent.Gate, error) {
	var own []string
	for _, u := range urls {
		if h := Hostname(HostOf(u)); h != "" {
			own = append(own, h)
		}
	}
	g := consent.NewGate(own, named)
	for _, host := range own {
		// A host without addresses passes: it cannot be dialled.
		if err := g.Check(host, n.Addresses(ctx, host)); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Addresses looks a host up; nil = it has none.
func (n *Network) Addresses(ctx context.Context, host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	if n.Dial != nil && n.Resolver == nil {
		return nil // Dial takes names
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	found, err := n.lookup().LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found
}

// OnCloudFront reports whether a name is CloudFront's, or an alias of such a name.
func (n *Network) OnCloudFront(ctx context.Context, host string) bool {
	const distributions = ".cloudfront.net"
	if strings.HasSuffix(host, distributions) {
		return true
	}
	r, ok := n.lookup().(interface {
		LookupCNAME(ctx context.Context, host string) (string, error)
	})
	if _, err := netip.ParseAddr(host); err == nil || !ok {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	name, err := r.LookupCNAME(ctx, host)
	return err == nil && strings.HasSuffix(strings.TrimSuffix(strings.ToLower(name), "."), distributions)
}

// lookup is the network's resolver.
func (n *Network) lookup() client.Resolver {
	if n.Resolver != nil {
		return n.Resolver
	}
	return net.DefaultResolver
}
