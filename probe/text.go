package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write prints the report, as JSON or for people.
func (r *Report) Write(w io.Writer, asJSON bool) error {
	if !asJSON {
		return r.text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false) // secrets are recognised as they are written
	return e.Encode(r)
}

// text prints the report for people: the answer, what differs, what players will
// do, and every playlist.
func (r *Report) text(w io.Writer) error {
	var b strings.Builder
	for _, line := range r.Answer {
		b.WriteString(fold(line, "", "    ") + "\n")
	}
	if len(r.Differences) > 0 {
		b.WriteString("\nDifferences between the pipelines\n")
		for _, d := range r.Differences {
			b.WriteString(fold(fmt.Sprintf("%s (%s): %s and %s", d.What, d.Where, cut(d.A), cut(d.B)), "  ", "      ") + "\n")
			b.WriteString(fold(d.Means, "      ", "      ") + "\n")
		}
	}
	r.predictions(&b)
	for _, n := range r.Notes {
		b.WriteString("\n" + n + "\n")
	}
	for _, s := range r.Playlists {
		b.WriteString("\n" + s.URL + "\n")
		if s.Status != 0 {
			fmt.Fprintf(&b, "    playlist: %d in %.0fms, %d bytes\n", s.Status, s.TTFBMs, s.Bytes)
			for _, h := range CacheHeaders {
				if v, ok := s.Headers[h]; ok {
					fmt.Fprintf(&b, "        %s: %s\n", h, v)
				}
			}
		}
		if s.Says != "" {
			b.WriteString("    " + s.Says + "\n")
		}
		for _, f := range s.Findings {
			b.WriteString("    finding: " + f + "\n")
		}
		if s.Segment != "" {
			b.WriteString("    newest segment: " + s.Segment + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// predictions prints what players will do.
func (r *Report) predictions(b *strings.Builder) {
	if len(r.Players) == 0 {
		return
	}
	unknown := ""
	for _, f := range outlooks {
		unknown = r.Players[0].Faults[f.name].Unknown
	}
	if unknown != "" {
		fmt.Fprintf(b, "\nNo predictions: %s.\n", unknown)
		return
	}
	b.WriteString("\nPredicted for viewers of one pipeline when it fails and stays that way\n")
	for _, u := range r.Unreadable {
		b.WriteString(fold("Not valid while the "+u+".", "", "    ") + "\n")
	}
	t := tabwriter.NewWriter(b, 0, 4, 2, ' ', 0)
	fmt.Fprint(t, "PROFILE")
	for _, f := range outlooks {
		fmt.Fprint(t, "\t"+f.head)
	}
	fmt.Fprintln(t, "\tCONFIDENCE")
	for _, p := range r.Players {
		fmt.Fprint(t, p.Profile)
		for _, f := range outlooks {
			fmt.Fprint(t, "\t"+p.Faults[f.name].cell)
		}
		fmt.Fprintf(t, "\t%s\n", shortly(p.Confidence))
	}
	t.Flush()
	b.WriteString(fold("Figures are seconds from the start of the fault until media of the other pipeline arrives: median (minimum-maximum). "+
		"dark: nothing plays, from that second on or for that long. dies: the session ends. "+
		"unchecked: never compared with the real player; hlsload list profiles names the sources.", "", "") + "\n")
	back := map[string][]string{}
	for _, p := range r.Players {
		if strings.HasSuffix(p.Back, " s") {
			back[p.Back] = append(back[p.Back], p.Profile)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(back)) {
		b.WriteString(fold(fmt.Sprintf("These players try the failed pipeline again after %s: %s.", d, strings.Join(back[d], ", ")), "", "    ") + "\n")
	}
}

// shortly is whether and by what a profile is founded, for a column.
func shortly(confidence string) string {
	first, _, _ := strings.Cut(confidence, ", ")
	if strings.HasPrefix(first, "unchecked") {
		return strings.Replace(first, "documentation", "docs", 1)
	}
	words := strings.SplitN(confidence, ", ", 3)
	return strings.Join(words[:min(2, len(words))], ", ")
}

// cut keeps what a stranger wrote short.
func cut(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	if s == "" {
		return "nothing"
	}
	return s
}

// fold breaks text into lines of a terminal.
func fold(text, first, indent string) string {
	const width = 100
	var b strings.Builder
	line := first
	for i, word := range strings.Fields(text) {
		if i > 0 && len(line)+1+len(word) > width {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return b.String() + line
}
