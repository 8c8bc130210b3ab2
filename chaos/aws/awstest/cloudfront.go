package awstest

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Distribution is a CloudFront distribution.
type Distribution struct {
	a *Account

	ID string
	tagged

	configs       history[[]byte] // elements DistributionConfig
	invalidations []invalidation
}

// distributionConfig is a typical configuration: entries for errors with and
// without a page, and much that no fault changes.
//
//go:embed distribution.xml
var distributionConfig string

// AddDistribution adds a distribution that is deployed.
func (a *Account) AddDistribution(id string) *Distribution {
	d := &Distribution{a: a, ID: id, tagged: allowed()}
	d.configs.set([]byte(distributionConfig), time.Time{}, time.Time{})
	a.distributions[id] = d
	return d
}

// Replace changes the text of the configuration as another program would.
func (d *Distribution) Replace(from, to string) {
	d.a.Do(func() {
		config := d.configs.last()
		if !bytes.Contains(config, []byte(from)) {
			panic("not in the configuration: " + from)
		}
		d.set(bytes.Replace(config, []byte(from), []byte(to), 1), d.a.Now())
	})
}

// Config is the configuration, as it was written last.
func (d *Distribution) Config() (text string) {
	d.a.Do(func() { text = string(d.configs.last()) })
	return text
}

// ErrorTTL is how long the edges keep an error, by what they have.
func (d *Distribution) ErrorTTL(code int) (ttl time.Duration) {
	d.a.Do(func() {
		e, _ := parseErrors(d.configs.acting(d.a.Now()))
		ttl = defaultErrorTTL
		for _, r := range e.Items {
			if r.ErrorCode == code && r.ErrorCachingMinTTL != nil {
				ttl = time.Duration(*r.ErrorCachingMinTTL) * time.Second
			}
		}
	})
	return ttl
}

const defaultErrorTTL = 10 * time.Second

func (d *Distribution) set(config []byte, now time.Time) {
	d.configs.set(config, now.Add(d.a.Delay), now.Add(d.a.Lag))
}

func (d *Distribution) status(now time.Time) string {
	if d.configs[len(d.configs)-1].acts.After(now) {
		return "InProgress"
	}
	return "Deployed"
}

func etag(number int) string { return fmt.Sprintf("E%013d", number) }

func (d *Distribution) arn() string { return "arn:aws:cloudfront::" + d.a.ID + ":distribution/" + d.ID }

// customErrors is the part of a configuration that is looked into.
type customErrors struct {
	Quantity int
	Items    []struct {
		ErrorCode          int
		ResponsePagePath   string
		ResponseCode       string
		ErrorCachingMinTTL *int64
	} `xml:"Items>CustomErrorResponse"`
}

func parseErrors(config []byte) (customErrors, error) {
	var c struct {
		CallerReference      string
		Comment, Enabled     *string
		Origins              *struct{ Quantity int }
		DefaultCacheBehavior *struct{ TargetOriginId string }
		CustomErrorResponses customErrors
	}
	err := xml.Unmarshal(config, &c)
	e := &c.CustomErrorResponses
	switch {
	case err != nil:
	case c.CallerReference != "made-by-hand":
		err = fmt.Errorf("IllegalUpdate: the caller reference cannot be changed")
	case c.Comment == nil || c.Enabled == nil || c.Origins == nil || c.DefaultCacheBehavior == nil:
		err = fmt.Errorf("MissingArgument: something that is required is missing")
	case e.Quantity != len(e.Items):
		err = fmt.Errorf("InconsistentQuantities: CustomErrorResponses has %d, not %d", len(e.Items), e.Quantity)
	}
	seen := map[int]bool{}
	for _, r := range e.Items {
		if !slices.Contains([]int{400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}, r.ErrorCode) || seen[r.ErrorCode] ||
			(r.ResponsePagePath == "") != (r.ResponseCode == "") || r.ErrorCachingMinTTL != nil && *r.ErrorCachingMinTTL < 0 {
			err = fmt.Errorf("InvalidArgument: the custom error response for %d is not valid", r.ErrorCode)
		}
		seen[r.ErrorCode] = true
	}
	return *e, err
}

