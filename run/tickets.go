package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hlsload/player/audience"
	"hlsload/player/credential"
	"hlsload/player/draw"
	"hlsload/player/ticket"
	"hlsload/run/fleet"
	"hlsload/run/fleet/issuer"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/scenarios/redact"
)

// tickets lets the sessions of a run in, each with its own token. A nil one has
// none. It is safe for concurrent use.
type tickets struct {
	sc      *scenarios.Scenario
	gate    *ticket.Gate
	urls    []string        // of the target, with fields
	program *issuer.Program // nil = a file has the tokens, or there are only fields

	mu     sync.Mutex
	halt   func(why string) // ends the run; nil before it has begun
	issued []string         // secrets of all sessions
	asked  time.Time        // when the look's pass was issued
	looks  *ticket.Pass     // of the look
	shows  int              // passes of looks so far
}

// maxIssued bounds the secrets that are remembered.
const maxIssued = 100_000

func openTickets(sc *scenarios.Scenario) (*tickets, error) {
	var secret [8]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	t := &tickets{sc: sc, gate: sc.Target.Gate(draw.Seed(sc.Seed), hex.EncodeToString(secret[:]))}
	for i := range sc.Target.URLs {
		t.urls = append(t.urls, sc.Target.URLs[i].Value)
	}
	if c := sc.Target.Sessions; c != nil && c.File == nil {
		var err error
		if t.program, err = issuer.Start(issuer.Config{Args: c.Command, Limit: c.Limit}); err != nil {
			return nil, t.none(err)
		}
	}
	return t, nil
}

func (t *tickets) close() {
	if t != nil && t.program != nil {
		t.program.Close()
	}
}

// ticket is what the issuer says about a session.
func (t *tickets) ticket(ctx context.Context, a ticket.Ask, renewals int) (*ticket.Ticket, error) {
	switch c := t.sc.Target.Sessions; {
	case c == nil:
		return &ticket.Ticket{}, nil
	case c.File != nil:
		return c.File.At(ticket.Line(a, renewals, t.sc.Fleet.Audience.Peak(), audience.Generation), time.Now())
	}
	got, err := t.program.Issue(ctx, a)
	if errors.Is(err, issuer.ErrEnded) && ctx.Err() == nil {
		t.mu.Lock()
		halt := t.halt
		t.mu.Unlock()
		if halt != nil {
			halt(err.Error())
		}
	}
	return got, err
}

// Ticket implements [fleet.Tickets].
func (t *tickets) Ticket(ctx context.Context, v *audience.Arrival, renewals int) (*ticket.Pass, error) {
	a := ticket.Ask{Player: int64(v.Player), Session: v.Session, Cohort: t.sc.Fleet.Audience.Cohorts[v.Cohort].Name, Reason: ticket.ToJoin}
	if renewals > 0 {
		a.Reason = ticket.ToRenew
	}
	got, err := t.ticket(ctx, a, renewals)
	if err != nil {
		return nil, err
	}
	p, err := t.gate.Pass(a, got, v.Entry)
	if err == nil {
		t.remember(p)
	}
	return p, err
}

// Credentials implements [fleet.Tickets].
func (t *tickets) Credentials(p *ticket.Pass) *credential.Set {
	return credential.New(t.urls, p.Headers, t.sc.Target.HeadersFor)
}

// remember keeps the secrets of a pass, for what the program says.
func (t *tickets) remember(p *ticket.Pass) {
	if t.program == nil {
		return // a file says nothing
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.issued) > maxIssued {
		return
	}
	t.issued = append(t.issued, p.Secrets()...)
	for _, h := range p.Headers {
		t.issued = append(t.issued, h.Value)
	}
}

// look has the look at the target before the run use a token of its own, and
// returns the URLs of the multivariant playlists.
func (t *tickets) look(ctx context.Context, f *look.Fetcher) (urls []string, err error) {
	passes, err := t.admit(ctx)
	if err != nil {
		return nil, err
	}
	f.Use(passes[0], t.Credentials(passes[0]))
	for _, p := range passes {
		urls = append(urls, p.URL)
	}
	return urls, nil
}

