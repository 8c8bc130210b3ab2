package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"hlsload/player/profile"
)

// scenarioWith loads a scenario whose cohorts have those profiles, and reads
// the files it names from a map.
func scenarioWith(files map[string]string, profiles ...string) (*Scenario, error) {
	var b strings.Builder
	b.WriteString("version: 1\nname: own\ntarget: {rig: {}}\nfleet:\n  cohorts:\n")
	for i, p := range profiles {
		fmt.Fprintf(&b, "    - {name: c%d, profile: %s}\n", i, p)
	}
	return Load(Source{File: "dir/own.yaml", Data: []byte(b.String()), Getenv: func(name string) (string, bool) { return "players/mine.yaml", name == "FILE" },
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, fmt.Errorf("open %s: no such file", name)
		}})
}

// Every profile that ships can be a user's file as well, and means the same.
func TestProfileFile(t *testing.T) {
	for _, name := range profile.Names() {
		text, err := os.ReadFile(filepath.Join("..", "player", "profile", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		own := strings.Replace(string(text), "id: "+name+"\n", "id: my-"+name+"\n", 1)
		sc, err := scenarioWith(map[string]string{"./my.yaml": own}, "./my.yaml", name)
		if err != nil {
			t.Errorf("%s as a file: %v", name, err)
			continue
		}
		got, want := *sc.Fleet.Profiles[0], *sc.Fleet.Profiles[1]
		if got.ID != "my-"+name || sc.Fleet.Audience.Cohorts[0].Profile != got.ID {
			t.Errorf("%s as a file: id %q, cohort's profile %q", name, got.ID, sc.Fleet.Audience.Cohorts[0].Profile)
		}
		got.ID, got.Base, want.Base = want.ID, "", ""
		a, err := yaml.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := yaml.Marshal(want); err != nil || string(a) != string(b) {
			t.Errorf("%s as a file:\n%s\nwant\n%s", name, a, b)
		}
	}
}

func TestProfileFileInUse(t *testing.T) {
	files := map[string]string{
		"players/mine.yaml": "id: mine-1\nbase: hlsjs-1.7\nlive: {hold_back: 12s}\n",
		"other.yaml":        "id: mine-1\nbase: hlsjs-1.7\nlive: {hold_back: 13s}\n",
		"wrong.yaml":        "id: wrong-1\nbase: hlsjs-1.7\nlive: {hold_back: 12 parsecs}\nstale:\n  misses: 3\n  deject: none\n",
		"taken.yaml":        "id: hlsjs-1.7\nbase: hlsjs-1.5\n",
		"nameless.yaml":     "base: hlsjs-1.7\n",
		"broken.yaml":       "id: [\n",
	}
	if _, err := scenarioWith(files, "players/mine.yaml", "{base: players/mine.yaml, id: mine-2, stale: {misses: {misses: 3}}}", `"${FILE}"`); err == nil {
		t.Error("a file named by the environment cannot be told from a name, so it is an error; got none")
	}
	sc, err := scenarioWith(files, "players/mine.yaml", "{base: players/mine.yaml, id: mine-2, stale: {misses: {misses: 3}}}")
	if err != nil {
		t.Fatal(err)
	}
	a, b := sc.Fleet.Profiles[0], sc.Fleet.Profiles[1]
	if a.ID != "mine-1" || b.ID != "mine-2" || a.Live.HoldBack != b.Live.HoldBack || a.Live.HoldBack.Fixed.Seconds() != 12 || misses(t, b) != 3 || misses(t, a) != 0 {
		t.Errorf("got %s %+v %+v, %s %+v %+v", a.ID, a.Live.HoldBack, a.Stale, b.ID, b.Live.HoldBack, b.Stale)
	}
	for _, c := range []struct {
		profiles, want []string
	}{
		{[]string{"wrong.yaml"}, []string{"dir/wrong.yaml:3:19: live.hold_back", "dir/wrong.yaml:5:3: stale: not one policy"}},
		{[]string{"taken.yaml"}, []string{"dir/taken.yaml:1:5: id: id of a profile that ships"}},
		{[]string{"nameless.yaml"}, []string{"dir/nameless.yaml:1:1: id is missing"}},
		{[]string{"broken.yaml"}, []string{"dir/broken.yaml:2:1: not valid YAML"}},
		{[]string{"none.yaml"}, []string{"dir/own.yaml:6:27: fleet.cohorts.c0.profile: cannot read the profile"}},
		{[]string{"players/mine.yaml", "other.yaml"}, []string{"fleet.cohorts.1.profile: id mine-1 of this profile is that of another profile"}},
		{[]string{"hlsjs-1.6"}, []string{"unknown profile"}},
	} {
		_, err := scenarioWith(files, c.profiles...)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: got %v; want %q in it", c.profiles, err, want)
			}
		}
	}
}
