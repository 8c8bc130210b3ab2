package natsbus

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const (
	joinVersion = "hl1."
	maxJoin     = 640 // characters of a join string
	maxAddress  = 255 // bytes, as its length is one byte
	maxRun      = 64
	shown       = 8 // characters of a join string that may be shown
	checkBytes  = 4
)

// Join is what a join string says: where the server is, how to know it, and the key of
// a role. It is a secret; [Join.Text] is the only method that shows all of it.
type Join struct {
	Role    Role
	Address string // host:port
	Run     string // the run, one word

	pin  [sha256.Size]byte // SHA-256 of the server's SubjectPublicKeyInfo
	seed [32]byte          // of the key of the role
}

// Text returns the join string, which is a secret: "hl1." and base64url of role,
// address, run, pin, seed and four bytes of their SHA-256.
func (j *Join) Text() string {
	b := []byte{byte(j.Role), byte(len(j.Address))}
	b = append(b, j.Address...)
	b = append(b, byte(len(j.Run)))
	b = append(b, j.Run...)
	b = append(b, j.pin[:]...)
	b = append(b, j.seed[:]...)
	return pack(b)
}

func pack(content []byte) string {
	sum := sha256.Sum256(content)
	return joinVersion + base64.RawURLEncoding.EncodeToString(append(content, sum[:checkBytes]...))
}

// String returns the first characters of the join string.
func (j *Join) String() string { return short(j.Text()) }

// GoString returns the same, so that %#v shows no secret.
func (j *Join) GoString() string { return j.String() }

func short(text string) string {
	if len(text) <= shown {
		return text
	}
	return text[:shown] + "…"
}

// ParseJoin reads a join string. White space around it is no error. The error shows no
// more than the first characters of text.
func ParseJoin(text string) (*Join, error) {
	text = strings.TrimSpace(text)
	j, err := parseJoin(text)
	if err != nil {
		return nil, fmt.Errorf("join string %q: %w", short(text), err)
	}
	return j, nil
}

func parseJoin(text string) (*Join, error) {
	if len(text) > maxJoin {
		return nil, fmt.Errorf("has %d characters (want at most %d)", len(text), maxJoin)
	}
	if len(text) <= shown {
		return nil, errors.New(`is cut off (want the whole text that the conductor printed, "hl1." and more)`)
	}
	body, ok := strings.CutPrefix(text, joinVersion)
	if !ok {
		if version, _, dot := strings.Cut(text, "."); dot && strings.HasPrefix(version, "hl") && len(version) <= shown {
			return nil, errors.New("is of another version (want hl1: the same build of hlsload on all machines)")
		}
		return nil, errors.New(`is not one (want the text that the conductor printed, "hl1." and more)`)
	}
	if i := strings.IndexFunc(body, func(r rune) bool {
		return r >= 0x80 || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", r)
	}); i >= 0 {
		return nil, fmt.Errorf("character %d does not belong there (want letters, digits, - and _)", len(joinVersion)+i+1)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return nil, errDamaged
	}
	content := b[:max(0, len(b)-checkBytes)]
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:checkBytes], b[len(content):]) {
		return nil, errDamaged
	}
	var j Join
	r := reader(content)
	j.Role = Role(r.take(1)[0])
	j.Address = string(r.take(int(r.take(1)[0])))
	j.Run = string(r.take(int(r.take(1)[0])))
	copy(j.pin[:], r.take(len(j.pin)))
	copy(j.seed[:], r.take(len(j.seed)))
	if r == nil || len(r) > 0 {
		return nil, errDamaged
	}
	if !strings.ContainsRune("cah", rune(j.Role)) {
		return nil, fmt.Errorf("has the %s (want conductor, agent or halt)", j.Role)
	}
	if err := checkAddress(j.Address); err != nil {
		return nil, err
	}
	return &j, checkRun(j.Run)
}

var errDamaged = errors.New("is damaged or cut off (want the whole text that the conductor printed)")

// reader takes bytes off its front. It is nil after it had too few, and then gives zeros.
type reader []byte

func (r *reader) take(n int) []byte {
	if *r == nil || n > len(*r) {
		*r = nil
		return make([]byte, max(n, 1))
	}
	b := (*r)[:n]
	*r = (*r)[n:]
	return b
}

// checkAddress returns an error unless address is host:port in its usual form.
func checkAddress(address string) error {
	bad := fmt.Errorf("address %.80q (want a host or IP address, a colon and a port)", address)
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || len(address) > maxAddress || net.JoinHostPort(host, port) != address {
		return bad
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return bad
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if strings.ContainsFunc(host, func(r rune) bool { return !wordRune(r) && r != '.' }) {
		return bad
	}
	return nil
}

// checkRun returns an error unless run can be a word of a subject.
func checkRun(run string) error {
	if run == "" || len(run) > maxRun || strings.ContainsFunc(run, func(r rune) bool { return !wordRune(r) }) {
		return fmt.Errorf("run %.80q (want 1 to %d letters, digits, - and _)", run, maxRun)
	}
	return nil
}

func wordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}
