package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hlsload/chaos"
)

// narrowed are the services whose changes IAM can allow by the tags of the
// resource that is changed.
var narrowed = []string{"medialive", "mediapackagev2", "lambda", "cloudfront"}

// statement is one of a policy of IAM.
type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// conditions are what must hold for a call beside its action and resource.
func conditions(c *Call, tags []chaos.Tag) map[string]map[string]string {
	want := map[string]string{}
	for key, value := range c.If {
		want[key] = value
	}
	service, _, _ := strings.Cut(c.Action, ":")
	if c.When != Reads && slices.Contains(narrowed, service) {
		for _, t := range tags {
			want["aws:ResourceTag/"+t.Key] = t.Value
		}
	}
	if len(want) == 0 {
		return nil
	}
	return map[string]map[string]string{"StringEquals": want}
}

// policy is the IAM policy that allows these calls: a statement for each set
// of resources. Changes are allowed only where the tags are.
func policy(calls []Call, tags []chaos.Tag) string {
	type place struct{ resource, condition string }
	actions := map[place][]string{}
	condition := map[string]map[string]map[string]string{}
	var places []place
	for i := range calls {
		c := &calls[i]
		when := conditions(c, tags)
		text, _ := json.Marshal(when) // strings only
		p := place{c.Resource, string(text)}
		if condition[p.condition] = when; actions[p] == nil {
			places = append(places, p)
		}
		if !slices.Contains(actions[p], c.Action) {
			actions[p] = append(actions[p], c.Action)
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return strings.Compare(a.resource+"\x00"+a.condition, b.resource+"\x00"+b.condition)
	})
	doc := struct {
		Version   string
		Statement []statement
	}{Version: "2012-10-17"}
	last := ""
	for _, p := range places {
		list := actions[p]
		slices.Sort(list)
		if n := len(doc.Statement) - 1; n >= 0 && last == p.condition && slices.Equal(doc.Statement[n].Action, list) {
			doc.Statement[n].Resource = append(doc.Statement[n].Resource, p.resource)
			continue
		}
		last = p.condition
		doc.Statement = append(doc.Statement, statement{fmt.Sprintf("hlsload%d", len(doc.Statement)+1), "Allow", list, []string{p.resource}, condition[p.condition]})
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}

// remarks are what people who grant the policy should know of it.
func remarks(calls []Call, tags []chaos.Tag) []string {
	changes := func(action string) bool {
		return slices.ContainsFunc(calls, func(c Call) bool { return c.When != Reads && strings.HasPrefix(c.Action, action) })
	}
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if len(tags) > 0 && slices.ContainsFunc(narrowed, func(service string) bool { return changes(service + ":") }) {
		say("undoing needs the tags too: remove one only while no run is in progress")
	}
	if changes("s3:PutBucketPolicy") {
		say("s3:PutBucketPolicy cannot be narrowed: it allows opening the bucket to the public. Use a separate role for it")
	}
	if changes("s3:") {
		say("the statements for S3 have no condition on tags: IAM supports those of a bucket only where attribute-based access control is enabled for it. hlsload checks the tags itself")
	}
	if changes("mediaconnect:") {
		say("the statements for MediaConnect have no condition on tags: its documentation does not say that its actions support them. hlsload checks the tags itself")
	}
	if changes("cloudfront:UpdateDistribution") {
		say("cloudfront:UpdateDistribution needs more where the distribution writes logs the legacy way (s3:GetBucketAcl and s3:PutBucketAcl on the bucket of the logs), or has Lambda@Edge (lambda:GetFunction and lambda:EnableReplication* on the function). A rehearsal does not find that out")
	}
	return all
}
