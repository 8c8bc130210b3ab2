package awstest

import (
	"bytes"
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

	old           []replaced // earlier versions of the configuration, and until when they show
	config        []byte     // the element DistributionConfig, as it was written last
	version       int
	deployed      []byte // what the edges have
	due           time.Time
	invalidations []invalidation
}

// replaced is a configuration that was replaced, and until when it shows.
type replaced struct {
	config []byte
	number int
	until  time.Time
}

// distributionConfig is a configuration as people have it: entries for errors
// with and without a page, and much that is none of a fault's business.
const distributionConfig = `<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
  <CallerReference>made-by-hand</CallerReference>
  <Aliases><Quantity>1</Quantity><Items><CNAME>live.example.com</CNAME></Items></Aliases>
  <DefaultRootObject></DefaultRootObject>
  <Origins><Quantity>1</Quantity><Items><Origin>
    <Id>live</Id><DomainName>example-live.s3.eu-west-1.amazonaws.com</DomainName><OriginPath></OriginPath>
    <CustomHeaders><Quantity>1</Quantity><Items><OriginCustomHeader><HeaderName>X-Origin-Key</HeaderName><HeaderValue>a &amp; b</HeaderValue></OriginCustomHeader></Items></CustomHeaders>
    <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig>
    <ConnectionAttempts>3</ConnectionAttempts><ConnectionTimeout>10</ConnectionTimeout>
    <OriginShield><Enabled>true</Enabled><OriginShieldRegion>eu-west-1</OriginShieldRegion></OriginShield>
    <OriginAccessControlId>E327GJI25M56DG</OriginAccessControlId>
  </Origin></Items></Origins>
  <OriginGroups><Quantity>0</Quantity></OriginGroups>
  <DefaultCacheBehavior>
    <TargetOriginId>live</TargetOriginId>
    <TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>
    <TrustedKeyGroups><Enabled>false</Enabled><Quantity>0</Quantity></TrustedKeyGroups>
    <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>
    <AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items>
      <CachedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items></CachedMethods></AllowedMethods>
    <SmoothStreaming>false</SmoothStreaming><Compress>true</Compress>
    <LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>
    <FunctionAssociations><Quantity>0</Quantity></FunctionAssociations>
    <FieldLevelEncryptionId></FieldLevelEncryptionId>
    <ResponseHeadersPolicyId>60669652-455b-4ae9-85a4-c4c02393f86c</ResponseHeadersPolicyId>
    <CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>
    <GrpcConfig><Enabled>false</Enabled></GrpcConfig>
  </DefaultCacheBehavior>
  <CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>
  <CustomErrorResponses><Quantity>3</Quantity><Items>
    <CustomErrorResponse><ErrorCode>403</ErrorCode><ResponsePagePath></ResponsePagePath><ResponseCode></ResponseCode><ErrorCachingMinTTL>1</ErrorCachingMinTTL></CustomErrorResponse>
    <CustomErrorResponse><ErrorCode>404</ErrorCode><ResponsePagePath>/404.html</ResponsePagePath><ResponseCode>404</ResponseCode><ErrorCachingMinTTL>2</ErrorCachingMinTTL></CustomErrorResponse>
    <CustomErrorResponse><ErrorCode>500</ErrorCode><ResponsePagePath></ResponsePagePath><ResponseCode></ResponseCode></CustomErrorResponse>
  </Items></CustomErrorResponses>
  <Comment>the live channel</Comment>
  <Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket><Prefix></Prefix></Logging>
  <PriceClass>PriceClass_100</PriceClass><Enabled>true</Enabled>
  <ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><SSLSupportMethod>vip</SSLSupportMethod><MinimumProtocolVersion>TLSv1</MinimumProtocolVersion><CertificateSource>cloudfront</CertificateSource></ViewerCertificate>
  <Restrictions><GeoRestriction><RestrictionType>none</RestrictionType><Quantity>0</Quantity></GeoRestriction></Restrictions>
  <WebACLId></WebACLId><HttpVersion>http2and3</HttpVersion><IsIPV6Enabled>true</IsIPV6Enabled>
  <ContinuousDeploymentPolicyId></ContinuousDeploymentPolicyId><Staging>false</Staging>
</DistributionConfig>`

// AddDistribution adds a distribution that is deployed.
func (a *Account) AddDistribution(id string) *Distribution {
	d := &Distribution{a: a, ID: id, tagged: allowed(), config: []byte(distributionConfig), deployed: []byte(distributionConfig), version: 1}
	a.distributions[id] = d
	return d
}

// Replace changes the text of the configuration as another program would.
func (d *Distribution) Replace(from, to string) {
	d.a.Do(func() {
		if !bytes.Contains(d.config, []byte(from)) {
			panic("not in the configuration: " + from)
		}
		d.set(bytes.Replace(d.config, []byte(from), []byte(to), 1), d.a.Now())
	})
}

// Config is the configuration, as it was written last.
func (d *Distribution) Config() (text string) {
	d.a.Do(func() { text = string(d.config) })
	return text
}

