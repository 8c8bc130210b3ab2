package player

import (
	"hlsload/player/m3u8"
	"hlsload/player/policy"
)

// Refuses returns the kinds of oddity that the player does not accept in
// a playlist of that kind.
func (p *Profile) Refuses(kind m3u8.Kind) m3u8.Codes {
	if int(kind) >= len(p.refuses) {
		return 0
	}
	return p.refuses[kind]
}

// Refusing returns the ids of the profiles that do not accept a kind of
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

// Limits checks that there are such kinds.
func (r *Refuses) Limits(l *policy.Limits) {
	for i, names := range [][]string{r.Multivariant, r.Media} {
		for _, name := range names {
			if _, ok := m3u8.ParseCode(name); !ok {
				l.Wrong([]string{"multivariant", "media"}[i], "unknown finding (got %q; want one of hlsload list findings)", name)
			}
		}
	}
}

// codesOf are the kinds of those names.
func codesOf(names []string) (all m3u8.Codes) {
	for _, name := range names {
		if c, ok := m3u8.ParseCode(name); ok {
			all = all.With(c)
		}
	}
	return all
}
