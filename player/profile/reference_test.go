package profile

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hlsload/player"
	"hlsload/player/policy"
	"hlsload/player/units"
)

var update = flag.Bool("update", false, "rewrite the reference in docs/profiles.md")

// TestReference keeps the reference in docs/profiles.md what the code says: every
// parameter with its type, range and comment, every policy, every word.
func TestReference(t *testing.T) {
	const file, begin, end = "../../docs/profiles.md", "<!-- fields: made from package player -->\n", "<!-- end of fields -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s: no place for the fields (want %q and %q)", file, begin, end)
	}
	r := reference{t: t, comments: map[string]string{}, values: map[string]string{}, described: map[reflect.Type]bool{}}
	r.read("..", "../estimate")
	r.section("", reflect.TypeFor[player.Profile]())
	for i := 0; i < len(r.parts); i++ {
		r.parts[i]()
	}
	r.b.WriteString("\n## Words\n")
	for _, w := range r.words {
		r.b.WriteString("\n" + w)
	}
	want := before + begin + r.b.String() + end + after
	if t.Failed() || want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the code says (want go test ./player/profile -run Reference -update)", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
		t.Fatal(err)
	}
}

// reference is the text that is made of types and their comments.
type reference struct {
	t        *testing.T
	b        strings.Builder
	comments map[string]string // of types and their fields, as in "chooseShare.Up"
	words    []string          // groups of words, as Markdown
	values   map[string]string // constant -> the word it stands for
	parts    []func()          // sections yet to come

	described map[reflect.Type]bool // structs, and the seams that lists are made of
}

// read takes the comments of packages.
func (r *reference) read(dirs ...string) {
	for _, dir := range dirs {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, name := range names {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				r.t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					r.declaration(g)
				}
			}
		}
	}
}

func (r *reference) declaration(g *ast.GenDecl) {
	if g.Tok == token.CONST {
		if words := r.constants(g); words != "" {
			r.words = append(r.words, "**"+strings.TrimSuffix(r.cell("a group of words", line(g.Doc)), ".")+"**\n\n| word | what |\n| --- | --- |\n"+words)
		}
		return
	}
	for _, spec := range g.Specs {
		ts, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		r.comments[ts.Name.Name] = comment(ts.Doc, g.Doc)
		if st, ok := ts.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, n := range f.Names {
					r.comments[ts.Name.Name+"."+n.Name] = strings.TrimPrefix(comment(f.Doc, f.Comment), n.Name+" ")
				}
			}
		}
	}
}

// constants lists the words of a group.
func (r *reference) constants(g *ast.GenDecl) string {
	var b strings.Builder
	for _, spec := range g.Specs {
		v := spec.(*ast.ValueSpec)
		if len(v.Values) == 0 || !v.Names[0].IsExported() {
			return ""
		}
		lit, ok := v.Values[0].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return ""
		}
		word, _ := strconv.Unquote(lit.Value)
		r.values[v.Names[0].Name] = word
		fmt.Fprintf(&b, "| `%s` | %s |\n", word, r.cell(word, strings.TrimPrefix(comment(v.Doc, v.Comment), v.Names[0].Name+" is ")))
	}
	return b.String()
}

// union is a choice of policies.
type union interface{ Seam() *policy.Seam }

func seamOf(t reflect.Type) *policy.Seam {
	if u, ok := reflect.Zero(t).Interface().(union); ok {
		return u.Seam()
	}
	return nil
}

// section describes the parameters of a struct, and what they refer to later.
func (r *reference) section(path string, t reflect.Type) {
	ranges := map[string]string{}
	if l, ok := reflect.New(t).Interface().(policy.Limited); ok {
		policy.Walk(l, func(p policy.Parameter) { ranges[p.Path] = p.Range() })
	}
	head := false
	for _, f := range reflect.VisibleFields(t) {
		owner := t
		if n := len(f.Index) - 1; n > 0 {
			owner = t.FieldByIndex(f.Index[:n]).Type
		}
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		if !head {
			fmt.Fprintf(&r.b, "| field | type | what |\n| --- | --- | --- |\n")
			head = true
		}
		what := cmp.Or(r.comments[owner.Name()+"."+f.Name], of(f.Type.Name(), r.comments[f.Type.Name()]))
		what = r.cell(path+key, strings.TrimSuffix(strings.TrimPrefix(inKeys(t, what), "is "), "."))
		if s := ranges[key]; s != "" {
			what = strings.TrimSuffix(what, ".") + "; " + s
		}
		fmt.Fprintf(&r.b, "| `%s` | %s | %s |\n", path+key, r.kind(path+key, f.Type), what)
	}
}

