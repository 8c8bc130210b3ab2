package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/policy"
	"hlsload/player/profile"
	"hlsload/reports"
	"hlsload/reports/expect"
	"hlsload/reports/figure"
	"hlsload/rig"
	"hlsload/scenarios"
)

// listing is a registry: its items for scripts, with a text for people.
type listing struct {
	items any // for --json: a slice of structs
	print func(w io.Writer)
}

// lists are the registries that `hlsload list` prints.
var lists = map[string]func() (listing, error){
	"faults":    listFaults,
	"findings":  listFindings,
	"profiles":  listProfiles,
	"networks":  listNetworks,
	"policies":  listPolicies,
	"ladders":   listLadders,
	"metrics":   listMetrics,
	"scenarios": listScenarios,
}

// listed is the document of list --json.
type listed struct {
	Schema string `json:"schema"` // hlsload.list/v1
	List   string `json:"list"`
	Items  any    `json:"items"`
}

func listCommand() *cobra.Command {
	var asJSON bool
	names := slices.Sorted(maps.Keys(lists))
	cmd := &cobra.Command{
		Use:   "list " + strings.Join(names, "|"),
		Short: "List the names that scenarios can use: faults, profiles, networks and more",
		Long: "List the names that scenarios can use.\n\n" +
			"`list profiles FILE…` checks your own profiles and lists them like the shipped ones, with the\n" +
			"confidence in each value.",
		Args:      takes("name", "[FILE]…"),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			list := lists[args[0]]
			if list == nil {
				return misused("no such list (got %q; want %s)", args[0], strings.Join(names, ", "))
			}
			if files := args[1:]; len(files) > 0 {
				if args[0] != "profiles" {
					return misused("list: too many arguments (got %q; want hlsload list %s)", files[0], args[0])
				}
				own, err := ownProfiles(files)
				if err != nil {
					return err
				}
				list = func() (listing, error) { return listingOf(own), nil }
			}
			l, err := list()
			if err != nil {
				return internal(err)
			}
			if asJSON {
				return printJSON(cmd, listed{"hlsload.list/v1", args[0], l.items})
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			l.print(w)
			return internal(w.Flush())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON (docs/ci.md)")
	return cmd
}

// faultItem is a kind of fault.
type faultItem struct {
	Fault   string      `json:"fault"`
	Vias    []string    `json:"vias"`
	Takes   []fieldItem `json:"takes"`
	Instant bool        `json:"instant"`
	What    string      `json:"what"`
}

// fieldItem is a key that a fault takes.
type fieldItem struct {
	Key      string   `json:"key"`
	Value    string   `json:"value"`
	Words    []string `json:"words,omitempty"`
	Default  string   `json:"default"`
	Required bool     `json:"required"`
	Vias     []string `json:"vias,omitempty"` // only with these
	What     string   `json:"what"`
}

func viaNames(vias []chaos.Via) (names []string) {
	for _, v := range vias {
		names = append(names, string(v))
	}
	return names
}

func listFaults() (listing, error) {
	var items []faultItem
	for i := range chaos.Kinds {
		k := &chaos.Kinds[i]
		item := faultItem{Fault: string(k.Kind), Vias: viaNames(k.Vias), Takes: []fieldItem{}, Instant: k.Instant, What: k.Doc}
		for _, f := range slices.Concat(k.Selectors, k.Params) {
			item.Takes = append(item.Takes, fieldItem{f.Name, f.Type, f.Words, f.Default, f.Required, viaNames(f.Vias), f.Doc})
		}
		items = append(items, item)
	}
	return listing{items, func(w io.Writer) { printFaults(w, items) }}, nil
}

func printFaults(w io.Writer, items []faultItem) {
	fmt.Fprintln(w, "FAULT\tVIA\tTAKES\tWHAT")
	type row struct{ key, value, otherwise, what string }
	var rows []row
	of := map[row][]string{}
	for _, k := range items {
		var takes []string
		for _, f := range k.Takes {
			r := row{f.Key, f.Value, f.Default, f.What}
			switch {
			case f.Key == "kind":
				r.value += " of " + strings.Join(f.Words, ", ")
			case f.Words != nil:
				r.value = strings.Join(f.Words, " or ")
			}
			if f.Required {
				f.Key, r.otherwise = f.Key+"*", "required"
			}
			if f.Vias != nil && f.Required {
				r.otherwise += " via " + strings.Join(f.Vias, ", ")
			}
			if of[r] == nil {
				rows = append(rows, r)
			}
			takes, of[r] = append(takes, f.Key), append(of[r], k.Fault)
		}
		what := k.What
		if k.Instant {
			what += " (an instant: no `for`)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.Fault, strings.Join(k.Vias, ","), strings.Join(takes, ","), what)
	}
	fmt.Fprintln(w, "\n* = required; the default via is the first one listed on the embedded channel, and on a URL the first listed among viewer, aws, command, manual")
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.key, b.key) })
	fmt.Fprintln(w, "\nKEY\tVALUE\tDEFAULT\tWHAT")
	for _, r := range rows {
		if kinds := of[r]; len(kinds) <= 4 {
			r.what += " (" + strings.Join(kinds, ", ") + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.key, r.value, r.otherwise, r.what)
	}
}

