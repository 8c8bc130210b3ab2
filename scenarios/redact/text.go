package redact

import (
	"regexp"
	"slices"
	"strings"
)

// Mask stands for what is not shown.
const Mask = "***"

// maxText bounds what is looked at; no message is that long.
const maxText = 1 << 20

// harmless are the names of query parameters whose values may be shown: those
// of low-latency HLS (rfc8216bis 6.2.5), and those that say what is played.
var harmless = []string{"_hls_msn", "_hls_part", "_hls_skip", "_hls_push", "bandwidth", "bitrate", "bw", "pipeline", "rendition", "resolution"}

// secretName fits names whose values are secret wherever they stand.
var secretName = regexp.MustCompile(`(?i)^(.*[-_.]|u0026|26|2526)?(x-)?(amz-)?(signature|sig|sign|policy|key-pair-id|hdnt[sal]|hdnea|hmac|acl|jwt|auth|token|authorization|proxy-authorization|cookie|set-cookie|` +
	`secret|password|passwd|pwd|credential|credentials|session|sessionid|session-id|jsessionid|sid|security-token|api-?key|apikey|access-?key|access-?key-?id|private-?key|accesstoken|authtoken|access-?token)$`)

// weakName fits secret names that stand before a colon for something else as
// well, such as the Sid of an IAM policy.
var weakName = regexp.MustCompile(`(?i)^(sig|sign|policy|acl|auth|session|sid|signature)$`)

// wordy fits names before a colon that also end a sentence, as in "get credentials: failed to
// refresh": then what follows is an ordinary word.
var (
	wordy = regexp.MustCompile(`(?i)^credentials?$`)
	word  = regexp.MustCompile(`^[a-z]{1,16}$`)
)

// isSecretName reports whether what goes by a name is likely to be secret: a
// header, a parameter, a variable of the environment, a flag.
func isSecretName(name string) bool {
	name = strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-")
	return len(name) < 200 && secretName.MatchString(name)
}

// named fits "name=value" and "name: value" in running text. The name ends at
// the sign; percent-encoded and JSON-escaped signs count.
var named = regexp.MustCompile(`(?i)([a-z0-9_.\-]{2,80})("?(?:=|%3d|:[ \t]*|\\u003d)"?)([^\s"'<>\\&;,~?|` + "`" + `]+)`)

// header fits header fields whose whole value is secret, blanks included.
var header = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-amz-security-token)("?:[ \t]*"?)([^"\r\n\\]+)`)

// referred fits a header's value that is ${NAME} and the scheme before it.
var referred = regexp.MustCompile(`^(?:[A-Za-z0-9\-]+ +)?\$\{\w+\}[^A-Za-z0-9]*$`)

// bearer fits what follows the name of an authentication scheme (RFC 9110 11).
var bearer = regexp.MustCompile(`\b(Bearer|Basic|Digest|AWS4-HMAC-SHA256) +([A-Za-z0-9+/=._~:\-]{4,}[^"'\s]*)`)

// flag fits the flag of a program and its value.
var flag = regexp.MustCompile(`(^|[\s"'])(--?[A-Za-z][A-Za-z0-9_\-]{1,60})("? +"?)([^\s"'\-][^\s"']*)`)

// jwt fits signed tokens (RFC 7519), accessKey the names of AWS credentials.
var (
	jwt       = regexp.MustCompile(`\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){1,2}`)
	accessKey = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)
)

// Text masks what may be secret in a text for people: in each URL and relative
// reference, and by name anywhere. Applied twice it changes nothing more.
func Text(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	if !suspicious(s) {
		return s
	}
	return byName(words(s))
}

// byName masks what names say is secret.
func byName(s string) string {
	s = header.ReplaceAllStringFunc(s, func(m string) string {
		p := header.FindStringSubmatch(m)
		if referred.MatchString(p[3]) {
			return m
		}
		return p[1] + p[2] + Mask
	})
	s = bearer.ReplaceAllString(s, "${1} "+Mask)
	s = named.ReplaceAllStringFunc(s, func(m string) string {
		p := named.FindStringSubmatch(m)
		if !isSecretName(p[1]) || strings.Contains(p[2], ":") && (weakName.MatchString(p[1]) || wordy.MatchString(p[1]) && word.MatchString(p[3])) || header.MatchString(m) || strings.HasPrefix(p[3], Mask) || strings.HasPrefix(p[3], "${") || strings.HasPrefix(p[3], "//") {
			return m
		}
		return p[1] + p[2] + Mask
	})
	s = flag.ReplaceAllStringFunc(s, func(m string) string {
		p := flag.FindStringSubmatch(m)
		if !isSecretName(p[2]) || hidden(p[4]) {
			return m
		}
		return p[1] + p[2] + p[3] + Mask
	})
	s = jwt.ReplaceAllString(s, Mask)
	return accessKey.ReplaceAllString(s, Mask)
}

// suspicious reports cheaply whether a text can hold anything to mask.
func suspicious(s string) bool {
	return strings.ContainsAny(s, "?=:@/") || strings.Contains(s, "eyJ") || strings.Contains(s, "AKIA") || strings.Contains(s, "ASIA") ||
		strings.Contains(s, "Bearer") || strings.Contains(s, "--") || strings.Contains(s, "Basic") || strings.Contains(s, "%3") || strings.Contains(s, "%2")
}

// words masks the references among the words of a text.
func words(s string) string {
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, ends)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(reference(s[:n]))
		s = s[n:]
		if s == "" {
			break
		}
		n = strings.IndexFunc(s, func(r rune) bool { return !ends(r) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// ends reports whether a rune ends a word: none of them stands in a URL.
func ends(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\"'<>\\`|^", r)
}

// reference masks a word if it is a URL, or may be a relative one.
func reference(w string) string {
	before, rest, absolute := strings.Cut(w, "://")
	if absolute {
		i := strings.LastIndexFunc(before, func(r rune) bool { return !schemeRune(r) }) + 1
		return relative(before[:i]) + URL(before[i:]+"://"+rest)
	}
	if strings.Contains(strings.ToLower(w), "%3a%2f%2f") {
		// A URL in the value of a parameter: nothing in it is known to be harmless.
		i := strings.Index(strings.ToLower(w), "%3a%2f%2f")
		return w[:i+len("%3a%2f%2f")] + Mask
	}
	return relative(w)
}

// relative masks a word that is no absolute URL: a query after "?", and what
// looks like a token between slashes.
func relative(w string) string {
	path, query, hasQuery := strings.Cut(w, "?")
	if hasQuery && !strings.Contains(query, "=") {
		return w // a question, not a query
	}
	if strings.Contains(path, "/") {
		path = maskPath(path)
	}
	if !hasQuery {
		return path
	}
	return path + "?" + maskQuery(query)
}

func schemeRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.'
}

// URL is a URL as it may be shown: without user information, without the
// values of its query but harmless ones, and without path segments that look
// like tokens. What was ${NAME} stays.
func URL(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return relative(u)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, tail := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = Mask + host[i:]
	}
	tail, fragment, hasFragment := strings.Cut(tail, "#")
	path, query, hasQuery := strings.Cut(tail, "?")
	out := scheme + "://" + host + maskPath(path)
	if hasQuery {
		out += "?" + maskQuery(query)
	}
	if hasFragment && fragment != "" {
		out += "#" + Mask
	}
	return out
}

