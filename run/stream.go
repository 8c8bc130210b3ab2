package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/audience"
	agreed "hlsload/player/consent"
	"hlsload/player/credential"
	"hlsload/player/link"
	"hlsload/player/m3u8"
	"hlsload/player/predict"
	"hlsload/player/profile"
	streams "hlsload/player/stream"
	"hlsload/reports"
	"hlsload/reports/cdn"
	"hlsload/reports/record"
	"hlsload/run/look"
	"hlsload/scenarios"
	"hlsload/stage"
)

// stream is a target at a URL.
type stream struct {
	sc    *scenarios.Scenario
	urls  []string // multivariant playlists
	fetch *look.Fetcher
	creds *credential.Set
	in    *tickets // nil = all sessions use the same URL and headers

	read *streams.Stream // what the multivariant playlists list
	// variables that media playlists may import, by the playlist's host and path.
	variables map[string]map[string]string
	media     []string // URLs of media playlists
	ladder    *player.Ladder
	shape     predict.Shape // of the media playlist that was read
	duration  time.Duration // target duration
	findings  []string
	segments  []string    // hosts of the segments that sample lists
	sample    *m3u8.Media // the media playlist that was read
	// cloudFront reports whether the answers have CloudFront's headers, as those of the
	// embedded channel have.
	cloudFront bool

	mu    sync.Mutex
	looks map[string]*observed // by URL
}

// checkTime bounds the check of a stream before a run.
const checkTime = 20 * time.Second

// requestTime bounds one request of that check.
const requestTime = 10 * time.Second

// openStream reads the stream's playlists before a run.
func openStream(ctx context.Context, sc *scenarios.Scenario, may *permission) (*stream, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s := &stream{sc: sc, creds: credentials(sc), variables: map[string]map[string]string{}, looks: map[string]*observed{}}
	s.fetch = look.New(look.Config{On: may.on, Gate: may.gate, TLS: may.tls, Timeout: requestTime, Playlist: sc.Limits.Playlist, Agent: may.agent, Credentials: s.creds, Decide: may.decide,
		SetCookie: func(line string) { sc.Secrets().AddHeader("Set-Cookie", line) }})
	if sc.Target.Personal() {
		var err error
		if s.in, err = openTickets(sc); err != nil {
			return nil, s.unreachable(err)
		}
		if s.urls, err = s.in.look(ctx, s.fetch); err != nil {
			return nil, s.unreachable(err)
		}
	} else {
		for i := range sc.Target.URLs {
			s.urls = append(s.urls, credential.Bare(sc.Target.URLs[i].Value))
		}
	}
	var lists []*m3u8.Multivariant
	for _, u := range s.urls {
		mv, err := s.open(ctx, u)
		if err != nil {
			return nil, s.unreachable(err)
		}
		lists = append(lists, mv)
	}
	if err := s.arrange(lists); err != nil {
		return nil, s.unreachable(err)
	}
	if err := s.readSample(ctx); err != nil {
		return nil, s.unreachable(err)
	}
	return s, nil
}

// credentials are those of a scenario's target, by host.
func credentials(sc *scenarios.Scenario) *credential.Set {
	var urls []string
	for i := range sc.Target.URLs {
		urls = append(urls, sc.Target.URLs[i].Value)
	}
	var headers []credential.Header
	for _, h := range sc.Target.Headers {
		headers = append(headers, credential.Header{Name: h.Name, Value: h.Value.Value})
	}
	return credential.New(urls, headers, sc.Target.HeadersFor)
}

// unreachable is the error of a stream that cannot be read. It takes secrets out of
// the URLs that err quotes.
func (s *stream) unreachable(err error) error {
	s.close()
	if said := (*Error)(nil); errors.As(err, &said) {
		return said // such as missing consent
	}
	if bad := (*look.BadURL)(nil); errors.As(err, &bad) {
		return &Error{Usage, bad.Error(), nil}
	}
	if errors.As(err, new(*agreed.NotDialled)) {
		return refuse(errors.New(s.sc.Redact(err.Error())))
	}
	return &Error{Unreachable, "void: target unreachable at start: " + s.sc.Redact(err.Error()), err}
}

// open reads a multivariant playlist.
func (s *stream) open(ctx context.Context, u string) (*m3u8.Multivariant, error) {
	a, err := s.fetch.Playlist(ctx, u)
	if err != nil {
		return nil, err
	}
	s.cloudFront = s.cloudFront || cdn.OnCloudFront(a.Header)
	list, err := m3u8.Parse(a.Body, m3u8.Options{Base: a.URL, Limits: s.fetch.Limits()})
	if err != nil {
		return nil, fmt.Errorf("%s is not a playlist: %w", u, err)
	}
	mv, ok := list.(*m3u8.Multivariant)
	if !ok {
		mv = player.Single(a.URL.String())
	}
	s.addOddities(u, m3u8.KindMultivariant, mv.Findings)
	return mv, nil
}

// arrange finds the pipelines and media playlists that the multivariant playlists
// list.
func (s *stream) arrange(lists []*m3u8.Multivariant) error {
	var globs []string
	for _, g := range s.sc.Target.Pipelines {
		globs = append(globs, g.Value)
	}
	s.read = streams.Read(lists, globs)
	seen := map[string]bool{}
	for i, mv := range lists {
		l, err := s.ladderOf(mv)
		if err != nil {
			return fmt.Errorf("%s: %w", s.urls[i], err)
		}
		if i == 0 {
			s.ladder = l
		}
		for k := range l.Renditions {
			u := l.Renditions[k].URL
			place := streams.Place(u)
			if s.variables[place] == nil {
				s.variables[place] = mv.Variables()
			}
			if !seen[place] {
				seen[place] = true
				s.media = append(s.media, u)
			}
		}
	}
	return nil
}

