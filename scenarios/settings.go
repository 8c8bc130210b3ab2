package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/units"
	"hlsload/scenarios/redact"
)

// setting is the value of a key as the run has it. Equal values have one text: 1000ms is
// 1s, 20000kbps is 20Mbps.
type setting struct {
	text string
	free bool // text as the user wrote it, which may hold a secret
}

// NotSettings are the keys that are no part of [Scenario.Settings], and why.
var NotSettings = []struct{ Path, Why string }{
	{"version", "there is one version of the format"},
	{"name", "it changes no figure"},
	{"description", "it changes no figure"},
	{"seed", "nights of one scenario have seeds of their own"},
	{"expect", "expectations judge figures and change none"},
	{"known", "they judge figures and change none"},
	{"authorized", "consent changes no figure"},
	{"limits.lag", "it decides whether a run is void and changes no figure"},
	{"limits.players", "it refuses a run and changes no figure"},
	{"limits.stop_file", "the name of a file changes no figure"},
}

// What Settings has at most.
const (
	maxSettings     = 4000
	maxSettingBytes = 256 << 10
	maxSettingText  = 200 // characters of one value
)

// set keeps what was read for a key, or its default. What stands for nothing at a key
// without a default is not kept.
func (v value) set(x any) {
	if v.path == "" || v.key == nil {
		return
	}
	text, nothing := settingText(v.key, x)
	if n, whole := x.(int64); whole && v.given() {
		nothing = n == chaos.Any // 0 is a number of something
	}
	if nothing && v.key.def == "" && !v.key.required {
		delete(v.d.settings, v.path)
		return
	}
	v.d.settings[v.path] = setting{text: text}
}

// settingText writes a value in one way, and reports whether it stands for nothing.
func settingText(k *key, x any) (text string, nothing bool) {
	switch x := x.(type) {
	case time.Duration:
		return units.FormatDuration(x), x == 0
	case int64:
		switch k.form {
		case ofRate:
			return units.FormatRate(x), x == 0
		case ofBytes:
			return units.FormatBytes(x), x == 0
		case ofPerSecond:
			return strconv.FormatInt(x, 10) + "/s", x == 0
		}
		return strconv.FormatInt(x, 10), x == 0 || x == chaos.Any
	case float64:
		if k.form == ofShare {
			return shareText(x), x == 0
		}
		return strconv.FormatFloat(x, 'g', -1, 64), x == 0
	case bool:
		return strconv.FormatBool(x), !x
	case string:
		return x, x == ""
	}
	return fmt.Sprint(x), false
}

// shareText writes a share with as many digits as sums of shares keep.
func shareText(x float64) string {
	const digits = 1e10
	return strconv.FormatFloat(math.Round(x*100*digits)/digits, 'f', -1, 64) + "%"
}

// settings by path, under construction.
type settingsOf map[string]setting

// put keeps a value. Names with dots may make two paths equal: each has a place of its
// own.
func (s settingsOf) put(path string, x setting) {
	for {
		if _, taken := s[path]; !taken {
			s[path] = x
			return
		}
		path += "+"
	}
}

func (s settingsOf) fixed(path, text string) { s.put(path, setting{text: text}) }

// settled are the settings of a scenario that was read from a tree. What was read key by
// key stands as it was read; what keys decide together stands as it came out.
func (d *decoder) settled(root *yaml.Node, sc *Scenario) map[string]setting {
	s := settingsOf{}
	for path, x := range d.settings {
		if !derived(path) {
			s[path] = x
		}
	}
	s.target(&sc.Target)
	s.fleet(sc)
	s.chaos(root, sc.Chaos)
	for i, e := range sc.Stop {
		s.put(fmt.Sprintf("stop.%d", i), setting{strings.Join(strings.Fields(e.Text), " "), true})
	}
	return s
}

// derivedPaths begin the paths of what several keys decide together, which is not kept as
// it was read.
var derivedPaths = []string{"target.rig.ladder", "target.rig.edge.pops", "target.rig.edge.preset", "target.url", "target.headers", "target.entry", "target.ca_file", "target.sessions.file", "target.sessions.command",
	"fleet.players", "fleet.arrive", "fleet.cohorts", "fleet.regions", "chaos", "stop"}

func derived(path string) bool {
	within := func(of string) bool { return path == of || strings.HasPrefix(path, of+".") }
	for _, not := range NotSettings {
		if within(not.Path) {
			return true
		}
	}
	return slices.ContainsFunc(derivedPaths, within)
}

