package page

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"hlsload/chaos"
)

// family is a group of faults: those of the pipelines, of the playlists, ….
type family struct {
	Name   string  `json:"name"`
	Faults []offer `json:"faults"`
}

// offer is a kind of fault that the page can start.
type offer struct {
	Kind    string   `json:"kind"`
	Doc     string   `json:"doc"`
	Params  []param  `json:"params"`
	Buttons []button `json:"buttons"`
	Instant bool     `json:"instant"`
}

// param is a parameter that the kind requires, and a value to begin with.
type param struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Doc   string `json:"doc"`
}

// button starts and stops a fault of that name.
type button struct {
	Name     string `json:"name"`
	Pipeline *int   `json:"pipeline"` // null = all
}

// first are values to begin with, by the type of a required parameter. A kind
// that requires another type is not offered.
var first = map[string]any{"status": 503, "duration": "5s", "count": 3}

// offered are the kinds of fault that the channel can have.
func offered(c Channel) []family {
	var families []family
	if c.Decode == nil {
		return nil
	}
	for i := range chaos.Kinds {
		spec := &chaos.Kinds[i]
		o, ok := offerOf(spec, len(c.URLs))
		if !ok {
			continue
		}
		if _, err := c.Decode(entryOf(o)); err != nil {
			continue // not of this channel
		}
		name, _, _ := strings.Cut(o.Kind, ".")
		if n := len(families); n == 0 || families[n-1].Name != name {
			families = append(families, family{Name: name})
		}
		last := &families[len(families)-1]
		last.Faults = append(last.Faults, o)
	}
	return families
}

func offerOf(spec *chaos.Spec, pipelines int) (offer, bool) {
	o := offer{Kind: string(spec.Kind), Doc: spec.Doc, Instant: spec.Instant}
	if !slices.Contains(spec.Vias, chaos.ViaRig) {
		return o, false
	}
	for _, p := range spec.Params {
		if !p.Required || len(p.Vias) > 0 && !slices.Contains(p.Vias, chaos.ViaRig) {
			continue
		}
		value, ok := first[p.Type]
		if !ok {
			return o, false
		}
		o.Params = append(o.Params, param{p.Name, value, p.Doc})
	}
	name := strings.ReplaceAll(o.Kind, ".", "-")
	if spec.Field("pipeline") != nil && pipelines > 1 {
		for i := range pipelines {
			o.Buttons = append(o.Buttons, button{name + "-" + strconv.Itoa(i), &i})
		}
	}
	o.Buttons = append(o.Buttons, button{Name: name})
	return o, true
}

// entryOf is the entry that the offer's last button sends.
func entryOf(o offer) []byte {
	entry := map[string]any{"fault": o.Kind}
	for _, p := range o.Params {
		entry[p.Name] = p.Value
	}
	b, _ := json.Marshal(entry) // strings and numbers
	return b
}