// kind says what is written for a type. What has parameters of its own is
// described later.
func (r *reference) kind(path string, t reflect.Type) string {
	switch t {
	case reflect.TypeFor[units.Duration]():
		return "duration"
	case reflect.TypeFor[units.Span]():
		return "span"
	case reflect.TypeFor[units.Rate]():
		return "rate"
	case reflect.TypeFor[units.Size]():
		return "size"
	case reflect.TypeFor[player.Confidence](): // described by hand
		return "section"
	}
	if s := seamOf(t); s != nil {
		r.parts = append(r.parts, func() { r.policies(path, s) })
		return "policy, see below"
	}
	switch t.Kind() {
	case reflect.String:
		return "word"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "true or false"
	case reflect.Struct:
		r.parts = append(r.parts, func() { r.part("`"+path+"`", path+".", t) })
		return "section, see below"
	case reflect.Slice:
		return r.list(path, t.Elem())
	}
	r.t.Fatalf("%s: no words for %v", path, t)
	return ""
}

// list says what a list is made of; each kind of entry is described once.
func (r *reference) list(path string, t reflect.Type) string {
	switch s := seamOf(t); {
	case s != nil:
		if !r.described[t] {
			r.parts = append(r.parts, func() { r.policies(s.Name, s) })
		}
		r.described[t] = true
		return "list of " + s.Name + " policies, see below"
	case t.Kind() == reflect.Struct:
		r.parts = append(r.parts, func() { r.part("An entry of `"+path+"`", "", t) })
		return "list, see below"
	case t == reflect.TypeFor[units.Duration]():
		return "list of durations"
	}
	return "list of words"
}

func (r *reference) part(title, path string, t reflect.Type) {
	if r.described[t] {
		fmt.Fprintf(&r.b, "\n### %s\n\nThe same fields.\n", title)
		return
	}
	r.described[t] = true
	text := r.cell(t.Name(), of(t.Name(), r.comments[t.Name()]))
	fmt.Fprintf(&r.b, "\n### %s\n\n%s\n\n", title, strings.ToUpper(text[:1])+text[1:])
	r.section(path, t)
}

// policies describes a seam.
func (r *reference) policies(path string, s *policy.Seam) {
	fmt.Fprintf(&r.b, "\n### `%s`\n\n%s One of:\n", path, r.cell(path, of(s.Interface.Name(), r.comments[s.Interface.Name()])))
	for _, name := range s.Names() {
		t := reflect.TypeOf(s.Policies[name]).Elem()
		fmt.Fprintf(&r.b, "\n**`%s`** %s\n", name, r.cell(path+"."+name, strings.TrimPrefix(r.comments[t.Name()], t.Name()+" ")))
		at := r.b.Len()
		r.section(name+".", t)
		if r.b.Len() > at {
			s := r.b.String()
			r.b.Reset()
			r.b.WriteString(s[:at] + "\n" + s[at:])
		}
	}
}

// of is a type's comment without the name that it begins with.
func of(name, comment string) string {
	return strings.TrimPrefix(strings.TrimPrefix(comment, name+" "), "is ")
}

// inKeys puts the keys of a struct in place of the names of its fields.
func inKeys(t reflect.Type, text string) string {
	keys := map[string]string{}
	for _, f := range reflect.VisibleFields(t) {
		if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" && key != "-" {
			keys[f.Name] = "`" + key + "`"
		}
	}
	return goName.ReplaceAllStringFunc(text, func(name string) string { return cmp.Or(keys[name], name) })
}

// comment is the one above or, if there is none, the one behind.
func comment(above, behind *ast.CommentGroup) string {
	if text := line(above); text != "" {
		return text
	}
	return line(behind)
}

// line is a comment in one line.
func line(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// cell is a comment with the words of YAML in place of Go's names.
func (r *reference) cell(of, text string) string {
	if text == "" {
		r.t.Errorf("%s has no comment (want what it does, its unit and range)", of)
	}
	text = goName.ReplaceAllStringFunc(text, func(name string) string {
		if word, ok := r.values[name]; ok {
			return "`" + word + "`"
		}
		return name
	})
	return strings.ReplaceAll(text, "|", "\\|")
}

var goName = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)
