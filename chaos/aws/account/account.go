// Package account puts the drivers of an account on AWS together: credentials,
// region, the caller, and a client for every service. It is the only
// package of its kind; the core build of hlsload, without the tag full, does not
// import it and so carries no SDK.
//
// Credentials, endpoints and proxies are the SDK's business: its environment
// variables and files are all that there is.
package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	awscloudfront "github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/fis"
	"github.com/aws/aws-sdk-go-v2/service/fis/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	awsmediaconnect "github.com/aws/aws-sdk-go-v2/service/mediaconnect"
	ml "github.com/aws/aws-sdk-go-v2/service/medialive"
	"github.com/aws/aws-sdk-go-v2/service/mediapackagev2"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awsscheduler "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"hlsload/chaos"
	"hlsload/chaos/aws"
	"hlsload/chaos/aws/cloudfront"
	"hlsload/chaos/aws/lambda"
	"hlsload/chaos/aws/mediaconnect"
	"hlsload/chaos/aws/medialive"
	"hlsload/chaos/aws/mediapackage"
	"hlsload/chaos/aws/s3"
	"hlsload/chaos/aws/scheduler"
)

// Account is an account, with a client for every service.
type Account struct {
	cfg         *chaos.AWS
	sdk         sdk.Config
	credentials *sdk.CredentialsCache
	now         func() time.Time
	skew        atomic.Int64 // how far AWS's clock is ahead of now, in nanoseconds
	unread      atomic.Int32 // how often in a row the safety lever could not be read
	Drivers     []aws.Driver
}

// Options are for tests; the zero value is the real thing.
type Options struct {
	Transport http.RoundTripper // nil = the network
	Now       func() time.Time  // nil = time.Now
}

// Describe returns drivers for a plan: they send no request.
func Describe(cfg *chaos.AWS) []aws.Driver { return drivers(cfg, sdk.Config{}, nil) }

// drivers are in the order in which the changes of one fault are made.
func drivers(cfg *chaos.AWS, c sdk.Config, now func() time.Time) []aws.Driver {
	frame := aws.NewFrame(cfg, now)
	m := &medialive.Driver{Frame: frame, API: ml.NewFromConfig(c)}
	front := &cloudfront.Driver{Frame: frame, API: awscloudfront.NewFromConfig(c)}
	return []aws.Driver{
		&s3.Driver{Frame: frame, API: storeOf(c), Writer: m.Role, Reader: front.Reads},
		&mediapackage.Driver{Frame: frame, API: mediapackagev2.NewFromConfig(c), Web: c.HTTPClient, Writer: m.Role},
		m,
		&mediaconnect.Driver{Frame: frame, API: awsmediaconnect.NewFromConfig(c)},
		&lambda.Driver{Frame: frame, API: awslambda.NewFromConfig(c), Experiments: fis.NewFromConfig(c)},
		front,
		&scheduler.Driver{Frame: frame, API: awsscheduler.NewFromConfig(c)}, // last: what is swept comes before its watchdog
	}
}

// storeOf returns the client of S3.
func storeOf(c sdk.Config) *awss3.Client {
	return awss3.NewFromConfig(c, func(o *awss3.Options) {
		// An emulator of S3 does not have a host name for each bucket.
		o.UsePathStyle = c.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
	})
}

// Open finds credentials. It sends no request to AWS.
func Open(ctx context.Context, cfg *chaos.AWS, o Options) (*Account, error) {
	c, credentials, err := load(ctx, cfg.Region, o.Transport)
	if err != nil {
		return nil, err
	}
	a := &Account{cfg: cfg, sdk: c, credentials: credentials, now: o.Now}
	if a.now == nil {
		a.now = time.Now
	}
	a.Drivers = drivers(cfg, c, a.Now)
	return a, nil
}

// load finds credentials; without a region, that of the environment is taken, if there is one.
func load(ctx context.Context, region string, on http.RoundTripper) (sdk.Config, *sdk.CredentialsCache, error) {
	load := func(ctx context.Context) (sdk.Config, error) {
		return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithAppID("hlsload"))
	}
	c, err := load(ctx)
	if err != nil {
		return c, nil, fmt.Errorf("credentials for AWS: %w", err)
	}
	// Files and variables are read again when credentials are lost: fresh
	// ones may have been put there.
	credentials := sdk.NewCredentialsCache(sdk.CredentialsProviderFunc(func(ctx context.Context) (sdk.Credentials, error) {
		fresh, err := load(ctx)
		if err != nil {
			return sdk.Credentials{}, err
		}
		return fresh.Credentials.Retrieve(ctx)
	}))
	c.Credentials = credentials
	c.Logger = logging.Nop{} // what is worth saying comes as an error
	c.RequestChecksumCalculation = sdk.RequestChecksumCalculationWhenRequired
	c.ResponseChecksumValidation = sdk.ResponseChecksumValidationWhenRequired
	if on != nil {
		c.HTTPClient = &http.Client{Transport: on}
	}
	return c, credentials, nil
}

// Now is the time by AWS's clock, as far as [Account.Identify] has seen it.
func (a *Account) Now() time.Time { return a.now().Add(time.Duration(a.skew.Load())) }

// Refresh forgets the credentials, so that the next request looks for others.
func (a *Account) Refresh() { a.credentials.Invalidate() }

