package natsbus

import (
	"strings"
	"testing"

	"hlsload/run/bus"
)

// permitted says what each role may use in run r: the table that the package documents.
var permitted = []struct {
	subject, publish, subscribe string // the roles that may
}{
	{"hl.r.join", "ca", "c"},
	{"hl.r.beat", "c", "ca"},
	{"hl.r.course", "c", "ca"},
	{"hl.r.start", "c", "ca"},
	{"hl.r.halt", "ch", "ca"},
	{"hl.r.who", "c", "c"},
	{"hl.r.a.me.plan", "ca", "ca"},
	{"hl.r.a.me.x.y", "ca", "ca"},
	{"hl.r.a.me", "c", "c"},
	{"hl.r.a.you.plan", "c", "c"},
	{"hl.r.a.*.plan", "", "c"},
	{"hl.r.a.me.>", "", "ca"},
	{"hlr.r.me.t.1", "ca", "cah"},
	{"hlr.r.you.t.1", "c", "c"},
	{"hl.r.*", "", "c"},
	{"hl.r.>", "", "c"},
	{"hl.s.join", "c", "c"},
	{">", "", "c"},
}

func TestPermissions(t *testing.T) {
	for _, role := range roles {
		s := space{run: "r", role: role, id: "me"}
		for _, tc := range permitted {
			if err := s.permits("publish", tc.subject); !strings.ContainsAny(tc.subject, "*>") && (err == nil) != strings.ContainsRune(tc.publish, rune(role)) {
				t.Errorf("%s publishes %s: %v", role, tc.subject, err)
			}
			if err := s.permits("subscribe", tc.subject); (err == nil) != strings.ContainsRune(tc.subscribe, rune(role)) {
				t.Errorf("%s subscribes %s: %v", role, tc.subject, err)
			}
		}
	}
	if p, s := Permissions('x', "r", "me"); p != nil || s != nil {
		t.Errorf("an unknown role may publish %v and subscribe %v", p, s)
	}
}

func TestAnswersGoOnlyWhereTheyBelong(t *testing.T) {
	conductor, agent := &space{run: "r", role: Conductor, token: "t"}, &space{run: "r", role: Agent, id: "me", token: "t"}
	for _, tc := range []struct {
		at             *space
		subject, reply string
		want           bool
	}{
		{conductor, "hl.r.a.me.tick", "hlr.r.me.t.1", true},
		{conductor, "hl.r.join", "hlr.r.me.t.1", true},
		{conductor, "hl.r.who", "hlr.r.c.t.1", true},
		{conductor, "s", "hlr.r.c.t.1", true},
		{conductor, "hl.r.a.me.tick", "hlr.r.you.t.1", false},
		{conductor, "hl.r.a.me.tick", "hlr.r.c.t.1", false},
		{conductor, "hl.r.join", "hl.r.start", false},
		{conductor, "hl.r.join", "hl.r.halt", false},
		{conductor, "hl.r.join", "hl.r.a.you.plan", false},
		{conductor, "hl.r.join", "hlr.s.me.t.1", false},
		{conductor, "hl.r.join", "_INBOX.a.b", false},
		{conductor, "hl.r.join", "hlr.r.me.t", false},
		{conductor, "hl.r.join", "hlr.r.me.t.1.2", false},
		{conductor, "hl.r.join", "hlr.r.*.t.1", false},
		{conductor, "hl.r.join", "hlr.r..t.1", false},
		{conductor, "hl.r.join", "", false},
		{agent, "hl.r.a.me.clock", "hlr.r.me.t.1", true},
		{agent, "hl.r.beat", "hlr.r.me.t.1", true},
		{agent, "hl.r.a.me.clock", "hlr.r.you.t.1", false},
	} {
		if got := tc.at.answerable(tc.subject, tc.reply); got != tc.want {
			t.Errorf("%s answers %s at %s: %v", tc.at.role, tc.subject, tc.reply, got)
		}
	}
	halt := &space{run: "r", role: Halt, id: "it", token: "t"}
	for _, s := range []*space{conductor, agent, halt} { // what one asks, the other answers, and it comes back
		for _, subject := range []string{"hl.r.a.me.clock", "hl.r.who", "hl.r.join", "hl.r.halt"} {
			if s.permits("publish", subject) != nil {
				continue
			}
			reply := s.reply(subject, 31)
			if !conductor.answerable(subject, reply) {
				t.Errorf("%s asks for the answer to %s at %s", s.role, subject, reply)
			}
			if pattern := s.inbox(); !bus.Matches(pattern, reply) {
				t.Errorf("%s listens at %s, not at %s", s.role, pattern, reply)
			}
			if n, ok := s.number(reply); !ok || n != 31 {
				t.Errorf("%s takes %s for request %d, %v", s.role, reply, n, ok)
			}
		}
	}
}
