package scenarios

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/consent"
)

// Authorized is the consent to send many players to a target that is not local.
// The zero value is no consent.
type Authorized struct {
	By string // name or mail address; goes into the User-Agent
	// Until is the first instant at which it is over. Zero: the scenario itself
	// gives no consent; the target's own file must name By.
	Until time.Time
	Hosts []string // covered besides those of target.url; *.example.com for all below
}

var authorizedKey = key{name: "authorized", example: "{by: ops@example.com, until: 2026-12-31}", doc: "the consent to more than five players at an address that is not local", keys: []key{
	{name: "by", form: ofText, required: true, example: "ops@example.com", doc: "the name or mail address of the person responsible for the test"},
	{name: "until", form: ofDay, without: "the host's own file must name the tester", example: "2026-12-31", doc: "last day of the consent (UTC), agreed with the operator of the target"},
	{name: "hosts", items: &hostKey, without: "the hosts of target.url", example: "[segments.example.com]", doc: "hosts that the consent covers besides those of target.url"},
}}

// authorized decodes the section and checks consent as far as the network is
// not needed.
func (d *decoder) authorized(v, target value, sc *Scenario) {
	s, ok := v.section()
	if !ok {
		return
	}
	a := &sc.Authorized
	byAt, untilAt := s.at("by"), s.at("until")
	const wantBy = "the name or mail address of the person responsible for the test"
	switch {
	case byAt.given() && (byAt.n.Value == "" || !consent.ValidTester(byAt.n.Value) || strings.Contains(byAt.n.Value, "${")):
		byAt.wrong("cannot be sent to the target", wantBy+`, without ( ) " \ ; < > # and ${`)
	case byAt.given():
		a.By = byAt.n.Value
	case v.given():
		v.problem("by is missing (want %s)", wantBy)
	}
	a.Until = scalar(untilAt, time.Time{}, "not a day", "a day such as 2026-12-31", nil, func(day string) (time.Time, bool) {
		t, err := consent.Until(day)
		return t, err == nil
	})
	switch now := d.src.now(); {
	case a.Until.IsZero():
	case !now.Before(a.Until):
		untilAt.wrong("the consent has expired", "a day not before "+now.UTC().Format(time.DateOnly)+", agreed with the operator of the target")
	case !now.Add(sc.Duration).Before(a.Until):
		untilAt.wrong("the consent ends before the run does", "a day not before "+now.Add(sc.Duration).UTC().Format(time.DateOnly))
	}
	a.Hosts = d.hosts(s.at("hosts"))
	s.done()
	d.foreign(target, sc)
}

// foreign reports an IP address that is not local and has no consent. Names are
// checked when they are resolved.
func (d *decoder) foreign(target value, sc *Scenario) {
	players := sc.MostPlayers()
	if sc.Authorized.By != "" || players <= consent.Handful {
		return
	}
	urlAt, ok := target.below("url")
	for _, u := range sc.Target.URLs {
		p, err := url.Parse(u.Value)
		if err != nil || !ok {
			continue
		}
		if addr, err := netip.ParseAddr(p.Hostname()); err == nil && !consent.Local(addr) {
			urlAt.problem("more than %d players need the consent of the operator to watch an address that is not local (got %d; want authorized: {by: NAME, until: DAY} once the operator agrees, or fewer players)",
				consent.Handful, players)
			return
		}
	}
}

// MostPlayers is how many players there may be at a time.
func (sc *Scenario) MostPlayers() int {
	n := sc.Fleet.Audience.Peak()
	for _, f := range sc.Faults() {
		if f.Kind == chaos.ViewersSurge {
			n += f.Players
		}
	}
	return n
}

// Consents reports whether the scenario itself consents to many players at a host.
func (sc *Scenario) Consents(host string) bool {
	if sc.Authorized.By == "" || sc.Authorized.Until.IsZero() {
		return false
	}
	for _, pattern := range sc.Authorized.Hosts {
		if consent.Covers(pattern, host) {
			return true
		}
	}
	for _, u := range sc.Target.URLs {
		if p, err := url.Parse(u.Value); err == nil && consent.Covers(p.Hostname(), host) {
			return true
		}
	}
	return false
}

// describeConsent says in words which consent there is.
func (sc *Scenario) describeConsent() string {
	if sc.Target.Rig != nil {
		return ""
	}
	n, a := sc.MostPlayers(), &sc.Authorized
	var s string
	switch {
	case n <= consent.Handful && a.By == "":
		return fmt.Sprintf("not needed for %d players (needed for more than %d, unless every address is local)", n, consent.Handful)
	case a.By == "":
		return fmt.Sprintf("not given: %d players can watch local addresses only (other addresses need authorized: {by: NAME, until: DAY})", n)
	case a.Until.IsZero():
		s = fmt.Sprintf("by %s, valid at each host that is not local only if its %s names the same tester", a.By, consent.Path)
	default:
		s = fmt.Sprintf("by %s until %s, for the hosts of the URLs", a.By, a.Until.AddDate(0, 0, -1).Format(time.DateOnly))
		if len(a.Hosts) > 0 {
			s += " and " + strings.Join(a.Hosts, ", ")
		}
		s += "; a host that serves " + consent.Path + " decides for itself"
	}
	return s
}
