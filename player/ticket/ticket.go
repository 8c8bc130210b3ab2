package ticket

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"hlsload/player/credential"
)

// Ask is a session that wants to be let in.
type Ask struct {
	Player  int64  `json:"player"`  // its number; [Look] before the run
	Session int    `json:"session"` // of this player: 1, and one more after each rejoin
	Cohort  string `json:"cohort"`
	Reason  string `json:"reason"` // join, renew or look
}

// Look is the player number of the look at a stream before a run.
const Look = -1

// Reasons to ask.
const (
	ToJoin  = "join"
	ToRenew = "renew"
	ToLook  = "look"
)

// Header is a header field.
type Header = credential.Header

// Ticket is what the issuer says about one session.
type Ticket struct {
	URL     string            // instead of the target's; "" = that
	Headers []Header          // beside the target's
	Fields  map[string]string // for the fields of the target's URL and headers
	Expires time.Time         // zero = not known
}

// Bounds of a ticket.
const (
	MaxLine   = 64 << 10 // bytes of a line that an issuer writes
	maxValues = 64       // fields and headers of a ticket
)

// Keys of a ticket that are not fields.
const (
	keyURL     = "url"
	keyHeaders = "headers"
	keyExpires = "expires"
	keyError   = "error"
)

// Parse reads a ticket that is an object of JSON: url, headers, expires and
// whatever else is a field. Its errors quote no value.
func Parse(line []byte, now time.Time) (*Ticket, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("line too long (got %d bytes; want at most %d)", len(line), MaxLine)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil || object == nil {
		return nil, errors.New(`not an object of JSON (want a line such as {"token": "…"})`)
	}
	if len(object) > maxValues {
		return nil, fmt.Errorf("too many keys (got %d; want at most %d)", len(object), maxValues)
	}
	if said, ok := object[keyError]; ok {
		text, _ := scalar(said)
		return nil, &RefusedError{text}
	}
	t := &Ticket{Fields: map[string]string{}}
	for key, raw := range object {
		if key == keyHeaders {
			if err := t.readHeaders(raw); err != nil {
				return nil, err
			}
			continue
		}
		text, ok := scalar(raw)
		if !ok {
			return nil, fmt.Errorf("%s is not a text or a number", Quote(key))
		}
		if err := t.Set(key, text, now); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// RefusedError is an issuer's word that it lets a session not in.
type RefusedError struct{ Said string }

func (e *RefusedError) Error() string { return fmt.Sprintf("refused (%.200q)", e.Said) }

// Set takes in one value by its key, as a column of a file has it.
func (t *Ticket) Set(key, text string, now time.Time) error {
	switch key {
	case keyURL:
		t.URL = text
	case keyExpires:
		at, err := parseExpires(text, now)
		if err != nil {
			return err
		}
		t.Expires = at
	default:
		if !validName(key) {
			return fmt.Errorf("not the name of a field (got %s; want letters, digits, _ and -)", Quote(key))
		}
		if t.Fields == nil {
			t.Fields = map[string]string{}
		}
		t.Fields[key] = text
	}
	return nil
}

func (t *Ticket) readHeaders(raw json.RawMessage) error {
	var headers map[string]json.RawMessage
	if err := json.Unmarshal(raw, &headers); err != nil || len(headers) > maxValues {
		return errors.New(`headers are not an object of names and values (want {"Authorization": "…"})`)
	}
	for name, raw := range headers {
		value, ok := scalar(raw)
		if !ok {
			return fmt.Errorf("the header %s is not a text or a number", Quote(name))
		}
		if err := credential.Check(name, value); err != nil {
			return err
		}
		t.Headers = append(t.Headers, Header{Name: name, Value: value})
	}
	sortHeaders(t.Headers)
	return nil
}

func scalar(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return text, true
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil && number != "" {
		return number.String(), true
	}
	return "", false
}

// parseExpires reads when a ticket ends: RFC 3339, seconds since 1970, or seconds
// from now, which are less than a hundred million.
func parseExpires(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	const (
		sinceEpoch = 1e8
		most       = 1e11
	)
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n) || n < 0 || n > most:
		return time.Time{}, errors.New("expires is not a time (want RFC 3339, seconds since 1970, or seconds from now)")
	case n < sinceEpoch:
		return now.Add(time.Duration(n * float64(time.Second))), nil
	}
	return time.Unix(int64(n), 0), nil
}

// Quote quotes a key for a message, short.
func Quote(s string) string { return fmt.Sprintf("%.40q", s) }
