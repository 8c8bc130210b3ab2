package main

import (
	"bytes"
	"context"
	"io"
	"os"

	"hlsload/scenarios/redact"
)

// secretsKey is the key of the secrets in a context.
type secretsKey struct{}

// withSecrets returns a context with the secrets of the environment. Scenarios,
// arguments and journals add theirs.
func withSecrets(ctx context.Context) (context.Context, *redact.Secrets) {
	s := &redact.Secrets{}
	s.AddEnv(os.Environ())
	return context.WithValue(ctx, secretsKey{}, s), s
}

// secretsOf are the secrets that a command must not show; nil = none are known.
func secretsOf(ctx context.Context) *redact.Secrets {
	if ctx == nil {
		return nil
	}
	s, _ := ctx.Value(secretsKey{}).(*redact.Secrets)
	return s
}

// redactingWriter passes each line through f and writes it to w. Close writes the
// last line.
type redactingWriter struct {
	w   io.Writer
	f   func(string) string
	buf []byte
}

// maxLine is the length at which a line without an end is cut.
const maxLine = 64 << 10

func (v *redactingWriter) Write(b []byte) (int, error) {
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

func (v *redactingWriter) Close() error {
	_, err := io.WriteString(v.w, v.f(string(v.buf)))
	v.buf = nil
	return err
}
