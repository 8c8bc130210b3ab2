package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/policy"
	"hlsload/player/units"
)

// object is a part of a JSON Schema.
type object = map[string]any

const dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema is the JSON Schema of a scenario, for editors. What depends on several keys is
// left to [Load].
func Schema() []byte {
	s := schemaOf(&scenarioKey)
	s["$schema"], s["title"] = dialect, "hlsload scenario"
	s["$defs"] = policySchemas()
	s["$defs"].(object)["profile"] = profileProperties(reflect.TypeFor[player.Profile]())
	return asJSON(s)
}

// EventSchema is the JSON Schema of an event file.
func EventSchema() []byte {
	s := schemaOf(&eventKey)
	s["$schema"], s["title"] = dialect, "hlsload event"
	return asJSON(s)
}

// MachineSchema is the JSON Schema of a machine file.
func MachineSchema() []byte {
	s := schemaOf(&machineKey)
	s["$schema"], s["title"] = dialect, "hlsload machine"
	return asJSON(s)
}

// Schemas are the JSON Schemas by the kinds of files that they describe.
var Schemas = map[string]func() []byte{"scenario": Schema, "event": EventSchema, "machine": MachineSchema, "profile": ProfileSchema}

// SchemaFile is the file that the first line of a file of some kind names, for editors: beside
// it, as hlsload init writes it.
func SchemaFile(kind string) string {
	if kind == "scenario" {
		return "hlsload.schema.json"
	}
	return "hlsload-" + kind + ".schema.json"
}

// modeline is a first line by which editors find the schema of a file.
const modeline = "# yaml-language-server: $schema="

// beside is a file whose first line names its schema beside it, wherever it was.
func beside(kind string, data []byte) []byte {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok || !bytes.HasPrefix(line, []byte(modeline)) {
		return data
	}
	return slices.Concat([]byte(modeline+SchemaFile(kind)+"\n"), rest)
}

// ProfileSchema is the JSON Schema of a profile file.
func ProfileSchema() []byte {
	s := profileProperties(reflect.TypeFor[player.Profile]())
	s["$schema"], s["title"], s["required"] = dialect, "hlsload profile", []string{"id"}
	s["$defs"] = policySchemas()
	return asJSON(s)
}

func asJSON(s object) []byte {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(err) // it holds words and numbers only
	}
	return append(b, '\n')
}

// patterns of single values that are text.
var patterns = map[form]string{
	ofDuration:  span,
	ofOffset:    "-?" + span,
	ofRate:      decimal + "[GMk]?bps",
	ofBytes:     decimal + "[TGMk]?B",
	ofShare:     decimal + "%",
	ofPerSecond: decimal + "[kM]?/s",
	ofSize:      "[0-9]+x[0-9]+",
	ofDay:       "[0-9]{4}-[0-9]{2}-[0-9]{2}",
	ofInstant:   `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})`,
	ofName:      "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
}

const (
	decimal = `[0-9]*\.?[0-9]+`
	span    = "(" + decimal + "(ns|us|µs|ms|s|m|h))+"
)

// fromEnv is a text with a value of the environment in it, which may stand for any value.
var fromEnv = object{"type": "string", "pattern": `\$\{`}

func like(pattern string) object { return object{"type": "string", "pattern": "^(" + pattern + ")$"} }

// oneOfWords is an enumeration; those that YAML reads as numbers are both.
func oneOfWords(names []string) object {
	var all []any
	for _, name := range names {
		all = append(all, name)
		if number.MatchString(name) {
			all = append(all, json.Number(name))
		}
	}
	return object{"enum": all}
}

var number = regexp.MustCompile(`^[0-9]+$`)

// schemaOf describes what may be written for a key.
func schemaOf(k *key) object {
	var ways []any
	if k.form != "" {
		ways = append(ways, scalarSchema(k)...)
	}
	if k.keys != nil || k.values != nil {
		ways = append(ways, mappingSchema(k))
	}
	if k.items != nil {
		ways = append(ways, object{"type": "array", "items": schemaOf(k.items)})
	}
	s := ways[0].(object)
	if len(ways) > 1 {
		s = object{"anyOf": ways}
	}
	if k.doc != "" {
		s = maps.Clone(s)
		s["description"] = k.doc + describeDefault(k) + "\nExample: " + k.example
	}
	return s
}

func describeDefault(k *key) string {
	switch {
	case k.def != "":
		return "\nDefault: " + k.def
	case k.without != "":
		return "\nDefault: " + k.without
	}
	return ""
}

