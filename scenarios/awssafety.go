package scenarios

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"hlsload/chaos"
)

// tagged demands tags where something on AWS is changed: without them every
// resource of the account that a slip of the pen names could be touched.
func (d *decoder) tagged(v value, sc *Scenario) {
	via := func(e chaos.Entry) bool { return e.Via == chaos.ViaAWS }
	if sc.AWS == nil || len(sc.AWS.Tags) > 0 || !slices.ContainsFunc(sc.Chaos, via) {
		return
	}
	if i := mappingIndex(v.n, "tags"); i >= 0 {
		v.n = v.n.Content[i]
		if d.bad[v.n] || slices.ContainsFunc(v.n.Content, func(n *yaml.Node) bool { return d.bad[n] }) {
			return // what is wrong with them has been said
		}
	}
	v.path = join(v.path, "tags")
	v.problem("faults via aws need a tag that everything they touch must carry (got none; want one such as tags: {hlsload: allow}, and the same tag on the resources)")
}
