package remedy_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"hlsload/chaos"
	"hlsload/reports/remedy"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/remedies.md")

// TestReference keeps docs/remedies.md what the table says.
func TestReference(t *testing.T) {
	const file = "../../docs/remedies.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, part := range map[string]string{"rows": rowsText(), "helps": helpsText()} {
		begin, end := "<!-- "+name+": made from package remedy -->\n", "<!-- end of "+name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s: no place for the %s (want %q and %q)", file, name, begin, end)
		}
		text = before + begin + part + end + after
	}
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table says (want go test ./reports/remedy -run Reference -update)", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// allHelps are numbered in the order in which rows name them.
func allHelps() (all []*remedy.Help) {
	for _, row := range remedy.Rows {
		for _, h := range row.Helps {
			if !slices.ContainsFunc(all, func(o *remedy.Help) bool { return o.Text == h.Text }) {
				all = append(all, h)
			}
		}
	}
	return all
}

func when(conditions []remedy.Condition) string {
	var texts []string
	for _, c := range conditions {
		texts = append(texts, c.Text)
	}
	return strings.Join(texts, "; ")
}

func rowsText() string {
	var b strings.Builder
	b.WriteString("\n| fault | when | policies of the player | what it does | source | what helps |\n| --- | --- | --- | --- | --- | --- |\n")
	all := allHelps()
	for _, row := range remedy.Rows {
		var helps []string
		for _, h := range row.Helps {
			helps = append(helps, fmt.Sprint(1+slices.IndexFunc(all, func(o *remedy.Help) bool { return o.Text == h.Text })))
		}
		what := strings.Join(helps, ", ")
		if row.None != "" {
			what = "none known: " + row.None
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", families(row.Faults), when(row.When), row.Rule.Text, cmp.Or(row.Why, "as said above"), row.Source, what)
	}
	return b.String() + "\n"
}

func helpsText() string {
	var b strings.Builder
	b.WriteString("\n| | what helps | when | source | proven |\n| --- | --- | --- | --- | --- |\n")
	for i, h := range allHelps() {
		proof := "not on the embedded channel: " + h.Not
		if h.Proof != nil {
			proof = "`" + strings.Join(h.Proof, "` `") + "`"
			if h.Case != nil {
				proof += ", where `" + strings.Join(h.Case, "` `") + "`"
			}
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", i+1, h.Text, when(h.When), h.Source, proof)
	}
	return b.String() + "\n"
}

// families names faults, and whole families of them with a star.
func families(kinds []chaos.Kind) string {
	of := func(k chaos.Kind) string { family, _, _ := strings.Cut(string(k), "."); return family + "." }
	missing := map[string]bool{}
	for i := range chaos.Kinds {
		if s := &chaos.Kinds[i]; !slices.Contains(kinds, s.Kind) {
			missing[of(s.Kind)] = true
		}
	}
	var names []string
	for _, k := range kinds {
		name := "`" + string(k) + "`"
		if !missing[of(k)] {
			name = "`" + of(k) + "*`"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
