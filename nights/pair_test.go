package nights

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hlsload/reports/players"
)

// table is a small one: rows are "player result" in fault kill-0, such as "17 healed 1200",
// or "17" for a session that met nothing.
func table(rows ...string) *players.Table {
	t := &players.Table{SessionShare: players.Shares, EffectShare: players.Shares, Cohorts: []players.Cohort{{Name: "web", Profile: "hlsjs-1.7"}, {Name: "tv", Profile: "shaka-5.2"}}, Occurrences: []players.Occurrence{{Fault: "kill-0", Number: 1}}}
	for _, row := range rows {
		f := strings.Fields(row)
		s := players.Session{Number: 1, Startup: 4000, Bitrate: 2e6}
		fmt.Sscan(f[0], &s.Player)
		s.Cohort = int16(s.Player % 2)
		if len(f) > 1 {
			e := players.Effect{Player: s.Player, Number: 1, Cohort: s.Cohort, Detection: players.Unknown, Failover: players.Unknown, Outage: players.Unknown}
			for r := range players.Unfinished + 1 {
				if r.String() == f[1] {
					e.Result = r
				}
			}
			if len(f) > 2 {
				var ms uint32
				fmt.Sscan(f[2], &ms)
				e.Outage, e.Failover = players.Span(10*ms), players.Span(10*ms)
				if e.Result != players.FailedOver {
					e.Failover = players.Never
				}
				s.Stalls, s.Stalled = 1, e.Outage
			}
			t.Effects = append(t.Effects, e)
		}
		t.Sessions = append(t.Sessions, s)
	}
	t.Sort()
	return t
}

// many are rows of players from a to b.
func many(a, b int, outcome string) (rows []string) {
	for i := a; i <= b; i++ {
		rows = append(rows, fmt.Sprint(i, " ", outcome))
	}
	return rows
}

// TestPairGate: what is worse, and what is said first.
func TestPairGate(t *testing.T) {
	for name, c := range map[string]struct {
		base, now []string
		worse     string
	}{
		"nothing": {many(1, 200, "failed_over 100"), many(1, 200, "failed_over 100"), ""},
		"one never recovers, and before all did": {many(1, 300, "failed_over 100"), append(many(1, 299, "failed_over 100"), "300 never_recovered 40000"),
			"1 of 300 sessions that failed over from kill-0 in the base never recovered in the new run: cohort web (hlsjs-1.7) 1 of 150; the first is player 300"},
		"one never recovers that the fault did not affect": {append(many(1, 299, "failed_over 100"), "300"), append(many(1, 299, "failed_over 100"), "300 never_recovered"),
			"1 session that kill-0 did not affect in the base never recovered in the new run: cohort web (hlsjs-1.7) 1; the first is player 300"},
		"one more of many that never recover": {append(many(1, 299, "failed_over 100"), "300 never_recovered"), append(many(2, 299, "failed_over 100"), "1 never_recovered", "300 never_recovered"), ""},
		"a twentieth more that never recover": {append(many(1, 299, "failed_over 100"), "300 never_recovered"), append(many(16, 299, "failed_over 100"), append(many(1, 15, "never_recovered"), "300 never_recovered")...),
			"15 of 299 sessions that failed over from kill-0 in the base never recovered in the new run: cohort tv (shaka-5.2) 8 of 150, web (hlsjs-1.7) 7 of 149; the first is player 1"},
		"they change places":             {append(many(1, 100, "failed_over 100"), many(101, 200, "never_recovered")...), append(many(101, 200, "failed_over 100"), many(1, 100, "never_recovered")...), ""},
		"they wait in place of moving":   {many(1, 100, "failed_over 100"), append(many(3, 100, "failed_over 100"), many(1, 2, "healed 100")...), "2 of 100 sessions that failed over from kill-0 in the base waited for its end in the new run: cohort tv (shaka-5.2) 1 of 50, web (hlsjs-1.7) 1 of 50; the first is player 1"},
		"one waits in place of moving":   {many(1, 100, "failed_over 100"), append(many(2, 100, "failed_over 100"), "1 healed 100"), ""},
		"their viewers leave":            {many(1, 100, "failed_over"), many(1, 100, "left"), ""},
		"slower by less than counts":     {many(1, 100, "failed_over 1000"), many(1, 100, "failed_over 1240"), ""},
		"slower":                         {many(1, 100, "failed_over 1000"), many(1, 100, "failed_over 1260"), "failover from kill-0: longer in 100 of 100 sessions, by 260 ms in the median and 260 ms at most (player 1); p95 1.26 s, in the base 1 s"},
		"slower, but not by a tenth":     {many(1, 100, "failed_over 3000"), many(1, 100, "failed_over 3290"), ""},
		"some much slower, most quicker": {many(1, 100, "failed_over 3000"), append(many(1, 10, "failed_over 9000"), many(11, 100, "failed_over 2000")...), ""},
		"quicker":                        {many(1, 100, "failed_over 3000"), many(1, 100, "failed_over 1000"), ""},
		"more stall": {many(1, 100, "failed_over"), append(many(3, 100, "failed_over"), many(1, 2, "failed_over 1")...),
			"2 of 100 sessions stalled in the new run and not in the base (0 the other way round; p = 0.5): cohort tv (shaka-5.2) 1 of 50, web (hlsjs-1.7) 1 of 50; the first is player 1"},
	} {
		if got := Pair(table(c.base...), table(c.now...), 2*time.Second).Worse(); got != c.worse {
			t.Errorf("%s:\n%q; want\n%q", name, got, c.worse)
		}
	}
}

