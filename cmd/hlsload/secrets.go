package main

import (
	"bytes"
	"context"
	"io"
	"os"

	"hlsload/scenarios/redact"
)

// secretsKey is where a context holds what a command must not show.
type secretsKey struct{}

// withSecrets returns a context whose secrets are those of the environment, for
// a start; scenarios, arguments and journals add theirs.
func withSecrets(ctx context.Context) (context.Context, *redact.Secrets) {
	s := &redact.Secrets{}
	s.AddEnv(os.Environ())
	return context.WithValue(ctx, secretsKey{}, s), s
}

// secretsOf is what the context's command must not show; nil = nothing is known.
func secretsOf(ctx context.Context) *redact.Secrets {
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(secretsKey{}).(*redact.Secrets)
	return s
}

// veil passes lines through f on their way to w. Close writes the last one.
type veil struct {
	w   io.Writer
	f   func(string) string
	buf []byte
}

// maxLine is where a line that does not end is cut.
const maxLine = 64 << 10

func (v *veil) Write(b []byte) (int, error) {
	v.buf = append(v.buf, b...)
	for {
		i := bytes.IndexByte(v.buf, '\n') + 1
		if i == 0 && len(v.buf) > maxLine {
			i = len(v.buf)
		}
		if i == 0 {
			return len(b), nil
		}
		if _, err := io.WriteString(v.w, v.f(string(v.buf[:i]))); err != nil {
			return 0, err
		}
		v.buf = v.buf[:copy(v.buf, v.buf[i:])]
	}
}

func (v *veil) Close() error {
	_, err := io.WriteString(v.w, v.f(string(v.buf)))
	v.buf = nil
	return err
}
