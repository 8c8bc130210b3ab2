package credential

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ownHeaders are header fields that players send by themselves, or that say where
// a message ends.
var ownHeaders = []string{"accept-encoding", "connection", "content-length", "expect", "host", "range", "te", "trailer", "transfer-encoding", "upgrade"}

// Check says why a header field cannot be sent to a target. It quotes no value.
func Check(name, value string) error {
	const token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" // RFC 9110 5.6.2
	switch {
	case name == "" || strings.Trim(name, token) != "":
		return fmt.Errorf("not a header name (got %.40q; want letters, digits and -)", name)
	case strings.EqualFold(name, "user-agent"):
		return errors.New("a target must be able to tell who loads it (got User-Agent; want http.user_agent of a profile)")
	case slices.Contains(ownHeaders, strings.ToLower(name)):
		return fmt.Errorf("players set this header themselves (got %.40s; want another)", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return errors.New("a header value cannot hold control characters (want one line of text)")
	}
	return nil
}
