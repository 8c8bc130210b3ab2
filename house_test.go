// Package hlsload_test keeps the house in order: who may import whom, and which
// packages stay free of clocks, sockets and goroutines. A new package has to be
// given its place in the tables below.
package hlsload_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// core are the packages that everything else is built on, and what each may
// import of this module. player never meets chaos or rig: a player does not
// know that it is being tested.
var core = map[string][]string{
	"player/draw":                {},
	"player/content":             {},
	"player/m3u8":                {},
	"player/units":               {},
	"player/policy":              {"player/units"},
	"player/estimate":            {"player/policy", "player/units"},
	"player/profile":             {"player/m3u8", "player", "player/policy"},
	"player/stream":              {"player/m3u8"},
	"player/profile/profiletest": {"player", "player/policy", "player/profile", "player/stream", "player/units"},
	"player/consent":             {"player/units"},
	"player/ticket":              {"player/draw", "player/credential"},
	"player/credential":          {"player/consent"},
	"player/link":                {"player/draw"},
	"player/cmcd":                {},
	"player/mediatime":           {},
	"player/predict":             {"player/draw", "player/link", "player/m3u8", "player/mediatime", "player"},
	"player/audience":            {"player/draw", "player/link"},
	"player":                     {"player/draw", "player/m3u8", "player/stream", "player/units", "player/policy", "player/estimate", "player/link", "player/cmcd", "player/content", "player/mediatime"},
	"player/trial":               {"player/draw", "player/m3u8", "player"},
	"chaos":                      {"player/draw", "player/m3u8"},
	"rig/media":                  {"player/mediatime"},
	"rig":                        {"player/draw", "player/m3u8", "player/mediatime", "chaos", "rig/media"},
	"reports/cdn":                {},
	"reports/figure":             {},
	"reports/trend":              {"reports"},
	"reports":                    {"reports/figure"},
	"reports/players":            {"player/draw"},
	"reports/remedy":             {"player/m3u8", "player/policy", "player", "chaos", "reports/figure"},
	"reports/expect":             {"player/m3u8", "player/units", "chaos", "reports/figure", "reports"},
	"reports/traffic":            {"reports/cdn", "reports"},
	"reports/record":             {"player/draw", "player/m3u8", "player/content", "player", "chaos", "reports/figure", "reports/cdn", "reports", "reports/expect", "reports/traffic", "reports/players"},
	"reports/monitor":            {"reports/figure", "reports"},
	"reports/measure":            {"reports/trend", "player/m3u8", "player", "chaos", "reports/figure", "reports/cdn", "reports", "reports/expect", "reports/traffic", "reports/record", "reports/monitor"},
	"reports/openmetrics":        {"player/m3u8", "player", "chaos", "reports/figure", "reports/cdn", "reports", "reports/record"},
	"reports/spread":             {"reports/figure", "reports"},
	"reports/accesslog":          {"player/cmcd", "reports/figure", "reports/cdn", "reports"},
	"reports/document":           {},
	"reports/junit":              {},
	"reports/page":               {"player/m3u8", "chaos", "reports/figure", "reports/cdn", "reports", "reports/spread", "reports/document", "reports/junit"},
	"nights":                     {"player/draw", "reports/figure", "reports", "reports/players"},
	"nights/history":             {"nights", "reports"},
	"nights/history/page":        {"nights", "nights/history", "reports", "reports/document", "reports/figure"},
	"nights/workflow":            {"nights", "reports", "reports/document", "reports/figure", "reports/page", "reports/spread"},
	"nights/page":                {"nights", "reports", "reports/document", "reports/junit", "reports/figure"},
	"scenarios/redact":           {},
	"capacity/tariff":            {},
	"sim":                        {"chaos", "player", "player/audience", "player/draw", "player/link", "player/m3u8", "reports/cdn", "reports/record", "rig"},
	"sim/forecast":               {"player/draw", "player/m3u8", "player/profile", "player/units", "player/audience", "player", "chaos", "rig", "rig/media", "reports", "reports/figure", "reports/record", "sim", "capacity/tariff"},
	"capacity/cache":             {},
	"capacity/kernel":            {"player/m3u8", "player", "reports/cdn", "reports/record"},
	"capacity":                   {"player/draw", "player/m3u8", "player/audience", "player", "chaos", "rig", "reports", "reports/record", "sim", "capacity/cache", "capacity/kernel"},
	"capacity/answer":            {"player/draw", "player/m3u8", "chaos", "rig", "rig/media", "reports/figure", "scenarios", "capacity", "capacity/kernel", "capacity/tariff"},
	"capacity/rehearsal":         {"player/units", "player/audience", "rig", "reports/expect", "reports/figure", "scenarios", "capacity", "capacity/answer"},
	"capacity/page":              {"reports/document", "reports/figure", "capacity/answer"},
	"probe":                      {"player/link", "player/m3u8", "player/mediatime", "player/stream", "player/profile", "player/predict", "player/trial", "player", "reports/cdn", "stage"},
	"stage":                      {"player/link", "player/m3u8", "player/predict", "player", "chaos", "rig", "reports", "reports/traffic", "reports/record", "reports/monitor", "reports/measure", "reports/remedy", "scenarios", "scenarios/redact"},
	"scenarios": {"player/draw", "player/m3u8", "player/profile", "player/units", "player/policy", "player/consent", "player/credential", "player/ticket", "player/link", "player/audience", "player/predict", "player",
		"chaos", "rig/media", "rig", "reports/expect", "reports/figure", "scenarios/redact", "capacity/tariff"},
}

