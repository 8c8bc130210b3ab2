package fleet

import (
	"net/netip"
	"slices"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/consent"
)

// watchful is an Allow that has all be done as towards strangers once a host that
// may be dialled is not local, such as one that a redirect leads to in the middle
// of a run: players are cautious and identify themselves, and ceilings hold.
func (f *Fleet) watchful(allow func(string, []netip.Addr) error) func(string, []netip.Addr) error {
	return func(host string, addrs []netip.Addr) error {
		if allow != nil {
			if err := allow(host, addrs); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(addrs, func(a netip.Addr) bool { return a.IsValid() && !consent.Local(a) }) {
			f.cautious.Store(true)
		}
		return nil
	}
}

// keepCaution keeps what a viewer's player knows of URLs that failed until the
// viewer is back: to leave and to come back again and again must not make more
// requests than to stay. f.mu must be held.
func (f *Fleet) keepCaution(next *audience.Arrival, s *session) {
	if c := s.player.Caution(); c != nil && next.Player == s.arrival.Player {
		f.cautions[next.Player] = c
	}
}

// takeCaution is what the last player of a viewer knew; nil = nothing.
func (f *Fleet) takeCaution(viewer uint64) *player.Caution {
	if !f.cautious.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.cautions[viewer]
	delete(f.cautions, viewer)
	return c
}