// profileItem is a profile. Confidence has a word for each field; "" is that of all others.
type profileItem struct {
	Profile    string            `json:"profile"`
	Player     string            `json:"player"`
	What       string            `json:"what"`
	Summary    string            `json:"summary"`
	Confidence map[string]string `json:"confidence"`
	Source     string            `json:"source"`
}

func listProfiles() (listing, error) {
	var all []*player.Profile
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			return listing{}, err
		}
		all = append(all, p)
	}
	return listingOf(all), nil
}

func listingOf(profiles []*player.Profile) listing {
	items := []profileItem{}
	for _, p := range profiles {
		item := profileItem{p.ID, p.Player, p.About, p.Confidence.Words(), map[string]string{"": player.ConfidenceWord(p.Confidence.Default)}, p.Source}
		for f, c := range p.Confidence.Fields {
			item.Confidence[f] = player.ConfidenceWord(c)
		}
		items = append(items, item)
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "PROFILE\tPLAYER\tCONFIDENCE\tWHAT")
		for _, p := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Profile, p.Player, p.Summary, p.What)
		}
		fmt.Fprintln(w)
		for _, p := range items {
			fmt.Fprintf(w, "%s: %s\n", p.Profile, p.Source)
			for _, f := range slices.Sorted(maps.Keys(p.Confidence)) {
				if f != "" {
					fmt.Fprintf(w, "    %s: %s\n", f, p.Confidence[f])
				}
			}
			fmt.Fprintf(w, "    all others: %s\n", p.Confidence[""])
		}
	}}
}

// ownProfiles reads the user's profile files.
func ownProfiles(files []string) ([]*player.Profile, error) {
	var own []*player.Profile
	for _, file := range files {
		src, err := scenarios.OpenProfile(file)
		if err != nil {
			return nil, &exitError{exitUsage, err.Error(), err}
		}
		p, err := scenarios.LoadProfile(src)
		if err != nil {
			return nil, invalidFile("the profile is invalid", err)
		}
		own = append(own, p)
	}
	return own, nil
}

// listPolicies lists the policies of each seam of a profile. docs/profiles.md
// describes them.
func listPolicies() (listing, error) {
	type item struct {
		Seam       string   `json:"seam"`
		Policy     string   `json:"policy"`
		Parameters []string `json:"parameters"`
	}
	var items []item
	for _, s := range policy.Seams() {
		for _, name := range s.Names() {
			parameters := []string{}
			for _, p := range s.Parameters(name) {
				text := p.Path
				if r := p.Range(); r != "" && len(p.Words) == 0 {
					text += " (" + r + ")"
				}
				parameters = append(parameters, text)
			}
			items = append(items, item{s.Name, name, parameters})
		}
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "SEAM\tPOLICY\tPARAMETERS")
		for _, p := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\n", p.Seam, p.Policy, strings.Join(p.Parameters, ", "))
		}
	}}, nil
}

func listNetworks() (listing, error) {
	type item struct {
		Network  string  `json:"network"`
		DownBPS  int64   `json:"down_bps"` // 0 = unlimited
		UpBPS    int64   `json:"up_bps"`
		RTTMS    float64 `json:"rtt_ms"`
		JitterMS float64 `json:"jitter_ms"`
		Loss     float64 `json:"loss"`
		Spread   float64 `json:"spread"`
		What     string  `json:"what"`
		Source   string  `json:"source"`
	}
	var items []item
	for _, n := range link.Networks() {
		items = append(items, item{n.Name, n.Down, n.Up, 1000 * n.RTT.Seconds(), 1000 * n.Jitter.Seconds(), n.Loss, n.Spread, n.About, n.Source})
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "NETWORK\tDOWN\tUP\tRTT\tJITTER\tLOSS\tSPREAD\tWHAT")
		for _, n := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%gms\t%gms\t%g%%\t%g%%\t%s (%s)\n", n.Network, rate(n.DownBPS), rate(n.UpBPS), n.RTTMS, n.JitterMS, 100*n.Loss, 100*n.Spread, n.What, n.Source)
		}
	}}, nil
}

