package cdn

import (
	"bytes"
	"sync"
	"sync/atomic"
)

// maxMembers bounds what is read of a list in a header.
const maxMembers = 100

// member takes the first member off a list of names with parameters: the syntax
// that Server-Timing and Cache-Status (RFC 8941 3.1) share,
// name;key=value;key, … with quoted strings for names and values. Nothing is
// refused. The name is empty for what has none; rest is nil at the end.
func member(list []byte) (name, params, rest []byte) {
	list = bytes.TrimLeft(list, " \t,")
	if len(list) == 0 {
		return nil, nil, nil
	}
	end := unquoted(list, ',')
	m := list[:end]
	at := unquoted(m, ';')
	return unquote(m[:at]), m[at:], list[end:]
}

// parameter takes the first parameter off what follows a member's name; its
// value is empty when it has none.
func parameter(params []byte) (key, value, rest []byte) {
	if len(params) == 0 {
		return nil, nil, nil
	}
	params = params[1:] // the semicolon
	end := unquoted(params, ';')
	key, value, _ = bytes.Cut(params[:end], []byte("="))
	return bytes.TrimSpace(key), unquote(value), params[end:]
}

// unquoted is the index of the first c outside of a quoted string, or the
// length.
func unquoted(b []byte, c byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			quoted = !quoted
		case quoted && b[i] == '\\':
			i++
		case !quoted && b[i] == c:
			return i
		}
	}
	return len(b)
}

// unquote takes white space and quotation marks off. Escapes stay: no name that
// matters has any.
func unquote(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		b = bytes.TrimSuffix(b[1:], []byte{'"'})
	}
	return b
}

// popName takes the name of a point of presence as CloudFront has them: three
// letters and a number, and perhaps a cluster, as in FRA56-P4. It is shown and
// stored, so anything else that a server sends becomes "odd".
func popName(v []byte) string {
	name, cluster, ok := bytes.Cut(v, []byte("-"))
	if !lettered(name, 3) || ok && !lettered(cluster, 1) {
		return "odd"
	}
	return intern(v)
}

// lettered reports whether v is so many capitals and then a short number.
func lettered(v []byte, letters int) bool {
	if len(v) <= letters || len(v) > letters+4 {
		return false
	}
	for i, c := range v {
		if i < letters && (c < 'A' || c > 'Z') || i >= letters && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// is compares without case; s must be lower case.
func is(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// has looks for s without case; s must be lower case.
func has(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if is(b[i:i+len(s)], s) {
			return true
		}
	}
	return false
}

// interned keeps one copy of the few strings that nearly every answer brings.
var interned struct {
	sync.Map
	n atomic.Int64
}

func intern(b []byte) string {
	if len(b) > 64 {
		b = b[:64]
	}
	if s, ok := interned.Load(string(b)); ok {
		return s.(string)
	}
	s := string(b)
	if interned.n.Load() < 10_000 {
		interned.n.Add(1)
		interned.Store(s, s)
	}
	return s
}
