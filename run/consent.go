package run

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	agreed "hlsload/player/consent"
	"hlsload/reports"
	"hlsload/run/client"
	"hlsload/run/fleet"
	"hlsload/run/look"
	"hlsload/scenarios"
)

// permission is who may be dialled by how many players, and within which
// ceilings.
type permission struct {
	sc      *scenarios.Scenario
	on      look.Network
	gate    *agreed.Gate
	agent   string
	tls     *tls.Config // nil = the default
	players int
	ceiling fleet.Ceiling
	notes   []string // for the report

	mu      sync.Mutex
	foreign map[string]netip.Addr // hosts that are not local, with an address of each
	granted map[string]bool       // hosts whose own file consents
	decided bool                  // the run begins: ceilings and notes are what they are

	cloudFront bool // a host is CloudFront's, by its name
}

// Bounds of finding out.
const (
	consentTime  = 5 * time.Second // for one file
	consentBytes = agreed.MaxBytes // of one file
	maxSaidHosts = 8
)

// newPermission has decided nothing yet. A gate that does not let the target
// itself pass is an error.
func newPermission(ctx context.Context, cfg *Config) (*permission, error) {
	on, sc := cfg.Network.Target, cfg.Scenario
	var urls []string
	for _, u := range sc.Target.URLs {
		urls = append(urls, u.Value)
	}
	gate, err := on.Gate(ctx, urls, sc.Authorized.Hosts)
	if err != nil {
		return nil, refuse(err)
	}
	return &permission{sc: sc, on: on, gate: gate, tls: look.Certificates(sc.Target.CA, sc.Target.InsecureSkipVerify), players: sc.MostPlayers(), agent: look.Agent(cfg.Version, sc.Authorized.By), foreign: map[string]netip.Addr{}, granted: map[string]bool{},
		ceiling: ceilingOf(&sc.Limits)}, nil
}

// refuse is the end of a run that a gate does not let pass.
func refuse(err error) error { return &Error{Refused, err.Error(), err} }

// permit finds out whether the players may watch a target. Hosts are those that
// the look at it met; what shows up later is decided about when it is dialled.
func (p *permission) permit(ctx context.Context, hosts []string) error {
	var refused []string
	var reasons []error
	for _, host := range hosts[:min(len(hosts), look.MaxHosts)] {
		name := look.Hostname(host)
		foreign, err := p.look(ctx, name)
		if err != nil {
			return refuse(err)
		}
		p.cloudFront = p.cloudFront || foreign && p.on.OnCloudFront(ctx, name)
		if !foreign || !p.crowd() || p.grants(name) || slices.Contains(refused, name) {
			continue
		}
		if err := p.ask(ctx, host); err != nil {
			refused, reasons = append(refused, name), append(reasons, err)
		}
	}
	if len(refused) > 0 {
		return p.refusal(refused, reasons)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decided = true
	return nil
}

// decide says whether credentials may go to a host that is none of the target's
// own: not before its operator's consent is decided about.
func (p *permission) decide(ctx context.Context, host string) error {
	name := look.Hostname(host)
	if !p.crowd() || p.grants(name) {
		return nil
	}
	p.mu.Lock()
	decided := p.decided
	p.mu.Unlock()
	if decided { // what its file would say came too late to bind the run
		return p.allow(name, p.on.Addresses(ctx, name))
	}
	switch foreign, err := p.look(ctx, name); {
	case err != nil:
		return refuse(err)
	case !foreign:
		return nil
	}
	if err := p.ask(ctx, host); err != nil {
		return p.refusal([]string{name}, []error{err})
	}
	return nil
}

// look reports whether a host is foreign: whether any address of it is not local.
// An error says why it must not be dialled. A host that cannot be looked up is
// not foreign: it cannot be dialled either.
func (p *permission) look(ctx context.Context, name string) (foreign bool, err error) {
	addrs := p.on.Addresses(ctx, name)
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return !agreed.Local(a) })
	if i >= 0 {
		p.mu.Lock()
		p.foreign[name] = addrs[i].Unmap()
		p.mu.Unlock()
	}
	return i >= 0, p.gate.Check(name, addrs)
}

// grants reports whether a host was found to consent.
func (p *permission) grants(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.granted[name]
}

func (p *permission) grant(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.granted[name] = true
}

// ask finds out whether a host consents: its own file binds where there is one,
// else the scenario's word counts.
func (p *permission) ask(ctx context.Context, host string) error {
	name := look.Hostname(host)
	terms, where, err := p.terms(ctx, host)
	switch {
	case terms != nil:
		if err := terms.Check(p.sc.Authorized.By, time.Now().Add(p.sc.Duration), p.players); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		p.grant(name)
		p.ceiling.Requests = lower(p.ceiling.Requests, terms.Requests)
		p.ceiling.Bandwidth = lower(p.ceiling.Bandwidth, terms.Bandwidth)
		p.notes = append(p.notes, fmt.Sprintf("%s consents to this load (%s)", name, where))
	case errors.As(err, new(*agreed.Unclear)):
		return err
	case p.sc.Consents(name):
		p.grant(name)
	default:
		return err
	}
	return nil
}