// ErrorTTL is how long the edges keep an error, by what they have.
func (d *Distribution) ErrorTTL(code int) (ttl time.Duration) {
	d.a.Do(func() {
		e, _ := parseErrors(d.deployed)
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
	d.old = append(d.old, replaced{config: d.config, number: d.version, until: now.Add(d.a.Lag)})
	d.config, d.version, d.due = config, d.version+1, now.Add(d.a.Delay)
	d.advance(now)
}

// advance deploys what is due.
func (d *Distribution) advance(now time.Time) {
	if !d.due.After(now) {
		d.deployed = d.config
	}
}

func (d *Distribution) status(now time.Time) string {
	if d.due.After(now) {
		return "InProgress"
	}
	return "Deployed"
}

// read is the configuration that can be read at an instant, and its number.
func (d *Distribution) read(now time.Time) (config []byte, number int) {
	for _, v := range d.old {
		if v.until.After(now) {
			return v.config, v.number
		}
	}
	return d.config, d.version
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

// distribution finds one by ID or ARN.
func (a *Account) distribution(name string) *Distribution {
	if _, id, ok := strings.Cut(name, ":distribution/"); ok {
		name = id
	}
	return a.distributions[name]
}

func (a *Account) serveCloudFront(c *call) {
	q := c.r.URL.Query()
	part := strings.Split(strings.TrimPrefix(c.r.URL.Path, "/2020-05-31/"), "/")
	var op, name, rest string
	switch {
	case part[0] == "tagging":
		name = q.Get("Resource")
		op = map[string]string{"GET": "ListTagsForResource", "POST" + "Tag": "TagResource", "POST" + "Untag": "UntagResource"}[c.r.Method+q.Get("Operation")]
	case part[0] == "distribution" && len(part) == 1 && c.r.Method == http.MethodGet:
		a.listDistributions(c)
		return
	case part[0] == "distribution" && len(part) >= 2:
		name, rest = part[1], strings.Join(part[2:], "/")
		switch what, id, _ := strings.Cut(rest, "/"); {
		case rest == "":
			op = map[string]string{"GET": "GetDistribution"}[c.r.Method]
		case rest == "config":
			op = map[string]string{"PUT": "UpdateDistribution"}[c.r.Method]
		case what == "invalidation" && id == "":
			op = map[string]string{"GET": "ListInvalidations", "POST": "CreateInvalidation"}[c.r.Method]
		case what == "invalidation":
			op, rest = map[string]string{"GET": "GetInvalidation"}[c.r.Method], id
		}
	}
	d := a.distribution(name)
	if d != nil {
		c.resource = d.arn()
	}
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet) {
		return
	}
	if d == nil {
		c.fail(http.StatusNotFound, "NoSuchDistribution", "The specified distribution does not exist.")
		return
	}
	switch op {
	case "GetDistribution":
		config, number := d.read(c.now)
		c.w.Header().Set("ETag", etag(number))
		c.xml(d.text(c.now, config))
	case "UpdateDistribution":
		d.update(c)
	case "ListTagsForResource":
		c.xml("<Tags><Items>" + tagsXML(d.shown(c.now)) + "</Items></Tags>")
	case "TagResource", "UntagResource":
		d.tagging(c, op)
	case "ListInvalidations":
		d.listInvalidations(c, q)
	case "GetInvalidation":
		for i := range d.invalidations {
			if d.invalidations[i].id == rest {
				c.xml(d.invalidations[i].text(c.now))
				return
			}
		}
		c.fail(http.StatusNotFound, "NoSuchInvalidation", "The specified invalidation does not exist.")
	case "CreateInvalidation":
		d.createInvalidation(c)
	}
}

func (d *Distribution) text(now time.Time, config []byte) string {
	return fmt.Sprintf(`<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>%s</Id><ARN>%s</ARN><Status>%s</Status><DomainName>d1.cloudfront.net</DomainName><InProgressInvalidationBatches>0</InProgressInvalidationBatches>%s</Distribution>`,
		d.ID, d.arn(), d.status(now), config)
}

func (d *Distribution) update(c *call) {
	switch match := c.r.Header.Get("If-Match"); {
	case match == "":
		c.fail(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
		return
	case match != etag(d.version):
		c.fail(http.StatusPreconditionFailed, "PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")
		return
	}
	if _, err := parseErrors(c.body); err != nil {
		code, message, _ := strings.Cut(err.Error(), ": ")
		c.fail(http.StatusBadRequest, code, message)
		return
	}
	d.set(bytes.Clone(c.body), c.now)
	c.w.Header().Set("ETag", etag(d.version))
	c.xml(d.text(c.now, d.config))
}

// tagValue is what a tag may hold.
func tagValue(s string) bool {
	return len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" _.:/=+-@", r))
	})
}

func (d *Distribution) tagging(c *call, op string) {
	var in struct {
		Items struct {
			Tag []struct{ Key, Value string }
			Key []string
		}
	}
	if err := xml.Unmarshal(c.body, &in); err != nil || len(in.Items.Tag)+len(in.Items.Key) == 0 {
		c.fail(http.StatusBadRequest, "InvalidTagging", "The tagging specified is not valid.")
		return
	}
	add := map[string]string{}
	for _, t := range in.Items.Tag {
		if !tagValue(t.Key) || !tagValue(t.Value) {
			c.fail(http.StatusBadRequest, "InvalidTagging", "The tagging specified is not valid.")
			return
		}
		add[t.Key] = t.Value
	}
	d.change(c, add, in.Items.Key)
	c.w.WriteHeader(http.StatusNoContent)
}

func (a *Account) cloudFrontState(w io.Writer) {
	for _, id := range slices.Sorted(maps.Keys(a.distributions)) {
		d := a.distributions[id]
		fmt.Fprintf(w, "distribution %s: tags %v\n", id, d.Tags)
		for _, l := range elements(d.config) {
			fmt.Fprintf(w, "  %s\n", l)
		}
		if !slices.Equal(elements(d.config), elements(d.deployed)) {
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