// admit gets passes for a look, one for each URL.
func (t *tickets) admit(ctx context.Context) (passes []*ticket.Pass, err error) {
	t.mu.Lock()
	t.shows++
	a := ticket.Ask{Player: ticket.Look, Session: t.shows, Reason: ticket.ToLook}
	t.mu.Unlock()
	got, err := t.ticket(ctx, a, 0)
	if err != nil {
		return nil, t.none(err)
	}
	for i := range t.urls {
		p, err := t.gate.Pass(a, got, i)
		if err != nil {
			return nil, t.none(err)
		}
		t.learn(p)
		passes = append(passes, p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.looks = time.Now(), passes[0]
	return passes, nil
}

// none is the error of a look that has no token: the target was not even asked.
func (t *tickets) none(err error) error {
	text := "no token for the look at the target: " + err.Error()
	if errors.Is(err, issuer.ErrEnded) {
		t.program.Close() // then all that it said is there
		for _, w := range t.warnings() {
			text += "; " + w
		}
	}
	return &Error{Usage, t.sc.Redact(text), err}
}

// learn keeps a look's secrets out of what is shown, and has its stand-ins shown
// as the fields that they stand for. Those of players go no further than the
// players.
func (t *tickets) learn(p *ticket.Pass) {
	s := t.sc.Secrets()
	for _, v := range p.Secrets() {
		if len(v) >= 6 { // shorter ones are in ordinary words
			s.Add(v, redact.Mask)
		}
	}
	s.AddURL(p.Wire(p.URL))
	for _, h := range p.Headers {
		s.AddHeader(h.Name, h.Value)
	}
	for standIn, name := range p.StandIns() {
		s.Add(standIn, "{"+name+"}")
	}
}

// lookAhead is how long before its end the pass of a look is not used any more.
const lookAhead = 10 * time.Second

// again renews the pass of looks when it ends, or as often as players do.
func (t *tickets) again(ctx context.Context, f *look.Fetcher) error {
	if t == nil || t.sc.Target.Sessions == nil {
		return nil
	}
	t.mu.Lock()
	r, p, since := t.sc.Target.Sessions.Renew, t.looks, time.Since(t.asked)
	t.mu.Unlock()
	ends := !p.Expires.IsZero() && time.Until(p.Expires) < max(lookAhead, r.Before) && since > time.Second
	if !ends && (r.Every == 0 || since < r.Every) {
		return nil
	}
	_, err := t.look(ctx, f)
	return err
}

// join hands the tickets to the fleet.
func (t *tickets) join(c *fleet.Config) {
	if t == nil {
		return
	}
	c.Tickets = t
	if s := t.sc.Target.Sessions; s != nil {
		c.Renew = fleet.Renewal(s.Renew)
	}
}

// halts says how to end the run when no tokens are issued any more.
func (t *tickets) halts(halt func(why string)) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.halt = halt
}

// warnings is what was odd about the tokens.
func (t *tickets) warnings() (w []string) {
	if t == nil || t.sc.Target.Sessions == nil {
		return nil
	}
	if f := t.sc.Target.Sessions.File; f != nil {
		if players := t.sc.Fleet.Audience.Peak(); f.Len() < players {
			w = append(w, fmt.Sprintf("%s has %d tokens for %d players: several share one, which a target may refuse or take for sharing", t.sc.Target.Sessions.FileName, f.Len(), players))
		}
		return w
	}
	said := strings.TrimSpace(t.program.Said())
	if said == "" {
		return nil
	}
	lines := strings.Split(said, "\n")
	known := &redact.Secrets{}
	t.mu.Lock()
	for _, v := range t.issued {
		if len(v) >= 6 {
			known.Add(v, redact.Mask)
		}
	}
	t.mu.Unlock()
	const shown = 3
	return append(w, fmt.Sprintf("the program that issues tokens says %.400q", known.Text(strings.Join(lines[max(0, len(lines)-shown):], "; "))))
}
