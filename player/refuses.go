package player

import (
	"fmt"

	"hlsload/player/m3u8"
)

// Refuses returns the kinds of oddity that the player does not put up with in
// a playlist of that kind.
func (p *Profile) Refuses(kind m3u8.Kind) m3u8.Codes {
	if int(kind) >= len(p.refuses) {
		return 0
	}
	return p.refuses[kind]
}

// Refusing returns the ids of the profiles that do not put up with a kind of
// oddity in a playlist of that kind, in the order given.
func Refusing(profiles []*Profile, kind m3u8.Kind, c m3u8.Code) []string {
	var ids []string
	for _, p := range profiles {
		if p.Refuses(kind).Has(c) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// readRefuses reads the names that the profile lists.
func (p *Profile) readRefuses() error {
	read := func(field string, names []string, to *m3u8.Codes) error {
		*to = 0
		for _, name := range names {
			c, ok := m3u8.ParseCode(name)
			if !ok {
				return fmt.Errorf("playlist.refuses.%s: unknown finding (got %q; want one of hlsload list findings)", field, name)
			}
			*to = to.With(c)
		}
		return nil
	}
	if err := read("multivariant", p.Playlist.Refuses.Multivariant, &p.refuses[m3u8.KindMultivariant]); err != nil {
		return err
	}
	return read("media", p.Playlist.Refuses.Media, &p.refuses[m3u8.KindMedia])
}
