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

// Write prints the report, as JSON or as text.
func (r *Report) Write(w io.Writer, asJSON bool) error {
	if !asJSON {
		return r.text(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false) // secrets are found only in their own spelling
	r.Schema = "hlsload.probe/v1"
	return e.Encode(r)
}

// text prints the report as text: the answer, the differences, the predictions, and
// every playlist.
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
	usual := r.usualHeaders()
	if len(usual) > 0 {
		b.WriteString("\nHeaders of the playlists (below, only those that differ)\n")
		writeHeaders(&b, "    ", usual, nil)
	}
	for _, s := range r.Playlists {
		b.WriteString("\n" + s.URL + "\n")
		if s.Status != 0 {
			fmt.Fprintf(&b, "    playlist: %d in %.0fms, %d bytes\n", s.Status, s.TTFBMs, s.Bytes)
			writeHeaders(&b, "        ", s.Headers, usual)
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

// usualHeaders are the headers that most of the playlists have with the same value; none
// of a single playlist.
func (r *Report) usualHeaders() map[string]string {
	usual := map[string]string{}
	answers, values := 0, map[[2]string]int{}
	for _, s := range r.Playlists {
		if s.Status == 0 {
			continue
		}
		answers++
		for _, h := range CacheHeaders {
			if v, ok := s.Headers[h]; ok {
				values[[2]string{h, v}]++
			}
		}
	}
	for hv, n := range values {
		if n > 1 && 2*n > answers {
			usual[hv[0]] = hv[1]
		}
	}
	return usual
}

// writeHeaders prints the headers that are not as usual.
func writeHeaders(b *strings.Builder, indent string, headers, usual map[string]string) {
	for _, h := range CacheHeaders {
		v, sent := headers[h]
		was, known := usual[h]
		switch {
		case sent && !(known && v == was):
			fmt.Fprintf(b, "%s%s: %s\n", indent, h, v)
		case known && !sent:
			fmt.Fprintf(b, "%s%s: not sent\n", indent, h)
		}
	}
}

// predictions prints the table of predictions.
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
	b.WriteString(fold("Cells: seconds from the start of the fault until media of the other pipeline arrives, median (minimum-maximum). "+
		"dark: nothing plays, from that second on, or (+) for so many seconds. dies: the session ends at that second. "+
		"unchecked: never compared with the real player; hlsload list profiles names the sources.", "", "") + "\n\n")
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
		fmt.Fprintf(t, "\t%s\n", shortConfidence(p.Confidence))
	}
	t.Flush()
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

// shortConfidence is the confidence in a profile, for a column.
func shortConfidence(confidence string) string {
	first, _, _ := strings.Cut(confidence, ", ")
	if strings.HasPrefix(first, "unchecked") {
		return strings.Replace(first, "documentation", "docs", 1)
	}
	words := strings.SplitN(confidence, ", ", 3)
	return strings.Join(words[:min(2, len(words))], ", ")
}

// cut shortens text from a playlist.
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

// fold wraps text at 100 columns.
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
