package main

import (
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
	"hlsload/rig"
	"hlsload/scenarios"
)

// lists are the registries that `hlsload list` prints.
var lists = map[string]func(w io.Writer) error{
	"faults":    listFaults,
	"findings":  listFindings,
	"profiles":  listProfiles,
	"networks":  listNetworks,
	"policies":  listPolicies,
	"ladders":   listLadders,
	"metrics":   listMetrics,
	"scenarios": listScenarios,
}

func listCommand() *cobra.Command {
	names := slices.Sorted(maps.Keys(lists))
	return &cobra.Command{
		Use:   "list " + strings.Join(names, "|"),
		Short: "List what a scenario can name",
		Long: "List what a scenario can name.\n\n" +
			"`list profiles FILE…` checks profiles of your own and lists them as those that ship, each\n" +
			"value with how sure it is.",
		Args:      takes("name", "[FILE]…"),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			list := lists[args[0]]
			if list == nil {
				return &exitError{code: exitUsage, msg: fmt.Sprintf("no such list (got %q; want %s)", args[0], strings.Join(names, ", "))}
			}
			if files := args[1:]; len(files) > 0 {
				if args[0] != "profiles" {
					return &exitError{code: exitUsage, msg: fmt.Sprintf("list: too many arguments (got %q; want hlsload list %s)", files[0], args[0])}
				}
				own, err := ownProfiles(files)
				if err != nil {
					return err
				}
				list = func(w io.Writer) error { return printProfiles(w, own) }
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			if err := list(w); err != nil {
				return internal(err)
			}
			return internal(w.Flush())
		},
	}
}

func listFaults(w io.Writer) error {
	fmt.Fprintln(w, "FAULT\tVIA\tTAKES\tWHAT")
	for i := range chaos.Kinds {
		k := &chaos.Kinds[i]
		var vias, takes []string
		for _, v := range k.Vias {
			vias = append(vias, string(v))
		}
		for _, f := range slices.Concat(k.Selectors, k.Params) {
			name := f.Name
			if f.Required {
				name += "*"
			}
			takes = append(takes, name)
		}
		what := k.Doc
		if k.Instant {
			what += " (an instant: no `for`)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.Kind, strings.Join(vias, ","), strings.Join(takes, ","), what)
	}
	fmt.Fprintln(w, "\n* = required; the first via is the default on the embedded channel, on a URL the first of viewer, aws, command")
	return nil
}

func listProfiles(w io.Writer) error {
	var all []*player.Profile
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	return printProfiles(w, all)
}

// listPolicies lists what a profile can choose at each of its seams. docs/profiles.md says
// what each does.
func listPolicies(w io.Writer) error {
	fmt.Fprintln(w, "SEAM\tPOLICY\tPARAMETERS")
	for _, s := range policy.Seams() {
		for _, name := range s.Names() {
			var parameters []string
			for _, p := range s.Parameters(name) {
				text := p.Path
				if r := p.Range(); r != "" && len(p.Words) == 0 {
					text += " (" + r + ")"
				}
				parameters = append(parameters, text)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, name, strings.Join(parameters, ", "))
		}
	}
	return nil
}

// ownProfiles reads files of the user's.
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

func printProfiles(w io.Writer, profiles []*player.Profile) error {
	fmt.Fprintln(w, "PROFILE\tPLAYER\tCONFIDENCE\tWHAT")
	for _, p := range profiles {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, p.Player, p.Confidence.Words(), p.About)
	}
	fmt.Fprintln(w)
	for _, p := range profiles {
		fmt.Fprintf(w, "%s: %s\n", p.ID, p.Source)
		for _, f := range slices.Sorted(maps.Keys(p.Confidence.Fields)) {
			fmt.Fprintf(w, "    %s: %s\n", f, player.ConfidenceWord(p.Confidence.Fields[f]))
		}
		fmt.Fprintf(w, "    all others: %s\n", player.ConfidenceWord(p.Confidence.Default))
	}
	return nil
}

func listNetworks(w io.Writer) error {
	fmt.Fprintln(w, "NETWORK\tDOWN\tUP\tRTT\tJITTER\tLOSS\tSPREAD\tWHAT")
	for _, n := range link.Networks() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%v\t%g%%\t%g%%\t%s (%s)\n", n.Name, rate(n.Down), rate(n.Up), n.RTT, n.Jitter, 100*n.Loss, 100*n.Spread, n.About, n.Source)
	}
	return nil
}

func listLadders(w io.Writer) error {
	fmt.Fprintln(w, "LADDER\tRENDITIONS")
	for _, name := range slices.Sorted(maps.Keys(rig.Ladders)) {
		var rungs []string
		for _, r := range rig.Ladders[name] {
			rungs = append(rungs, fmt.Sprintf("%dx%d %s", r.Width, r.Height, rate(r.Rate)))
		}
		fmt.Fprintf(w, "%s\t%s\n", name, strings.Join(rungs, ", "))
	}
	return nil
}

func listMetrics(w io.Writer) error {
	fmt.Fprintln(w, "METRIC\tSTATISTICS\tUNIT\tWHAT")
	for _, m := range expect.Metrics {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.Name, strings.Join(m.StatNames(), " "), m.Unit(), m.About)
	}
	fmt.Fprintf(w, "%s\t\tshare\texpected of every run: outside of faults sessions that want to play do, and what they fetch is there and is media\n", reports.ViewersServed)
	return nil
}

func listScenarios(w io.Writer) error {
	fmt.Fprintln(w, "SCENARIO\tWHAT")
	for _, name := range scenarios.Names() {
		fmt.Fprintf(w, "%s\t%s\n", name, scenarios.About(name))
	}
	return nil
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

// listFindings lists what the parser accepts although it is wrong, and which
// players refuse it.
func listFindings(w io.Writer) error {
	profiles := profile.All()
	fmt.Fprintln(w, "FINDING\tREFUSED IN A MULTIVARIANT PLAYLIST BY\tIN A MEDIA PLAYLIST BY\tWHAT")
	who := func(kind m3u8.Kind, c m3u8.Code) string {
		if ids := player.Refusing(profiles, kind, c); len(ids) > 0 {
			return strings.Join(ids, " ")
		}
		return "-"
	}
	for _, c := range m3u8.AllCodes() {
		fmt.Fprintf(w, "%v\t%s\t%s\t%s\n", c, who(m3u8.KindMultivariant, c), who(m3u8.KindMedia, c), c.About())
	}
	fmt.Fprintln(w, "\nnames are stable: playlist.refuses of a profile lists them")
	return nil
}
