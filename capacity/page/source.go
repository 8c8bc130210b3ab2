package page

import (
	"fmt"
	"slices"

	"hlsload/capacity/answer"
	"hlsload/reports/document"
)

// sources are where figures are from, each once, by number.
type sources struct{ all []string }

// cell is what a table says of a source, with what makes the figure doubtful.
func (s *sources) cell(source, seen string, unsure, old bool) string {
	text := flat(source)
	if seen != "" {
		text += ", seen " + seen
	}
	i := slices.Index(s.all, text)
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, text)
	}
	return fmt.Sprintf("[%d]", i+1) + doubts(unsure, old)
}

// section lists them.
func (s *sources) section() *section {
	if len(s.all) == 0 {
		return nil
	}
	t := &document.Table{Caption: "Where figures are from", Head: []string{"source", "what"}, Words: map[int]bool{1: true}}
	for i, text := range s.all {
		t.Add(fmt.Sprintf("[%d]", i+1), text)
	}
	return &section{id: "sources", title: "Sources", table: t, said: []string{
		"unsure = no document of AWS confirms it; old = read more than 180 days ago. Read either again before you rely on it.",
	}}
}

// quota is the name of a quota, with what makes its limit doubtful.
func quota(a *answer.Answer, name string) string {
	for i := range a.Quotas {
		if x := &a.Quotas[i]; x.Name == name {
			return name + doubts(x.Unsure, x.Old)
		}
	}
	return name
}

// priced is what makes a sum of prices doubtful, of those with the name; "" = of all.
func priced(c *answer.Cost, is func(name string) bool) string {
	unsure, old := false, false
	for i := range c.Items {
		if x := &c.Items[i]; is(x.Name) {
			unsure, old = unsure || x.Unsure, old || x.Old
		}
	}
	return doubts(unsure, old)
}
