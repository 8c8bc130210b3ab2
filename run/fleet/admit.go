package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hlsload/player"
	"hlsload/player/audience"
	"hlsload/player/credential"
	"hlsload/player/ticket"
	"hlsload/scenarios/redact"
)

// Tickets lets sessions in, each with a URL and headers of its own.
type Tickets interface {
	// Ticket returns the pass of a session that begins, or renews what it has;
	// renewals counts those before. It is called from any goroutine.
	Ticket(ctx context.Context, v *audience.Arrival, renewals int) (*ticket.Pass, error)
	// Credentials are what hosts are sent for a pass.
	Credentials(*ticket.Pass) *credential.Set
}

// Renewal says when sessions get another pass.
type Renewal struct {
	Before time.Duration // it ends; 0 = not because of that
	Every  time.Duration // 0 = not because of that
	// With Rejoin the session ends and a new one begins with the new pass;
	// else its further requests carry it.
	Rejoin bool
}

// letIn is a pass and what follows from it. A nil one changes nothing.
type letIn struct {
	*ticket.Pass
	creds  *credential.Set
	hidden func() *redact.Secrets // made when something has to be hidden
}

func (f *Fleet) letIn(p *ticket.Pass) *letIn {
	return &letIn{Pass: p, creds: f.cfg.Tickets.Credentials(p), hidden: sync.OnceValue(func() *redact.Secrets {
		s := &redact.Secrets{}
		for _, v := range p.Secrets() {
			if len(v) >= 6 { // shorter ones are in ordinary words
				s.Add(v, redact.Mask)
			}
		}
		for _, h := range p.Headers {
			s.AddHeader(h.Name, h.Value)
		}
		s.AddURL(p.Wire(p.URL))
		return s
	})}
}

// pass is the pass of a let-in, nil for none.
func (in *letIn) pass() *ticket.Pass {
	if in == nil {
		return nil
	}
	return in.Pass
}

// hide takes what is the session's own out of a text.
func (in *letIn) hide(text string) string {
	if in == nil || text == "" {
		return text
	}
	return in.Named(in.hidden().Known(text))
}

// admission gets the pass of a session that is about to begin; false = it cannot
// begin, which is no word about the target.
func (f *Fleet) admission(ctx context.Context, v *audience.Arrival) (*letIn, bool) {
	if f.cfg.Tickets == nil {
		return nil, true
	}
	p, err := f.cfg.Tickets.Ticket(ctx, v, 0)
	if err != nil {
		f.noteTicket(ctx, err)
		return nil, false
	}
	return f.letIn(p), true
}

// noteTicket counts a session without a pass among the errors of this machine.
func (f *Fleet) noteTicket(ctx context.Context, err error) {
	if ctx.Err() != nil || f.why.Load() != nil {
		return
	}
	f.local.Add(1)
	text := fmt.Sprintf("no token for a session: %v", err)
	f.localError.CompareAndSwap(nil, &text)
}

// Bounds of renewing.
const (
	soonest  = time.Second     // after the last pass
	tryAgain = 5 * time.Second // after a failure
)

// renewal is when a session gets another pass.
func (s *session) renewal(now time.Duration) time.Duration {
	r, at := &s.f.cfg.Renew, player.Never
	if s.in == nil {
		return at
	}
	if r.Every > 0 {
		at = now + r.Every
	}
	if r.Before > 0 && !s.in.Expires.IsZero() {
		at = min(at, max(s.in.Expires.Sub(s.f.cfg.Epoch)-r.Before, now+soonest))
	}
	return at
}

// renewed is the outcome of asking for another pass; nil = there is none.
type renewed struct{ pass *ticket.Pass }

// renew asks for another pass.
func (s *session) renew(ctx context.Context, asks *sync.WaitGroup) {
	s.renewAt = player.Never // until it is there
	s.renewals++
	v, n := s.arrival, s.renewals
	asks.Go(func() {
		defer s.f.cfg.Guard()
		p, err := s.f.cfg.Tickets.Ticket(ctx, &v, n)
		if err != nil {
			s.f.noteTicket(ctx, err)
			p = nil
		}
		select {
		case s.passes <- renewed{p}:
		case <-ctx.Done():
		}
	})
}

// take goes on with another pass.
func (s *session) take(r renewed) {
	now := s.f.now()
	if r.pass == nil {
		s.renewAt = now + tryAgain
		return
	}
	s.in, s.issued = s.f.letIn(r.pass), now
	s.renewAt = s.renewal(now)
}