// world are the packages that meet the world outside: clocks, sockets, files,
// other programs. Nothing of the core imports them.
var world = map[string][]string{
	"system":                 {},
	"chaos/conduct":          {"chaos", "player/draw"},
	"chaos/journal":          {"chaos", "chaos/conduct", "system"},
	"chaos/inject":           {"chaos", "player/m3u8"},
	"chaos/command":          {"chaos", "system"},
	"chaos/aws":              {"chaos", "chaos/journal"},
	"chaos/aws/policy":       {"chaos/aws"},
	"chaos/aws/scheduler":    {"chaos/aws"},
	"chaos/aws/cloudfront":   {"chaos", "chaos/aws"},
	"chaos/aws/lambda":       {"chaos", "chaos/aws"},
	"chaos/aws/mediaconnect": {"chaos", "chaos/aws"},
	"chaos/aws/medialive":    {"chaos", "chaos/aws"},
	"chaos/aws/mediapackage": {"chaos", "chaos/aws", "chaos/aws/policy"},
	"chaos/aws/s3":           {"chaos", "chaos/aws", "chaos/aws/policy", "player/m3u8"},
	"chaos/aws/signalmap":    {"chaos", "chaos/aws"},
	"chaos/aws/watch":        {"chaos", "chaos/aws", "reports", "reports/monitor"},
	"chaos/aws/account": {
		"capacity/tariff", "chaos", "chaos/aws", "chaos/aws/cloudfront", "chaos/aws/lambda", "chaos/aws/mediaconnect", "chaos/aws/medialive", "chaos/aws/mediapackage", "chaos/aws/s3",
		"chaos/aws/scheduler", "chaos/aws/signalmap", "chaos/aws/watch", "reports/monitor",
	},
	"chaos/aws/awstest": {},
	"rig/page":          {"chaos"},
	"rig/serve":         {"chaos", "player/m3u8", "rig", "rig/page"},
	"run/client": {
		"chaos", "player", "player/cmcd", "player/consent", "player/content", "player/credential", "player/m3u8", "player/mediatime", "reports/cdn", "scenarios/redact", "system",
	},
	"run/fleet": {
		"chaos", "player", "player/audience", "player/cmcd", "player/consent", "player/content", "player/credential", "player/draw", "player/link", "player/m3u8",
		"player/ticket", "reports/figure", "reports/record", "run/client", "scenarios/redact", "system",
	},
	"run/bus":            {},
	"run/bus/bustest":    {"run/bus"},
	"run/crew/protocol":  {},
	"run/crew":           {"run/bus", "run/crew/protocol"},
	"run/crew/crewtest":  {"run/bus"},
	"run/fleet/issuer":   {"player/ticket", "system"},
	"run/readonly":       {"rig/serve"},
	"run/live":           {"reports", "reports/page", "run/readonly"},
	"run/push":           {},
	"run/scrape":         {"reports", "reports/openmetrics", "reports/record", "run/readonly", "stage"},
	"run/runtest":        {},
	"run/look":           {"player/consent", "player/credential", "player/m3u8", "player/mediatime", "player/ticket", "run/client"},
	"run/cores":          {},
	"run/vital":          {"reports", "reports/trend"},
	"run/pages":          {},
	"run/notify":         {"system"},
	"run/cloud":          {"capacity/tariff", "chaos", "chaos/aws", "chaos/aws/account", "chaos/aws/signalmap", "chaos/aws/watch", "reports/monitor"},
	"run/bus/natsbus":    {"run/bus", "system"},
	"run/bus/natsserver": {"run/bus", "run/bus/natsbus"},
	"run/bus/embedded":   {"run/bus/natsbus", "run/bus/natsserver"},
	"run": {
		"capacity/tariff", "chaos", "chaos/aws", "chaos/command", "chaos/conduct", "chaos/inject", "chaos/journal", "player", "player/audience", "player/cmcd", "player/consent",
		"player/credential", "player/draw", "player/link", "player/m3u8", "player/predict", "player/profile", "player/stream", "player/ticket", "reports", "reports/cdn", "reports/figure",
		"reports/expect", "reports/measure", "reports/monitor", "reports/record", "reports/traffic", "rig", "rig/serve", "run/bus", "run/client", "run/cloud", "run/crew", "run/crew/protocol", "run/fleet", "run/fleet/issuer",
		"run/look", "run/vital", "scenarios", "scenarios/redact", "sim/forecast", "stage", "system",
	},
	"nights/archive": {"chaos/journal", "nights", "nights/history", "reports", "reports/spread"},
	"probe/visit":    {"player", "player/m3u8", "player/mediatime", "player/profile", "player/stream", "probe", "run/look"},
}

