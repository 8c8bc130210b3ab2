package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Some settings can only be written as a whole: an SDK that does not know all of
// them would drop the rest. So what was received is kept as bytes, and what is
// about to be sent is compared with it.

// HTTPClient is what the clients of the SDK carry out requests with.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// hook carries out the requests of one call.
type hook func(*http.Request) (*http.Response, error)

// Do implements [HTTPClient].
func (h hook) Do(r *http.Request) (*http.Response, error) { return h(r) }

// Keep returns a client that keeps the body of an answer, of at most so many
// bytes, in raw.
func Keep(next HTTPClient, raw *[]byte, most int64) HTTPClient {
	return hook(func(r *http.Request) (*http.Response, error) {
		res, err := next.Do(r)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		*raw, err = io.ReadAll(io.LimitReader(res.Body, most))
		res.Body = io.NopCloser(bytes.NewReader(*raw))
		return res, err
	})
}

// Checked returns a client that sends a request only when check finds nothing
// wrong with its body; a dry one sends nothing. [CheckedError] is the error of
// the call.
func Checked(next HTTPClient, check func(body []byte) error, dry bool) HTTPClient {
	return hook(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if err := check(body); err != nil {
			return nil, final{err}
		}
		if dry {
			return nil, final{errDry}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		return next.Do(r)
	})
}

// CheckedError is what an error of a call through [Checked] says: nothing for a
// dry one, and what check found without the words of the SDK around it.
func CheckedError(err error) error {
	var f final
	switch {
	case errors.Is(err, errDry):
		return nil
	case errors.As(err, &f):
		return f.error
	}
	return err
}

var errDry = errors.New("not sent")

// final is an error that trying again does not help.
type final struct{ error }

// RetryableError is for the SDK.
func (final) RetryableError() bool { return false }
func (f final) Unwrap() error      { return f.error }

// Kept compares what is about to be written with what was received, each as its
// settings, "path value". It returns the path of one that would be lost, or that
// would be new: the value may be a secret.
func Kept(received, sent []string) (lost, changed string) {
	path := func(setting string) string {
		path, _, _ := strings.Cut(setting, " ")
		return fmt.Sprintf("%.200s", path)
	}
	slices.Sort(received)
	slices.Sort(sent)
	n := 0
	for _, s := range received {
		switch {
		case n == len(sent) || sent[n] > s:
			return path(s), ""
		case sent[n] < s:
			return "", path(sent[n])
		}
		n++
	}
	if n < len(sent) {
		return "", path(sent[n])
	}
	return "", ""
}

// Contend reads, edits and writes something that others write, too: again when
// the write met another version, which also happens when the answer to the first
// try was lost, or when what was written last does not show yet. edit reads and
// edits; it returns nil when there is nothing to do. conflicts are the codes of
// errors that say so. Contend reports whether
// there was anything to do.
func Contend(ctx context.Context, now func() time.Time, what string, conflicts []string, edit func(context.Context) (write func(context.Context) error, err error)) (changed bool, err error) {
	deadline := now().Add(Unsettled)
	for {
		write, err := edit(ctx)
		if err != nil || write == nil {
			return changed, err
		}
		changed = true
		if err = write(ctx); err == nil || !slices.Contains(conflicts, Code(err)) {
			return changed, err
		}
		if now().After(deadline) {
			return changed, fmt.Errorf("%s is being changed by another program (got a different version at every try for %v; want no other changes during the run): %w", what, Unsettled, err)
		}
		if err := Wait(ctx, time.Second); err != nil {
			return changed, err
		}
	}
}