func (s settingsOf) target(t *Target) {
	last := len(t.Entry)
	for last > 1 && t.Entry[last-1] == 0 {
		last--
	}
	var shares []string
	for i, share := range t.Entry[:last] {
		switch share {
		case 0:
		case 1:
			shares = []string{strconv.Itoa(i)}
		default:
			shares = append(shares, fmt.Sprintf("%d: %s", i, shareText(share)))
		}
	}
	s.fixed("target.entry", strings.Join(shares, ", "))
	if c := t.Rig; c != nil {
		s.fixed("target.rig.edge.pops", strconv.Itoa(c.Edge.Pops))
		var rungs []string
		for _, r := range c.Ladder {
			rungs = append(rungs, fmt.Sprintf("%dx%d %s", r.Width, r.Height, units.FormatRate(r.Rate)))
		}
		s.fixed("target.rig.ladder", strings.Join(rungs, ", "))
		return
	}
	for i, u := range t.URLs {
		path := "target.url"
		if len(t.URLs) > 1 {
			path = fmt.Sprintf("target.url.%d", i)
		}
		s.put(path, setting{u.Raw, true})
	}
	for _, h := range t.Headers {
		s.fixed("target.headers."+h.Name, redact.Mask) // credentials, nearly always
	}
	if len(t.CA) > 0 {
		s.fixed("target.ca_file", contentHash(t.CA))
	}
	if c := t.Sessions; c != nil {
		if c.File != nil { // the tokens are secrets, and are others each night
			s.fixed("target.sessions.file", "tokens with "+strings.Join(c.File.Fields(), ", "))
		} else {
			s.put("target.sessions.command", setting{line(c.shown), true})
		}
	}
}

func (s settingsOf) fleet(sc *Scenario) {
	a := &sc.Fleet.Audience
	s.fixed("fleet.players", strconv.Itoa(a.Players))
	if len(a.Arrive.Stages) == 0 {
		s.fixed("fleet.arrive.shape", string(a.Arrive.Shape))
		s.fixed("fleet.arrive.over", units.FormatDuration(a.Arrive.Over))
	}
	for i, st := range a.Arrive.Stages {
		s.fixed(fmt.Sprintf("fleet.arrive.stages.%d", i), fmt.Sprintf("%d over %s", st.To, units.FormatDuration(st.Over)))
	}
	var names []string
	for i := range a.Cohorts {
		c := &a.Cohorts[i]
		names = append(names, c.Name)
		path := "fleet.cohorts." + c.Name + "."
		s.fixed(path+"share", shareText(c.Share))
		s.fixed(path+"profile", c.Profile)
		s.fixed(path+"faults", map[bool]string{true: "none", false: "all"}[c.FaultsNone])
		s.network(path+"network.", &c.Network)
	}
	s.fixed("fleet.cohorts", strings.Join(names, ", ")) // their order decides which players are of which
	if len(a.Regions) == 0 {
		return
	}
	names = nil
	for i := range a.Regions {
		r := &a.Regions[i]
		names = append(names, r.Name)
		path := "fleet.regions." + r.Name + "."
		s.fixed(path+"share", shareText(r.Share))
		if r.Pops > 0 {
			s.fixed(path+"pops", strconv.Itoa(r.Pops))
		}
		if r.Network != nil {
			s.network(path+"network.", r.Network)
		}
	}
	s.fixed("fleet.regions", strings.Join(names, ", "))
}

func (s settingsOf) network(path string, c *link.Config) {
	s.fixed(path+"down", units.FormatRate(c.Down))
	s.fixed(path+"up", units.FormatRate(c.Up))
	s.fixed(path+"rtt", units.FormatDuration(c.RTT))
	s.fixed(path+"jitter", units.FormatDuration(c.Jitter))
	s.fixed(path+"loss", shareText(c.Loss))
	s.fixed(path+"spread", shareText(c.Spread))
	if len(c.Trace) > 0 {
		var text strings.Builder
		for _, p := range c.Trace {
			fmt.Fprintf(&text, "%d %d\n", p.At, p.Down)
		}
		s.fixed(path+"trace", contentHash([]byte(text.String())))
	}
}

// chaos keeps the entries: their selectors and parameters as the fault has them, and
// texts as they are written.
func (s settingsOf) chaos(root *yaml.Node, entries []chaos.Entry) {
	var names []string
	written := items(root, "chaos")
	for i := range entries {
		e := &entries[i]
		names = append(names, e.Name)
		path := "chaos." + e.Name + "."
		s.fixed(path+"fault", string(e.Kind))
		s.fixed(path+"via", string(e.Via))
		s.fixed(path+"at", units.FormatDuration(e.At))
		if e.For > 0 {
			s.fixed(path+"for", units.FormatDuration(e.For))
		}
		if e.Every > 0 {
			s.fixed(path+"every", units.FormatDuration(e.Every))
		}
		spec := e.Kind.Spec()
		for _, f := range slices.Concat(spec.Selectors, spec.Params) {
			if f.Given(&e.Fault) {
				s.put(path+f.Name, fieldSetting(&f, &e.Fault, child(written[i], f.Name)))
			}
		}
	}
	if names != nil {
		s.fixed("chaos", strings.Join(names, ", ")) // their order decides draws
	}
}

