package profile

import (
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

	"hlsload/player/policy"
)

var update = flag.Bool("update", false, "rewrite the reference in docs/profiles.md")

// TestReference keeps the list of fields in docs/profiles.md the one of package
// player: every field with its type and its comment, every policy with its
// parameters, every word with what it means.
func TestReference(t *testing.T) {
	const file, begin, end = "../../docs/profiles.md", "<!-- fields: made from player/profile.go -->\n", "<!-- end of fields -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s: no place for the fields (want %q and %q)", file, begin, end)
	}
	want := before + begin + reference(t) + end + after
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the fields of profile.go (want go test ./player/profile -run Reference -update)", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
		t.Fatal(err)
	}
}

// source is what package player says of its types and words.
type source struct {
	structs map[string]*ast.StructType
	about   map[string]string // type -> comment
	words   []string          // groups of words, as Markdown
	values  map[string]string // constant -> the word it stands for
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{map[string]*ast.StructType{}, map[string]string{}, nil, map[string]string{}}
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			if g.Tok == token.CONST {
				if words := s.constants(t, g); words != "" {
					s.words = append(s.words, "**"+strings.TrimSuffix(s.cell(t, "a group of words", line(g.Doc)), ".")+"**\n\n| word | what |\n| --- | --- |\n"+words)
				}
				continue
			}
			for _, spec := range g.Specs {
				ts, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				s.about[ts.Name.Name] = line(g.Doc)
				if st, ok := ts.Type.(*ast.StructType); ok {
					s.structs[ts.Name.Name] = st
				}
			}
		}
	}
	return s
}

// constants lists the words of a group.
func (s *source) constants(t *testing.T, g *ast.GenDecl) string {
	var b strings.Builder
	for _, spec := range g.Specs {
		v := spec.(*ast.ValueSpec)
		if len(v.Values) == 0 {
			return ""
		}
		lit, ok := v.Values[0].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING || !v.Names[0].IsExported() {
			return ""
		}
		word, _ := strconv.Unquote(lit.Value)
		s.values[v.Names[0].Name] = word
		fmt.Fprintf(&b, "| `%s` | %s |\n", word, s.cell(t, word, strings.TrimPrefix(comment(v.Doc, v.Comment), v.Names[0].Name+" is ")))
	}
	return b.String()
}

func reference(t *testing.T) string {
	t.Helper()
	s := readSource(t)
	var b strings.Builder
	var walk func(path, name string)
	walk = func(path, name string) {
		fmt.Fprintf(&b, "| field | type | what |\n| --- | --- | --- |\n")
		var below []string
		for _, f := range s.structs[name].Fields.List {
			if f.Tag == nil {
				continue // made from the others
			}
			key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml"), ",")
			typ := typeName(f.Type)
			if _, ok := s.structs[typ]; ok && typ != "Confidence" {
				below = append(below, key, typ)
				fmt.Fprintf(&b, "| `%s` | section | %s below |\n", path+key, "see `"+path+key+"`")
				continue
			}
			doc := strings.TrimPrefix(comment(f.Doc, f.Comment), f.Names[0].Name+" ")
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path+key, words(typ), s.cell(t, path+key, doc))
		}
		for i := 0; i < len(below); i += 2 {
			if i > 0 && below[i+1] == below[i-1] {
				fmt.Fprintf(&b, "\n### `%s`\n\nThe same fields.\n", path+below[i])
				continue
			}
			fmt.Fprintf(&b, "\n### `%s`\n\n%s\n\n", path+below[i], s.about[below[i+1]])
			walk(path+below[i]+".", below[i+1])
		}
	}
	walk("", "Profile")
	b.WriteString("\n### An entry of `errors`\n\n" + s.about["ErrorRule"] + "\n\n")
	walk("", "ErrorRule")
	b.WriteString("\n## Policies\n\nWhere a field is a policy one of these is written, as `{name: {parameters}}`, or the name alone.\n")
	for _, seam := range policy.Seams() {
		fmt.Fprintf(&b, "\n### Policies of `%s`\n", seam.Name)
		for _, name := range seam.Names() {
			typ := reflect.TypeOf(seam.Policies[name]).Elem()
			fmt.Fprintf(&b, "\n**`%s`** %s\n", name, s.cell(t, name, strings.TrimPrefix(s.about[typ.Name()], typ.Name()+" ")))
			if typ.NumField() > 0 {
				b.WriteString("\n")
				walk("", typ.Name())
			}
		}
	}
	b.WriteString("\n## Words\n")
	for _, w := range s.words {
		b.WriteString("\n" + w)
	}
	return b.String()
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.ArrayType:
		return "[]" + typeName(e.Elt)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return "policy, see below"
	}
	return "?"
}

// words says what is written for a type.
func words(typ string) string {
	switch typ {
	case "Duration":
		return "duration"
	case "Span":
		return "span"
	case "Rate":
		return "rate"
	case "Size":
		return "size"
	case "string":
		return "word"
	case "int", "int64":
		return "whole number"
	case "float64":
		return "number"
	case "bool":
		return "true or false"
	case "Confidence":
		return "section"
	case "[]ErrorRule":
		return "list, see below"
	case "Recovery":
		return "list of policies of `step`"
	case "[]string":
		return "list of words"
	case "[]Duration":
		return "list of durations"
	}
	return typ
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
func (s *source) cell(t *testing.T, of, text string) string {
	if text == "" {
		t.Errorf("profile.go: %s has no comment (want what it does, its unit and range)", of)
	}
	text = goName.ReplaceAllStringFunc(text, func(name string) string {
		if word, ok := s.values[name]; ok {
			return "`" + word + "`"
		}
		return name
	})
	return strings.ReplaceAll(text, "|", "\\|")
}

var goName = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)
