package nights_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hlsload/nights"
)

func TestScan(t *testing.T) {
	file := os.Getenv("SCAN")
	if file == "" {
		t.Skip()
	}
	data, _ := os.ReadFile(file)
	figures := func(set []string) map[string]float64 {
		sum, n := map[string]float64{}, map[string]float64{}
		sc := load(t, string(data), set...)
		for seed := range 12 {
			night := nights.Of(simulate(t, sc, uint64(seed+1)), "")
			for _, m := range night.Measures {
				if strings.HasPrefix(m.Name, "failover.mean") || strings.HasPrefix(m.Name, "failed_over") || strings.HasPrefix(m.Name, "outage.p95") {
					for _, v := range m.Values {
						sum[m.Name] += float64(v)
						n[m.Name]++
					}
				}
			}
		}
		for k := range sum {
			sum[k] /= n[k]
		}
		return sum
	}
	base := figures(nil)
	fmt.Println("base", base)
	for line := range strings.Lines(os.Getenv("SETS")) {
		set := strings.Fields(line)
		if len(set) == 0 {
			continue
		}
		f := figures(set)
		fmt.Print(set)
		for k, v := range f {
			fmt.Printf(" %s %+.1f%%", k[:13], 100*(v/base[k]-1))
		}
		fmt.Println()
	}
}
