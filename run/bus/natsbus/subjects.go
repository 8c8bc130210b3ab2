package natsbus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hlsload/run/bus"
)

// The first words of subjects, and of those of answers. They differ so that a pattern such as
// "hl.RUN.>" matches no answer: NATS would give "no responder" to that subscription.
const (
	root    = "hl"
	replies = "hlr"
)

// Role is what a participant is.
type Role byte

// The roles. A conductor may use all subjects of its run, an agent its own. Who holds the
// key of halt may publish "halt" and hear the answer, and nothing else.
const (
	Conductor Role = 'c'
	Agent     Role = 'a'
	Halt      Role = 'h'
)

var roles = []Role{Conductor, Agent, Halt}

func (r Role) String() string {
	switch r {
	case Conductor:
		return "conductor"
	case Agent:
		return "agent"
	case Halt:
		return "halt"
	}
	return fmt.Sprintf("role %q", byte(r))
}

// Permissions returns the patterns that a role may publish and subscribe in a run. id is
// the participant's, or "*" for any.
func Permissions(role Role, run, id string) (publish, subscribe []string) {
	base := root + "." + run + "."
	answers := replies + "." + run + "." + id + ".>"
	own := []string{base + "a." + id + ".>", answers}
	switch role {
	case Conductor:
		all := []string{base + ">", replies + "." + run + ".>"}
		return all, all
	case Agent:
		return append([]string{base + "join"}, own...),
			append([]string{base + "beat", base + "course", base + "start", base + "halt"}, own...)
	case Halt:
		return []string{base + "halt"}, []string{answers}
	}
	return nil, nil
}

// space is where the subjects of one participant are.
type space struct {
	prefix string // with its dot, or empty
	run    string
	role   Role
	id     string // not a conductor's
	token  string // of this participant's requests
}

func (s *space) wire(subject string) string  { return s.prefix + subject }
func (s *space) plain(subject string) string { return strings.TrimPrefix(subject, s.prefix) }

// permits returns an error when the server would refuse the subject or pattern. Those of
// a conductor are left to the server.
func (s *space) permits(verb, subject string) error {
	if s.role == Conductor {
		return nil
	}
	publish, subscribe := Permissions(s.role, s.run, s.id)
	allowed := publish
	if verb == "subscribe" {
		allowed = subscribe
	}
	if slices.ContainsFunc(allowed, func(p string) bool { return p == subject || bus.Matches(p, subject) }) {
		return nil
	}
	return fmt.Errorf("%s %.80s: not for the key of %s (want %s)", verb, subject, s.role, strings.Join(allowed, ", "))
}

// peer is the first word of the answers to a subject: the ID of the agent that it names
// or of this participant, else "c".
func (s *space) peer(subject string) string {
	if rest, ok := strings.CutPrefix(subject, root+"."+s.run+".a."); ok {
		id, _, _ := strings.Cut(rest, ".")
		return id
	}
	if s.role != Conductor {
		return s.id
	}
	return "c"
}

func (s *space) replies() string { return replies + "." + s.run + "." }

// number is the request that an answer is for; false for answers to others.
func (s *space) number(subject string) (uint64, bool) {
	words := strings.Split(strings.TrimPrefix(subject, s.replies()), ".")
	if len(words) != 3 || words[1] != s.token {
		return 0, false
	}
	n, err := strconv.ParseUint(words[2], 16, 64)
	return n, err == nil
}

// inbox is the pattern of all answers to this participant.
func (s *space) inbox() string {
	peer := "*"
	if s.role != Conductor {
		peer = s.id
	}
	return s.replies() + peer + "." + s.token + ".*"
}

// reply is the subject of the answer to request n.
func (s *space) reply(subject string, n uint64) string {
	return s.replies() + s.peer(subject) + "." + s.token + "." + strconv.FormatUint(n, 16)
}

// answerable reports whether an answer to a message may go to reply.
func (s *space) answerable(subject, reply string) bool {
	rest, ok := strings.CutPrefix(reply, s.replies())
	if !ok || bus.Check(reply, nil) != nil {
		return false
	}
	words := strings.Split(rest, ".")
	if len(words) != 3 {
		return false
	}
	if s.role != Conductor {
		return words[0] == s.id
	}
	named, has := strings.CutPrefix(subject, root+"."+s.run+".a.")
	id, _, _ := strings.Cut(named, ".")
	return !has || words[0] == id
}
