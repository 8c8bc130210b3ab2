package openmetrics

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDashboard: the dashboard that ships asks for metrics and labels that there are, and
// shows all of them.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../docs/grafana/hlsload.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			ID      int
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
		Templating  struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	var queries, variables []string
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d: twice, or too wide: %+v", p.ID, p.GridPos)
		}
		ids[p.ID] = true
		for _, q := range p.Targets {
			queries = append(queries, q.Expr)
		}
	}
	for _, q := range d.Annotations.List {
		queries = append(queries, q.Expr)
	}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if v.Definition != "" {
			queries = append(queries, v.Definition)
		}
	}
	if want := []string{"datasource", "scenario", "instance", "cohort", "fault"}; !slices.Equal(variables, want) {
		t.Errorf("variables %v, want %v", variables, want)
	}
	metric, selector := regexp.MustCompile(`\b(hlsload|process|go)_[a-z_]+`), regexp.MustCompile(`[{,]([a-z_]+)(=|!=|=~|!~)"`)
	grouped := regexp.MustCompile(`by \(([a-z, ]+)\)`)
	used := map[string]bool{}
	for _, q := range queries {
		labels := []string{"instance", "le"}
		for _, name := range metric.FindAllString(q, -1) {
			if m := find(strings.TrimSuffix(name, "_bucket")); m != nil {
				used[m.Name] = true
				labels = append(labels, m.Labels...)
			} else if strings.HasPrefix(name, "hlsload_") {
				t.Errorf("%s: there is no metric %s", q, name)
			}
		}
		var asked []string
		for _, m := range selector.FindAllStringSubmatch(q, -1) {
			asked = append(asked, m[1])
		}
		for _, m := range grouped.FindAllStringSubmatch(q, -1) {
			asked = append(asked, strings.Split(m[1], ", ")...)
		}
		for _, l := range asked {
			if !slices.Contains(labels, l) {
				t.Errorf("%s: none of its metrics has the label %s", q, l)
			}
		}
	}
	for i := range Table {
		if !used[Table[i].Name] {
			t.Errorf("%s is not on the dashboard", Table[i].Name)
		}
	}
}

// find is a metric by name.
func find(name string) *Metric {
	if i := slices.IndexFunc(Table, func(m Metric) bool { return m.Name == name }); i >= 0 {
		return &Table[i]
	}
	return nil
}
