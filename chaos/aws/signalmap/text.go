package signalmap

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hlsload/chaos"
)

// Text is the path as lines of text.
func (f *Found) Text() []string {
	var all []string
	for _, l := range f.Lines {
		all = append(all, fmt.Sprintf("%-9s %s", l[0], l[1]))
	}
	return all
}

// Section is the section for a scenario, complete as far as it was found.
func Section(a *chaos.AWS) string {
	var b strings.Builder
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %s: %s\n", key, plain(value))
		}
	}
	list := func(items []string) string {
		var quoted []string
		for _, s := range items {
			quoted = append(quoted, plain(s))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	b.WriteString("aws:\n")
	text("account", a.Account)
	text("region", a.Region)
	text("channel", a.Channel)
	text("spare_input", a.SpareInput)
	text("bucket", a.Bucket)
	text("prefix", a.Prefix)
	if len(a.Pipelines) > 0 {
		fmt.Fprintf(&b, "  pipelines: %s\n", list(a.Pipelines))
	}
	text("writer", a.Writer)
	if p := a.Package; p.Channel != "" {
		fmt.Fprintf(&b, "  mediapackage: {group: %s, channel: %s", plain(p.Group), plain(p.Channel))
		if p.Endpoint != "" {
			fmt.Fprintf(&b, ", endpoint: %s", plain(p.Endpoint))
		}
		if len(p.Sources) > 0 {
			fmt.Fprintf(&b, ", sources: %s", list(p.Sources))
		}
		b.WriteString("}\n")
	}
	if a.Flow.ARN != "" {
		fmt.Fprintf(&b, "  mediaconnect: {flow: %s, outputs: %s}\n", plain(a.Flow.ARN), list(a.Flow.Outputs))
	}
	text("distribution", a.Distribution)
	text("function", a.Function)
	var alarms []string
	for _, al := range a.Alarms {
		name := al.Name
		if al.Region != a.Region {
			name = fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", al.Region, a.Account, al.Name)
		}
		alarms = append(alarms, name)
	}
	if len(alarms) > 0 {
		fmt.Fprintf(&b, "  alarms: %s\n", list(alarms))
	}
	if len(a.Tags) > 0 {
		var tags []string
		for _, t := range a.Tags {
			tags = append(tags, plain(t.Key)+": "+plain(t.Value))
		}
		fmt.Fprintf(&b, "  tags: {%s}\n", strings.Join(tags, ", "))
	}
	return b.String()
}

// word is a text that needs no quotation marks in YAML.
var word = regexp.MustCompile(`^[a-zA-Z][-\w./]*$`)

// plain writes a string for YAML, in quotation marks unless it is a word that
// means nothing else there.
func plain(s string) string {
	other := slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s))
	if !other && word.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}
