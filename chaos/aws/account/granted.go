package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"hlsload/capacity/tariff"
)

// Bounds of reading granted quotas: all of it, an attempt of a request, its answer, the pages of a
// service, and their quotas.
const (
	grantedTime  = time.Minute
	attemptTime  = 15 * time.Second
	maxAnswer    = 4 << 20
	maxPages     = 50
	maxQuotas    = 5000
	quotasOnPage = 100
)

// globally is where Service Quotas has the quotas of services that have no region.
const globally = "us-east-1"

var global = []string{"cloudfront"}

// Granted reads from Service Quotas what the account of the credentials was granted for some
// services. It reads only: sts:GetCallerIdentity, which needs no permission, and
// servicequotas:ListServiceQuotas. The region is that of the environment. Values are as they
// came: [tariff.Quotas.Grant] checks them.
func Granted(ctx context.Context, o Options, services []string) (*tariff.Reading, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, grantedTime, fmt.Errorf("no answer within %v", grantedTime))
	defer cancel()
	c, credentials, err := load(ctx, "", o.Transport)
	if err != nil {
		return nil, err
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	r := &tariff.Reading{Seen: now(), Regions: map[string]string{}}
	for _, s := range services {
		if r.Regions[s] = c.Region; slices.Contains(global, s) {
			r.Regions[s] = globally
		}
		if r.Regions[s] == "" {
			return nil, fmt.Errorf("quotas of %s: no region (want AWS_REGION, or a region in the profile)", s)
		}
	}
	if c.Region == "" {
		c.Region = globally
	}
	if err := usable(ctx, credentials); err != nil {
		return nil, late(ctx, err)
	}
	reach := &reach{client: c.HTTPClient}
	c.HTTPClient = reach
	who, err := caller(ctx, c)
	if err != nil {
		return nil, late(ctx, err)
	}
	if r.Account = sdk.ToString(who.Account); !accountID.MatchString(r.Account) {
		return nil, fmt.Errorf("identify the caller on AWS: no account (got %.20q; want twelve digits)", r.Account)
	}
	for _, s := range services {
		applied, err := list(ctx, c, s, r.Regions[s])
		if err != nil {
			return nil, fmt.Errorf("quotas of %s in %s: %w", s, r.Regions[s], late(ctx, err))
		}
		r.Applied = append(r.Applied, applied...)
	}
	r.Server = reach.other()
	return r, nil
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// late is an error, or that a time was over.
func late(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("read granted quotas: %w", context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from AWS within %v, several times (want its servers within reach)", attemptTime)
	}
	return err
}

// list reads the quotas of one service.
func list(ctx context.Context, c sdk.Config, service, region string) (all []tariff.Applied, err error) {
	c.Region = region
	client := servicequotas.NewFromConfig(c)
	in := &servicequotas.ListServiceQuotasInput{ServiceCode: &service, MaxResults: sdk.Int32(quotasOnPage)}
	for range maxPages {
		out, err := client.ListServiceQuotas(ctx, in)
		if err != nil {
			if err = plain(err); strings.Contains(err.Error(), "AccessDenied") {
				err = fmt.Errorf("%w (want a role that may servicequotas:ListServiceQuotas)", err)
			}
			return nil, err
		}
		for i := range out.Quotas {
			all = append(all, applied(service, &out.Quotas[i]))
		}
		if len(all) > maxQuotas {
			return nil, fmt.Errorf("too many (got %d; want at most %d)", len(all), maxQuotas)
		}
		if sdk.ToString(out.NextToken) == "" {
			return all, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, fmt.Errorf("too many pages (got %d, and more to come)", maxPages)
}

// applied is a quota as it came.
func applied(service string, q *types.ServiceQuota) tariff.Applied {
	a := tariff.Applied{Service: service, Code: sdk.ToString(q.QuotaCode), Name: sdk.ToString(q.QuotaName), Unit: sdk.ToString(q.Unit), Value: math.NaN()}
	if q.Value != nil {
		a.Value = *q.Value
	}
	if q.ErrorReason != nil {
		a.Failed = strings.TrimSpace(string(q.ErrorReason.ErrorCode) + " " + sdk.ToString(q.ErrorReason.ErrorMessage))
	}
	if p := q.Period; p != nil {
		a.Period = period(p)
	}
	return a
}

// period is the time that a value counts in; negative = it is not understood.
func period(p *types.QuotaPeriod) time.Duration {
	units := map[types.PeriodUnit]time.Duration{
		types.PeriodUnitMicrosecond: time.Microsecond, types.PeriodUnitMillisecond: time.Millisecond, types.PeriodUnitSecond: time.Second,
		types.PeriodUnitMinute: time.Minute, types.PeriodUnitHour: time.Hour, types.PeriodUnitDay: 24 * time.Hour, types.PeriodUnitWeek: 7 * 24 * time.Hour,
	}
	n, unit := sdk.ToInt32(p.PeriodValue), units[p.PeriodUnit]
	if n <= 0 || unit == 0 || n > 10_000 {
		return -1
	}
	return time.Duration(n) * unit
}

// reach bounds the time and the size of answers, and knows which servers gave them.
type reach struct {
	client interface {
		Do(*http.Request) (*http.Response, error)
	}
	mu    sync.Mutex
	hosts []string
}

// Do implements the SDK's HTTPClient.
func (c *reach) Do(q *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.hosts = append(c.hosts, q.URL.Host)
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(q.Context(), attemptTime)
	res, err := c.client.Do(q.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = &body{r: res.Body, left: maxAnswer, cancel: cancel}
	return res, nil
}

// other is a server that is not one of AWS; "" = all are.
func (c *reach) other() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		name := (&url.URL{Host: h}).Hostname()
		if !strings.HasSuffix(name, ".amazonaws.com") && !strings.HasSuffix(name, ".amazonaws.com.cn") && !strings.HasSuffix(name, ".api.aws") {
			return h
		}
	}
	return ""
}

// body is an answer of bounded size.
type body struct {
	r      io.ReadCloser
	left   int
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("the answer is too large (want less than %d bytes)", maxAnswer)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.r.Close()
}
