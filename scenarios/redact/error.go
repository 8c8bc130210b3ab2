package redact

// Error returns err with its text passed through f, which takes secrets out.
// [errors.Is] and [errors.As] still find err; nil stays nil.
func Error(err error, f func(string) string) error {
	if err == nil {
		return nil
	}
	return &redactedError{f(err.Error()), err}
}

type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.cause }
