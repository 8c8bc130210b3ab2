package cloudfront

import (
	"context"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// Reads makes sure that the distribution reads a bucket by origin access
// control. Only then does a statement of the bucket's policy that is about the
// distribution keep it from reading: anything else asks under another name.
func (d *Driver) Reads(ctx context.Context, bucket string) error {
	c, err := d.read(ctx, d.Config.Distribution)
	if err != nil {
		return err
	}
	if c.Origins == nil {
		return fmt.Errorf("%s has no origins", d.Target())
	}
	var others []string
	for _, o := range c.Origins.Items {
		host := sdk.ToString(o.DomainName)
		what := ""
		switch {
		case !strings.HasPrefix(host, bucket+".s3"):
			others = append(others, host)
			continue
		case strings.HasPrefix(host, bucket+".s3-website"):
			what = "as a public website"
		case o.S3OriginConfig != nil && sdk.ToString(o.S3OriginConfig.OriginAccessIdentity) != "":
			what = "by an origin access identity, which has its own principal"
		case sdk.ToString(o.OriginAccessControlId) == "":
			what = "anonymously"
		default:
			continue
		}
		return fmt.Errorf("%s reads bucket %s %s (got origin %s; want origin access control, or no aws.distribution, which denies all readers): a statement about the distribution would not deny it",
			d.Target(), bucket, what, sdk.ToString(o.Id))
	}
	if len(others) == len(c.Origins.Items) {
		return fmt.Errorf("%s does not read bucket %s (got origins %s; want %s.s3.…)", d.Target(), bucket, strings.Join(others, ", "), bucket)
	}
	return nil
}