// fieldSetting is a selector or parameter of a fault, whose node is n.
func fieldSetting(f *chaos.Field, fault *chaos.Fault, n *yaml.Node) setting {
	k := ofField(f)
	switch x := f.Of(fault).(type) {
	case *int:
		return setting{text: strconv.Itoa(*x)}
	case *string:
		if x == &fault.Rendition && n != nil {
			return setting{strings.TrimPrefix(n.Value, "index_"), true}
		}
		return setting{text: *x}
	case *[]string:
		if f.Words == nil && n != nil {
			if n.Kind == yaml.ScalarNode {
				return setting{n.Value, true}
			}
			var args []string
			for _, arg := range n.Content {
				args = append(args, arg.Value)
			}
			return setting{line(args), true}
		}
		return setting{text: strings.Join(*x, ", ")}
	case *[]m3u8.Kind:
		var kinds []string
		for _, kind := range *x {
			kinds = append(kinds, kind.String())
		}
		slices.Sort(kinds)
		return setting{text: strings.Join(slices.Compact(kinds), ", ")}
	case *int64:
		return setting{text: units.FormatRate(*x)}
	case *float64:
		return setting{text: shareText(*x)}
	case *bool:
		return setting{text: strconv.FormatBool(*x)}
	case *time.Duration:
		return setting{text: units.FormatDuration(*x)}
	}
	panic("scenarios: parameter " + k.name + " of faults has a type that no setting has")
}

// line is a program with its arguments in a line that has one reading.
func line(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if words[i] = arg; arg == "" || strings.ContainsAny(arg, " \t\n\"") {
			words[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(words, " ")
}

// contentHash stands for the content of a file.
func contentHash(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:16])
}

// Settings are the values of all keys that decide what a run measures, by their paths as
// --set has them, with defaults and overrides. Equal values have one text, however they
// were written; files stand as a hash of what is in them, ${NAME} as it is written, and
// secrets are masked. What is left out is in [NotSettings].
//
// Their number and size are bounded. A scenario with more has what is beyond under "…", as
// a number and a hash.
func (sc *Scenario) Settings() map[string]string {
	all := make(map[string]string, len(sc.settings))
	rest, size := []string(nil), 0
	for _, path := range slices.Sorted(maps.Keys(sc.settings)) {
		x := sc.settings[path]
		text := x.text
		if x.free {
			text = sc.own.Text(text)
		}
		if runes := []rune(text); len(runes) > maxSettingText {
			text = string(runes[:maxSettingText]) + "… " + contentHash([]byte(text))
		}
		if size += len(path) + len(text); len(all) >= maxSettings || size > maxSettingBytes {
			rest = append(rest, strconv.Quote(path)+" "+strconv.Quote(text))
			continue
		}
		all[path] = text
	}
	if rest != nil {
		all["…"] = fmt.Sprintf("%d more settings, %s", len(rest), contentHash([]byte(strings.Join(rest, "\n"))))
	}
	return all
}

// ProfileHashes are hashes of the profiles of the fleet, by their ids: of what decides how
// players behave, not of where that was read.
func (sc *Scenario) ProfileHashes() map[string]string {
	all := map[string]string{}
	for _, p := range sc.Fleet.Profiles {
		all[p.ID] = sc.profileHash(p)
	}
	return all
}

func (sc *Scenario) profileHash(p *player.Profile) string {
	behaves := *p
	behaves.Base, behaves.ID, behaves.Player, behaves.About, behaves.Source, behaves.Confidence = "", "", "", "", "", player.Confidence{}
	data, err := yaml.Marshal(&behaves)
	if err != nil {
		panic(err) // it was read from YAML
	}
	if sc.profiled {
		var root yaml.Node
		if err := yaml.Unmarshal(data, &root); err != nil {
			panic(err)
		}
		sc.unexpand(&root)
		if data, err = yaml.Marshal(&root); err != nil {
			panic(err)
		}
	}
	return contentHash(data)
}

// behaviour fits a number, a duration, a rate or a size, as profiles have them.
var behaviour = regexp.MustCompile(`^([0-9]*\.?[0-9]+[A-Za-zµ]*)+$`)

// unexpand turns values of the environment in the texts of a tree into ${NAME}. Figures
// stay: they are what the player does, and no secrets.
func (sc *Scenario) unexpand(n *yaml.Node) {
	const longest = 12 // of a figure
	if n.Kind == yaml.ScalarNode && !(len(n.Value) <= longest && behaviour.MatchString(n.Value)) {
		n.Value = sc.references.Known(n.Value)
	}
	for _, c := range n.Content {
		sc.unexpand(c)
	}
}
