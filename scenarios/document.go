package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Limits of a scenario file. They keep hostile input cheap; real scenarios
// are a few kilobytes.
const (
	MaxBytes = 1 << 20
	maxDepth = 32
	maxNodes = 50_000 // after aliases are expanded
)

// depthLimit makes the YAML parser refuse deep nesting.
type depthLimit struct{}

func (depthLimit) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > maxDepth {
		return fmt.Errorf("nested too deeply (want at most %d levels)", maxDepth)
	}
	return nil
}

func (depthLimit) CheckAlias(int, int) error { return nil } // expand counts nodes

// document parses data into a tree without aliases, or reports why it cannot.
// The result is nil after a problem.
func (d *decoder) document(data []byte) *yaml.Node {
	if len(data) > MaxBytes {
		d.report("", 1, 1, "%s is too large (got %d bytes or more; want at most %d)", d.kind.name, len(data), MaxBytes)
		return nil
	}
	if i := badByte(data); i >= 0 {
		line, column := position(data, i)
		d.report("", line, column, "not UTF-8 text (got byte 0x%02x)", data[i])
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(depthLimit{}))
	if err != nil {
		d.report("", 1, 1, "cannot read YAML: %v", err)
		return nil
	}
	var root yaml.Node
	if err := loader.Load(&root); err != nil {
		d.syntax(err)
		return nil
	}
	top := &root
	if root.Kind == yaml.DocumentNode {
		if len(root.Content) != 1 {
			d.report("", 1, 1, "%s", d.kind.empty())
			return nil
		}
		top = root.Content[0]
	}
	var second yaml.Node
	if err := loader.Load(&second); err == nil {
		d.report("", max(second.Line, 1), max(second.Column, 1), "several YAML documents (want one %s per file)", d.kind.name)
		return nil
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
		return nil
	}
	e := expander{d: d, open: map[*yaml.Node]bool{}}
	tree := e.expand(top, 0)
	if e.failed {
		return nil
	}
	return tree
}

// syntax reports an error of the YAML parser.
func (d *decoder) syntax(err error) {
	line, column := 1, 1
	if le := (*yaml.LoadError)(nil); errors.As(err, &le) {
		line, column = max(le.Mark.Line, 1), max(le.Mark.Column, 1)
	}
	if errors.Is(err, io.EOF) {
		d.report("", 1, 1, "%s", d.kind.empty())
		return
	}
	d.report("", line, column, "not valid YAML: %s", parserMessage(err))
}

// fileKind is a kind of file, for messages.
type fileKind struct{ name, least string }

var (
	scenarioFile = fileKind{"scenario", "version, name and target"}
	eventFile    = fileKind{"event", "version, event, audience and scenario"}
	profileFile  = fileKind{"profile", "id"}
	machineFile  = fileKind{"file of a machine", "version, cores, players, cpu, network, source and seen"}
)

func (k fileKind) empty() string { return k.name + " is empty (want at least " + k.least + ")" }

// parserMessage is an error of the YAML parser without its own position.
func parserMessage(err error) string {
	le := (*yaml.LoadError)(nil)
	if !errors.As(err, &le) {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	text := strings.TrimPrefix(le.Message, "yaml: ")
	if le.ContextMsg != "" {
		return le.ContextMsg + ": " + text
	}
	return text
}

// badByte returns the index of the first byte that is not text; -1 = none.
func badByte(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == 0 || r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

func position(data []byte, i int) (line, column int) {
	before := data[:i]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[start:])
}

// expander copies a tree and puts copies of the anchored nodes in place of
// aliases, within a budget.
type expander struct {
	d      *decoder
	nodes  int
	open   map[*yaml.Node]bool // anchored nodes that are being expanded
	failed bool
}

func (e *expander) fail(n *yaml.Node, format string, args ...any) *yaml.Node {
	if !e.failed {
		e.d.report("", n.Line, n.Column, format, args...)
	}
	e.failed = true
	return n
}

func (e *expander) expand(n *yaml.Node, depth int) *yaml.Node {
	if e.failed {
		return n
	}
	if e.nodes++; e.nodes > maxNodes {
		return e.fail(n, "too many values once aliases are expanded (want at most %d)", maxNodes)
	}
	if depth > maxDepth {
		return e.fail(n, "nested too deeply (want at most %d levels)", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil || e.open[n.Alias] {
			return e.fail(n, "alias refers to itself (got *%s)", n.Value)
		}
		return e.expand(n.Alias, depth+1)
	}
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp":
	case "!!merge":
		return e.fail(n, "merge keys are not supported (got <<; write the keys out)")
	default:
		return e.fail(n, "unsupported YAML tag (got %s)", clip(tag))
	}
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	e.open[n] = true
	for i, child := range n.Content {
		c.Content[i] = e.expand(child, depth+1)
	}
	delete(e.open, n)
	return &c
}

// clip keeps values in messages short.
func clip(s string) string {
	const limit = 80
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}
