package scenarios

import (
	"fmt"
	"path/filepath"
	"strings"
)

// EventTemplate is a commented event to begin with, named after the file that it is for. It
// is made of the keys themselves.
func EventTemplate(file string) ([]byte, error) {
	name, err := nameFor(file, "an event")
	if err != nil {
		return nil, err
	}
	t := commented{name: name}
	fmt.Fprintf(&t, `%s
# An event: how many will watch when, from where and what.
#
#   hlsload capacity %s
#
# A key that is commented out shows an example. All keys, quotas and prices: docs/event.md.
# Editors complete keys by the first line (docs/install.md).
`, modeline+SchemaFile("event"), filepath.Base(file))
	t.keys(eventKey.keys, "")
	return []byte(t.String()), nil
}

// commented is a file in the making.
type commented struct {
	strings.Builder
	name string // of what the file describes
}

// manyKeys is from how many keys on a mapping is shown by its example.
const manyKeys = 12

// keys writes every key of a mapping: with its default, with its example where it is
// required, and commented out where it has neither.
func (t *commented) keys(keys []key, indent string) {
	for i := range keys {
		k := &keys[i]
		if indent == "" && i > 0 {
			t.WriteString("\n")
		}
		switch {
		case k.keys != nil && len(k.keys) < manyKeys:
			t.line(indent, k.name+":", k.doc)
			t.keys(k.keys, indent+"  ")
		case k.items != nil && k.items.keys != nil:
			t.line(indent, k.name+":", about(k))
			for j := range k.items.keys {
				of := &k.items.keys[j]
				t.comment(indent+"  ", of.name+": "+about(of))
			}
			items := strings.TrimSuffix(strings.TrimPrefix(k.example, "["), "]")
			for item := range strings.SplitSeq(items, "}, {") {
				fmt.Fprintf(t, "%s  - {%s}\n", indent, strings.Trim(item, "{}"))
			}
		case k.name == "name":
			t.line(indent, "name: "+t.name, about(k))
		case k.required:
			t.line(indent, k.name+": "+k.example, about(k))
		case k.def != "":
			t.line(indent, k.name+": "+k.def, about(k))
		default:
			t.line(indent, "# "+k.name+": "+k.example, about(k))
		}
	}
}

const (
	remarkColumn = 32
	widestLine   = 112
)

// line writes a line with a remark: behind it, or above it where there is no room.
func (t *commented) line(indent, text, remark string) {
	text = indent + text
	if behind := fmt.Sprintf("%-*s # %s\n", remarkColumn, text, remark); len(behind) <= widestLine {
		t.WriteString(behind)
		return
	}
	t.comment(indent, remark)
	t.WriteString(text + "\n")
}

func (t *commented) comment(indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > widestLine {
			t.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	t.WriteString(line + "\n")
}

func about(k *key) string {
	if k.without != "" {
		return k.doc + "; without it: " + k.without
	}
	return k.doc
}
