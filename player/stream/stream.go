package stream

import (
	"iter"
	"slices"
	"strings"

	"hlsload/player/m3u8"
)

// Unknown is the pipeline of a playlist that is not known to belong to one.
const Unknown = -1

// Stream is a stream of one or more redundant pipelines.
type Stream struct {
	Lists     []*m3u8.Multivariant
	Variants  []*m3u8.Variant      // of all lists, each URL once
	Pipelines int                  // 1 = nothing is redundant
	Pairs     [][2]*m3u8.Variant   // copies: one of the first pipeline, one of the second
	Alone     []*m3u8.Variant      // variants of one of the two that the other lacks
	Media     [][2]*m3u8.Rendition // the same for EXT-X-MEDIA that has a playlist
	// byQuery: playlists of one host and path differ by their queries.
	byQuery bool
	of      map[string]int // pipelines of media playlists by their names
	globs   []string
}

// Read reads the multivariant playlists of a stream. Each of two lists its own
// pipeline first. Globs decide when there are any: the first that matches host
// and path of a media playlist is its pipeline.
func Read(lists []*m3u8.Multivariant, globs []string) *Stream {
	s := &Stream{Lists: lists, Pipelines: 1, of: map[string]int{}, globs: globs}
	for _, mv := range lists {
		places := map[string]string{}
		for u := range urlsOf(mv) {
			first, ok := places[Place(u)]
			s.byQuery = s.byQuery || ok && first != u
			places[Place(u)] = u
		}
	}
	s.Variants = s.listed(lists...)
	if len(globs) == 0 {
		s.assign()
		for _, mv := range lists {
			s.assignRenditions(mv)
		}
	} else {
		for _, mv := range lists {
			for u := range urlsOf(mv) {
				s.set(u, s.byGlob(u))
			}
		}
	}
	var of [2][]*m3u8.Variant
	for _, v := range s.Variants {
		if p := s.Pipeline(v.URL); p == 0 || p == 1 {
			of[p] = append(of[p], v)
		}
	}
	s.Pairs, s.Alone = pair(of[0], of[1], func(a, b *m3u8.Variant) bool { return a.Height == b.Height })
	s.pairRenditions()
	return s
}

// Pipeline is the pipeline of a media playlist. What a session adds to the query
// of its URLs does not matter.
func (s *Stream) Pipeline(u string) int {
	if p, ok := s.of[s.name(u)]; ok {
		return p
	}
	return s.byGlob(u)
}

// OwnOnly reports whether each multivariant playlist lists its own pipeline only.
func (s *Stream) OwnOnly() bool {
	for i, mv := range s.Lists {
		for k := range mv.Variants {
			if s.Pipeline(mv.Variants[k].URL) != i {
				return false
			}
		}
	}
	return len(s.Lists) > 1
}

// set sets the pipeline of a playlist that has none yet.
func (s *Stream) set(u string, pipeline int) {
	if _, ok := s.of[s.name(u)]; !ok {
		s.of[s.name(u)] = pipeline
		s.Pipelines = max(s.Pipelines, pipeline+1)
	}
}

// name is what identifies a playlist.
func (s *Stream) name(u string) string {
	if s.byQuery {
		return u
	}
	return Place(u)
}

// listed are the variants of lists that have a playlist, each once.
func (s *Stream) listed(lists ...*m3u8.Multivariant) (vs []*m3u8.Variant) {
	seen := map[string]bool{}
	for _, mv := range lists {
		for i := range mv.Variants {
			if v := &mv.Variants[i]; v.URL != "" && !seen[s.name(v.URL)] {
				seen[s.name(v.URL)] = true
				vs = append(vs, v)
			}
		}
	}
	return vs
}

func (s *Stream) byGlob(u string) int {
	place := Place(u)
	return slices.IndexFunc(s.globs, func(glob string) bool { return matches(glob, place) })
}

// urlsOf yields the media playlists of a multivariant playlist.
func urlsOf(mv *m3u8.Multivariant) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range mv.Variants {
			if u := mv.Variants[i].URL; u != "" && !yield(u) {
				return
			}
		}
		for i := range mv.Renditions {
			if u := mv.Renditions[i].URL; u != "" && !yield(u) {
				return
			}
		}
	}
}

// assignRenditions gives a rendition the pipeline of the variants that name its
// group. When variants of several pipelines do, the one whose URLs are most
// like its own.
func (s *Stream) assignRenditions(mv *m3u8.Multivariant) {
	for i := range mv.Renditions {
		r := &mv.Renditions[i]
		if r.URL == "" {
			continue
		}
		best, common := Unknown, -1
		for k := range mv.Variants {
			v := &mv.Variants[k]
			if v.URL == "" || groupOf(v, r.Type) != r.GroupID {
				continue
			}
			if n := prefix(Place(r.URL), Place(v.URL)); n > common {
				best, common = s.Pipeline(v.URL), n
			}
		}
		if best != Unknown {
			s.set(r.URL, best)
		}
	}
}

// groupOf is the group of renditions of a type that a variant names.
func groupOf(v *m3u8.Variant, kind string) string {
	switch kind {
	case "AUDIO":
		return v.Audio
	case "VIDEO":
		return v.Video
	}
	return v.Subtitles
}

// prefix counts the directories that two places share, the host being one.
func prefix(a, b string) (n int) {
	for i := 0; i < min(len(a), len(b)) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// pairRenditions pairs renditions of two pipelines: of the same type and
// language, and of the same name if there is one.
func (s *Stream) pairRenditions() {
	var of [2][]*m3u8.Rendition
	seen := map[string]bool{}
	for _, mv := range s.Lists {
		for i := range mv.Renditions {
			r := &mv.Renditions[i]
			if p := s.Pipeline(r.URL); r.URL != "" && !seen[s.name(r.URL)] && (p == 0 || p == 1) {
				seen[s.name(r.URL)] = true
				of[p] = append(of[p], r)
			}
		}
	}
	for _, a := range of[0] {
		best := -1
		for i, b := range of[1] {
			if a.Type == b.Type && a.Language == b.Language && (best < 0 || a.Name == b.Name && of[1][best].Name != a.Name) {
				best = i
			}
		}
		if best >= 0 {
			s.Media = append(s.Media, [2]*m3u8.Rendition{a, of[1][best]})
			of[1] = slices.Delete(of[1], best, best+1)
		}
	}
}

// Place is the host and the path of a URL, which globs match.
func Place(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// Path is the path of an absolute URL.
func Path(u string) string {
	place := Place(u)
	if i := strings.IndexByte(place, '/'); i >= 0 {
		return place[i:]
	}
	return "/"
}

// matches reports whether a glob matches; * stands for any text, / included.
func matches(glob, s string) bool {
	parts := strings.Split(glob, "*")
	if len(parts) == 1 {
		return glob == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}