func (a *Account) cloudFront() []operation {
	const tagging, all = "/2020-05-31/tagging", "/2020-05-31/distribution"
	of := func(serve func(*Distribution, *call) (any, error)) func(*call) (any, error) {
		return on(a.findDistribution, serve)
	}
	return []operation{
		{"GET " + tagging, "ListTagsForResource", of(func(d *Distribution, c *call) (any, error) {
			return document("<Tags><Items>" + tagsXML(d.shown(c.now)) + "</Items></Tags>"), nil
		})},
		{"POST " + tagging + "?Operation=Tag", "TagResource", of((*Distribution).tagging)},
		{"POST " + tagging + "?Operation=Untag", "UntagResource", of((*Distribution).tagging)},
		{"GET " + all, "ListDistributions", a.listDistributions},
		{"PUT " + all + "/{id}/config", "UpdateDistribution", of((*Distribution).update)},
		{"GET " + all + "/{id}/invalidation", "ListInvalidations", of((*Distribution).listInvalidations)},
		{"POST " + all + "/{id}/invalidation", "CreateInvalidation", of((*Distribution).createInvalidation)},
		{"GET " + all + "/{id}/invalidation/{invalidation}", "GetInvalidation", of((*Distribution).getInvalidation)},
		{"GET " + all + "/{id}", "GetDistribution", of(func(d *Distribution, c *call) (any, error) {
			config, number := d.configs.shown(c.now)
			return d.text(c, config, number), nil
		})},
	}
}

func (a *Account) findDistribution(c *call) (*Distribution, error) {
	id := c.at["id"]
	if _, tagged, ok := strings.Cut(c.r.URL.Query().Get("Resource"), ":distribution/"); ok {
		id = tagged
	}
	d := a.distributions[id]
	if d == nil {
		return nil, refuse(http.StatusNotFound, "NoSuchDistribution", "The specified distribution does not exist.")
	}
	c.resource = d.arn()
	return d, nil
}

func (d *Distribution) text(c *call, config []byte, number int) document {
	c.w.Header().Set("ETag", etag(number))
	return document(fmt.Sprintf(`<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>%s</Id><ARN>%s</ARN><Status>%s</Status><DomainName>d1.cloudfront.net</DomainName><InProgressInvalidationBatches>0</InProgressInvalidationBatches>%s</Distribution>`,
		d.ID, d.arn(), d.status(c.now), config))
}

func (d *Distribution) update(c *call) (any, error) {
	switch match := c.r.Header.Get("If-Match"); {
	case match == "":
		return nil, refuse(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
	case match != etag(len(d.configs)):
		return nil, refuse(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
	}
	if _, err := parseErrors(c.body); err != nil {
		code, message, _ := strings.Cut(err.Error(), ": ")
		return nil, refuse(http.StatusBadRequest, code, "%s", message)
	}
	d.set(bytes.Clone(c.body), c.now)
	return d.text(c, d.configs.last(), len(d.configs)), nil
}

// tagValue is what a tag may hold.
func tagValue(s string) bool {
	return len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" _.:/=+-@", r))
	})
}

func (d *Distribution) tagging(c *call) (any, error) {
	var in struct {
		Items struct {
			Tag []struct{ Key, Value string }
			Key []string
		}
	}
	err := xml.Unmarshal(c.body, &in)
	valid := err == nil && len(in.Items.Tag)+len(in.Items.Key) > 0
	add := map[string]string{}
	for _, t := range in.Items.Tag {
		valid = valid && tagValue(t.Key) && tagValue(t.Value)
		add[t.Key] = t.Value
	}
	if !valid {
		return nil, refuse(http.StatusBadRequest, "InvalidTagging", "The tagging specified is not valid.")
	}
	d.change(c, add, in.Items.Key)
	return nil, nil
}

func (a *Account) cloudFrontState(w io.Writer) {
	for _, id := range slices.Sorted(maps.Keys(a.distributions)) {
		d := a.distributions[id]
		fmt.Fprintf(w, "distribution %s: tags %v\n", id, d.Tags)
		for _, l := range elements(d.configs.last()) {
			fmt.Fprintf(w, "  %s\n", l)
		}
		if !slices.Equal(elements(d.configs.last()), elements(d.configs.acting(a.Now()))) {
			fmt.Fprintf(w, "  the edges have another configuration\n")
		}
	}
}

// element is an element of a document. Two that print the same say the same:
// order does not count, nor does what has no text.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

func (e *element) String() string {
	var parts []string
	for i := range e.Children {
		if c := e.Children[i].String(); c != "" {
			parts = append(parts, c)
		}
	}
	slices.Sort(parts)
	text := strings.TrimSpace(e.Text) + strings.Join(parts, " ")
	if text == "" {
		return ""
	}
	return e.XMLName.Local + "{" + text + "}"
}

// elements are what a document has, one a line.
func elements(doc []byte) []string {
	var root element
	_ = xml.Unmarshal(doc, &root) // it was parsed before
	var lines []string
	for i := range root.Children {
		if l := root.Children[i].String(); l != "" {
			lines = append(lines, l)
		}
	}
	slices.Sort(lines)
	return lines
}