// Guard makes sure that this is the account that the scenario means, that the
// account's owners have not stopped experiments, and that every target may be
// touched. It returns what is worth knowing; the error is why the run must not
// begin.
func (a *Account) Guard(ctx context.Context) (warnings []string, err error) {
	if err := a.Identify(ctx); err != nil {
		return nil, err
	}
	warnings, err = a.lever(ctx)
	if err != nil {
		return nil, err
	}
	found, err := aws.Guards(ctx, a.Drivers, a.Now())
	if err != nil {
		return nil, fmt.Errorf("check the targets: %w", plain(err))
	}
	var problems []error
	for _, f := range found {
		if f.Refuses {
			problems = append(problems, errors.New(f.Text))
		} else {
			warnings = append(warnings, f.Text)
		}
	}
	return warnings, errors.Join(problems...)
}

// Still makes sure, before a fault of a run, that nothing has changed since the
// guards looked: the account and the clock, the safety lever, the marks of other
// runs and, when none of the run's other faults holds, the health of the targets.
func (a *Account) Still(ctx context.Context, run string, alone bool) error {
	if err := a.Identify(ctx); err != nil { // the clock may have been set, or the machine asleep
		return err
	}
	if _, err := a.lever(ctx); err != nil {
		return err
	}
	left, err := aws.Leftovers(ctx, a.Drivers)
	if err != nil {
		return fmt.Errorf("check the targets: %w", plain(err))
	}
	for _, l := range left {
		if l.Run != run && !l.Lock { // which run locked first is settled
			return fmt.Errorf("another run has started in the meantime (got %s at %s; want no other run)", l.What, l.Target)
		}
	}
	if !alone {
		return nil
	}
	return aws.Well(ctx, a.Drivers)
}

// Stopped reports whether the account's owners have stopped experiments. Where
// that has to be known, not knowing it a few times in a row counts as well.
func (a *Account) Stopped(ctx context.Context) error {
	_, err := a.lever(ctx)
	var unread *unreadError
	if !errors.As(err, &unread) {
		a.unread.Store(0)
		return err
	}
	if n := a.unread.Add(1); n >= maxUnread {
		return fmt.Errorf("%w, %d times in a row", err, n)
	}
	return nil
}

// maxUnread is how often in a row the safety lever may not be readable during a
// run.
const maxUnread = 3

// unreadError is why the safety lever could not be read, where it has to be
// (aws.require_lever).
type unreadError struct{ cause error }

func (e *unreadError) Error() string {
	return fmt.Sprintf("the account's safety lever could not be read (%v; want it readable: aws.require_lever)", e.cause)
}

func (e *unreadError) Unwrap() error { return e.cause }

// Identify makes sure that the credentials are for the account, and that this
// machine's clock is AWS's.
func (a *Account) Identify(ctx context.Context) error {
	if err := a.Credentials(ctx); err != nil {
		return err
	}
	who, err := caller(ctx, a.sdk)
	if err != nil {
		return err
	}
	if got := sdk.ToString(who.Account); got != a.cfg.Account {
		return fmt.Errorf("the credentials are for another account (got %s; want %s)", got, a.cfg.Account)
	}
	skew, ok := middleware.GetAttemptSkew(who.ResultMetadata)
	if !ok {
		return nil
	}
	if skew.Abs() > maxSkew {
		return fmt.Errorf("this machine's clock differs from AWS's (got %v; want at most %v: faults end by themselves at a set time)", skew.Round(time.Second), maxSkew)
	}
	if skew.Abs() < time.Second {
		skew = 0 // answers have whole seconds
	}
	a.skew.Store(int64(skew))
	return nil
}

// caller is whose credentials these are.
func caller(ctx context.Context, c sdk.Config) (*sts.GetCallerIdentityOutput, error) {
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("identify the caller on AWS: %w", plain(err))
	}
	return who, nil
}

// maxSkew is how far this machine's clock may be from AWS's: a third of the
// margin after which faults end by themselves.
const maxSkew = chaos.AWSMargin / 3

// Calls are those that are made whatever the targets are.
func Calls() []aws.Call {
	return []aws.Call{{Action: "sts:GetCallerIdentity", Resource: "*"}, {Action: "fis:GetSafetyLever", Resource: "*"}}
}

// lever asks for the safety lever of AWS's own fault injection service: it stops
// experiments in the account, and hlsload keeps to it.
func (a *Account) lever(ctx context.Context) (warnings []string, err error) {
	out, err := fis.NewFromConfig(a.sdk).GetSafetyLever(ctx, &fis.GetSafetyLeverInput{Id: sdk.String("default")})
	switch {
	case err != nil:
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if a.cfg.RequireLever {
			return nil, &unreadError{plain(err)}
		}
		return []string{fmt.Sprintf("the account's safety lever could not be read: %v", plain(err))}, nil
	case out.SafetyLever != nil && out.SafetyLever.State != nil && out.SafetyLever.State.Status != types.SafetyLeverStatusDisengaged:
		return nil, fmt.Errorf("the account's safety lever is %s (%s): experiments are stopped in this account and region", out.SafetyLever.State.Status, sdk.ToString(out.SafetyLever.State.Reason))
	}
	return nil, nil
}

// Undoer undoes faults that a journal says were left.
func (a *Account) Undoer(patience time.Duration) *aws.Undoer {
	return &aws.Undoer{Drivers: a.Drivers, Lookup: os.LookupEnv, Refresh: a.Refresh, Patience: patience}
}

// plain shortens an error of the SDK to what AWS said.
func plain(err error) error {
	var api smithy.APIError
	var op *smithy.OperationError
	if errors.As(err, &api) && errors.As(err, &op) {
		return fmt.Errorf("%s %s: %s: %s", op.Service(), op.Operation(), api.ErrorCode(), api.ErrorMessage())
	}
	return err
}
