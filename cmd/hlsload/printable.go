package main

import (
	"io"

	"hlsload/reports/document"
)

// printable replaces control characters in text that may quote a server.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	if _, err := io.WriteString(p.w, document.Printable(string(b), false)); err != nil {
		return 0, err
	}
	return len(b), nil
}