// ladderOf is the ladder that the first profile of the fleet which accepts the
// multivariant playlist makes of it. An error means that all profiles refuse it.
func (s *stream) ladderOf(mv *m3u8.Multivariant) (*player.Ladder, error) {
	var l *player.Ladder
	err := errors.New("a fleet without players")
	for _, p := range s.sc.Fleet.Profiles {
		if l, err = player.NewLadder(mv, p, s.read.Pipeline); err == nil {
			return l, nil
		}
	}
	if profile.Distinct(s.sc.Fleet.Profiles) > 1 && mv.Findings != nil {
		err = fmt.Errorf("every player of the fleet refuses it: %w", err)
	}
	return nil, err
}

// addOddities keeps the findings of a playlist for the report.
func (s *stream) addOddities(u string, kind m3u8.Kind, findings m3u8.Findings) {
	for _, line := range profile.Oddities(s.sc.Fleet.Profiles, kind, findings) {
		s.findings = append(s.findings, s.sc.Redact(u+": "+line))
	}
}

// readSample reads media playlists until one of them can be played.
func (s *stream) readSample(ctx context.Context) error {
	var errs []error
	for _, u := range s.media {
		m, a, err := s.readMedia(ctx, u)
		if err == nil {
			if f := profile.RefusedByAll(s.sc.Fleet.Profiles, m3u8.KindMedia, m.Findings); f != nil {
				err = fmt.Errorf("%s: every player of the fleet refuses it: %v", u, f)
			}
		}
		if err == nil {
			s.duration, s.sample = m.TargetDuration, m
			s.shape = stage.ShapeOf(m, a.Header, &link.Config{RTT: a.Total})
			s.addFindings(u, m)
			s.addHosts(m)
			return nil
		}
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
	}
	if len(errs) > 3 {
		errs = append(errs[:3], fmt.Errorf("and %d more", len(errs)-3))
	}
	return fmt.Errorf("no media playlist can be read: %w", errors.Join(errs...))
}

// addHosts keeps the hosts of the segments of a media playlist.
func (s *stream) addHosts(m *m3u8.Media) {
	for i := range m.Segments {
		if h := look.HostOf(m.Segments[i].URL); !slices.Contains(s.segments, h) && len(s.segments) < look.MaxHosts {
			s.segments = append(s.segments, h)
		}
	}
}

// hosts are all hosts that players are known to ask. The target's own come first,
// because only the first hosts are checked, then those that redirects led to, then
// those of media playlists and segments.
func (s *stream) hosts() []string {
	var all []string
	add := func(hosts ...string) {
		for _, h := range hosts {
			if h != "" && !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	for _, u := range s.urls {
		add(look.HostOf(u))
	}
	add(s.fetch.Hosts()...)
	for _, u := range s.media {
		add(look.HostOf(u))
	}
	add(s.segments...)
	return all
}

// addFindings keeps what the report says about a media playlist.
func (s *stream) addFindings(u string, m *m3u8.Media) {
	add := func(format string, args ...any) {
		s.findings = append(s.findings, s.sc.Redact(u+": "+fmt.Sprintf(format, args...)))
	}
	if m.EndList {
		add("the stream is not live: the playlist has EXT-X-ENDLIST")
	}
	if ll := streams.LowLatency(m); ll != "" {
		add("%s", ll)
	}
	s.addOddities(u, m3u8.KindMedia, m.Findings)
}

// warnings are the findings of the check before the run.
func (s *stream) warnings() []string { return slices.Concat(s.findings, s.in.warnings()) }

// maxTarget is the longest target duration that is accepted.
const maxTarget = 10 * time.Minute

// readMedia reads a media playlist, and returns the answer as well.
func (s *stream) readMedia(ctx context.Context, u string) (*m3u8.Media, *look.Answer, error) {
	if err := s.in.renewLook(ctx, s.fetch); err != nil {
		return nil, nil, err
	}
	a, err := s.fetch.Playlist(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	m, err := m3u8.ParseMedia(a.Body, m3u8.Options{Base: a.URL, Imports: s.variables[streams.Place(u)], Limits: s.fetch.Limits()})
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not a media playlist: %w", u, err)
	}
	if m.TargetDuration <= 0 || m.TargetDuration > maxTarget {
		return nil, nil, fmt.Errorf("%s: target duration %v; want one up to %v", u, m.TargetDuration, maxTarget)
	}
	return m, a, nil
}

// url is the URL that a viewer opens.
func (s *stream) url(a *audience.Arrival) string { return s.urls[min(int(a.Entry), len(s.urls)-1)] }

// describe adds the stream to the collector's configuration.
func (s *stream) describe(c *record.Config) {
	c.TargetDuration = s.duration
	c.Renditions = stage.Renditions(s.ladder)
	predicted := stage.Predict(s.sc, s.read.Lists[0], s.read.Pipeline, func(on *link.Config) predict.Shape {
		shape, far := s.shape, *on
		if shape.Network != nil {
			far.RTT += shape.Network.RTT
		}
		shape.Network = &far
		return shape
	})
	c.Predict = func(f *chaos.Fault, recovery time.Duration, cohort int, remembered bool) *reports.Predicted {
		p := s.sc.Fleet.Profiles[cohort]
		if s.read.Lists[0].Findings.Of(p.Refuses(m3u8.KindMultivariant)) != nil || s.sample.Findings.Of(p.Refuses(m3u8.KindMedia)) != nil {
			return &reports.Predicted{Unknown: p.ID + " refuses the playlists"}
		}
		return predicted(f, recovery, cohort, remembered)
	}
	c.Pipelines = s.read.Pipelines
}

func (s *stream) close() {
	s.fetch.Close()
	s.in.close()
}