// TestPairOfOtherAudiences: who has no counterpart is counted, not compared.
func TestPairOfOtherAudiences(t *testing.T) {
	base, now := table(many(1, 100, "failed_over 100")...), table(many(51, 160, "never_recovered 90000")...)
	for i := range now.Sessions {
		now.Sessions[i].Cohort = 1 // all of tv
	}
	p := Pair(base, now, 0)
	if p.Players != 50 || p.Unmatched != 110 || p.Single != 110 || p.Moved != 25 || !reflect.DeepEqual(p.Mixes, []CohortOf{{"tv", 50, 110}, {"web", 50, 0}}) {
		t.Errorf("%+v; want 50 players in both, 110 not, 25 of another cohort", p)
	}
	if len(p.Moves) != 1 || p.Moves[0].Sessions != 50 || len(p.Changed) != 50 {
		t.Errorf("moves %+v, %d changes; want one of 50 sessions", p.Moves, len(p.Changed))
	}
	for _, want := range []string{"110 players are in one of the two simulations only: the audience is not the same", "25 players are of another cohort than in the base: what changed for them may come from that", "cohort tv has 110 players, in the base 50", "cohort web has 0 players, in the base 50"} {
		if all := p.Sentences(""); !slices.Contains(all, want) {
			t.Errorf("said %q; want %q", all, want)
		}
	}
}

// TestPairsAreBounded: of many changes, few are listed, and the worst of them; JSON has no
// null in place of a list.
func TestPairsAreBounded(t *testing.T) {
	base, now := table(many(1, 500, "failed_over 100")...), table(append(many(1, 300, "healed 5000"), append(many(301, 499, "failed_over 90"), "500 never_recovered 8000")...)...)
	p := Pair(base, now, 0)
	if len(p.Changed) != 100 || p.More != 201 || p.Changed[0].Player != 500 || p.Changed[0].New != "never_recovered" || p.Changed[1].New != "healed" || float64(p.Changed[1].NewMs) != 5000 {
		t.Errorf("%d listed, %d more, first %+v; want 100, 201, player 500", len(p.Changed), p.More, p.Changed[:2])
	}
	if last := p.Sentences("hlsload simulate x.yaml --seed 3"); !slices.Contains(last, `what player 500 does: hlsload simulate x.yaml --seed 3 --events --out player-500 && grep '"player":500,' player-500/events.ndjson`) {
		t.Errorf("said %q; want how to see player 500", last)
	}
	stalled, played := table("1 failed_over 5", "2 failed_over 5"), table("1 failed_over", "2 failed_over")
	if all, want := Pair(stalled, played, 0).Sentences(""), "2 of 2 sessions stalled in the base and not in the new run (0 the other way round; p = 0.5)"; !slices.Contains(all, want) {
		t.Errorf("said %q; want %q", all, want)
	}
	for _, p := range []*Pairs{p, Pair(table(), table(), 0)} {
		b, err := json.Marshal(p)
		if null := regexp.MustCompile(`"(shares|moves|times|changed|mixes|by)":null`).Find(b); err != nil || null != nil {
			t.Errorf("%s, %v; want a list", null, err)
		}
	}
}

