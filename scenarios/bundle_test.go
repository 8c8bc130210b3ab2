package scenarios

import (
	"bytes"
	"compress/zlib"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const bundledProfile = `base: hlsjs-1.7
id: mine
`

const bundledScenario = `version: 1
name: bundled
target:
  url: https://live.example.com/index.m3u8
  headers: {x-key: "${BUNDLE_KEY}"}
fleet: {players: 5, cohorts: [{name: a, share: 100%, profile: players/mine.yaml}]}
authorized: {by: ops@example.com, hosts: [live.example.com], until: 2030-01-01}
`

// packed is a scenario on the disk with a profile of its own, and its bundle.
func packed(t testing.TB) (*Scenario, []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "players"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"bundled.yaml": bundledScenario, "players/mine.yaml": bundledProfile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := Open(filepath.Join(dir, "bundled.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	src.Getenv = lookup("secret-of-here")
	o, err := Flag("players", "7")
	if err != nil {
		t.Fatal(err)
	}
	src.Overrides = []Override{o}
	sc, data, err := Bundle(src)
	if err != nil {
		t.Fatal(err)
	}
	return sc, data
}

func lookup(key string) func(string) (string, bool) {
	return func(name string) (string, bool) { return key, name == "BUNDLE_KEY" && key != "" }
}

// Another machine, without the files, reads the same scenario with secrets of its own.
func TestBundle(t *testing.T) {
	here, data := packed(t)
	inflated := new(bytes.Buffer)
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inflated.ReadFrom(z); err != nil || strings.Contains(inflated.String(), "secret-of-here") {
		t.Errorf("%v; the secret travels: %v", err, strings.Contains(inflated.String(), "secret-of-here"))
	}
	src, err := Unbundle(data, lookup("secret-of-there"))
	if err != nil {
		t.Fatal(err)
	}
	there, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	if there.Fleet.Audience.Players != 7 || there.SHA256 != here.SHA256 || there.Fleet.Profiles[0].ID != "mine" || !reflect.DeepEqual(there.Fleet.Audience, here.Fleet.Audience) {
		t.Errorf("%d players, profile %s; want 7 and mine, and the same audience", there.Fleet.Audience.Players, there.Fleet.Profiles[0].ID)
	}
	if got := there.Target.Headers[0].Value.Value; got != "secret-of-there" {
		t.Errorf("the header has %q; want the secret of the machine that loads it", got)
	}
	if src, err = Unbundle(data, lookup("")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(src); err == nil || !strings.Contains(err.Error(), "BUNDLE_KEY") {
		t.Errorf("got %v; want an error that names the missing variable", err)
	}
}

func TestUnbundleRefuses(t *testing.T) {
	deflate := func(text string) []byte {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.Bytes()
	}
	for _, c := range []struct {
		data []byte
		want string
	}{
		{nil, "EOF"},
		{[]byte("no bundle"), "header"},
		{make([]byte, MaxBundle+1), "want at most"},
		{deflate("{"), "unexpected end"},
		{deflate(strings.Repeat(" ", maxInflated+1)), "when inflated"},
	} {
		if _, err := Unbundle(c.data, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: %v; want an error with %q", c.data, err, c.want)
		}
	}
}

func FuzzUnbundle(f *testing.F) {
	_, data := packed(f)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		if src, err := Unbundle(data, lookup("x")); err == nil {
			_, _ = Load(src)
		}
	})
}
