package cloudfront

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"

	"hlsload/chaos/aws"
)

// config is the configuration of a distribution, as it was read.
type config struct {
	*types.DistributionConfig
	id, etag string
	status   string
	raw      []byte // what was received
}

// maxConfig bounds an answer of the service.
const maxConfig = 4 << 20

// read reads the configuration of a distribution.
func (d *Driver) read(ctx context.Context, distribution string) (*config, error) {
	c := &config{id: distribution}
	out, err := d.API.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &distribution}, func(o *cloudfront.Options) {
		o.HTTPClient = aws.Keep(o.HTTPClient, &c.raw, maxConfig)
	})
	if err != nil {
		return nil, err
	}
	if out.Distribution == nil || out.Distribution.DistributionConfig == nil || sdk.ToString(out.ETag) == "" {
		return nil, fmt.Errorf("distribution %s has no configuration (got an answer without one)", distribution)
	}
	c.DistributionConfig, c.etag, c.status = out.Distribution.DistributionConfig, *out.ETag, sdk.ToString(out.Distribution.Status)
	return c, nil
}

// write writes the configuration, if it was not written since it was read.
// With dry it is only made sure that nothing would be lost.
func (d *Driver) write(ctx context.Context, c *config, dry bool) error {
	_, err := d.API.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &c.id, IfMatch: &c.etag, DistributionConfig: c.DistributionConfig}, func(o *cloudfront.Options) {
		o.HTTPClient = aws.Checked(o.HTTPClient, func(body []byte) error { return keeps(c.raw, body) }, dry)
	})
	return aws.CheckedError(err)
}

// section is the part of a configuration that a fault changes.
const section = "CustomErrorResponses"

// keeps makes sure that a configuration that is about to be sent has everything
// that was received, but for the section that is ours. An SDK drops what it does
// not know.
func keeps(received, sent []byte) error {
	before, err1 := leaves(received)
	after, err2 := leaves(sent)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("configuration of the distribution: %w", err)
	}
	switch lost, changed := aws.Kept(before, after); {
	case lost != "":
		return fmt.Errorf("the configuration of the distribution has a setting that this version of hlsload does not know and would lose (got %s; want a newer version)", lost)
	case changed != "":
		return fmt.Errorf("writing back the configuration of the distribution would change other settings (got %s)", changed)
	}
	return nil
}

// leaves are the texts of a configuration, with their paths.
func leaves(text []byte) ([]string, error) {
	var e element
	if err := xml.Unmarshal(text, &e); err != nil && err != io.EOF {
		return nil, err
	}
	return e.leaves(""), nil
}

// element is an element of a document.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// leaves are the texts of the element and of those in it. An element without a
// text says nothing.
func (e *element) leaves(path string) (all []string) {
	const root = "DistributionConfig"
	switch {
	case e.XMLName.Local == root:
		path = root
	case path != "":
		path += "/" + e.XMLName.Local
	}
	if path == root+"/"+section {
		return nil
	}
	if text := strings.TrimSpace(e.Text); text != "" && path != "" {
		all = append(all, path+" "+text)
	}
	for i := range e.Children {
		all = append(all, e.Children[i].leaves(path)...)
	}
	return all
}
