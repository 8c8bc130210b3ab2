package deploy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	schemaFile = "testdata/kubernetes.json"
	release    = "1.32" // that it is of
)

var swagger = flag.String("swagger", "", "make "+schemaFile+" from `FILE`, the api/openapi-spec/swagger.json of a release of Kubernetes")

// kinds are those of the manifests.
var kinds = map[string]string{
	"batch/v1 Job":                       "io.k8s.api.batch.v1.Job",
	"v1 ConfigMap":                       "io.k8s.api.core.v1.ConfigMap",
	"v1 PersistentVolumeClaim":           "io.k8s.api.core.v1.PersistentVolumeClaim",
	"v1 Service":                         "io.k8s.api.core.v1.Service",
	"networking.k8s.io/v1 NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
}

// TestSchemaSeesMistakes: the schema is strict, as the one that Kubernetes publishes is not.
func TestSchemaSeesMistakes(t *testing.T) {
	if *swagger != "" {
		trim(t, *swagger)
	}
	const job = `{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": {"completions": 2, "template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}}`
	for mistake, want := range map[string]bool{
		"":                                    true,
		`"completions"/"completion"`:          false,
		`"completions": 2/"completions": "2"`: false,
		`"image"/"imgae"`:                     false,
		`"name": "c", /`:                      false,
		`"metadata": {"name": "x"}, /`:        false,
	} {
		text := job
		if from, to, ok := strings.Cut(mistake, "/"); ok {
			text = strings.Replace(job, from, to, 1)
			if text == job {
				t.Fatalf("%s: changes nothing", mistake)
			}
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schemaOf(t, "batch/v1 Job").Validate(doc); (err == nil) != want {
			t.Errorf("%q: %v", mistake, err)
		}
	}
}

// schemaOf is the schema of an object, by apiVersion and kind.
func schemaOf(t *testing.T, kind string) *jsonschema.Schema {
	t.Helper()
	c, err := compiler()
	if err != nil {
		t.Fatal(err)
	}
	name, ok := kinds[kind]
	if !ok {
		t.Fatalf("no schema of %s (want its definition in kinds)", kind)
	}
	s, err := c.Compile("kubernetes.json#/$defs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var compiler = sync.OnceValues(func() (*jsonschema.Compiler, error) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	return c, c.AddResource("kubernetes.json", doc)
})

type object = map[string]any

// trim makes the schema: what kinds need, without descriptions and status, and with no
// other fields.
func trim(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Definitions map[string]object }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	defs := map[string]object{}
	var strict func(object) object
	define := func(name string) {
		if _, ok := defs[name]; ok {
			return
		}
		defs[name] = nil // it may name itself
		switch {
		case strings.HasSuffix(name, ".Quantity"), strings.HasSuffix(name, ".IntOrString"):
			defs[name] = object{"type": []string{"integer", "string"}}
		default:
			defs[name] = strict(all.Definitions[name])
		}
	}
	strict = func(from object) object {
		if ref, ok := from["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, "#/definitions/")
			define(name)
			return object{"$ref": "#/$defs/" + name}
		}
		to := object{}
		for _, same := range []string{"type", "required", "enum"} {
			if v, ok := from[same]; ok {
				to[same] = v
			}
		}
		if items, ok := from["items"].(object); ok {
			to["items"] = strict(items)
		}
		switch properties, ok := from["properties"].(object); {
		case ok:
			fields := object{}
			for name, p := range properties {
				if name != "status" && name != "managedFields" {
					fields[name] = strict(p.(object))
				}
			}
			to["properties"], to["additionalProperties"] = fields, false
		case from["additionalProperties"] != nil:
			to["additionalProperties"] = strict(from["additionalProperties"].(object))
		}
		return to
	}
	for _, name := range kinds {
		define(name)
		defs[name]["required"] = []string{"apiVersion", "kind", "metadata"}
	}
	var b bytes.Buffer
	b.WriteString("{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n\"$comment\": \"What the manifests use of the API of Kubernetes " + release + ", and no other fields. " +
		"Made from its api/openapi-spec/swagger.json (Apache-2.0): go test ./deploy -run Schema -swagger FILE\",\n\"$defs\": {\n")
	for i, name := range slices.Sorted(maps.Keys(defs)) {
		if i > 0 {
			b.WriteString(",\n")
		}
		line, err := json.Marshal(defs[name])
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(`"` + name + `": ` + string(line))
	}
	b.WriteString("\n}}\n")
	if err := os.WriteFile(schemaFile, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
