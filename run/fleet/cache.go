package fleet

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"net/url"
	"sync"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/run/client"
)

// parses keeps parsed playlists, so that players that fetched the same bytes share
// one parse and, by profile, one ladder. Entries that are not used for a generation
// are dropped.
type parses struct {
	classify player.Classify
	most     [m3u8.Kinds]int64 // limits of bodies
	seeds    [2]maphash.Seed

	mu        sync.Mutex
	now, last map[parseKey]*parsed // two generations
	size      int                  // bytes of bodies in now
	since     time.Time            // when the generation now began
	count     int                  // playlists parsed
}

type parseKey struct {
	url     string
	coding  string // Content-Encoding of the body
	length  int
	sums    [2]uint64
	imports *m3u8.Multivariant // the playlist may import its variables
	literal bool               // parsed without variables
	kind    m3u8.Kind
}

type parsed struct {
	once   sync.Once
	media  *m3u8.Media
	master *m3u8.Multivariant
	err    error

	mu      sync.Mutex
	ladders map[*player.Profile]*ladder
}

type ladder struct {
	once   sync.Once
	ladder *player.Ladder
	err    error
}

// A generation ends after a time, or at so many playlists or bytes of them.
const (
	generation     = 30 * time.Second
	maxParsed      = 4096
	maxParsedBytes = 32 << 20
)

// maxBody are the limits of bodies by kind, except for what
// [Config.MaxPlaylist] says.
var maxBody = [m3u8.Kinds]int64{
	m3u8.KindMultivariant: m3u8.DefaultBody,
	m3u8.KindMedia:        m3u8.DefaultBody,
	m3u8.KindInit:         16 << 20,
	m3u8.KindSegment:      1 << 30,
	m3u8.KindKey:          64 << 10,
}

func newParses(classify player.Classify, playlist int64) *parses {
	most := maxBody
	if playlist > 0 {
		most[m3u8.KindMultivariant], most[m3u8.KindMedia] = playlist, playlist
	}
	return &parses{
		classify: classify,
		most:     most,
		seeds:    [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		now:      map[parseKey]*parsed{},
		since:    time.Now(),
	}
}

// encoded is the body of a playlist as it was transferred.
type encoded struct {
	base   string // URL that answered
	body   []byte
	coding string // Content-Encoding, "" = none
}

// options decodes the body and resolves its base.
func (e *encoded) options(most int64) (body []byte, opt m3u8.Options, err error) {
	if opt.Base, err = url.Parse(e.base); err != nil {
		return nil, opt, fmt.Errorf("url of the playlist: %w", err)
	}
	opt.Limits.Body = int(most)
	body, err = client.Decode(e.body, e.coding, most)
	return body, opt, err
}

// entry returns the entry of a body, new or not.
func (c *parses) entry(kind m3u8.Kind, e encoded, imports *m3u8.Multivariant, literal bool) *parsed {
	k := parseKey{url: e.base, coding: e.coding, length: len(e.body), imports: imports, literal: literal, kind: kind}
	for i := range k.sums {
		k.sums[i] = maphash.Bytes(c.seeds[i], e.body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.now[k]
	if p != nil {
		return p
	}
	if p = c.last[k]; p == nil {
		p = new(parsed)
		c.count++
	}
	if now := time.Now(); len(c.now) >= maxParsed || c.size > maxParsedBytes || now.Sub(c.since) > generation {
		c.last, c.now, c.size, c.since = c.now, map[parseKey]*parsed{}, 0, now
	}
	c.now[k] = p
	c.size += len(e.body)
	return p
}

// parsedCount is the number of playlists parsed.
func (c *parses) parsedCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// literal reports whether the body has to be parsed without variables: the profile
// does not support them, and the body may have some.
func (e *encoded) literal(prof *player.Profile) bool {
	return prof.Playlist.NoVariables && (e.coding != "" || bytes.Contains(e.body, []byte("{$")))
}

// media returns the media playlist in a body as the profile reads it.
func (c *parses) media(e encoded, imports *m3u8.Multivariant, prof *player.Profile) (*m3u8.Media, error) {
	literal := e.literal(prof)
	p := c.entry(m3u8.KindMedia, e, imports, literal)
	p.once.Do(func() {
		body, opt, err := e.options(c.most[m3u8.KindMedia])
		if err != nil {
			p.err = err
			return
		}
		if imports != nil {
			opt.Imports = imports.Variables()
		}
		opt.NoVariables = literal
		p.media, p.err = m3u8.ParseMedia(body, opt)
	})
	return p.media, p.err
}

// multivariant parses a multivariant playlist. A media playlist counts as one that
// lists itself.
func multivariant(body []byte, opt m3u8.Options) (*m3u8.Multivariant, error) {
	list, err := m3u8.Parse(body, opt)
	if err != nil {
		return nil, err
	}
	if mv, ok := list.(*m3u8.Multivariant); ok {
		return mv, nil
	}
	return player.Single(opt.Base.String()), nil
}

// ladder returns the ladder that the profile makes of the multivariant playlist in a
// body. The playlist itself is returned if it defines variables that its media
// playlists may import.
func (c *parses) ladder(e encoded, prof *player.Profile) (*player.Ladder, *m3u8.Multivariant, error) {
	literal := e.literal(prof)
	p := c.entry(m3u8.KindMultivariant, e, nil, literal)
	p.once.Do(func() {
		body, opt, err := e.options(c.most[m3u8.KindMultivariant])
		if err != nil {
			p.err = err
			return
		}
		opt.NoVariables = literal
		p.master, p.err = multivariant(body, opt)
	})
	if p.err != nil {
		return nil, nil, p.err
	}
	p.mu.Lock()
	l := p.ladders[prof]
	if l == nil {
		if p.ladders == nil {
			p.ladders = map[*player.Profile]*ladder{}
		}
		l = new(ladder)
		p.ladders[prof] = l
	}
	p.mu.Unlock()
	l.once.Do(func() { l.ladder, l.err = player.NewLadder(p.master, prof, c.classify) })
	if p.master.Variables() == nil {
		return l.ladder, nil, l.err
	}
	return l.ladder, p.master, l.err
}
