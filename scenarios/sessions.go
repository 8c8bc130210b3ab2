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

// Sessions says where the tokens come from that each session has for itself.
type Sessions struct {
	FileName Text         // "" = a program issues them
	File     *ticket.File // nil = a program issues them
	Command  []string
	shown    []string      // the command as written
	Limit    time.Duration // for one token
	Renew    Renewal
}

// Renewal says when a session gets another token.
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
	text, err := expandEnv(txt.Raw, func(name string) (string, bool) {
		val, set := "", false
		if d.src.Getenv != nil {
			val, set = d.src.Getenv(name)
		}
		return ticket.Literal(val), set
	})
	if err != nil {
		return ticket.Template{}, false // it was said
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
		return true // it is no URL, which is said elsewhere
	}
	return marked.Host == other.Host && marked.Scheme == other.Scheme && marked.User.String() == other.User.String()
}

const wantSessions = "a file of tokens or a program that issues them, such as {file: tokens.csv} or {command: [./issue]}"

// sessions reads target.sessions, and checks that what it brings has the fields
// that the URLs and headers want.
func (d *decoder) sessions(v value, t *Target) {
	texts := d.templates
	for _, x := range texts {
		t.fields = t.fields || len(x.of.Fields()) > 0
	}
	if !v.given() {
		d.fieldsKnown(texts, nil, "")
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
		v.problem("want one of file and command (got %s; want %s)", map[bool]string{true: "both", false: "none"}[fileAt.given()], wantSessions)
		return
	case fileAt.given():
		d.ticketFile(fileAt, c)
	default:
		if c.Command = d.program(commandAt); len(c.Command) == 0 || c.Command[0] == "" {
			commandAt.problem("no program (want a program and its arguments as a list, or a line for sh -c)")
		}
		c.shown = written(commandAt)
	}
	d.renewal(renewAt, c)
	if c.File == nil {
		return // what a program brings is seen when it does
	}
	d.fieldsKnown(texts, c.File, c.FileName.Raw)
	if c.Renew.Before > 0 && c.File.Lacks("expires") > 0 {
		renewAt.problem("before needs to know when tokens end (got no expires in line %d of %s; want it in every line, or renew: {every: 5m})", c.File.Lacks("expires"), clip(c.FileName.Raw))
	}
	if own := c.File.Lacks("url") == 0; !t.fields && !own {
		v.problem("nothing of the file is used (got neither url in every line nor a field in target.url or target.headers; want a field such as {%s})", firstOf(c.File.Fields()))
	}
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return "token"
	}
	return names[0]
}

// written is a program as it stands in the scenario.
func written(v value) []string {
	var words []string
	for _, item := range v.list(true, "") {
		words = append(words, item.n.Value)
	}
	return words
}

func (d *decoder) ticketFile(v value, c *Sessions) {
	name, ok := v.secret("the name of a file of tokens, such as tokens.csv or tokens.ndjson")
	if !ok {
		return
	}
	c.FileName = name
	if d.src.ReadFile == nil {
		v.problem("no files can be read here (got %s; want command)", v.got())
		return
	}
	data, err := d.src.ReadFile(name.Value)
	if err != nil {
		v.foreign("cannot read the tokens: " + err.Error())
		return
	}
	if c.File, err = ticket.ReadFile(name.Value, data); err != nil {
		v.problem("%s: %v", v.got(), err)
	}
}

func (d *decoder) renewal(v value, c *Sessions) {
	if !v.given() {
		return
	}
	s, ok := v.section("when, such as {before: 30s} or {every: 5m}")
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
		v.problem("it is not said when (want before or every)")
	}
}

// fieldsKnown checks that there is a value for every field. Without a file only what
// every session has is known; a program may bring more.
func (d *decoder) fieldsKnown(texts []templated, f *ticket.File, name string) {
	for _, x := range texts {
		for _, field := range x.of.Fields() {
			if slices.Contains(ticket.Builtin, field) {
				continue
			}
			known := slices.Clone(ticket.Builtin)
			if f == nil {
				x.at.problem("unknown field (got {%s}; want %s, or target.sessions, which brings more; a brace is written {{)%s", field, oneOf(known), didYouMean(field, known))
				continue
			}
			known = append(known, f.Fields()...)
			if n := f.Lacks(field); n > 0 {
				x.at.problem("no value for a field (got {%s}; want %s, or it in every line of %s: ticket %d has none)%s", field, oneOf(known), clip(name), n, didYouMean(field, known))
				continue
			}
		}
	}
}

// describe says where tokens come from, "" when there are none.
func (c *Sessions) describe(players int) string {
	if c == nil {
		return ""
	}
	var text string
	if c.File != nil {
		text = fmt.Sprintf("%d tokens of %s", c.File.Len(), c.FileName)
		if n := c.File.Len(); n < players {
			text += fmt.Sprintf(", shared by %d players", players)
		}
	} else {
		text = fmt.Sprintf("a token each from the program %q, at most %s for one", strings.Join(c.shown, " "), formatDuration(c.Limit))
	}
	if r := &c.Renew; r.On() {
		var when []string
		if r.Before > 0 {
			when = append(when, formatDuration(r.Before)+" before its end")
		}
		if r.Every > 0 {
			when = append(when, "every "+formatDuration(r.Every))
		}
		text += "; another one " + strings.Join(when, " and ")
		if r.Rejoin {
			text += ", by joining anew"
		} else {
			text += ", for the requests that follow"
		}
	}
	return text
}
