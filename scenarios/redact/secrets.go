package redact

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Secrets are values that must not be shown. The zero value has none, and a
// nil one masks as [Text] does. It is safe for concurrent use.
type Secrets struct {
	mu       sync.Mutex
	shown    map[string]string // spelling -> what is shown instead
	replacer *strings.Replacer // nil = to be made
	values   []string          // the longest first
	keep     []string          // shown as they are
	exact    map[string]string // values of AddReference
}

// AddReference takes in a value that will be filled in again where its ${NAME}
// stands: only as it is, and as it stands in a URL.
func (s *Secrets) AddReference(value, shown string) {
	if value == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(inURLs(value), shown)
	if s.exact == nil {
		s.exact = map[string]string{}
	}
	s.exact[value] = shown
}

// put keeps what is there already. s.mu must be held.
func (s *Secrets) put(spellings []string, shown string) {
	if s.shown == nil {
		s.shown = map[string]string{}
	}
	for _, v := range spellings {
		if _, ok := s.shown[v]; !ok {
			s.shown[v] = shown
		}
	}
	s.replacer = nil
}

// Keep has a text shown as it is, though it may look secret: the name of a file
// that the user gave. Known values are replaced in it all the same.
func (s *Secrets) Keep(text string) {
	if s == nil || text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = append(s.keep, text)
}

// minGuess is the shortest value that is replaced wherever it stands without
// having been named by the user: shorter ones are found in ordinary words.
const minGuess = 6

// Add takes in a value and what is shown instead of it, such as ${TOKEN}.
func (s *Secrets) Add(value, shown string) {
	if value == "" || s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(Spellings(value), shown)
}

// AddAll takes in those of o.
func (s *Secrets) AddAll(o *Secrets) {
	if o == nil || s == nil {
		return
	}
	o.mu.Lock()
	all, exact := maps.Clone(o.shown), maps.Clone(o.exact)
	o.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for v, shown := range exact {
		s.put(Spellings(v), shown)
	}
	for v, shown := range all {
		s.put([]string{v}, shown)
	}
}

// AddURL takes in what a URL may carry that is secret: user information, the
// values of its query but harmless ones, path segments that look like tokens.
func (s *Secrets) AddURL(u string) {
	p, err := url.Parse(u)
	if err != nil {
		return
	}
	if p.User != nil {
		// A user's name may be any word, and is hidden where it stands in a URL.
		password, _ := p.User.Password()
		if s.guess(password); password == "" {
			s.guess(p.User.Username()) // a token
		}
		s.guess(p.User.Username() + ":" + password) // as in Authorization: Basic
	}
	for name, values := range p.Query() {
		if slices.Contains(harmless, strings.ToLower(name)) {
			continue
		}
		for _, v := range values {
			s.guess(v)
		}
	}
	for part := range strings.SplitSeq(p.Path, "/") {
		if shown := maskPath(part); shown != part {
			stem, _ := cutExt(part)
			if _, value, ok := strings.Cut(part, "="); ok {
				stem = value
			}
			s.guess(stem)
		}
	}
}

// plainHeaders are header fields whose values are no secrets.
var plainHeaders = []string{"accept", "accept-encoding", "accept-language", "cache-control", "host", "origin", "pragma", "range", "referer", "user-agent"}

// AddHeader takes in the value of a header field, unless it is one of those
// that every browser sends.
func (s *Secrets) AddHeader(name, value string) {
	if slices.Contains(plainHeaders, strings.ToLower(name)) {
		return
	}
	if strings.EqualFold(name, "set-cookie") {
		pair, _, _ := strings.Cut(value, ";") // what follows is no secret
		_, v, _ := strings.Cut(pair, "=")
		s.guess(strings.Trim(v, `" `))
		return
	}
	s.guess(value)
	if _, credentials, ok := strings.Cut(value, " "); ok { // "Bearer …"
		s.guess(credentials)
	}
	if strings.EqualFold(name, "cookie") {
		for pair := range strings.SplitSeq(value, ";") {
			_, v, _ := strings.Cut(pair, "=")
			s.guess(strings.TrimSpace(v))
		}
	}
}

// AddArgs takes in what the arguments of a program say by name: --token VALUE,
// --token=VALUE, Authorization: VALUE, and what is in their URLs.
func (s *Secrets) AddArgs(args []string) {
	for i, a := range args {
		if strings.HasPrefix(a, "-") && isSecretName(a) && i+1 < len(args) {
			s.guess(args[i+1])
		}
		if strings.Contains(a, "://") {
			s.AddURL(a)
		}
		for _, sign := range []string{"=", ":"} {
			if name, value, ok := strings.Cut(a, sign); ok && isSecretName(name) && !strings.HasPrefix(value, "//") {
				s.AddHeader(strings.TrimLeft(name, "-"), strings.TrimSpace(value))
			}
		}
	}
}

