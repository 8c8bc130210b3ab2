package reports

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestMajorVersion(t *testing.T) {
	for build, want := range map[string]string{
		"v1.4.2, abcdef012345, core": "v1", "v12.0.0": "v12", "1.2.3": "v1", "v2.0.0-rc.1, aws": "v2", "v0.3.1, core": "v0.3", "v0.10.0": "v0.10", "v1.2.3+dirty": "v1",
		"(devel), core": Devel, "": Devel, "devel": Devel, "v0.0.0-20261201105006-ba8e678aaaaa": Devel, "v1.2.4-0.20261201105006-ba8e678aaaaa+dirty, core": Devel,
		"v1.3.0-rc.1.0.20261201105006-ba8e678aaaaa": Devel, "v0": Devel, "vx.y.z": Devel,
	} {
		if got := MajorVersion(build); got != want {
			t.Errorf("%q: %s; want %s", build, got, want)
		}
	}
}

// TestKeysAreEqualByTheirHash: two keys have one hash if and only if all that they say is
// the same.
func TestKeysAreEqualByTheirHash(t *testing.T) {
	text := rapid.StringMatching(`[a-b =\n"]{0,3}`)
	key := rapid.Custom(func(t *rapid.T) *Key {
		return &Key{Mode: rapid.SampledFrom([]string{ModeRun, ModeSimulate}).Draw(t, "mode"), Version: text.Draw(t, "version"), Players: rapid.IntRange(0, 2).Draw(t, "players"), Agents: rapid.IntRange(0, 2).Draw(t, "agents"),
			Profiles: rapid.MapOfN(text, text, 0, 2).Draw(t, "profiles"), Settings: rapid.MapOfN(text, text, 0, 2).Draw(t, "settings")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := key.Draw(t, "a"), key.Draw(t, "b")
		if rapid.Bool().Draw(t, "again") {
			b = a.Clone()
		}
		said := func(k *Key) string {
			text, err := json.Marshal(k)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		same := said(a) == said(b) || len(a.Settings)+len(b.Settings) == 0 && func() bool { a, b := *a, *b; a.Settings, b.Settings = nil, nil; return said(&a) == said(&b) }()
		a.Seal()
		b.Seal()
		if (a.Hash == b.Hash) != same {
			t.Fatalf("%s and %s: hashes are equal: %v", said(a), said(b), a.Hash == b.Hash)
		}
	})
}
