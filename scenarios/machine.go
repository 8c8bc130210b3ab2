package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"hlsload/player/audience"
	"hlsload/player/units"
)

// Machine is a file with the figures of a machine that carries players.
type Machine struct {
	Cores          int
	Players        int           // that a run had on it without being late
	CPU            time.Duration // a request
	Network        int64         // bit/s
	NetworkAssumed bool          // it was not read from the machine
	PricePerHour   float64       // in the currency of the prices; 0 = not known
	Source         string        // of the figures
	Seen           time.Time     // the day on which they were measured
}

// machineKey is a whole file.
var machineKey = key{example: "{version: 1, cores: 2, players: 5000, cpu: 50us, network: 10Gbps, source: make bench-fleet, seen: 2026-12-01}", keys: []key{
	{name: "version", form: ofInteger, least: 1, most: 1, required: true, example: "1", doc: "version of the format"},
	{name: "cores", form: ofInteger, least: 1, most: 10_000, required: true, example: "2", doc: "processors"},
	{name: "players", form: ofCount, least: 1, most: audience.MaxPlayers, required: true, example: "5000", doc: "players that it carries without being late, on shaped links"},
	{name: "cpu", form: ofDuration, least: 1, most: int64(time.Second), required: true, example: "50us", doc: "CPU time of a request"},
	{name: "network", form: ofRate, least: 1000, most: 1e15, required: true, example: "10Gbps", doc: "rate of its network"},
	{name: "network_assumed", form: ofBoolean, def: "false", example: "true", doc: "that rate was not read from the machine"},
	{name: "price_per_hour", form: ofNumber, without: "not known: rehearsals cost what the edge costs", example: "0.17", doc: "what an hour of it costs, in the currency of the prices, 0 to 1000000"},
	{name: "source", form: ofText, required: true, example: "make bench-fleet", doc: "where the figures are from"},
	{name: "seen", form: ofDay, required: true, example: "2026-12-01", doc: "the day on which they were measured"},
}}

// LoadMachine decodes and checks the figures of a machine. The error is a [Problems] with everything
// that is wrong.
func LoadMachine(src Source) (*Machine, error) {
	d := newDecoder(src, machineFile)
	root := d.document(src.Data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	m := &Machine{}
	d.machine(value{d: d, n: root, key: &machineKey}, m)
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return m, nil
}

func (d *decoder) machine(v value, m *Machine) {
	s, ok := v.section()
	if !ok {
		return
	}
	if !v.given() {
		v.problem("%s", d.kind.empty())
		return
	}
	d.version(s, v)
	for _, k := range machineKey.keys {
		if at := s.at(k.name); k.required && k.name != "version" && !at.given() {
			v.problem("%s is missing (want %s, such as %s: %s)", k.name, k.doc, k.name, k.example)
		}
	}
	m.Cores, m.Players = s.at("cores").count(1), s.at("players").count(1)
	m.CPU, m.Network = s.at("cpu").duration(1), s.at("network").rate(1000)
	m.NetworkAssumed = s.at("network_assumed").boolean(false)
	const most = 1e6
	if at := s.at("price_per_hour"); at.given() {
		if m.PricePerHour = at.number(0); m.PricePerHour < 0 || m.PricePerHour > most {
			at.wrong("out of range", "0 to 1000000")
		}
	}
	if at := s.at("source"); at.given() {
		const most = 200 // it stands in every output
		if text, ok := at.text(); ok && (len(text.Raw) == 0 || len(text.Raw) > most || strings.ContainsFunc(text.Raw, unicode.IsControl)) {
			at.wrong("not a source", "1 to 200 bytes on one line")
		} else if ok {
			m.Source = text.Raw
		}
	}
	m.Seen = scalar(s.at("seen"), time.Time{}, "not a day", "a day such as 2026-12-31", nil, func(day string) (time.Time, bool) {
		t, err := time.Parse(time.DateOnly, day)
		return t, err == nil
	})
	s.done()
}

// YAML is the file.
func (m *Machine) YAML() []byte {
	var b strings.Builder
	b.WriteString("# Figures of a machine that carries players, for hlsload capacity EVENT --machine FILE (docs/event.md).\n")
	row := func(key, value, remark string) {
		if remark != "" {
			remark = " # " + remark
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("%-26s%s", key+": "+value, remark), " "))
	}
	row("version", "1", "")
	row("cores", fmt.Sprint(m.Cores), "")
	row("players", fmt.Sprint(m.Players), "carried without being late")
	row("cpu", units.FormatDuration(m.CPU), "a request")
	row("network", units.FormatRate(m.Network), "")
	if m.NetworkAssumed {
		row("network_assumed", "true", "the machine does not say how fast its network is: put in what it is")
	}
	if m.PricePerHour > 0 {
		row("price_per_hour", fmt.Sprint(m.PricePerHour), "")
	} else {
		b.WriteString("# price_per_hour: 0.17     # for the agents' own cost, in the currency of the prices\n")
	}
	row("source", strconv.Quote(m.Source), "")
	row("seen", m.Seen.Format(time.DateOnly), "")
	return []byte(b.String())
}
