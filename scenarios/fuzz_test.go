package scenarios

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: no input panics or takes long, every refusal is a list of
// problems with a position, what loads can be planned, and no value of the
// environment shows.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "*.yaml"} {
		for _, file := range files(f, pattern) {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "chaos.kill-0.at=20s")
		}
	}
	for _, arg := range []string{"fleet.players=7", "target.url=http://h/", "fleet.cohorts.web={name: x}", "a.b.c.d=[1, {x: *y}]", "chaos.0.name=\"${TOKEN}\"", "name=\x00", "target.rig.ladder.0.rate=1Mbps"} {
		f.Add([]byte("version: 1\nname: x\ntarget: {rig: {}}\nfleet: {cohorts: [{name: web}]}\n"), arg)
	}
	f.Fuzz(func(t *testing.T, data []byte, arg string) {
		src := Source{File: "fuzz.yaml", Data: data, Getenv: environment, ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }}
		if o, err := Set(arg); err == nil {
			src.Overrides = append(src.Overrides, o)
		}
		began := time.Now()
		sc, err := Load(src)
		if d := time.Since(began); d > 10*time.Second && len(data) < 100_000 {
			t.Errorf("%d bytes took %v", len(data), d)
		}
		secret := !strings.Contains(string(data)+arg, "s3cr3t")
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Fatalf("error %T %v; want Problems", err, err)
			}
			for _, p := range ps {
				if p.From == "" && (p.Line < 1 || p.Column < 1) || p.Text == "" {
					t.Errorf("problem without a position or text: %+v", p)
				}
			}
			if secret && strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("an environment value shows: %v", err)
			}
			return
		}
		if plan := sc.Plan(); plan == "" || secret && strings.Contains(plan, "s3cr3t") {
			t.Errorf("bad plan: %s", plan)
		}
		for path, text := range sc.Settings() {
			if len(path)+len(text) > 2000 || secret && strings.Contains(path+text, "s3cr3t") {
				t.Errorf("bad setting: %s: %s", path, text)
			}
		}
	})
}

func FuzzDecodeFault(f *testing.F) {
	f.Add([]byte(`{"name": "kill-0", "fault": "pipeline.kill", "pipeline": 0, "for": "20s"}`))
	f.Add([]byte(`{"fault": "origin.status", "code": 503, "kind": ["media", "segment"], "rendition": "lowest"}`))
	f.Add([]byte("{\"fault\": \"\\u0000\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := Load(Source{File: "x", Data: []byte("version: 1\nname: x\n")})
		if err != nil {
			t.Fatal(err)
		}
		if fault, err := DecodeFault(data, sc.Target); err == nil && (fault.Name == "" || fault.Kind == "" || fault.Via == "") {
			t.Errorf("%s: incomplete fault %+v", data, fault)
		}
	})
}
