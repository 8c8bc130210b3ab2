package hlsload_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/strings.txt")

// TestStrings keeps testdata/strings.txt, the list of what users may read: every
// string in the product's code that has two words or more, by package. It shows
// changes of wording in review.
func TestStrings(t *testing.T) {
	const list = "testdata/strings.txt"
	byPackage := map[string][]string{}
	for name, file := range sources(t) {
		pkg := path.Dir(name)
		if strings.HasPrefix(pkg, "chaos/aws/awstest") {
			continue // a test double: only tests see its words
		}
		byPackage[pkg] = append(byPackage[pkg], sentences(file)...)
	}
	var b strings.Builder
	for _, pkg := range slices.Sorted(maps.Keys(byPackage)) {
		texts := byPackage[pkg]
		slices.Sort(texts)
		for _, text := range slices.Compact(texts) {
			fmt.Fprintf(&b, "%s\t%s\n", pkg, text)
			for _, word := range riddles.FindAllString(text, -1) {
				t.Errorf("%s: %q in %q (want plain words: a noun of the field)", pkg, word, text)
			}
		}
	}
	if *update {
		if err := os.WriteFile(list, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	had, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if string(had) != b.String() {
		t.Errorf("%s is not what the code says (want go test . -run Strings -update)", list)
	}
}

// riddles are words that make a reader guess: they stand for a person where a
// machine, a packet or a value is meant.
var riddles = regexp.MustCompile(`(?i)\b(nobody|somebody|whoever|everybody|anybody|tells whether)\b`)

// words matches text with at least two words.
var words = regexp.MustCompile(`\pL{2,}[,;:.)]* +(\(|"|%)?\pL{2,}`)

// sentences returns the string literals of a file that read like words, quoted.
// Concatenated literals are one. Struct tags and imports are left out.
func sentences(file *ast.File) []string {
	var out []string
	var text func(ast.Expr) (string, bool)
	text = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if e.Kind == token.STRING {
				s, err := strconv.Unquote(e.Value)
				return s, err == nil
			}
		case *ast.BinaryExpr:
			if e.Op == token.ADD {
				x, ok := text(e.X)
				y, also := text(e.Y)
				switch {
				case ok && also:
					return x + y, true
				case ok:
					return x + "…", true
				case also:
					return "…" + y, true
				}
			}
		case *ast.ParenExpr:
			return text(e.X)
		}
		return "", false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				return false
			}
		case ast.Expr:
			if s, ok := text(n); ok {
				if words.MatchString(s) {
					out = append(out, strconv.Quote(s))
				}
				return false
			}
		}
		return true
	})
	return out
}
