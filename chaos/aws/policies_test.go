package aws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hlsload/chaos"
)

// What changes something is allowed only on what carries the tags, where IAM
// can see to that; what only looks is allowed without, so that a missing tag
// can be told from a missing permission.
func TestPolicyDemandsTheTags(t *testing.T) {
	calls := []Call{
		{Action: "medialive:DescribeChannel", Resource: "channel", When: Reads},
		{Action: "medialive:BatchUpdateSchedule", Resource: "channel", When: Makes},
		{Action: "lambda:PutFunctionConcurrency", Resource: "function", When: Makes},
		{Action: "lambda:DeleteFunctionConcurrency", Resource: "function", When: Undoes},
		{Action: "s3:PutBucketPolicy", Resource: "bucket", When: Makes},
		{Action: "mediaconnect:UpdateFlowOutput", Resource: "output", When: Undoes},
		{Action: "cloudfront:UpdateDistribution", Resource: "distribution", When: Makes},
		{Action: "iam:PassRole", Resource: "role", When: Makes, If: map[string]string{"iam:PassedToService": "scheduler.amazonaws.com"}},
	}
	tags := []chaos.Tag{{Key: "hlsload", Value: "allow"}, {Key: "stage", Value: "test"}}
	var doc struct{ Statement []statement }
	if err := json.Unmarshal([]byte(policy(calls, tags)), &doc); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		i := slices.IndexFunc(doc.Statement, func(s statement) bool {
			return slices.Contains(s.Action, c.Action) && slices.Contains(s.Resource, c.Resource)
		})
		if i < 0 {
			t.Errorf("%s of %s is not allowed", c.Action, c.Resource)
			continue
		}
		want := map[string]string{}
		service, _, _ := strings.Cut(c.Action, ":")
		switch service {
		case "medialive", "lambda", "cloudfront":
			if c.When != Reads {
				want = map[string]string{"aws:ResourceTag/hlsload": "allow", "aws:ResourceTag/stage": "test"}
			}
		case "iam":
			want = c.If
		}
		got := doc.Statement[i].Condition["StringEquals"]
		if len(got) != len(want) || len(doc.Statement[i].Condition) > 1 {
			t.Errorf("%s: got condition %v; want %v", c.Action, doc.Statement[i].Condition, want)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s: got condition %v; want %v", c.Action, got, want)
			}
		}
	}
	said := strings.Join(remarks(calls, tags), "\n")
	for _, want := range []string{"s3:PutBucketPolicy cannot be narrowed", "MediaConnect have no condition", "lambda:EnableReplication*", "s3:PutBucketAcl", "undoing needs the tags too"} {
		if !strings.Contains(said, want) {
			t.Errorf("remarks do not say %q:\n%s", want, said)
		}
	}
	if r := remarks(calls[:1], nil); len(r) > 0 {
		t.Errorf("remarks on reading: %v", r)
	}
}
