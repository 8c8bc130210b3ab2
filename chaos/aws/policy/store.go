package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"hlsload/chaos/aws"
)

// Store reads and writes the policy of one resource; "" = it has none.
type Store struct {
	What  string // for people, as in "bucket example"
	Read  func(context.Context) (string, error)
	Write func(context.Context, string) error
	Now   func() time.Time
	Seen  *Memory // nil = every policy is new
}

// Memory keeps since when policies are what they are, by what they are of. It
// is safe for concurrent use.
type Memory struct {
	mu   sync.Mutex
	seen map[string]sighting
}

type sighting struct {
	print Print
	since time.Time
}

// note says since when the policy is known to be that.
func (m *Memory) note(what string, p Print, now time.Time) time.Time {
	if m == nil {
		return now
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.seen[what]; ok && s.print.same(&p) {
		return s.since
	}
	if m.seen == nil {
		m.seen = map[string]sighting{}
	}
	m.seen[what] = sighting{p, now}
	return now
}

// Look reads and parses the policy, and remembers what it was.
func (s *Store) Look(ctx context.Context) (text string, doc *Document, since time.Time, err error) {
	if text, err = s.Read(ctx); err != nil {
		return "", nil, since, err
	}
	if doc, err = Parse(text); err != nil {
		return "", nil, since, err
	}
	return text, doc, s.Seen.note(s.What, doc.Print(), s.Now()), nil
}

// apart is how long a policy must have been the same before it is written to:
// an edit by others that is under way would be overwritten.
const apart = 5 * time.Second

// quiet makes sure that the policy was the same for a while. One that has
// changed since it was looked at first, but rests now, may be written to.
func (s *Store) quiet(ctx context.Context) error {
	_, doc, since, err := s.Look(ctx)
	if err != nil {
		return err
	}
	before := doc.Print()
	left := since.Add(apart).Sub(s.Now())
	if left <= 0 {
		return nil
	}
	if err := aws.Wait(ctx, left); err != nil {
		return err
	}
	if _, doc, _, err = s.Look(ctx); err != nil {
		return err
	}
	now := doc.Print()
	if what := before.Differences(&now); len(what) > 0 {
		return fmt.Errorf("the policy of %s is being changed by another program (%s within %v; want no other changes during a run)", s.What, strings.Join(what, ", "), apart)
	}
	return nil
}

// Add puts a statement into the policy, which was before when it was looked at
// first. It refuses a policy that others are changing.
func (s *Store) Add(ctx context.Context, before, sid string, statement json.RawMessage) error {
	if err := s.quiet(ctx); err != nil {
		return err
	}
	return s.change(ctx, before, func(d *Document) *Document { return d.With(sid, statement) })
}

// Remove takes a statement out of the policy. It may have been added at, and
// not show yet.
func (s *Store) Remove(ctx context.Context, before, sid string, at time.Time) error {
	there, err := s.Has(ctx, sid)
	if err == nil && !there { // or not yet
		_, err = aws.Settle(ctx, at, s.Now())
	}
	if err != nil {
		return err
	}
	return s.change(ctx, before, func(d *Document) *Document { return d.Without(sid) })
}

// Has reports whether the policy has a statement of that Sid.
func (s *Store) Has(ctx context.Context, sid string) (bool, error) {
	_, doc, _, err := s.Look(ctx)
	if err != nil {
		return false, err
	}
	return doc.Has(sid), nil
}

// Holds reports whether the policy has a statement of that Sid whose time has not
// passed, with what was seen.
func (s *Store) Holds(ctx context.Context, sid string, until time.Time) (bool, string) {
	there, err := s.Has(ctx, sid)
	switch {
	case err != nil:
		return false, err.Error()
	case !there:
		return false, fmt.Sprintf("the policy of %s has no statement %s", s.What, sid)
	case !until.IsZero() && !s.Now().Before(until):
		return false, fmt.Sprintf("the policy of %s has statement %s, which expired at %s", s.What, sid, until.UTC().Format(time.RFC3339))
	}
	return true, fmt.Sprintf("the policy of %s has statement %s", s.What, sid)
}

// Gone reports whether the policy has no statement of that Sid any more, with
// what was seen.
func (s *Store) Gone(ctx context.Context, sid string) (bool, string) {
	there, err := s.Has(ctx, sid)
	switch {
	case err != nil:
		return false, err.Error()
	case there:
		return false, fmt.Sprintf("the policy of %s still has statement %s", s.What, sid)
	}
	return true, fmt.Sprintf("the policy of %s has nothing of this fault", s.What)
}

// Leftovers are the statements that runs have left in the policy; denial returns
// the change that made one.
func (s *Store) Leftovers(ctx context.Context, d aws.Driver, denial func(sid string) aws.Change) (all []aws.Leftover, err error) {
	text, err := s.Read(ctx)
	var doc *Document
	if err == nil {
		doc, err = Parse(text)
	}
	if err != nil {
		return nil, fmt.Errorf("policy of %s: %w", s.What, err)
	}
	for _, st := range doc.Statements {
		if _, ok := aws.Ours(st.Sid); ok {
			l := aws.Left(d, denial(st.Sid), "policy statement "+st.Sid)
			l.Expires = st.Until()
			all = append(all, l)
		}
	}
	return all, nil
}

// Review says how the policy differs from what it was before, but for what runs
// have in it: others have changed it in between, and should make sure that it
// is what they meant. A nil before is not known.
func (s *Store) Review(ctx context.Context, before *Print) []string {
	if before == nil {
		return nil
	}
	_, doc, _, err := s.Look(ctx)
	if err != nil {
		return []string{fmt.Sprintf("cannot tell whether the policy of %s is as it was before the fault: %v", s.What, err)}
	}
	now := doc.Print()
	what := before.Differences(&now)
	if len(what) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the policy of %s was changed during the fault by another program (%s): check that the result is what was intended", s.What, strings.Join(what, ", "))}
}

// change reads the policy, edits it, writes it, and reads it again until it
// shows, since no service has a way to say "only if it was not changed". An
// edit of others that overwrites ours is seen, and ours made again. One
// that falls between our read and our write is overwritten, and nothing shows
// it: that is why a policy which is being changed is not written to. A policy
// that says the same as before is written word for word as it was.
func (s *Store) change(ctx context.Context, before string, edit func(*Document) *Document) error {
	const tries = 3
	now, err := s.Read(ctx)
	if err != nil {
		return err
	}
	for range tries {
		doc, err := Parse(now)
		if err != nil {
			return err
		}
		want := edit(doc).String()
		if same(now, want) {
			return nil
		}
		if same(want, before) {
			want = before
		}
		if err := s.Write(ctx, want); err != nil {
			return err
		}
		if now, err = s.shows(ctx, now, want); err != nil {
			return err
		}
	}
	return fmt.Errorf("the policy of %s is being changed by another program (got a different policy %d times; want no other changes during the run)", s.What, tries)
}

// shows reads the policy until it is another than before: the one that is
// wanted, unless others interfere.
func (s *Store) shows(ctx context.Context, before, want string) (string, error) {
	deadline := s.Now().Add(aws.Unsettled)
	for {
		now, err := s.Read(ctx)
		if err != nil || same(now, want) || !same(now, before) {
			return now, err
		}
		if s.Now().After(deadline) {
			return "", fmt.Errorf("the policy of %s was written and does not show after %v", s.What, aws.Unsettled)
		}
		if err := aws.Wait(ctx, time.Second); err != nil {
			return "", err
		}
	}
}
