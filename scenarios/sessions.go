package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"hlsload/player/draw"
	"hlsload/player/ticket"
	"hlsload/player/units"
)

// Sessions is where each session gets a token of its own.
type Sessions struct {
	FileName Text         // "" = a program issues them
	File     *ticket.File // nil = a program issues them
	Command  []string
	shown    []string      // the command as written
	Limit    time.Duration // for one token
	Renew    Renewal
}

// Renewal is when a session gets another token.
type Renewal struct {
	Before time.Duration // its end; 0 = not because of that
	Every  time.Duration // 0 = not because of that
	// With Rejoin the session ends and a new one begins with the new token;
	// else its further requests carry it.
	Rejoin bool
}

// On reports whether tokens are renewed.
func (r *Renewal) On() bool { return r.Before > 0 || r.Every > 0 }

// Personal reports whether sessions have URLs or headers of their own.
func (t *Target) Personal() bool { return t.Sessions != nil || t.fields }

// Gate makes the passes of sessions. The secret is part of what stands for their
// tokens: it must not be guessed.
func (t *Target) Gate(seed draw.Seed, secret string) *ticket.Gate {
	return &ticket.Gate{URLs: t.urlTemplates, Headers: t.headerTemplates, Seed: seed, Secret: secret}
}

// templated is a text of the target that may have fields.
type templated struct {
	at value
	of ticket.Template
}

// template reads a text as a template. Braces in values of the environment stand
// for themselves.
func (d *decoder) template(v value, txt *Text, loose bool) (ticket.Template, bool) {
	text, err := ExpandEnv(txt.Raw, func(name string) (string, bool) {
		val, set := "", false
		if d.src.Getenv != nil {
			val, set = d.src.Getenv(name)
		}
		return ticket.Literal(val), set
	})
	if err != nil {
		return ticket.Template{}, false // already reported
	}
	t, err := ticket.ParseTemplate(text, loose)
	if err != nil {
		v.problem("%v", err)
		return t, false
	}
	if len(t.Fields()) == 0 {
		txt.Value = t.Fill(nil)
	}
	return t, true
}

// sameHost reports whether all URLs of a template are at one host.
func sameHost(t *ticket.Template) bool {
	if len(t.Fields()) == 0 {
		return true
	}
	marked, err := url.Parse(t.Fill(func(string) string { return "field" }))
	other, err2 := url.Parse(t.Fill(func(string) string { return "other" }))
	if err != nil || err2 != nil {
		return true // not a URL, which is reported elsewhere
	}
	return marked.Host == other.Host && marked.Scheme == other.Scheme && marked.User.String() == other.User.String()
}

const wantSessions = "a file of tokens or a program that issues them, such as {file: tokens.csv} or {command: [./issue]}"

var sessionsKey = key{name: "sessions", without: "none", example: "{file: tokens.csv}", doc: "tokens, one for each session: file or command (docs/tokens.md)", keys: []key{
	{name: "file", form: ofFile, without: "command", example: "tokens.csv", doc: "the name of a file of tokens, CSV or NDJSON"},
	{name: "command", form: ofText, items: &argumentKey, without: "file", example: "[./issue, --kid, k1]", doc: "a program that issues tokens, with its arguments, or a line for sh -c"},
	{name: "limit", form: ofDuration, least: int64(10 * time.Millisecond), most: int64(time.Minute), def: "5s", example: "2s", doc: "time that the program may take for a token"},
	{name: "renew", without: "never", example: "{before: 30s}", doc: "when a session gets another token", keys: []key{
		{name: "before", form: ofDuration, least: int64(time.Second), most: int64(24 * time.Hour), without: "not because of its end", example: "30s", doc: "time before the token expires"},
		{name: "every", form: ofDuration, least: int64(time.Second), most: int64(24 * time.Hour), without: "not by the clock", example: "5m", doc: "time since the last token"},
		{name: "rejoin", form: ofBoolean, def: "false", example: "true", doc: "the session ends and a new one begins with the new token; else its next requests carry it"},
	}},
}}

// argumentKey is an item of a program.
var argumentKey = key{form: ofText, example: "--verbose", doc: "the program or an argument"}

