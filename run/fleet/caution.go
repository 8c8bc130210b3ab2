package fleet

import (
	"net/netip"
	"slices"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/consent"
)

// watchAllow wraps an Allow. Once a host that may be dialled is not local, such as
// one that a redirect leads to during a run, players become cautious and identify
// themselves, and the ceilings hold.
func (f *Fleet) watchAllow(allow func(string, []netip.Addr) error) func(string, []netip.Addr) error {
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

// keepCaution keeps what a viewer's player knows of failed URLs until the viewer
// rejoins: a viewer that leaves and rejoins again and again must not make more
// requests than one that stays. f.mu must be held.
func (f *Fleet) keepCaution(next *audience.Arrival, s *session) {
	if c := s.player.Caution(); c != nil && next.Player == s.arrival.Player {
		f.cautions[next.Player] = c
	}
}

// takeCaution removes and returns what the last player of a viewer knew; nil =
// nothing.
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
