package ticket

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hlsload/player/credential"
	"hlsload/player/draw"
)

// Builtin are the fields that every session has.
var Builtin = []string{"player", "session", "cohort", "random"}

var ruleRandom = draw.NewRule("ticket.random")

// Gate makes passes: it knows what the target's URLs and headers look like.
type Gate struct {
	URLs    []Template // of the multivariant playlists, one a pipeline
	Headers []HeaderTemplate
	Seed    draw.Seed // for {random}
	// Secret is a text that cannot be guessed, of letters and digits. The stand-ins
	// for tokens contain it.
	Secret string
}

// HeaderTemplate is a header field with fields in its value.
type HeaderTemplate struct {
	Name  string
	Value Template
}

// Pass returns what a session may use: entry is which of the URLs it opens. The
// errors quote no value.
func (g *Gate) Pass(a Ask, t *Ticket, entry int) (*Pass, error) {
	var missing string
	value := func(field string) string {
		switch field {
		case "player":
			return strconv.FormatInt(a.Player, 10)
		case "session":
			return strconv.Itoa(a.Session)
		case "cohort":
			return a.Cohort
		case "random":
			return g.random(a)
		}
		v, ok := t.Fields[field]
		if !ok {
			missing = field
		}
		return v
	}
	tmpl := &g.URLs[min(entry, len(g.URLs)-1)]
	p := &Pass{mark: g.Secret}
	var err error
	switch {
	case t.URL != "" && len(g.URLs) > 1:
		err = errOneURL
	case t.URL != "":
		err = p.given(tmpl, t.URL)
	default:
		// The URL of either pipeline may lead to what the other one lists.
		for i := range g.URLs {
			if &g.URLs[i] != tmpl {
				p.fill(&g.URLs[i], value)
			}
		}
		p.URL = p.fill(tmpl, value)
		err = p.settle()
	}
	if err != nil {
		return nil, err
	}
	for i := range g.Headers {
		h := Header{Name: g.Headers[i].Name, Value: g.Headers[i].Value.Fill(value)}
		if err := credential.Check(h.Name, h.Value); err != nil {
			return nil, fmt.Errorf("header %s, once its fields are filled in: %w", h.Name, err)
		}
		p.Headers = append(p.Headers, h)
	}
	if missing != "" {
		return nil, fmt.Errorf("no value for {%s} (want it in every line)", missing)
	}
	p.Headers = overlay(p.Headers, t.Headers)
	p.Expires = t.Expires
	p.secrets = slices.AppendSeq(p.secrets, maps.Values(t.Fields))
	slices.Sort(p.secrets)
	return p, nil
}

// overlay puts headers in place of others of the same name.
func overlay(below, above []Header) []Header {
	for _, h := range above {
		below = slices.DeleteFunc(below, func(o Header) bool { return strings.EqualFold(o.Name, h.Name) })
	}
	return append(below, above...)
}

func sortHeaders(hs []Header) {
	slices.SortFunc(hs, func(a, b Header) int { return cmp.Compare(a.Name, b.Name) })
}

// random is 32 hexadecimal digits of a session's own.
func (g *Gate) random(a Ask) string {
	var b [16]byte
	seed := g.Seed.For(uint64(a.Player)).For(uint64(a.Session))
	binary.BigEndian.PutUint64(b[:8], seed.Bits(ruleRandom, 0))
	binary.BigEndian.PutUint64(b[8:], seed.Bits(ruleRandom, 1))
	return hex.EncodeToString(b[:])
}
