package answer

import (
	"fmt"
	"maps"
	"slices"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/scenarios"
)

// prefixes are groups of the classes of a kernel, by name.
type prefixes map[string][]int

func groups(classes []kernel.Class, name func(kernel.Class) string) prefixes {
	out := prefixes{}
	for i, c := range classes {
		out[name(c)] = append(out[name(c)], i)
	}
	return out
}

// prefixesOf are the prefixes of S3. A rendition has one in all pipelines. What belongs to no rendition
// or pipeline, such as the multivariant playlist, has one of its own.
func prefixesOf(e *scenarios.Event, classes []kernel.Class) prefixes {
	return groups(classes, func(c kernel.Class) string {
		switch {
		case e.Origin.MediaPackage || e.Origin.PrefixesBy == "all":
			return "all"
		case e.Origin.PrefixesBy == "pipeline" && c.Pipeline >= 0:
			return fmt.Sprintf("pipeline %d", c.Pipeline)
		case e.Origin.PrefixesBy == "rendition" && c.Rendition >= 0:
			return fmt.Sprintf("rendition %d", c.Rendition)
		}
		return "other"
	})
}

func (p prefixes) names() []string { return slices.Sorted(maps.Keys(p)) }

// rate is what a load asks of a prefix. What a flush adds is not known by class: it is spread as the rest.
func (p prefixes) rate(name string, l *capacity.Load) float64 {
	all, of := 0.0, 0.0
	for _, rate := range l.ByClass {
		all += rate
	}
	for _, i := range p[name] {
		if i < len(l.ByClass) {
			of += l.ByClass[i]
		}
	}
	if all <= 0 {
		return 0
	}
	return of / all * l.Origin
}

// rates are those of all prefixes.
func (p prefixes) rates(l *capacity.Load) map[string]float64 {
	out := map[string]float64{}
	for name := range p {
		out[name] = p.rate(name, l)
	}
	return out
}