// Credential reports whether an argument of a program, after the one before it,
// holds a secret by its name: a flag's value, a header, user information of a
// URL. The values of a URL's query count when their names say so.
func Credential(before, arg string) bool {
	if strings.HasPrefix(before, "-") && isSecretName(before) {
		return arg != "" && !strings.HasPrefix(arg, "-")
	}
	if i := strings.Index(arg, "://"); i >= 0 {
		host, _, _ := strings.Cut(arg[i+3:], "/")
		if strings.Contains(host, "@") {
			return true
		}
	}
	return byName(arg) != arg
}

// AddEnv takes in the values of variables ("NAME=value") whose names say that
// they are secret, AWS credentials among them.
func (s *Secrets) AddEnv(environ []string) {
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if isSecretName(name) && !strings.ContainsAny(value, "/\\") || strings.HasPrefix(name, "AWS_") && isSecretName(name) {
			if len(value) >= 8 {
				s.Add(value, "${"+name+"}")
			}
		}
	}
}

func (s *Secrets) guess(value string) {
	if len(value) >= minGuess && !strings.Contains(value, "${") {
		s.Add(value, Mask)
	}
}

// Text is text without secrets: known values are replaced, also where they are
// encoded, or cut off after their first half as in a quotation, and the rest is
// masked by [Text].
func (s *Secrets) Text(text string) string {
	text = s.Known(text)
	if s == nil {
		return Text(text)
	}
	s.mu.Lock()
	keep := s.keep
	s.mu.Unlock()
	kept := false
	mark := func(i int) string { return "\x00" + strconv.Itoa(i) + "\x00" }
	for i, k := range keep {
		if strings.Contains(text, k) {
			text, kept = strings.ReplaceAll(text, k, mark(i)), true
		}
	}
	text = Text(text)
	if kept {
		for i, k := range keep {
			text = strings.ReplaceAll(text, mark(i), k)
		}
	}
	return text
}

// Known is text with the known values replaced, and nothing else.
func (s *Secrets) Known(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	if s.replacer == nil {
		s.values = slices.SortedFunc(maps.Keys(s.shown), func(a, b string) int {
			// The longest first: one value may contain another.
			return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
		})
		var pairs []string
		for _, v := range s.values {
			pairs = append(pairs, v, s.shown[v])
		}
		s.replacer = strings.NewReplacer(pairs...)
	}
	replacer, values := s.replacer, s.values
	shown := s.shown
	s.mu.Unlock()
	text = replacer.Replace(text)
	for _, v := range values {
		least := max(8, (len(v)+1)/2)
		if least < len(v) && strings.Contains(text, v[:least]) {
			s.mu.Lock()
			name := shown[v]
			s.mu.Unlock()
			text = half(text, v, least, name)
		}
	}
	return text
}

// half replaces what is left of a value that was cut off, if that is at least
// its first half and 8 bytes.
func half(text, value string, least int, name string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, value[:least])
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i] + name)
		text = text[i:]
		n := least
		for n < len(value) && n < len(text) && text[n] == value[n] {
			n++
		}
		text = text[n:]
	}
}

// Spellings are the ways in which a value may appear: as it is, encoded for a
// URL or decoded from one, escaped as in JSON and HTML, and in Base64.
func Spellings(value string) []string {
	all := inURLs(value)
	for _, s := range slices.Clone(all) {
		all = append(all, lowerEscapes(s),
			strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`).Replace(s),
			strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s))
	}
	if len(value) >= minGuess {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			all = append(all, e.EncodeToString([]byte(value)))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func inURLs(value string) []string {
	all := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	for _, decode := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		if s, err := decode(value); err == nil && s != "" {
			all = append(all, s)
		}
	}
	return all
}

// lowerEscapes spells %2F as %2f.
func lowerEscapes(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			for k := i + 1; k <= i+2; k++ {
				if b[k] >= 'A' && b[k] <= 'F' {
					b[k] += 'a' - 'A'
				}
			}
		}
	}
	return string(b)
}

// Strings passes every string below a pointer through f: fields, elements, and
// the keys and values of maps. Types whose name is in skip stay as they are.
func Strings(pointer any, f func(string) string, skip ...string) {
	visit(reflect.ValueOf(pointer), f, skip)
}

func visit(v reflect.Value, f func(string) string, skip []string) {
	if !v.IsValid() || slices.Contains(skip, v.Type().Name()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		visit(v.Elem(), f, skip)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				visit(v.Field(i), f, skip)
			}
		}
	case reflect.Slice, reflect.Array:
		if textless(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			visit(v.Index(i), f, skip)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return
		}
		for _, key := range v.MapKeys() {
			was := v.MapIndex(key)
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(was)
			visit(value, f, skip)
			to := reflect.ValueOf(f(key.String())).Convert(v.Type().Key())
			if to.String() != key.String() {
				v.SetMapIndex(key, reflect.Value{})
			}
			v.SetMapIndex(to, value)
		}
	case reflect.String:
		if v.CanSet() {
			if s := f(v.String()); s != v.String() {
				v.SetString(s)
			}
		}
	}
}

// textless reports whether values of a type hold no text: bytes and numbers.
func textless(t reflect.Type) bool {
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Complex128
}
