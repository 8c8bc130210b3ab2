package account

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// fixed are the sources of credentials that always give the same ones: they are
// not renewed when they expire.
var fixed = []string{"EnvConfigCredentials", "SharedConfigCredentials", "StaticCredentials"}

// expirations are the variables in which tools leave when the credentials that
// they put into the environment end.
var expirations = []string{"AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"}

// Credentials makes sure that there are credentials. What is wrong is one sentence: the
// SDK's chain of providers says the same of every call.
func (a *Account) Credentials(ctx context.Context) error { return usable(ctx, a.credentials) }

func usable(ctx context.Context, credentials sdk.CredentialsProvider) error {
	_, err := credentials.Retrieve(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	const want = "want AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws sso login"
	if strings.Contains(err.Error(), "no EC2 IMDS role found") { // the last provider of the chain
		return fmt.Errorf("no AWS credentials found (%s)", want)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return fmt.Errorf("the AWS credentials cannot be used: %w (%s)", err, want)
}

// Last makes sure that the credentials last until all is undone. sticky are the
// faults that nothing else undoes: with those, credentials that end too soon
// are an error, else a warning.
func (a *Account) Last(ctx context.Context, until time.Time, sticky []string) (warnings []string, err error) {
	if err := a.Credentials(ctx); err != nil {
		return nil, err
	}
	c, err := a.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	renews := true
	for _, source := range fixed {
		renews = renews && !strings.HasPrefix(c.Source, source)
	}
	if renews {
		return nil, nil
	}
	end, known := ending(c)
	switch {
	case !known && c.SessionToken == "": // those of a user, which stay
		return nil, nil
	case !known:
		return []string{fmt.Sprintf("the credentials are temporary (from %s) and do not say when they expire: undoing needs them until %s", c.Source, until.Format(time.RFC3339))}, nil
	case !end.Before(until):
		return nil, nil
	}
	what := fmt.Sprintf("the credentials expire too soon and are not renewed automatically (got %s, from %s; want them to last until %s, when everything is certain to be undone)",
		end.Format(time.RFC3339), c.Source, until.Format(time.RFC3339))
	if len(sticky) > 0 {
		return nil, fmt.Errorf("%s: nothing else undoes %s", what, strings.Join(sticky, ", "))
	}
	return []string{what}, nil
}

// ending is when credentials end, if that is known.
func ending(c sdk.Credentials) (time.Time, bool) {
	if c.CanExpire {
		return c.Expires, true
	}
	if !strings.HasPrefix(c.Source, "EnvConfigCredentials") || c.SessionToken == "" {
		return time.Time{}, false
	}
	for _, name := range expirations {
		if at, err := time.Parse(time.RFC3339, os.Getenv(name)); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
