package scenarios

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/chaos"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/figure"
)

// TestReference keeps docs/scenario.md what the code says: every key, fault, metric,
// statistic and label.
func TestReference(t *testing.T) {
	madeFromTheCode(t, "../docs/scenario.md", map[string]string{"keys": keysText(t, scenarioKey.keys), "faults": faultsText(), "parameters": parametersText(t),
		"metrics": metricsText(), "labels": labelsText(t), "variables": variablesText()})
}

// TestEventReference does so for docs/event.md: every key, quota and price.
func TestEventReference(t *testing.T) {
	madeFromTheCode(t, "../docs/event.md", map[string]string{"keys": keysText(t, eventKey.keys), "quotas": quotasText(), "prices": pricesText(), "machine": keysText(t, machineKey.keys)})
}

// madeFromTheCode compares the parts of a document with the code, or rewrites them.
func madeFromTheCode(t *testing.T, file string, parts map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, part := range parts {
		begin, end := "<!-- "+name+": made from the code -->\n", "<!-- end of "+name+" -->\n"
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
		t.Fatalf("%s is not what the code says (want go test ./scenarios -run Reference -update)", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// keysText has a table for each mapping of a file.
func keysText(t *testing.T, keys []key) string {
	var b strings.Builder
	var table func(title string, keys []key)
	table = func(path string, keys []key) {
		fmt.Fprintf(&b, "\n### %s\n\n| key | value | default | example | what |\n| --- | --- | --- | --- | --- |\n", cmp.Or(path, "The top level"))
		for i := range keys {
			k := &keys[i]
			if k.doc == "" || k.example == "" {
				t.Errorf("%s: no description or no example", join(path, k.name))
			}
			def := cmp.Or(k.without, "none")
			switch {
			case k.required:
				def = "required"
			case k.def != "":
				def = "`" + k.def + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s |\n", k.name, valueText(k), def, k.example, strings.ReplaceAll(k.doc, "|", "\\|"))
		}
		for i := range keys {
			k := &keys[i]
			if k.keys != nil && k.name != "quotas" { // they have a table of their own
				table(join(path, k.name), k.keys)
			}
			if k.items != nil && k.items.keys != nil {
				of := k.items.keys
				if k.name == "chaos" {
					of = of[:slices.IndexFunc(of, func(k key) bool { return k.name == chaos.Fields()[0].Name })] // the others stand with the faults
				}
				table("An item of "+join(path, k.name), of)
			}
		}
	}
	table("", keys)
	return b.String()
}

// valueText says what may be written.
func valueText(k *key) string {
	var parts []string
	switch {
	case k.form == ofWord || k.form == ofName && len(k.word) > 0 && len(k.word) < 6:
		parts = append(parts, "`"+strings.Join(k.word, "`, `")+"`")
	case k.form != "":
		text := string(k.form)
		if r := k.ranges(); r != "" {
			text += ", " + r
		}
		if k.form == ofOffset && k.word != nil {
			text = "`" + strings.Join(k.word, "`, `") + "`; or " + text
		}
		parts = append(parts, text)
	}
	if k.keys != nil {
		parts = append(parts, "mapping, see below")
	}
	if k.values != nil && k.keys == nil {
		parts = append(parts, "mapping to "+valueText(k.values))
	}
	switch {
	case k.items == nil:
	case k.items.keys != nil:
		parts = append(parts, "list, see below")
	case k.form == "":
		parts = append(parts, "list of: "+valueText(k.items))
	default:
		parts = append(parts, "a list of them")
	}
	return strings.Join(parts, "; or ")
}

func faultsText() string {
	var b strings.Builder
	b.WriteString("\n| fault | via | takes | what happens |\n| --- | --- | --- | --- |\n")
	for i := range chaos.Kinds {
		s := &chaos.Kinds[i]
		var vias, takes []string
		for _, v := range s.Vias {
			vias = append(vias, string(v))
		}
		for _, f := range slices.Concat(s.Selectors, s.Params) {
			name := "`" + f.Name + "`"
			if f.Required && len(f.Vias) == 0 {
				name += "*"
			}
			takes = append(takes, name)
		}
		what := s.Doc
		if s.Instant {
			what += " (an instant: no `for`)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Kind, strings.Join(vias, ", "), strings.Join(takes, " "), what)
	}
	return b.String()
}

// parametersText has a line for each meaning of a selector or parameter.
func parametersText(t *testing.T) string {
	type line struct{ name, value, def, doc string }
	var lines []line
	of := map[line][]string{}
	for i := range chaos.Kinds {
		s := &chaos.Kinds[i]
		for _, f := range slices.Concat(s.Selectors, s.Params) {
			k := ofField(&f)
			if f.Doc == "" {
				t.Errorf("%s of %s has no description", f.Name, s.Kind)
			}
			if k.items != nil && f.Words != nil {
				k.word = f.Words
			}
			if f.Most == 0 {
				k.least, k.most = 0, 0 // decoding has a bound, which says nothing to people
			}
			l := line{f.Name, valueText(&k), f.Default, f.Doc}
			switch {
			case f.Required && len(f.Vias) > 0:
				l.def = "required via " + string(f.Vias[0])
			case f.Required:
				l.def = "required"
			case len(f.Vias) > 0:
				l.def += " (via " + strings.ReplaceAll(strings.Trim(fmt.Sprint(f.Vias), "[]"), " ", ", ") + " only)"
			}
			if of[l] == nil {
				lines = append(lines, l)
			}
			of[l] = append(of[l], "`"+string(s.Kind)+"`")
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString("\n| key | value | default | what | of |\n| --- | --- | --- | --- | --- |\n")
	for _, l := range lines {
		kinds := strings.Join(of[l], " ")
		if len(of[l]) > 8 {
			kinds = fmt.Sprintf("%d faults, see above", len(of[l]))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", l.name, l.value, l.def, l.doc, kinds)
	}
	return b.String()
}

// unsureMark stands at figures that no document of the maker confirms.
func unsureMark(e *tariff.Evidence) string {
	if e.Unsure {
		return " (unsure)"
	}
	return ""
}

func quotasText() string {
	var b strings.Builder
	b.WriteString("\n| quota | what | default | each | adjustable | Service Quotas | source, seen | note |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, q := range tariff.ListQuotas() {
		listed := q.AWS.Code
		if listed == "" {
			listed = q.AWS.Name
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s%s | %s | %s | %s | %s, %s | %s |\n", q.Name, q.What, quotaText(&q), unsureMark(&q.Evidence), q.Scope, q.Adjustable, strings.TrimSpace(q.AWS.Service+" "+listed), q.Source, q.Seen.Format(time.DateOnly), q.Note)
	}
	return b.String()
}

// pricesText has a line for the tiers of each price.
func pricesText() string {
	p := tariff.ListPrices()
	var b strings.Builder
	fmt.Fprintf(&b, "\n| price | region | %s a unit, by tiers | unit | source, seen | note |\n| --- | --- | --- | --- | --- | --- |\n", p.Currency)
	seen := map[string]bool{}
	for _, x := range p.Rows {
		if key := x.Name + " " + x.Region; !seen[key] {
			seen[key] = true
			var tiers []string
			for _, t := range p.Tiers(x.Name, x.Region) {
				text := strconv.FormatFloat(t.Value, 'f', -1, 64)
				if t.From > 0 {
					text += " from " + figure.Thousands(int64(t.From))
				}
				tiers = append(tiers, text)
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s%s | %s | %s, %s | %s |\n", x.Name, x.Region, strings.Join(tiers, ", "), unsureMark(&x.Evidence), x.Unit, x.Source, x.Seen.Format(time.DateOnly), x.Note)
		}
	}
	return b.String()
}

func variablesText() string {
	var b strings.Builder
	b.WriteString("\n| variable | flag | key | what |\n| --- | --- | --- | --- |\n")
	for _, v := range Variables {
		at := ""
		if v.Path != "" {
			at = "`" + v.Path + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | %s | %s |\n", v.Name, v.Flag, at, v.Doc)
	}
	return b.String()
}

func metricsText() string {
	var b strings.Builder
	b.WriteString("\n| metric | value | statistics | labels | what |\n| --- | --- | --- | --- | --- |\n")
	for _, m := range expect.Metrics {
		var labels []string
		for _, l := range m.LabelNames() {
			labels = append(labels, "`"+l+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Unit(), strings.Join(m.StatNames(), " "), strings.Join(labels, " "), m.About)
	}
	fmt.Fprintf(&b, "| `%s` | share | | | expected of every run without being written: outside of faults, sessions that want to play do, and what they fetch is there and is media |\n", reports.ViewersServed)
	return b.String()
}

func labelsText(t *testing.T) string {
	about := map[string]string{
		"fault":   "name of a fault of the scenario; all its occurrences together",
		"cohort":  "name of a cohort",
		"profile": "id of a profile of the fleet",
		"kind":    "`" + strings.Join(kindNames(), "`, `") + "`: the kind of request",
		"phase":   "`" + strings.Join(expect.PhaseNames, "`, `") + "`: with `fault`, before, in and after its window",
		"joined":  "`" + strings.Join([]string{expect.JoinedBefore, expect.JoinedDuring, expect.JoinedAfter}, "`, `") + "`: with `fault`, when the session began",
		"each":    "a duration such as `10m`: the condition has a value in each such window of the run; see below",
		"alarm":   "name of an alarm of `aws.alarms`",
		"alert":   "type of an alert of the channel on AWS",
	}
	var b strings.Builder
	b.WriteString("\n| label | values |\n| --- | --- |\n")
	seen := map[string]bool{}
	for _, m := range expect.Metrics {
		for _, l := range m.LabelNames() {
			if !seen[l] {
				seen[l] = true
				if about[l] == "" {
					t.Errorf("label %s has no description", l)
				}
				fmt.Fprintf(&b, "| `%s` | %s |\n", l, about[l])
			}
		}
	}
	return b.String()
}
