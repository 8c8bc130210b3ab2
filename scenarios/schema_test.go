package scenarios

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"hlsload/player/profile"
)

func compiled(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainJSON is what a YAML value is in JSON, as editors take it.
func plainJSON(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for k, x := range v {
			m[fmt.Sprint(k)] = plainJSON(x)
		}
		return m
	case map[string]any:
		for k, x := range v {
			v[k] = plainJSON(x)
		}
	case []any:
		for i, x := range v {
			v[i] = plainJSON(x)
		}
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return v
}

func byTheSchema(t *testing.T, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	var v any
	if err := yaml.Load(data, &v); err != nil {
		return err
	}
	return s.Validate(plainJSON(v))
}

func TestValidScenariosAreValidByTheSchema(t *testing.T) {
	s := compiled(t, Schema())
	for _, pattern := range []string{"*.yaml", "aws/*.yaml", "real/*.yaml", "bench/*.yaml", "template/*.yaml", "testdata/good/*.yaml"} {
		for _, file := range files(t, pattern) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := byTheSchema(t, s, data); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// beyond are the mistakes that no schema sees: what depends on several keys, on other
// files, on the environment or on overrides.
var beyond = strings.Fields(`authorized-secret authorized-short aws-no-tags certificates content-event curve-both curve-many curve-order curve-peak curve-zero each each-many entry environment environment-url
	faults-none foreign headers-for not-for-url occurrences override-duration override-path override-url plain-secret players-few players-few-stages profile-id profile-range
	regions regions-none regions-pops regions-some regions-url rig-only-keys sessions-both sessions-command sessions-fields sessions-file sessions-file-missing sessions-file-odd sessions-rig
	shares-left-over stages-empty stages-zero tags targets trace`)

func TestMistakesAreMistakesByTheSchema(t *testing.T) {
	s := compiled(t, Schema())
	for _, file := range files(t, "testdata/bad/*.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if err := byTheSchema(t, s, data); (err == nil) != slices.Contains(beyond, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProfilesAreValidByTheSchema(t *testing.T) {
	s := compiled(t, ProfileSchema())
	for _, name := range profile.Names() {
		data, err := os.ReadFile("../player/profile/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := byTheSchema(t, s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"base: hlsjs-1.7", "{id: x, bufer: {goal: 12s}}", "{id: x, buffer: {goal: 12}}", "{id: x, stale: {misses: 3}}", "{id: x, stale: soon}"} {
		if err := byTheSchema(t, s, []byte(bad)); err == nil {
			t.Errorf("%s is valid", bad)
		}
	}
}

// TestSchemasOfTheDocuments: docs/schema has what hlsload schema prints, and no more.
func TestSchemasOfTheDocuments(t *testing.T) {
	const dir = "../docs/schema"
	for kind, schema := range Schemas {
		file := filepath.Join(dir, kind+".schema.json")
		if *update {
			if err := os.WriteFile(file, schema(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, schema()) {
			t.Errorf("%s is not what hlsload schema %s prints: %v (want go test ./scenarios -run SchemasOfTheDocuments -update)", file, kind, err)
		}
		compiled(t, schema())
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) != len(Schemas) {
		t.Errorf("%s has %d files, %v; want %d", dir, len(there), err, len(Schemas))
	}
}

// TestShippedFilesNameTheirSchema: the first line leads editors to a schema that is there, by
// which the file is valid.
func TestShippedFilesNameTheirSchema(t *testing.T) {
	n, schemas := 0, map[string]*jsonschema.Schema{}
	for _, pattern := range []string{"*.yaml", "aws/*.yaml", "real/*.yaml", "bench/*.yaml", "template/*.yaml", "../deploy/image/*.yaml", "../player/profile/*.yaml"} {
		for _, file := range files(t, pattern) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line, _, _ := strings.Cut(string(data), "\n")
			name, ok := strings.CutPrefix(line, modeline)
			if !ok {
				t.Errorf("%s: begins with %q (want %sPATH)", file, line, modeline)
				continue
			}
			name = filepath.Join(filepath.Dir(file), name)
			if schemas[name] == nil {
				schema, err := os.ReadFile(name)
				if err != nil {
					t.Errorf("%s: %v", file, err)
					continue
				}
				schemas[name] = compiled(t, schema)
			}
			if err := byTheSchema(t, schemas[name], data); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d files name their schema (want all that ship)", n)
	}
	for _, name := range Names() {
		data, err := Show(name)
		if err != nil || !strings.HasPrefix(string(data), modeline+"hlsload.schema.json\n") {
			t.Errorf("%s, %v: what is shown does not name the schema beside it:\n%.100s", name, err, data)
		}
		if _, err := Load(Source{File: name, Data: data}); err != nil {
			t.Errorf("%s: what is shown is invalid: %v", name, err)
		}
	}
}

func TestMachinesAreValidByTheSchema(t *testing.T) {
	s := compiled(t, MachineSchema())
	m := &Machine{Cores: 2, Players: 5000, CPU: 50 * time.Microsecond, Network: 1e10, NetworkAssumed: true, PricePerHour: 0.17, Source: "a test", Seen: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if err := byTheSchema(t, s, m.YAML()); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"version: 1", "{version: 1, cores: 0, players: 1, cpu: 1us, network: 1Gbps, source: x, seen: 2026-12-01}", "{version: 1, cores: 1, players: 1, cpu: 1, network: 1Gbps, source: x, seen: 2026-12-01}",
		"{version: 1, cores: 1, players: 1, cpu: 1us, network: 1Gbps, source: x, seen: today}", "{version: 1, cores: 1, players: 1, cpu: 1us, network: 1Gbps, source: x, seen: 2026-12-01, more: 1}"} {
		if err := byTheSchema(t, s, []byte(bad)); err == nil {
			t.Errorf("%s is valid", bad)
		}
		if _, err := LoadMachine(Source{File: "bad.yaml", Data: []byte(bad)}); err == nil {
			t.Errorf("%s loads", bad)
		}
	}
}
