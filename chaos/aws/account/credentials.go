package account

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
)

// fixed are the sources of credentials that give the same ones for ever: what
// ends, ends.
var fixed = []string{"EnvConfigCredentials", "SharedConfigCredentials", "StaticCredentials"}

// expirations are the variables in which tools leave when the credentials that
// they put into the environment end.
var expirations = []string{"AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"}

// Last makes sure that the credentials last until all is undone. sticky are the
// faults that nothing else undoes: with those, credentials that end too soon
// are an error, else a warning.
func (a *Account) Last(ctx context.Context, until time.Time, sticky []string) (warnings []string, err error) {
	c, err := a.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("credentials for AWS: %w", err)
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
