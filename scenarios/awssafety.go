package scenarios

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"

	"hlsload/chaos"
)

// awsRole is a role that a service may assume.
var awsRole = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,256}$`)

// watchdog is the role with which AWS undoes what does not end by itself.
func watchdog(v value) string {
	s, ok := v.section("a mapping with role, such as {role: arn:aws:iam::123456789012:role/hlsload-watchdog}")
	if !ok || !v.given() {
		return ""
	}
	role := s.at("role").matching(awsRole, "the ARN of a role that EventBridge Scheduler may assume")
	if !s.at("role").given() {
		s.problem("role is missing (got nothing; want the ARN of a role that EventBridge Scheduler may assume)")
	}
	s.done()
	return role
}

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