// lower is the lower of two limits, of which 0 is none.
func lower(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// refusal says exactly what to write where.
func (p *permission) refusal(refused []string, reasons []error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "no consent: %d players may not watch what is not local (at most %d may)\n", p.players, agreed.Handful)
	for i, host := range refused[:min(len(refused), maxSaidHosts)] {
		fmt.Fprintf(&b, "    %s is at %s; %v\n", host, p.foreign[host], reasons[i])
	}
	by := cmp.Or(p.sc.Authorized.By, "ops@example.com")
	var others []string
	for _, host := range refused {
		if !slices.ContainsFunc(p.sc.Target.URLs, func(u scenarios.Text) bool { return look.Hostname(look.HostOf(u.Value)) == host }) {
			others = append(others, host)
		}
	}
	hosts := ""
	if others = append(slices.Clone(p.sc.Authorized.Hosts), others...); len(others) > 0 {
		hosts = ", hosts: [" + strings.Join(others, ", ") + "]"
	}
	fmt.Fprintf(&b, "once their operator agrees, either write into the scenario (%s)\n    authorized: {by: %s, until: %s%s}\n", p.sc.File, by, time.Now().AddDate(0, 0, 7).UTC().Format(time.DateOnly), hosts)
	fmt.Fprintf(&b, "or have them serve at https://%s%s, with authorized: {by: %s} in the scenario\n    hlsload: 1\n    tester: %s\n    until: %s",
		refused[0], agreed.Path, by, by, time.Now().AddDate(0, 0, 7).UTC().Format(time.DateOnly))
	return &Error{Refused, b.String(), nil}
}

// crowd reports whether there are so many players that they need consent.
func (p *permission) crowd() bool { return p.players > agreed.Handful }

// allow decides about a host when it is dialled.
func (p *permission) allow(host string, addrs []netip.Addr) error {
	if err := p.gate.Check(host, addrs); err != nil {
		return err
	}
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return !agreed.Local(a) })
	if i < 0 || !p.crowd() || p.grants(look.Bare(host)) || p.sc.Consents(host) {
		return nil
	}
	want := agreed.Path + " there to name the tester, and the host in the target's playlists from the start"
	if p.sc.Authorized.By != "" {
		want = fmt.Sprintf("authorized.hosts of the scenario to have %s, once its operator agrees", host)
	}
	return &client.NotAllowed{Host: host, Addr: addrs[i], Want: want}
}

// onlyLocal is the gate of a run on the embedded channel.
func onlyLocal(host string, addrs []netip.Addr) error {
	for _, a := range addrs {
		if !agreed.Local(a) {
			return &client.NotAllowed{Host: host, Addr: a, Want: "the embedded channel only"}
		}
	}
	return nil
}

// terms fetches what a host (with its port, and "http://" before it when it was
// met over plain HTTP) says about load tests: nil without an error that says
// why there is nothing. Neither headers nor cookies of the target are sent, and
// no redirect is followed.
func (p *permission) terms(ctx context.Context, host string) (*agreed.Terms, string, error) {
	name, plain := strings.CutPrefix(host, "http://")
	places := []string{"https://" + name + agreed.Path}
	if plain {
		places = []string{"https://" + bracketed(look.Hostname(name)) + agreed.Path, "http://" + name + agreed.Path}
	}
	f := look.New(look.Config{On: p.on, Gate: p.gate, TLS: p.tls, Timeout: consentTime, Agent: p.agent, Stay: true})
	defer f.Close()
	var why error
	for _, place := range places {
		a, err := f.Fetch(ctx, place, consentBytes, "permission", true)
		switch {
		case errors.Is(err, client.ErrTooLarge):
			err = fmt.Errorf("%s: too long (want at most %d bytes)", place, consentBytes)
		case err == nil && a.Status != http.StatusOK:
			err = a.WrongStatus(place)
		}
		if err != nil {
			why = err
			continue
		}
		terms, err := agreed.Parse(a.Body)
		if err != nil {
			why = fmt.Errorf("%s: %w", place, err)
			if errors.As(err, new(*agreed.Unclear)) {
				return nil, "", why
			}
			continue
		}
		return terms, place, nil
	}
	return nil, "", why
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// cloudFrontHint is shown when CloudFront serves the stream.
const cloudFrontHint = "CloudFront serves this target: read AWS's current policies on load and stress tests before a large one (\"Load testing CloudFront\" in its developer guide, which also says what is not " +
	"to be load tested, and the EC2 testing policy for the machines it is sent from); from one machine and one resolver players reach few of its edge locations, whatever their number"

// minSpread is from how many connections on it is odd that all went one way.
const minSpread = 20

// oneWay warns when all players ended at one place of a CDN.
func (p *permission) oneWay(s *reports.Summary, spread client.Spread) {
	if p == nil || len(p.foreign) == 0 || spread.Connections < minSpread {
		return
	}
	if spread.Addresses == 1 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("all %d connections went to one address: this loads one server, not a CDN as an audience does", spread.Connections))
	}
	if len(s.Edge.ByPop) == 1 {
		for pop := range s.Edge.ByPop {
			s.Warnings = append(s.Warnings, fmt.Sprintf("all answers came from one POP (%s): a real audience is spread over many; the others, and their misses at the origin, were not tested", pop))
		}
	}
}
