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

// tickets gives each session of a run a token of its own. A nil one gives none. It
// is safe for concurrent use.
type tickets struct {
	sc      *scenarios.Scenario
	gate    *ticket.Gate
	urls    []string        // of the target, with fields
	program *issuer.Program // nil = the tokens come from a file, or from fields alone

	mu         sync.Mutex
	halt       func(why string) // ends the run; nil before it has begun
	issued     []string         // secrets of all sessions
	lookIssued time.Time        // when lookPass was issued
	lookPass   *ticket.Pass     // of the check of the target
	lookCount  int              // passes for that check so far
}

// maxIssued bounds the secrets that are kept.
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
			return nil, t.noToken(err)
		}
	}
	return t, nil
}

func (t *tickets) close() {
	if t != nil && t.program != nil {
		t.program.Close()
	}
}

// ticket gets the ticket of a session.
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
	a := ticket.Ask{Player: int64(v.Player), Session: int(v.Session), Cohort: t.sc.Fleet.Audience.Cohorts[v.Cohort].Name, Reason: ticket.ToJoin}
	if renewals > 0 {
		a.Reason = ticket.ToRenew
	}
	got, err := t.ticket(ctx, a, renewals)
	if err != nil {
		return nil, err
	}
	p, err := t.gate.Pass(a, got, int(v.Entry))
	if err == nil {
		t.remember(p)
	}
	return p, err
}

// Credentials implements [fleet.Tickets].
func (t *tickets) Credentials(p *ticket.Pass) *credential.Set {
	return credential.New(t.urls, p.Headers, t.sc.Target.HeadersFor)
}

// remember keeps the secrets of a pass, to take them out of the program's messages.
func (t *tickets) remember(p *ticket.Pass) {
	if t.program == nil {
		return // a file writes no messages
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

// look gives the check of the target before the run a token of its own, and returns
// the URLs of the multivariant playlists.
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

// admit gets the passes for the check of the target, one for each URL.
func (t *tickets) admit(ctx context.Context) (passes []*ticket.Pass, err error) {
	t.mu.Lock()
	t.lookCount++
	a := ticket.Ask{Player: ticket.Look, Session: t.lookCount, Reason: ticket.ToLook}
	t.mu.Unlock()
	got, err := t.ticket(ctx, a, 0)
	if err != nil {
		return nil, t.noToken(err)
	}
	for i := range t.urls {
		p, err := t.gate.Pass(a, got, i)
		if err != nil {
			return nil, t.noToken(err)
		}
		t.redact(p)
		passes = append(passes, p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookIssued, t.lookPass = time.Now(), passes[0]
	return passes, nil
}

// noToken is the error of a check that has no token. The target was not asked.
func (t *tickets) noToken(err error) error {
	text := "no token for the check of the target before the run: " + err.Error()
	if errors.Is(err, issuer.ErrEnded) {
		t.program.Close() // then all its messages have been read
		for _, w := range t.warnings() {
			text += "; " + w
		}
	}
	return &Error{Usage, t.sc.Redact(text), err}
}

// redact takes the secrets of the check's pass out of what is shown, and shows its
// stand-ins as the fields that they stand for. Passes of players are taken out in
// package fleet.
func (t *tickets) redact(p *ticket.Pass) {
	s := t.sc.Secrets()
	for _, v := range p.Secrets() {
		if len(v) >= 6 { // shorter ones occur in ordinary words
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

// lookAhead is how long before its end the check's pass is renewed.
const lookAhead = 10 * time.Second

// renewLook renews the check's pass before it ends, or as often as players renew
// theirs.
func (t *tickets) renewLook(ctx context.Context, f *look.Fetcher) error {
	if t == nil || t.sc.Target.Sessions == nil {
		return nil
	}
	t.mu.Lock()
	r, p, since := t.sc.Target.Sessions.Renew, t.lookPass, time.Since(t.lookIssued)
	t.mu.Unlock()
	ends := !p.Expires.IsZero() && time.Until(p.Expires) < max(lookAhead, r.Before) && since > time.Second
	if !ends && (r.Every == 0 || since < r.Every) {
		return nil
	}
	_, err := t.look(ctx, f)
	return err
}

// configure makes the fleet use the tickets.
func (t *tickets) configure(c *fleet.Config) {
	if t == nil {
		return
	}
	c.Tickets = t
	if s := t.sc.Target.Sessions; s != nil {
		c.Renew = fleet.Renewal(s.Renew)
	}
}

// onEnd sets what ends the run when the program that issues tokens has ended.
func (t *tickets) onEnd(halt func(why string)) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.halt = halt
}

// warnings are about too few tokens, and messages of the program.
func (t *tickets) warnings() (w []string) {
	if t == nil || t.sc.Target.Sessions == nil {
		return nil
	}
	if f := t.sc.Target.Sessions.File; f != nil {
		if players := t.sc.Fleet.Audience.Peak(); f.Len() < players {
			w = append(w, fmt.Sprintf("%s has %d tokens for %d players: several players use the same one, which the target may refuse", t.sc.Target.Sessions.FileName, f.Len(), players))
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
