package answer

import (
	"slices"
	"strings"
)

// stale warns of the quotas and prices in the answer that were read more than 180 days ago.
func (a *Answer) stale() []string {
	warnings := []string{}
	warn := func(names []string, key string) {
		if len(names) > 0 {
			warnings = append(warnings, "read more than 180 days ago, and perhaps no longer true: "+strings.Join(names, ", ")+" (want values of today under "+key+" of the event; docs/event.md)")
		}
	}
	var quotas, prices []string
	for i := range a.Quotas {
		if x := &a.Quotas[i]; x.Old {
			quotas = append(quotas, x.Name)
		}
	}
	for i := range a.Cost.Items {
		if x := &a.Cost.Items[i]; x.Old && !slices.Contains(prices, x.Name) {
			prices = append(prices, x.Name)
		}
	}
	warn(quotas, "quotas")
	warn(prices, "prices")
	return warnings
}