// TestMcNemar compares with published values: R's exact2x2 (Fay 2010) on the approval ratings
// of Agresti 2013, table 11.1, and Zar's table for few pairs.
func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		lost, gained int
		want, within float64
	}{{150, 86, 3.716e-5, 1e-8}, {0, 6, .03125, 0}, {1, 9, .021484375, 0}, {5, 5, 1, 0}, {0, 0, 1, 0}, {0, 1, 1, 0}, {100_000, 0, 0, 0}} {
		for _, got := range []float64{mcnemar(c.lost, c.gained), mcnemar(c.gained, c.lost)} {
			if math.Abs(got-c.want) > c.within+1e-12 {
				t.Errorf("%d lost, %d gained: %g; want %g", c.lost, c.gained, got, c.want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		lost, gained := rapid.IntRange(0, 400).Draw(t, "lost"), rapid.IntRange(0, 400).Draw(t, "gained")
		sum, n := new(big.Int), int64(lost+gained)
		for k := range int64(min(lost, gained)) + 1 {
			sum.Add(sum, new(big.Int).Binomial(n, k))
		}
		want, _ := new(big.Rat).SetFrac(sum.Lsh(sum, 1), new(big.Int).Lsh(big.NewInt(1), uint(n))).Float64()
		if got := mcnemar(lost, gained); math.Abs(got-min(want, 1)) > 1e-10*want {
			t.Fatalf("%d lost, %d gained: %g; want %g", lost, gained, got, want)
		}
	})
}

// drawnTable is any table of few players.
func drawnTable(t *rapid.T, label string) *players.Table {
	all := table()
	all.SessionShare, all.EffectShare = rapid.IntRange(300, players.Shares).Draw(t, label+" share"), rapid.IntRange(300, players.Shares).Draw(t, label+" share of effects")
	all.Occurrences = rapid.SampledFrom([][]players.Occurrence{{{Fault: "kill-0", Number: 1}, {Fault: "kill-0", Number: 2}, {Fault: "slow", Number: 1}}, {{Fault: "slow", Number: 1}, {Fault: "kill-0", Number: 1}}}).Draw(t, label+" occurrences")
	for player := range uint64(12) {
		for number := range uint32(rapid.IntRange(0, 2).Draw(t, label+" sessions")) {
			s := players.Session{Player: player, Number: number + 1, Cohort: int16(rapid.IntRange(0, 1).Draw(t, "cohort")), Startup: rapid.SampledFrom([]players.Span{1, 5000, players.Never, players.Unknown}).Draw(t, "startup"),
				Stalls: uint16(rapid.IntRange(0, 1).Draw(t, "stalls")), How: players.How(rapid.IntRange(0, 5).Draw(t, "how")), StartupFailed: rapid.Bool().Draw(t, "failed"), Bitrate: uint32(rapid.IntRange(0, 3).Draw(t, "bitrate"))}
			if players.Bucket(player) < all.SessionShare {
				all.Sessions = append(all.Sessions, s)
			}
			for i := range all.Occurrences {
				if rapid.Bool().Draw(t, "affected") && players.Bucket(player) < all.EffectShare {
					all.Effects = append(all.Effects, players.Effect{Player: player, Number: s.Number, Cohort: s.Cohort, Occurrence: int32(i), Result: players.Result(rapid.IntRange(0, 4).Draw(t, "result")),
						Outage: rapid.SampledFrom([]players.Span{0, 15, 9000, players.Unknown}).Draw(t, "outage"), Failover: rapid.SampledFrom([]players.Span{5, 9000, players.Never, players.Unknown}).Draw(t, "failover")})
				}
			}
		}
	}
	all.Sort()
	return all
}

// TestPairIsSymmetric: the other way round, what was lost is gained; and a simulation never
// differs from itself.
func TestPairIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawnTable(t, "base"), drawnTable(t, "new")
		there, back := Pair(a, b, 0), Pair(b, a, 0)
		if there.Players != back.Players || there.Unmatched != back.Unmatched || there.Sessions != back.Sessions || there.Single != back.Single || there.Moved != back.Moved || len(there.Changed) != len(back.Changed) {
			t.Fatalf("there %+v, back %+v", there, back)
		}
		for _, s := range there.Shares {
			i := slices.IndexFunc(back.Shares, func(o Share) bool { return o.Of == s.Of })
			if i < 0 || back.Shares[i].Lost != s.Gained || back.Shares[i].Gained != s.Lost || back.Shares[i].Both != s.Both || back.Shares[i].None != s.None || back.Shares[i].P != s.P {
				t.Fatalf("share %+v, back %+v", s, back.Shares)
			}
		}
		for _, x := range there.Times {
			i := slices.IndexFunc(back.Times, func(o Timing) bool { return o.Of == x.Of })
			if i < 0 || back.Times[i].Pairs != x.Pairs || x.Unit == "ms" && (back.Times[i].Worse != x.Better || back.Times[i].Stopped != x.Began || float64(back.Times[i].BaseP95) != float64(x.NewP95)) {
				t.Fatalf("time %+v, back %+v", x, back.Times)
			}
		}
		if self := Pair(a, a, 0); len(self.Changed) != 0 || self.Worse() != "" || self.Unmatched+self.Single+self.Moved+len(self.Mixes) != 0 {
			t.Fatalf("itself: %+v", self)
		}
		there.Sentences("hlsload simulate x")
	})
}