// sessions reads target.sessions and checks that it defines the fields of the
// URLs and headers.
func (d *decoder) sessions(v value, t *Target) {
	for _, x := range d.templates {
		t.fields = t.fields || len(x.of.Fields()) > 0
	}
	if !v.given() {
		d.fieldsKnown(nil, "")
		return
	}
	s, ok := v.section()
	if !ok {
		return
	}
	fileAt, commandAt, renewAt := s.at("file"), s.at("command"), s.at("renew")
	c := &Sessions{Limit: s.at("limit").duration(5 * time.Second)}
	s.done()
	t.Sessions = c
	switch {
	case fileAt.given() == commandAt.given():
		v.problem("give exactly one of file and command (got %s; want %s)", map[bool]string{true: "both", false: "none"}[fileAt.given()], wantSessions)
		return
	case fileAt.given():
		ticketFile(fileAt, c)
	default:
		if c.Command = d.program(commandAt); len(c.Command) == 0 || c.Command[0] == "" {
			commandAt.problem("no program (want a program and its arguments as a list, or a line for sh -c)")
		}
		c.shown = written(commandAt)
	}
	d.renewal(renewAt, c)
	if c.File == nil {
		return // the output of a program is checked when it comes
	}
	d.fieldsKnown(c.File, c.FileName.Raw)
	if c.Renew.Before > 0 && c.File.Lacks("expires") > 0 {
		renewAt.problem("before needs the time at which each token expires (got no expires in line %d of %s; want it in every line, or renew: {every: 5m})", c.File.Lacks("expires"), clip(c.FileName.Raw))
	}
	if own := c.File.Lacks("url") == 0; !t.fields && !own {
		v.problem("the file is not used (got neither url in every line nor a field in target.url or target.headers; want a field such as {%s})", append(c.File.Fields(), "token")[0])
	}
}

// written is a program as it stands in the scenario.
func written(v value) []string {
	var words []string
	for _, item := range v.list() {
		words = append(words, item.n.Value)
	}
	return words
}

func ticketFile(v value, c *Sessions) {
	name, data, ok := v.file("the tokens", "command")
	if !ok {
		return
	}
	var err error
	c.FileName = name
	if c.File, err = ticket.ReadFile(name.Value, data); err != nil {
		v.problem("%s: %v", v.got(), err)
	}
}

func (d *decoder) renewal(v value, c *Sessions) {
	if !v.given() {
		return
	}
	s, ok := v.section()
	if !ok {
		return
	}
	r := &c.Renew
	r.Before = s.at("before").duration(0)
	r.Every = s.at("every").duration(0)
	r.Rejoin = s.at("rejoin").boolean(false)
	before := len(d.problems)
	s.done()
	if !r.On() && len(d.problems) == before && !s.at("before").given() && !s.at("every").given() {
		v.problem("no time is given (want before or every)")
	}
}

// fieldsKnown checks that every field has a value. Without a file, only the
// fields that every session has are known; a program may define more.
func (d *decoder) fieldsKnown(f *ticket.File, name string) {
	for _, x := range d.templates {
		for _, field := range x.of.Fields() {
			if slices.Contains(ticket.Builtin, field) {
				continue
			}
			known := slices.Clone(ticket.Builtin)
			if f == nil {
				x.at.problem("unknown field (got {%s}; want %s, or target.sessions, which defines more; write {{ for a brace)%s", field, oneOf(known), didYouMean(field, known))
				continue
			}
			known = append(known, f.Fields()...)
			if n := f.Lacks(field); n > 0 {
				x.at.problem("no value for a field (got {%s}; want %s, or a value in every line of %s: ticket %d has none)%s", field, oneOf(known), clip(name), n, didYouMean(field, known))
				continue
			}
		}
	}
}

// describe says where tokens come from; "" without any.
func (c *Sessions) describe(players int) string {
	if c == nil {
		return ""
	}
	var text string
	if c.File != nil {
		text = fmt.Sprintf("%d tokens from %s", c.File.Len(), c.FileName)
		if n := c.File.Len(); n < players {
			text += fmt.Sprintf(", shared by %d players", players)
		}
	} else {
		text = fmt.Sprintf("one token per session from the program %q, which may take %s for each", strings.Join(c.shown, " "), units.FormatDuration(c.Limit))
	}
	if r := &c.Renew; r.On() {
		var when []string
		if r.Before > 0 {
			when = append(when, units.FormatDuration(r.Before)+" before a token expires")
		}
		if r.Every > 0 {
			when = append(when, "every "+units.FormatDuration(r.Every))
		}
		text += "; renewed " + strings.Join(when, " and ")
		if r.Rejoin {
			text += ", by rejoining"
		} else {
			text += ", without rejoining"
		}
	}
	return text
}
