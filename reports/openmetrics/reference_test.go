package openmetrics

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/metrics.md")

// TestReference keeps docs/metrics.md what the code says.
func TestReference(t *testing.T) {
	const file, begin, end = "../../docs/metrics.md", "<!-- metrics: made from the code -->\n", "<!-- end of metrics -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s: no place for the metrics (want %q and %q)", file, begin, end)
	}
	text := before + begin + tableText() + end + after
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if text != string(data) {
		t.Errorf("%s is not what the code says (want go test ./reports/openmetrics -run Reference -update)", file)
	}
}

func tableText() string {
	var b strings.Builder
	b.WriteString("\n| metric | type | labels | what |\n| --- | --- | --- | --- |\n")
	for i := range Table {
		m := &Table[i]
		labels := "none"
		if m.Labels != nil {
			labels = "`" + strings.Join(m.Labels, "` `") + "`"
		}
		what := m.Help
		if m.AtEnd {
			what += " Only once the run is over."
		}
		if m.Buckets != nil {
			what += fmt.Sprintf(" Buckets: %s.", strings.Trim(strings.ReplaceAll(fmt.Sprint(m.Buckets), " ", ", "), "[]"))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, what)
	}
	return b.String()
}

// TestNames: names follow the rules of Prometheus, buckets are twelve and ascend.
func TestNames(t *testing.T) {
	name := regexp.MustCompile(`^hlsload(_[a-z]+)+$`)
	for i := range Table {
		m := &Table[i]
		counter, seconds := strings.HasSuffix(m.Name, "_total"), strings.HasSuffix(m.Name, "_seconds")
		if !name.MatchString(m.Name) || counter != (m.Type == Counter) || m.Type == Histogram && !seconds || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s, a %s: %s", m.Name, m.Type, m.Help)
		}
		if (m.Type == Histogram) != (len(m.Buckets) == 12) {
			t.Errorf("%s, a %s, has %d buckets", m.Name, m.Type, len(m.Buckets))
		}
		for k := 1; k < len(m.Buckets); k++ {
			if m.Buckets[k] <= m.Buckets[k-1] {
				t.Errorf("%s: bucket %v after %v", m.Name, m.Buckets[k], m.Buckets[k-1])
			}
		}
	}
}
