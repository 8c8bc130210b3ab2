package fleet

import (
	"hash/maphash"
	"net/url"
	"sync"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// parses keeps playlists that were parsed, so that players who fetched the same
// bytes share one parse and, by profile, one ladder. What was not asked for
// among the last entries is forgotten; players keep what they hold.
type parses struct {
	classify player.Classify
	seeds    [2]maphash.Seed

	mu        sync.Mutex
	now, last map[parseKey]*parsed // two generations
	size      int                  // bytes of bodies in now
	count     int                  // playlists parsed
}

type parseKey struct {
	url     string
	length  int
	sums    [2]uint64
	imports *m3u8.Multivariant // whose variables the playlist may import
	kind    m3u8.Kind
}

type parsed struct {
	once    sync.Once
	media   *m3u8.Media
	master  *m3u8.Multivariant
	problem string

	mu      sync.Mutex
	ladders map[*profile.Profile]*ladder
}

type ladder struct {
	once    sync.Once
	ladder  *player.Ladder
	problem string
}

// A generation ends at so many playlists or bytes of them.
const (
	maxParsed      = 4096
	maxParsedBytes = 32 << 20
)

func newParses(classify player.Classify) *parses {
	return &parses{
		classify: classify,
		seeds:    [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		now:      map[parseKey]*parsed{},
	}
}

// entry returns the place of a body; the caller parses if it is the first.
func (c *parses) entry(kind m3u8.Kind, base string, body []byte, imports *m3u8.Multivariant) *parsed {
	k := parseKey{url: base, length: len(body), imports: imports, kind: kind}
	for i := range k.sums {
		k.sums[i] = maphash.Bytes(c.seeds[i], body)
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
	if len(c.now) >= maxParsed || c.size > maxParsedBytes {
		c.last, c.now, c.size = c.now, map[parseKey]*parsed{}, 0
	}
	c.now[k] = p
	c.size += len(body)
	return p
}

// parsedCount is how many playlists were parsed.
func (c *parses) parsedCount() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// media returns the media playlist in a body, or what is wrong with it.
func (c *parses) media(base string, body []byte, imports *m3u8.Multivariant) (*m3u8.Media, string) {
	p := c.entry(m3u8.KindMedia, base, body, imports)
	p.once.Do(func() {
		opt := m3u8.Options{}
		opt.Base, p.problem = parseBase(base)
		if imports != nil {
			opt.Imports = imports.Variables()
		}
		if p.problem == "" {
			m, err := m3u8.ParseMedia(body, opt)
			if err != nil {
				p.problem = err.Error()
				return
			}
			p.media = m
		}
	})
	return p.media, p.problem
}

// ladder returns the multivariant playlist in a body as the profile sees it, or
// what is wrong with it. The playlist itself is returned when it defines
// variables that its media playlists may import.
func (c *parses) ladder(base string, body []byte, prof *profile.Profile) (*player.Ladder, *m3u8.Multivariant, string) {
	p := c.entry(m3u8.KindMultivariant, base, body, nil)
	p.once.Do(func() {
		opt := m3u8.Options{}
		opt.Base, p.problem = parseBase(base)
		if p.problem == "" {
			m, err := m3u8.ParseMultivariant(body, opt)
			if err != nil {
				p.problem = err.Error()
				return
			}
			p.master = m
		}
	})
	if p.problem != "" {
		return nil, nil, p.problem
	}
	p.mu.Lock()
	l := p.ladders[prof]
	if l == nil {
		if p.ladders == nil {
			p.ladders = map[*profile.Profile]*ladder{}
		}
		l = new(ladder)
		p.ladders[prof] = l
	}
	p.mu.Unlock()
	l.once.Do(func() {
		var err error
		if l.ladder, err = player.NewLadder(p.master, prof, c.classify); err != nil {
			l.problem = err.Error()
		}
	})
	if p.master.Variables() == nil {
		return l.ladder, nil, l.problem
	}
	return l.ladder, p.master, l.problem
}

func parseBase(base string) (*url.URL, string) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, "url of the playlist: " + err.Error()
	}
	return u, ""
}
