package scenarios

import "hlsload/player"

// ProfileHash is the hash of a profile as it is written: what the keys of runs have
// (see [Scenario.ProfileHashes]) when no scenario changes it.
func ProfileHash(p *player.Profile) string { return (&Scenario{}).profileHash(p) }
