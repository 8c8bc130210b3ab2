package client

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"hlsload/chaos"
	"hlsload/reports/cdn"
)

// Response is the head of an answer, as far as players and reports need it.
type Response struct {
	Status    int
	Size      int64 // Content-Length; -1 = not announced
	Body      Body
	Encoding  string // Content-Encoding; "" = identity
	Location  string
	SetCookie []string
	Marks     chaos.Marks // Hlsload-Faults: the faults of the embedded channel that affected it
	// Multiplexed reports whether the answer came over HTTP/2.
	Multiplexed bool
	CDN         cdn.Headers
	Header      http.Header // if [Request.Whole] is set
}

// newResponse is an answer before its first byte.
func newResponse(req *Request) (r Response) {
	if req.Whole {
		r.Header = http.Header{}
	}
	return r
}

// note takes one header field. Names are compared without case.
func (r *Response) note(name, value []byte) {
	if r.Header != nil {
		r.Header.Add(string(name), string(value))
	}
	switch len(name) {
	case 8:
		if is(name, "location") {
			r.Location = string(value)
		}
	case 10:
		if is(name, "set-cookie") && len(r.SetCookie) < 64 {
			r.SetCookie = append(r.SetCookie, string(value))
		}
	case 14:
		if is(name, "hlsload-faults") {
			r.Marks |= marksOf(string(value))
		}
	case 16:
		if is(name, "content-encoding") && !is(value, "identity") {
			r.Encoding = string(bytes.ToLower(value))
		}
	}
	r.CDN.Note(name, value)
}

// marksOf reads a value of Hlsload-Faults. One that cannot be read names no faults.
func marksOf(value string) chaos.Marks {
	m, err := strconv.ParseUint(value, 16, 64)
	if err != nil {
		return 0
	}
	return chaos.Marks(m)
}

// is compares without case.
func is(b []byte, s string) bool { return len(b) == len(s) && strings.EqualFold(string(b), s) }
