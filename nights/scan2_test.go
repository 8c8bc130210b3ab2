package nights_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"hlsload/nights"
)

func pool(t *testing.T, data, cache string, n int, from uint64, set []string) (all []nights.Night) {
	name := "/tmp/stats/" + cache + "_" + strings.ReplaceAll(strings.Join(set, "_"), "/", "-") + ".ndjson"
	if f, err := os.Open(name); err == nil {
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			var n nights.Night
			if err := json.Unmarshal(sc.Bytes(), &n); err != nil {
				t.Fatal(err)
			}
			all = append(all, n)
		}
		f.Close()
		if len(all) >= n {
			return all[:n]
		}
		all = nil
	}
	sc := load(t, data, set...)
	f, _ := os.Create(name)
	defer f.Close()
	for i := range n {
		night := nights.Of(simulate(t, sc, from+uint64(i)), fmt.Sprint(i))
		night.Key.Hash = "x"
		b, err := json.Marshal(night)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(f, "%s\n", b)
		all = append(all, night)
	}
	return all
}

func TestPower(t *testing.T) {
	file := os.Getenv("POWER")
	if file == "" {
		t.Skip()
	}
	data, _ := os.ReadFile(file)
	cache := os.Getenv("CACHE")
	base := pool(t, string(data), cache, 400, 1, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	try := func(news []nights.Night, pairs int, own bool) {
		fired, by := 0, map[string]int{}
		var change, changes float64
		for i := range pairs {
			k := rng.IntN(len(news))
			var b []nights.Night
			for _, x := range rng.Perm(len(base)) {
				if len(b) < 14 && !(own && x == k) {
					b = append(b, base[x])
				}
			}
			c := nights.Compare(b, news[k], nights.How{})
			if c.Outcome == nights.Worse {
				fired++
			}
			for _, f := range c.Findings {
				if f.Worse {
					by[f.Measure]++
				}
				if strings.HasPrefix(f.Measure, "failover.mean") {
					change += float64(f.Change)
					changes += float64(f.Change * f.Change)
				}
				if strings.HasPrefix(f.Measure, "failover.mean") && i < 5 && !own {
					fmt.Printf("   %v %v change %.3f p %.2g adj %.2g %s effect %.2f\n", f.Base, f.New, f.Change, f.P, f.Adjusted, f.Test, f.Effect)
				}
			}
		}
		m := change / float64(pairs)
		fmt.Printf("%d of %d %v change %.3f ± %.4f\n", fired, pairs, by, m, changes/float64(pairs)-m*m)
	}
	try(base, 2000, true)
	for line := range strings.Lines(os.Getenv("SETS")) {
		fmt.Print(line)
		try(pool(t, string(data), cache, 60, 10001, strings.Fields(line)), 400, false)
	}
}
