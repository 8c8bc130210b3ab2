package main

import (
	"bytes"
	"io"
	"unicode"
)

// printable writes text that may quote a stranger: what would control the
// terminal is replaced.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	safe := bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, b)
	if _, err := p.w.Write(safe); err != nil {
		return 0, err
	}
	return len(b), nil
}
