package cloudfront

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
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
	out, err := d.api.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &distribution}, func(o *cloudfront.Options) {
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
	_, err := d.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &c.id, IfMatch: &c.etag, DistributionConfig: c.DistributionConfig}, func(o *cloudfront.Options) {
		o.HTTPClient = aws.Checked(o.HTTPClient, func(body []byte) error { return keeps(c.raw, body) }, dry)
	})
	return aws.CheckedError(err)
}

// section is the part of a configuration that is ours to change.
const section = "CustomErrorResponses"

// keeps makes sure that a configuration that is about to be sent has everything
// that was received, but for the section that is ours. An SDK drops what it does
// not know.
func keeps(received, sent []byte) error {
	before, err := leaves(received)
	if err != nil {
		return fmt.Errorf("configuration of the distribution: %w", err)
	}
	after, err := leaves(sent)
	if err != nil {
		return fmt.Errorf("configuration of the distribution: %w", err)
	}
	slices.Sort(before)
	slices.Sort(after)
	n := 0
	for _, leaf := range before {
		if n == len(after) || after[n] > leaf {
			return fmt.Errorf("the configuration of the distribution has a setting that this version of hlsload does not know and would lose (got %s; want a newer version)", pathOf(leaf))
		}
		if after[n] < leaf {
			break
		}
		n++
	}
	if n < len(after) {
		return fmt.Errorf("writing back the configuration of the distribution would change other settings (got %s)", pathOf(after[n]))
	}
	return nil
}

// pathOf is what people are told of a leaf: its text may be a secret, such as a
// header that the origin wants to see.
func pathOf(leaf string) string {
	path, _, _ := strings.Cut(leaf, " ")
	return fmt.Sprintf("%.200s", path)
}

// leaves are the texts of a configuration, with their paths. What has no text
// says nothing.
func leaves(text []byte) ([]string, error) {
	const root = "DistributionConfig"
	in := xml.NewDecoder(bytes.NewReader(text))
	var all, path []string
	var chars strings.Builder
	depth := -1 // of the root
	for {
		t, err := in.Token()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth < 0 && t.Name.Local == root {
				depth = len(path)
			}
			path = append(path, t.Name.Local)
			chars.Reset()
		case xml.CharData:
			chars.Write(t)
		case xml.EndElement:
			value := strings.TrimSpace(chars.String())
			if depth >= 0 && value != "" && !(len(path) > depth+1 && path[depth+1] == section) {
				all = append(all, strings.Join(path[depth:], "/")+" "+value)
			}
			chars.Reset()
			path = path[:len(path)-1]
			if len(path) == depth {
				return all, nil
			}
		}
	}
}