func scalarSchema(k *key) []any {
	switch k.form {
	case ofInteger:
		least, most := k.bounds()
		return []any{object{"type": "integer", "minimum": least, "maximum": most}, fromEnv}
	case ofCount:
		least, most := k.bounds()
		return []any{object{"type": "integer", "minimum": least, "maximum": most}, like(decimal + "[kM]"), fromEnv}
	case ofNumber:
		return []any{object{"type": "number"}, fromEnv}
	case ofBoolean:
		return []any{object{"type": "boolean"}, fromEnv}
	case ofDuration, ofOffset:
		ways := []any{like(patterns[k.form]), object{"const": 0}, fromEnv}
		if k.word != nil {
			ways = append(ways, oneOfWords(k.word))
		}
		return ways
	case ofText, ofFile, ofCondition:
		return []any{object{"type": []string{"string", "number", "boolean"}}}
	}
	if k.word == nil {
		if k.form == ofName {
			return []any{like(patterns[ofName]), object{"type": "number"}} // no value of the environment: names are in every output
		}
		return []any{like(patterns[k.form]), fromEnv}
	}
	ways := []any{oneOfWords(k.word), fromEnv}
	if k.orFile {
		ways = append(ways, object{"type": "string", "pattern": `/|\.(yaml|yml|json)$`})
	}
	return ways
}

func mappingSchema(k *key) object {
	if k.keys != nil && k.values != nil {
		return object{"$ref": "#/$defs/profile"}
	}
	if k.values != nil {
		return object{"type": "object", "additionalProperties": schemaOf(k.values)}
	}
	properties, required := object{}, []string{}
	for i := range k.keys {
		of := &k.keys[i]
		if isParameter(of.name, k) {
			properties[of.name] = object{} // what it may be depends on the fault
			continue
		}
		if properties[of.name] = schemaOf(of); of.required {
			required = append(required, of.name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	if k.find("fault") != nil {
		s["allOf"] = faultSchemas(k)
	}
	return s
}

// isParameter reports whether a key is one that only some faults take.
func isParameter(name string, of *key) bool {
	return of.find("fault") != nil && slices.ContainsFunc(chaos.Fields(), func(f *chaos.Field) bool { return f.Name == name })
}

// faultSchemas say of each kind of fault which keys it takes and needs.
func faultSchemas(k *key) (all []any) {
	for i := range chaos.Kinds {
		kind := &chaos.Kinds[i]
		var names, required []string
		for _, name := range k.names() {
			if f := kind.Field(name); f != nil || !isParameter(name, k) {
				names = append(names, name)
				if f != nil && f.Required && len(f.Vias) == 0 {
					required = append(required, name)
				}
			}
		}
		own := object{}
		for _, f := range slices.Concat(kind.Selectors, kind.Params) {
			of := ofField(&f)
			own[f.Name] = schemaOf(&of)
		}
		then := object{"properties": own, "propertyNames": object{"enum": names}}
		if required != nil {
			then["required"] = required
		}
		all = append(all, object{"if": object{"properties": object{"fault": object{"const": kind.Kind}}, "required": []string{"fault"}}, "then": then})
	}
	return all
}

// profileProperties describe a struct of a profile by its fields.
func profileProperties(t reflect.Type) object {
	properties := object{}
	var ranges map[string]policy.Parameter
	if l, ok := reflect.New(t).Interface().(policy.Limited); ok {
		ranges = map[string]policy.Parameter{}
		policy.Walk(l, func(p policy.Parameter) { ranges[p.Path] = p })
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		properties[name] = profileValueSchema(f.Type, ranges[name].Words)
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func profileValueSchema(t reflect.Type, words []string) object {
	value := func(s object) object { return object{"anyOf": []any{s, fromEnv}} }
	switch t {
	case reflect.TypeFor[units.Duration]():
		return value(like(span + "|0|never"))
	case reflect.TypeFor[units.Span]():
		return value(like(span + "|0|never|" + decimal + "(td|d)"))
	case reflect.TypeFor[units.Rate]():
		return value(like(patterns[ofRate]))
	case reflect.TypeFor[units.Size]():
		return value(like(patterns[ofSize] + "|none"))
	}
	if u, ok := reflect.Zero(t).Interface().(interface{ Seam() *policy.Seam }); ok {
		return object{"$ref": "#/$defs/policy-" + u.Seam().Name} // a policy may have policies in it
	}
	switch t.Kind() {
	case reflect.Struct:
		return profileProperties(t)
	case reflect.Slice:
		return object{"type": "array", "items": profileValueSchema(t.Elem(), nil)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": profileValueSchema(t.Elem(), nil)}
	case reflect.Bool:
		return value(object{"type": "boolean"})
	case reflect.Int, reflect.Int64:
		return value(object{"type": "integer"})
	case reflect.Float64:
		return value(object{"type": "number"})
	case reflect.String:
		if words != nil {
			return value(oneOfWords(words))
		}
		return object{"type": []string{"string", "number"}}
	}
	panic(fmt.Sprintf("scenarios: no schema for values of type %v in profiles", t))
}

// policySchemas describe the choices between policies.
func policySchemas() object {
	all := object{}
	for _, s := range policy.Seams() {
		all["policy-"+s.Name] = policySchema(s)
	}
	return all
}

// policySchema describes a choice: a name, or a name with parameters.
func policySchema(s *policy.Seam) object {
	with := object{}
	for _, name := range s.Names() {
		with[name] = profileProperties(reflect.TypeOf(s.Policies[name]).Elem())
	}
	return object{"anyOf": []any{oneOfWords(s.Names()), object{"type": "object", "properties": with, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}, fromEnv}}
}
