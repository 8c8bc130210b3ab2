// Package bus carries messages between the conductor of a run and its agents.
//
// A bus is unreliable on purpose: a message arrives once or not at all. What is
// built on it repeats what matters until it is acknowledged, so that a lost message
// costs time and nothing else. [Hub] is the bus inside one process,
// [hlsload/run/bus/natsbus] the one between machines.
//
// Subjects are words joined by dots, such as "hl.RUN.beat". A subscription may use
// "*" for one word and ">" as its last word for one or more words.
package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const (
	// MaxPayload is how many bytes a message or an answer may have: the default of NATS servers.
	MaxPayload = 1 << 20
	// MaxSubject is how many bytes a subject may have.
	MaxSubject = 255
	// MaxPending is how many messages wait for the handler of one subscription.
	// What comes beyond that is dropped and counted.
	MaxPending = 4096
)

var (
	// ErrClosed is the error of a bus that was closed.
	ErrClosed = errors.New("the bus is closed")
	// ErrNoResponder is the error of a request without a responder.
	ErrNoResponder = errors.New("no responder")
	// ErrTooLarge is the error of a message above [MaxPayload].
	ErrTooLarge = errors.New("the message is too large")
)

// Bus is one participant's end of the bus. All methods may be called from any
// goroutine. A participant does not receive what it publishes itself.
type Bus interface {
	// Publish sends a message to all who are subscribed to the subject. It does
	// not wait, and no error does not mean that anybody received it.
	Publish(subject string, data []byte) error

	// Request sends a message and returns the first answer. It fails with
	// [ErrNoResponder] when there is no responder, and with the error of ctx.
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)

	// Subscribe calls handle for each message that matches the pattern, one at a time,
	// in the order in which one participant sent them, on a goroutine of the subscription.
	Subscribe(pattern string, handle func(*Message)) (Subscription, error)

	// Dropped is how many messages were lost so far because a handler here was slow.
	Dropped() int64

	// Close ends all subscriptions and waits for handlers that run, so no handler
	// may call it. A second call does nothing.
	Close()
}

// Subscription is what [Bus.Subscribe] returns.
type Subscription interface {
	// Cancel ends the subscription. Messages that wait are dropped. A handler that
	// runs may still be running when Cancel returns.
	Cancel()
}

// Message is one message. Its data must not be changed.
type Message struct {
	Subject string
	Data    []byte

	reply func([]byte) error
}

// NewMessage returns a message for the handler of a bus. reply sends the
// answer; nil = none is wanted.
func NewMessage(subject string, data []byte, reply func([]byte) error) *Message {
	return &Message{Subject: subject, Data: data, reply: reply}
}

// Wanted reports whether the sender of the message waits for an answer.
func (m *Message) Wanted() bool { return m.reply != nil }

// Reply answers a request; for a published message it does nothing.
func (m *Message) Reply(data []byte) error {
	if m.reply == nil {
		return nil
	}
	if len(data) > MaxPayload {
		return tooLarge("answer to "+m.Subject, data)
	}
	return m.reply(data)
}

func tooLarge(what string, data []byte) error {
	return fmt.Errorf("send %.80s: %w: %d bytes (want at most %d)", what, ErrTooLarge, len(data), MaxPayload)
}

// Check returns the error of a message that no bus sends: a subject with
// wildcards, or too much data.
func Check(subject string, data []byte) error {
	if err := checkWords(subject, false); err != nil {
		return err
	}
	if len(data) > MaxPayload {
		return tooLarge(subject, data)
	}
	return nil
}

// CheckPattern returns the error of a bad pattern.
func CheckPattern(pattern string) error { return checkWords(pattern, true) }

func checkWords(s string, pattern bool) error {
	bad := func(why string) error { return fmt.Errorf("subject %.80q: %s", s, why) }
	if s == "" || len(s) > MaxSubject {
		return bad(fmt.Sprintf("has %d bytes (want 1 to %d)", len(s), MaxSubject))
	}
	words := strings.Split(s, ".")
	for i, w := range words {
		switch {
		case w == "":
			return bad("has an empty word")
		case w == "*" || w == ">":
			if !pattern {
				return bad("has a wildcard (want the words of one subject)")
			}
			if w == ">" && i < len(words)-1 {
				return bad(`has ">" before its last word`)
			}
		case strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '*' || r == '>' }):
			return bad("has a character that is not allowed (want printable ASCII without blanks, * and > alone)")
		}
	}
	return nil
}

// Matches reports whether a subject matches a pattern. Both are valid.
func Matches(pattern, subject string) bool {
	for {
		p, ps, more := strings.Cut(pattern, ".")
		if p == ">" {
			return true
		}
		s, ss, has := strings.Cut(subject, ".")
		if p != "*" && p != s || more != has {
			return false
		}
		if !more {
			return true
		}
		pattern, subject = ps, ss
	}
}
