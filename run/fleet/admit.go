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

// Tickets gives each session a URL and headers of its own.
type Tickets interface {
	// Ticket returns the first pass of a session, or its next one; renewals counts
	// the passes after the first. It is called from any goroutine.
	Ticket(ctx context.Context, v *audience.Arrival, renewals int) (*ticket.Pass, error)
	// Credentials are the credentials of a pass, by host.
	Credentials(*ticket.Pass) *credential.Set
}

// Renewal says when sessions get another pass.
type Renewal struct {
	Before time.Duration // the end of the pass; 0 = not before its end
	Every  time.Duration // since the last pass; 0 = not regularly
	// With Rejoin the session ends and a new one begins with the new pass.
	// Otherwise the session's next requests carry the new pass.
	Rejoin bool
}

// admitted is the pass of a session, and what follows from it; nil = sessions have no
// passes.
type admitted struct {
	*ticket.Pass
	creds  *credential.Set
	hidden func() *redact.Secrets // computed at the first use
}

func (f *Fleet) admitted(p *ticket.Pass) *admitted {
	return &admitted{Pass: p, creds: f.cfg.Tickets.Credentials(p), hidden: sync.OnceValue(func() *redact.Secrets {
		s := &redact.Secrets{}
		for _, v := range p.Secrets() {
			if len(v) >= 6 { // shorter ones occur in ordinary words
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

// pass is the pass; nil = none.
func (in *admitted) pass() *ticket.Pass {
	if in == nil {
		return nil
	}
	return in.Pass
}

// hide takes the secrets of the session out of a text.
func (in *admitted) hide(text string) string {
	if in == nil || text == "" {
		return text
	}
	return in.Named(in.hidden().Known(text))
}

// admitSession gets the pass of a session that is about to begin; false = it cannot
// begin, which is not the target's failure.
func (f *Fleet) admitSession(ctx context.Context, v *audience.Arrival) (*admitted, bool) {
	if f.cfg.Tickets == nil {
		return nil, true
	}
	p, err := f.cfg.Tickets.Ticket(ctx, v, 0)
	if err != nil {
		f.noteTicket(ctx, err)
		return nil, false
	}
	return f.admitted(p), true
}

// noteTicket counts a missing pass as an error of this machine.
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
	soonest    = time.Second     // after the last pass
	retryAfter = 5 * time.Second // after a failure
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
		at = min(at, max(s.in.Expires.Sub(s.f.cfg.Wall)-r.Before, now+soonest))
	}
	return at
}

// renew asks for another pass. s.mu must be held.
func (s *session) renew() {
	s.renewAt = player.Never // until the pass is there
	s.renewals++
	v, n := s.arrival, s.renewals
	s.running++
	go s.work(func() {
		p, err := s.f.cfg.Tickets.Ticket(&s.span, &v, n)
		if err != nil {
			s.f.noteTicket(&s.span, err)
			p = nil
		}
		s.mu.Lock()
		if s.over {
			s.mu.Unlock()
			s.leave()
			return
		}
		s.usePass(p)
		s.carryOn(s.give(&player.Event{Type: player.Tick}, true))
	})
}

// usePass continues the session with another pass; nil = there is none. s.mu must be held.
func (s *session) usePass(p *ticket.Pass) {
	now := s.f.now()
	if p == nil {
		s.renewAt = now + retryAfter
		return
	}
	s.in, s.issued = s.f.admitted(p), now
	s.renewAt = s.renewal(now)
}