// maskQuery masks the values of a query. What is no pair is a value.
func maskQuery(q string) string {
	trailing := ""
	for _, end := range []string{")", ":", ",", ";", "."} { // of the sentence around it
		if s, ok := strings.CutSuffix(q, end); ok {
			q, trailing = s, end+trailing
		}
	}
	pairs := strings.FieldsFunc(q, func(r rune) bool { return r == '&' || r == ';' })
	for i, p := range pairs {
		name, value, ok := strings.Cut(p, "=")
		switch {
		case !ok:
			if p != "…" && !hidden(p) {
				pairs[i] = Mask
			}
		case value == "" || slices.Contains(harmless, strings.ToLower(name)) && len(value) <= 20 || hidden(value):
		default:
			if token(name) {
				name = Mask
			}
			pairs[i] = name + "=" + Mask
		}
	}
	return strings.Join(pairs, "&") + trailing
}

// hidden reports whether a value is a mask already, or one ${NAME} and
// nothing else.
func hidden(v string) bool {
	return v == Mask || strings.HasPrefix(v, "${") && strings.IndexByte(v, '}') == len(v)-1
}

// maskPath masks what looks like a token between slashes.
func maskPath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		s, params, hasParams := strings.Cut(s, ";")
		if name, value, ok := strings.Cut(s, "="); ok && value != "" && !hidden(value) && (isSecretName(name) || strings.Contains(value, "~") || token(value)) {
			s = name + "=" + Mask // as Akamai's path tokens: /hdntl=exp=…~hmac=…/
		} else if stem, ext := cutExt(s); token(stem) {
			s = Mask + ext
		}
		if hasParams && strings.Contains(params, "=") { // as ;jsessionid=…
			s += ";" + maskQuery(params)
		} else if hasParams {
			s += ";" + params
		}
		parts[i] = s
	}
	return strings.Join(parts, "/")
}

// cutExt takes a short file extension off.
func cutExt(s string) (stem, ext string) {
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= 6 {
		return s[:i], s[i:]
	}
	return s, ""
}

// token reports whether a path segment looks drawn at random: a UUID, or a piece
// of 16 letters and digits or more that is hexadecimal and mixed, or whose case
// and kind change nearly every time. Names of renditions, segments and files,
// with sizes, dates and numbers, do not look so.
func token(s string) bool {
	if len(s) < 16 || strings.Contains(s, "${") {
		return false
	}
	if uuid.MatchString(s) {
		return true
	}
	for _, piece := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-_.~,:@%+=*", r) }) {
		if len(piece) >= 16 && random(piece) {
			return true
		}
	}
	return false
}

func random(s string) bool {
	hex := strings.Trim(s, "0123456789abcdef") == "" || strings.Trim(s, "0123456789ABCDEF") == ""
	changes, last := 0, byte(0)
	for i := range len(s) {
		class := byte('x')
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			class = '0'
		case c >= 'A' && c <= 'Z':
			class = 'A'
		case c >= 'a' && c <= 'z':
			class = 'a'
		}
		if i > 0 && class != last {
			changes++
		}
		last = class
	}
	return hex && changes >= 4 || 5*changes >= 2*len(s)
}

var uuid = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