func listLadders() (listing, error) {
	type rung struct {
		Size    string `json:"size"`
		RateBPS int64  `json:"rate_bps"`
	}
	type item struct {
		Ladder     string `json:"ladder"`
		Renditions []rung `json:"renditions"`
	}
	var items []item
	for _, name := range slices.Sorted(maps.Keys(rig.Ladders)) {
		l := item{Ladder: name}
		for _, r := range rig.Ladders[name] {
			l.Renditions = append(l.Renditions, rung{fmt.Sprintf("%dx%d", r.Width, r.Height), r.Rate})
		}
		items = append(items, l)
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "LADDER\tRENDITIONS")
		for _, l := range items {
			var rungs []string
			for _, r := range l.Renditions {
				rungs = append(rungs, r.Size+" "+rate(r.RateBPS))
			}
			fmt.Fprintf(w, "%s\t%s\n", l.Ladder, strings.Join(rungs, ", "))
		}
	}}, nil
}

func listMetrics() (listing, error) {
	type item struct {
		Metric     string   `json:"metric"`
		Statistics []string `json:"statistics"`
		Labels     []string `json:"labels"`
		Unit       string   `json:"unit"`
		What       string   `json:"what"`
	}
	var items []item
	for _, m := range expect.Metrics {
		items = append(items, item{m.Name, append([]string{}, m.StatNames()...), append([]string{}, m.LabelNames()...), m.Unit(), m.About})
	}
	items = append(items, item{reports.ViewersServed, []string{}, []string{}, "share", "checked in every run: outside of faults, sessions play when they should, and each request is answered with media"})
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "METRIC\tSTATISTICS\tUNIT\tWHAT")
		for _, m := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.Metric, strings.Join(m.Statistics, " "), m.Unit, m.What)
		}
		fmt.Fprintf(w, "\nBy windows of time, as in rebuffer_ratio{%s=10m}.p95 < 1%% (docs/scenario.md): %s\n", expect.EachLabel, strings.Join(expect.Windowed(), ", "))
	}}, nil
}

func listScenarios() (listing, error) {
	type item struct {
		Scenario string  `json:"scenario"`
		LengthS  float64 `json:"length_s"`
		Players  int     `json:"players"`
		What     string  `json:"what"`
	}
	var items []item
	for _, name := range scenarios.Names() {
		src, err := scenarios.Open(name)
		if err != nil {
			return listing{}, err
		}
		sc, err := scenarios.Load(src)
		if err != nil {
			return listing{}, err
		}
		items = append(items, item{name, sc.Duration.Seconds(), sc.Fleet.Audience.Peak(), strings.TrimSpace(sc.Description.Raw)})
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "SCENARIO\tLENGTH\tPLAYERS\tWHAT")
		for _, s := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Scenario, figure.Seconds(1000*s.LengthS), figure.Thousands(int64(s.Players)), s.What)
		}
	}}, nil
}

func rate(bps int64) string {
	switch {
	case bps == 0:
		return "unlimited"
	case bps >= 1e6:
		return fmt.Sprintf("%gMbps", float64(bps)/1e6)
	}
	return fmt.Sprintf("%gkbps", float64(bps)/1e3)
}

// listFindings lists the errors in playlists that the parser accepts, and the players
// that refuse them.
func listFindings() (listing, error) {
	type item struct {
		Finding      string   `json:"finding"`
		Multivariant []string `json:"refused_in_multivariant_playlists_by"`
		Media        []string `json:"refused_in_media_playlists_by"`
		What         string   `json:"what"`
	}
	profiles := profile.All()
	refusers := func(kind m3u8.Kind, c m3u8.Code) []string {
		return append([]string{}, player.Refusing(profiles, kind, c)...)
	}
	var items []item
	for _, c := range m3u8.AllCodes() {
		items = append(items, item{fmt.Sprint(c), refusers(m3u8.KindMultivariant, c), refusers(m3u8.KindMedia, c), c.About()})
	}
	return listing{items, func(w io.Writer) {
		fmt.Fprintln(w, "FINDING\tREFUSED IN A MULTIVARIANT PLAYLIST BY\tIN A MEDIA PLAYLIST BY\tWHAT")
		for _, f := range items {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Finding, cmp.Or(strings.Join(f.Multivariant, " "), "-"), cmp.Or(strings.Join(f.Media, " "), "-"), f.What)
		}
		fmt.Fprintln(w, "\nnames are stable; a profile lists them in playlist.refuses")
	}}, nil
}