// pure packages reach no clock, socket, file or global randomness and start no
// goroutine: now is an argument, and a seed replays them.
var pure = []string{
	"player/content", "player/draw", "player/m3u8", "player/stream", "player/profile", "player/units", "player/policy", "player/estimate", "player/consent", "player/credential", "player/ticket", "player/link", "player/cmcd", "player/mediatime", "player/audience", "player/predict", "player", "player/trial",
	"scenarios/redact", "reports/cdn", "reports/figure", "reports/expect", "reports/traffic", "reports/players", "reports/record", "reports/monitor", "reports/measure", "reports/openmetrics", "reports/remedy", "reports/accesslog", "chaos", "rig/media", "rig", "probe", "stage", "sim", "sim/forecast", "capacity/tariff", "run/crew/protocol", "reports/spread", "nights", "nights/history", "nights/workflow", "capacity/cache", "capacity/kernel", "capacity", "capacity/answer", "capacity/rehearsal", "reports/trend",
}

// mayImport reports whether package from may import package to of this module.
func mayImport(from, to string) bool {
	return slices.Contains(core[from], to) || slices.Contains(world[from], to)
}

// placed reports whether a package has a place in the house.
func placed(pkg string) bool {
	_, inner := core[pkg]
	_, outer := world[pkg]
	return inner || outer
}

// vague names say nothing about what a package is for.
var vague = []string{"common", "helper", "helpers", "internal", "lib", "misc", "pkg", "shared", "types", "util", "utils"}

func TestHouse(t *testing.T) {
	files := sources(t)
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file, pkg := files[name], path.Dir(name)
		if file.Name.Name == "main" {
			continue // a program wires what it likes, and no package can import it
		}
		if !seen[pkg] {
			seen[pkg] = true
			if !placed(pkg) {
				t.Errorf("%s: a package without a place (want an entry in core or in world)", pkg)
			}
			for part := range strings.SplitSeq(pkg, "/") {
				if slices.Contains(vague, part) {
					t.Errorf("%s: vague name %s (want the field's word for what it is)", pkg, part)
				}
			}
		}
		for _, spec := range file.Imports {
			to, ours := strings.CutPrefix(importPath(spec), "hlsload/")
			if ours && !mayImport(pkg, to) {
				t.Errorf("%s: %s must not import %s (imports point one way)", name, pkg, to)
			}
		}
		if slices.Contains(pure, pkg) {
			for _, stain := range impurities(file) {
				t.Errorf("%s: %s in a pure package", name, stain)
			}
		}
	}
	for _, pkg := range slices.Concat(slices.Sorted(maps.Keys(core)), slices.Sorted(maps.Keys(world)), pure) {
		if !seen[pkg] {
			t.Errorf("%s: has a place in the house but no source", pkg)
		}
	}
}

