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

// permission decides which hosts the players may dial, and within which ceilings.
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
	decided bool                  // the run has begun: ceilings and notes do not change any more

	cloudFront bool // a host is CloudFront's, by its name
}

// Bounds of asking for consent.
const (
	consentTime  = 5 * time.Second // for one file
	consentBytes = agreed.MaxBytes // of one file
	maxSaidHosts = 8
)

// newPermission returns a permission before any host is decided. A gate that
// refuses the target itself is an error.
func newPermission(ctx context.Context, sc *scenarios.Scenario, on look.Network, version string) (*permission, error) {
	var urls []string
	for _, u := range sc.Target.URLs {
		urls = append(urls, u.Value)
	}
	gate, err := on.Gate(ctx, urls, sc.Authorized.Hosts)
	if err != nil {
		return nil, refuse(err)
	}
	return &permission{sc: sc, on: on, gate: gate, tls: look.Certificates(sc.Target.CA, sc.Target.InsecureSkipVerify), players: sc.MostPlayers(), agent: look.Agent(version, sc.Authorized.By), foreign: map[string]netip.Addr{}, granted: map[string]bool{},
		ceiling: ceilingOf(&sc.Limits)}, nil
}

// refuse is the error of a run that must not begin.
func refuse(err error) error { return &Error{Refused, err.Error(), err} }

// permit finds out whether the players may watch a target. hosts are those found
// before the run; a host found later is decided when it is dialled.
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
		if !foreign || !p.needsConsent() || p.grants(name) || slices.Contains(refused, name) {
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

// decide reports whether a host that is not the target's own may get credentials:
// only if its operator consents, where consent is needed.
func (p *permission) decide(ctx context.Context, host string) error {
	name := look.Hostname(host)
	if !p.needsConsent() || p.grants(name) {
		return nil
	}
	p.mu.Lock()
	decided := p.decided
	p.mu.Unlock()
	if decided { // the terms of its file can no longer limit the run
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

// look reports whether a host is foreign: whether any of its addresses is not
// local. An error says why it must not be dialled. A host without addresses is not
// foreign: it cannot be dialled.
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

// anyForeign reports whether any host so far is foreign.
func (p *permission) anyForeign() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.foreign) > 0
}

// grants reports whether a host is known to consent.
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

// ask finds out whether a host consents. If it serves a consent file, the file
// decides, otherwise the scenario does.
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

// lower is the lower of two limits; 0 = no limit.
func lower(a, b int64) int64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// refusal is the error of hosts without consent. It says what to write where.
func (p *permission) refusal(refused []string, reasons []error) error {
	var b strings.Builder
	fmt.Fprintf(&b, "no consent: more than %d players need permission where the target is not local (got %d)\n", agreed.Handful, p.players)
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
	fmt.Fprintf(&b, "once the operator agrees, either write into the scenario (%s)\n    authorized: {by: %s, until: %s%s}\n", p.sc.File, by, time.Now().AddDate(0, 0, 7).UTC().Format(time.DateOnly), hosts)
	fmt.Fprintf(&b, "or have the operator serve https://%s%s, with authorized: {by: %s} in the scenario\n    hlsload: 1\n    tester: %s\n    until: %s",
		refused[0], agreed.Path, by, by, time.Now().AddDate(0, 0, 7).UTC().Format(time.DateOnly))
	return &Error{Refused, b.String(), nil}
}

// needsConsent reports whether there are so many players that a foreign host has
// to consent.
func (p *permission) needsConsent() bool { return p.players > agreed.Handful }

// allow decides whether a host may be dialled.
func (p *permission) allow(host string, addrs []netip.Addr) error {
	if err := p.gate.Check(host, addrs); err != nil {
		return err
	}
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return !agreed.Local(a) })
	if i < 0 || !p.needsConsent() || p.grants(look.Bare(host)) || p.sc.Consents(host) {
		return nil
	}
	want := agreed.Path + " on that host to name the tester, and the target's playlists to list the host before the run begins"
	if p.sc.Authorized.By != "" {
		want = fmt.Sprintf("authorized.hosts of the scenario to name %s, once its operator agrees", host)
	}
	return &client.NotAllowed{Host: host, Addr: addrs[i], Want: want}
}

// onlyChannel allows the addresses of the embedded channel: those of its edges, and local ones.
func (g *ground) onlyChannel() func(host string, addrs []netip.Addr) error {
	edges := map[string]bool{}
	for _, u := range g.target.urls {
		edges[look.Hostname(look.HostOf(u))] = true
	}
	return func(host string, addrs []netip.Addr) error {
		if edges[look.Bare(host)] {
			return nil
		}
		for _, a := range addrs {
			if !agreed.Local(a) {
				return &client.NotAllowed{Host: host, Addr: a, Want: "a local address: the embedded channel has no others"}
			}
		}
		return nil
	}
}

// terms fetches the consent file of a host (with its port, and "http://" before it
// when the target uses plain HTTP), and returns its URL. No terms come with an
// error that says why. The target's headers and cookies are not sent, and no
// redirect is followed.
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
const cloudFrontHint = "CloudFront serves this target: before a large test, read AWS's current policies on load and stress tests (\"Load testing CloudFront\" in its developer guide, which also lists what must not " +
	"be load tested, and the EC2 testing policy for the machines that send the load); from one machine and one resolver, any number of players reaches only a few edge locations"

// minSpread is the least number of connections that a CDN should spread over
// several addresses.
const minSpread = 20

// oneWay warns when all connections went to one place of a CDN.
func (p *permission) oneWay(s *reports.Summary, spread client.Spread) {
	if p == nil || len(p.foreign) == 0 || spread.Connections < minSpread {
		return
	}
	if spread.Addresses == 1 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("all %d connections went to one address: one server was loaded, not a CDN as a real audience loads it", spread.Connections))
	}
	if len(s.Edge.ByPop) == 1 {
		for pop := range s.Edge.ByPop {
			s.Warnings = append(s.Warnings, fmt.Sprintf("all answers came from one POP (%s): a real audience is spread over many POPs; the others, and their misses at the origin, were not tested", pop))
		}
	}
}