// TestPairAsCounted compares with counts by hand, a map at a time.
func TestPairAsCounted(t *testing.T) {
	type unit struct {
		player uint64
		number uint32
		players.Occurrence
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawnTable(t, "base"), drawnTable(t, "new")
		p := Pair(a, b, 0)
		effects := func(x *players.Table) (map[unit]string, map[unit]bool) {
			of, sessions := map[unit]string{}, map[unit]bool{}
			for _, e := range x.Effects {
				if players.Bucket(e.Player) < min(a.EffectShare, b.EffectShare) {
					of[unit{e.Player, e.Number, x.Occurrences[e.Occurrence]}] = e.Result.String()
				}
			}
			for _, s := range x.Sessions {
				sessions[unit{player: s.Player, number: s.Number}] = true
			}
			return of, sessions
		}
		base, inBase := effects(a)
		now, inNow := effects(b)
		want := map[string]int{}
		count := func(u unit, share int, has map[unit]bool) {
			session := unit{player: u.player, number: u.number}
			if players.Bucket(u.player) < share && !has[session] {
				return
			}
			from, to := base[u], now[u]
			if from == "" {
				from = NotAffected
			}
			if to == "" {
				to = NotAffected
			}
			want[u.Fault+" "+from+" "+to]++
		}
		for u := range base {
			count(u, b.SessionShare, inNow)
		}
		for u := range now {
			if base[u] == "" {
				count(u, a.SessionShare, inBase)
			}
		}
		got := map[string]int{}
		for _, m := range p.Moves {
			got[m.Fault+" "+m.Base+" "+m.New] = m.Sessions
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("moves %v; want %v", got, want)
		}
		both := 0
		for _, s := range a.Sessions {
			if u := (unit{player: s.Player, number: s.Number}); inNow[u] && players.Bucket(s.Player) < min(a.SessionShare, b.SessionShare) {
				both++
			}
		}
		if p.Sessions != both {
			t.Fatalf("%d sessions in both; want %d", p.Sessions, both)
		}
	})
}

// FuzzPair compares two files from outside.
func FuzzPair(f *testing.F) {
	file := func(t *players.Table) string {
		var b strings.Builder
		if err := t.WriteCSV(&b); err != nil {
			f.Fatal(err)
		}
		return b.String()
	}
	a, b := file(table(many(1, 3, "failed_over 100")...)), file(table("1 never_recovered 9000", "2", "4 healed 7"))
	f.Add(a, b)
	f.Add(a, a)
	f.Add(b, file(table()))
	f.Fuzz(func(t *testing.T, one, two string) {
		base, err := players.ReadCSV(strings.NewReader(one))
		if err != nil {
			return
		}
		now, err := players.ReadCSV(strings.NewReader(two))
		if err != nil {
			return
		}
		p := Pair(base, now, time.Second)
		p.Worse()
		p.Sentences("hlsload simulate x")
		if _, err := json.Marshal(p); err != nil {
			t.Fatal(err)
		}
	})
}