// sources parses every Go file of the module that is not a test.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "work"}, d.Name())):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		files[filepath.ToSlash(name)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}

// worldly packages of the standard library reach the world outside; with a
// star, those below too. net/url and net/netip are arithmetic on text.
var worldly = []string{"net", "net/http", "net/http/*", "os", "os/*", "io/ioutil", "syscall", "crypto/rand", "math/rand", "math/rand/*", "log", "log/*"}

// clocks are the functions of package time that ask or wait for a clock.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// impurities lists what a pure package must not do.
func impurities(file *ast.File) []string {
	var found []string
	timeName := ""
	for _, spec := range file.Imports {
		p := importPath(spec)
		if slices.ContainsFunc(worldly, func(w string) bool {
			below, star := strings.CutSuffix(w, "*")
			return p == w || star && strings.HasPrefix(p, below)
		}) {
			found = append(found, "import of "+p)
		}
		if p == "time" {
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		}
	}
	if timeName == "." {
		found = append(found, "dot import of time")
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "goroutine")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && timeName != "" && x.Name == timeName && slices.Contains(clocks, n.Sel.Name) {
				found = append(found, "time."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

func TestImpurities(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`import ("time"; "net/url"; "io"; "sync"); var _ = time.Second; type _ url.URL`, "[]"},
		{`import "net"; import h "net/http"`, "[import of net import of net/http]"},
		{`import "os/exec"; import _ "math/rand/v2"`, "[import of os/exec import of math/rand/v2]"},
		{`import "time"; func f() { time.Sleep(time.Second) }`, "[time.Sleep]"},
		{`import clock "time"; var now = clock.Now`, "[time.Now]"},
		{`import . "time"`, "[dot import of time]"},
		{`func f() { go func() { go f() }() }`, "[goroutine goroutine]"},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+c.src, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(impurities(file)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.src, got, c.want)
		}
	}
}

func TestMayImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"player", "player/m3u8", true},
		{"player", "chaos", false},
		{"player", "rig", false},
		{"player/m3u8", "player", false},
		{"chaos", "rig", false},
		{"rig", "chaos", true},
		{"rig", "player", false},
		{"reports", "scenarios", false},
		{"scenarios", "run/fleet", false},
		{"sim", "rig", true},
		{"sim", "scenarios", false},
		{"sim", "run/fleet", false},
		{"sim", "run", false},
		{"run", "run/fleet", true},
		{"run/fleet", "run", false},
		{"run/fleet", "run/client", true},
		{"run/client", "run/fleet", false},
		{"run/fleet", "chaos", true},
		{"run/fleet", "rig/serve", false},
		{"probe", "run/look", false},
		{"probe/visit", "run/look", true},
		{"chaos/journal", "chaos/conduct", true},
		{"elsewhere", "player", false},
	} {
		if got := mayImport(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// asksKinds are the packages that may ask which kind a fault is, and why.
var asksKinds = map[string]string{
	"rig":                    "it makes them in its store: what a kind does there is the rig's own",
	"chaos/aws/cloudfront":   "a driver chooses the change that makes a kind",
	"chaos/aws/lambda":       "a driver chooses the change that makes a kind",
	"chaos/aws/mediaconnect": "a driver chooses the change that makes a kind",
	"chaos/aws/medialive":    "a driver chooses the change that makes a kind",
	"chaos/aws/mediapackage": "a driver chooses the change that makes a kind",
	"chaos/aws/s3":           "a driver chooses the change that makes a kind",
	"capacity":               "a flush changes nothing at the edge: what it costs the origin comes from a formula",
	"scenarios":              "predictions are made for some kinds only, and say of each what it does in them",
}

// TestKindsOfFaultsStandInOnePlace: code elsewhere that needs to know what a kind does
// asks for a trait in chaos.Spec, so that a new kind is not forgotten.
func TestKindsOfFaultsStandInOnePlace(t *testing.T) {
	files := sources(t)
	kinds := map[string]bool{}
	for name, file := range files {
		if path.Dir(name) == "chaos" {
			kindConstants(file, kinds)
		}
	}
	if !kinds["PipelineKill"] {
		t.Fatal("chaos has no kinds")
	}
	asked := map[string]bool{}
	for name, file := range files {
		pkg := path.Dir(name)
		if pkg == "chaos" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			var compared []ast.Expr
			switch n := n.(type) {
			case *ast.CaseClause:
				compared = n.List
			case *ast.BinaryExpr:
				if n.Op == token.EQL || n.Op == token.NEQ {
					compared = []ast.Expr{n.X, n.Y}
				}
			}
			for _, e := range compared {
				of, ok := e.(*ast.SelectorExpr)
				if !ok || !kinds[of.Sel.Name] {
					continue
				}
				if x, ok := of.X.(*ast.Ident); !ok || x.Name != "chaos" {
					continue
				}
				asked[pkg] = true
				if asksKinds[pkg] == "" {
					t.Errorf("%s: asks whether a fault is %s (want a trait in chaos.Spec)", name, of.Sel.Name)
				}
			}
			return true
		})
	}
	for pkg := range asksKinds {
		if !asked[pkg] {
			t.Errorf("%s: may ask for kinds of faults and does not (want it out of asksKinds)", pkg)
		}
	}
}

