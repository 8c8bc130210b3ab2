package cloudfront

import (
	"slices"
	"strings"
	"testing"
)

// Nothing but the section that is ours may differ between what was read and
// what is sent; order, spaces and what is empty do not count.
func TestKeeps(t *testing.T) {
	const received = `<Distribution><Id>E1</Id><DistributionConfig><Comment>a &amp; b</Comment><WebACLId/><Aliases><Quantity>2</Quantity><Items><CNAME>x</CNAME><CNAME>x</CNAME></Items></Aliases>
	  <CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses></DistributionConfig><Status>Deployed</Status></Distribution>`
	for _, c := range []struct{ sent, err string }{
		{`<DistributionConfig xmlns="x"><Aliases><Items><CNAME>x</CNAME><CNAME>x</CNAME></Items><Quantity>2</Quantity></Aliases><Comment>a &#38; b</Comment><CustomErrorResponses><Quantity>1</Quantity><Items><CustomErrorResponse><ErrorCode>404</ErrorCode></CustomErrorResponse></Items></CustomErrorResponses></DistributionConfig>`, ""},
		{`<DistributionConfig><Aliases><Items><CNAME>x</CNAME></Items><Quantity>2</Quantity></Aliases><Comment>a &amp; b</Comment></DistributionConfig>`, "would lose (got DistributionConfig/Aliases/Items/CNAME;"},
		{`<DistributionConfig><Aliases><Items><CNAME>x</CNAME><CNAME>x</CNAME></Items><Quantity>2</Quantity></Aliases><Comment>secret</Comment></DistributionConfig>`, "would lose (got DistributionConfig/Comment;"},
		{`<DistributionConfig><Aliases><Items><CNAME>x</CNAME><CNAME>x</CNAME></Items><Quantity>2</Quantity></Aliases><Comment>a &amp; b</Comment><Enabled>false</Enabled></DistributionConfig>`, "would change other settings (got DistributionConfig/Enabled)"},
		{`<DistributionConfig><Comment>`, "configuration of the distribution: "},
		{``, "would lose"},
	} {
		err := keeps([]byte(received), []byte(c.sent))
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: got %v; want %q", c.sent, err, c.err)
		}
	}
}

func FuzzLeaves(f *testing.F) {
	f.Add([]byte(`<a><DistributionConfig><b>1</b><c> x <d>2</d></c></DistributionConfig></a>`))
	f.Add([]byte(`</DistributionConfig>`))
	f.Add([]byte(`<DistributionConfig/>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := leaves(text)
		if err == nil && keeps(text, text) != nil {
			t.Errorf("a configuration does not keep itself: %q", all)
		}
	})
}

// What the tag says is what was there before.
func TestTag(t *testing.T) {
	one, none := int64(1), int64(0)
	c := &errorTTL{TTL: 60, Before: []before{{Code: 403, There: true, TTL: &one}, {Code: 404, There: true, TTL: &none}, {Code: 414}, {Code: 500, There: true}}}
	const want = "60 403=1 404=0 414 500="
	if got := c.tag(); got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	var back errorTTL
	if err := back.parseTag(want); err != nil {
		t.Fatal(err)
	}
	if back.TTL != 60 || !slices.EqualFunc(back.Before, c.Before, func(a, b before) bool {
		return a.Code == b.Code && a.There == b.There && (a.TTL == nil) == (b.TTL == nil) && (a.TTL == nil || *a.TTL == *b.TTL)
	}) {
		t.Errorf("got %+v", back)
	}
	for _, bad := range []string{"", "60", "x 404", "60 4o4", "60 404=x", "-1 404", "60 200", "60 404=-1", strings.Repeat("404 ", 30)} {
		if err := new(errorTTL).parseTag(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
