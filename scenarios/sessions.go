package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"hlsload/player/draw"
	"hlsload/player/ticket"
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
	s, ok := v.section(wantSessions)
	if !ok {
		return
	}
	fileAt, commandAt, renewAt := s.at("file"), s.at("command"), s.at("renew")
	c := &Sessions{Limit: s.at("limit").duration(5*time.Second, 10*time.Millisecond, time.Minute)}
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
	for _, item := range v.list(true, "") {
		words = append(words, item.n.Value)
	}
	return words
}

func ticketFile(v value, c *Sessions) {
	name, data, ok := v.file("the name of a file of tokens, such as tokens.csv or tokens.ndjson", "the tokens", "command")
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
	s, ok := v.section("a mapping such as {before: 30s} or {every: 5m}")
	if !ok {
		return
	}
	r := &c.Renew
	r.Before = s.at("before").duration(0, time.Second, 24*time.Hour)
	r.Every = s.at("every").duration(0, time.Second, 24*time.Hour)
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
		text = fmt.Sprintf("one token per session from the program %q, which may take %s for each", strings.Join(c.shown, " "), formatDuration(c.Limit))
	}
	if r := &c.Renew; r.On() {
		var when []string
		if r.Before > 0 {
			when = append(when, formatDuration(r.Before)+" before a token expires")
		}
		if r.Every > 0 {
			when = append(when, "every "+formatDuration(r.Every))
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