// kindConstants finds the constants of type Kind.
func kindConstants(file *ast.File, found map[string]bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Kind" {
				for _, name := range spec.Names {
					found[name.Name] = true
				}
			}
		}
		return true
	})
}

// TestPolicyStandsAlone keeps each policy in a file of its own, which nothing but the
// table of its seam names: without the file and its line in the table all else compiles.
func TestPolicyStandsAlone(t *testing.T) {
	type place struct{ file, seam string }
	policies := map[string]place{} // by package and type
	all := sources(t)
	offered := map[*ast.Ident]bool{}
	for name, file := range all {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Register" {
				return true
			}
			seam, ok := call.Args[0].(*ast.BasicLit)
			table, ok2 := call.Args[1].(*ast.CompositeLit)
			if !ok || !ok2 {
				return true
			}
			for _, e := range table.Elts {
				ast.Inspect(e.(*ast.KeyValueExpr).Value, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && id.Name != "new" {
						offered[id] = true
						policies[path.Dir(name)+"."+id.Name] = place{seam: seam.Value}
						return false
					}
					_, key := n.(*ast.KeyValueExpr) // a parameter of the policy
					return !key
				})
			}
			return true
		})
	}
	if len(policies) < 60 {
		t.Fatalf("found %d policies (want the 60 and more that the seams offer)", len(policies))
	}
	for name, file := range all {
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, s := range g.Specs {
					id := path.Dir(name) + "." + s.(*ast.TypeSpec).Name.Name
					if p, ok := policies[id]; ok {
						policies[id] = place{name, p.seam}
					}
				}
			}
		}
	}
	owner := map[string]string{}
	for id, p := range policies {
		if other, ok := owner[p.file]; ok {
			t.Errorf("%s: has %s and %s (want a file a policy)", p.file, id, other)
		}
		owner[p.file] = id
	}
	for name, file := range all {
		names := func(types ...ast.Expr) {
			for _, e := range types {
				if star, ok := e.(*ast.StarExpr); ok {
					e = star.X
				}
				id, ok := e.(*ast.Ident)
				if !ok || offered[id] {
					continue
				}
				if p, ok := policies[path.Dir(name)+"."+id.Name]; ok && p.file != name {
					t.Errorf("%s: names the policy %s (want only its file and the table of %s to do so)", name, id.Name, p.seam)
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				names(n.Type)
			case *ast.ValueSpec:
				names(n.Type)
			case *ast.CompositeLit:
				names(n.Type)
			case *ast.TypeAssertExpr:
				names(n.Type)
			case *ast.CaseClause:
				names(n.List...)
			case *ast.CallExpr: // new(T) and T(v)
				names(append(n.Args, n.Fun)...)
			}
			return true
		})
	}
}
