package player

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hlsload/player/m3u8"
	"hlsload/player/stream"
)

// Ladder is a multivariant playlist as one profile sees it. It is immutable
// and shared by all players of that profile that fetched the same playlist.
type Ladder struct {
	Renditions []Rendition // every media playlist: variants in listed order, then audio
	Levels     []Level     // by increasing quality, as the profile groups them
	Pathways   []string    // in listed order; the first is where a player starts
	Start      *m3u8.Start
	FirstLevel int  // index of the first listed variant's level
	Captions   bool // closed captions are announced, or their absence
	// PerPipeline is how many renditions the pipeline with the most has.
	PerPipeline int
	Ranks       int // how many ranks of bandwidth there are
}

// Rendition is one media playlist of the presentation.
type Rendition struct {
	URL      string
	Name     string // the last path element without its suffix
	Track    Track
	Pipeline int           // as the driver classified it; -1 = unknown
	Rank     int           // of its bandwidth among the video renditions, 0 = lowest; -1 for audio
	Variant  *m3u8.Variant // nil for audio
	GroupID  string        // audio
	Index    int           // in listed order, among those of its pipeline
	Level    int           // index in Levels; -1 for audio
	Pathway  int           // index in Pathways
}

// Level is one quality: a variant per pathway.
type Level struct {
	Bandwidth int64   // BANDWIDTH, bit/s
	Average   int64   // AVERAGE-BANDWIDTH, or Bandwidth
	Width     int     // of RESOLUTION; 0 = unknown
	Height    int     // of RESOLUTION; 0 = unknown
	ByPathway []int16 // index in Renditions; -1 = not offered there
	// AudioByPathway is the audio rendition that goes with it; -1 = muxed.
	AudioByPathway []int16
}

// Classify returns the pipeline that a media playlist belongs to, -1 = unknown. A
// player does not use it; it only copies it into its samples.
type Classify func(url string) int

// NewLadder arranges a multivariant playlist the way the profile does. It
// fails when nothing in it can be played, or the player does not accept
// what is odd in it.
func NewLadder(mv *m3u8.Multivariant, p *Profile, classify Classify) (*Ladder, error) {
	if f := mv.Findings.Of(p.Refuses(m3u8.KindMultivariant)); f != nil {
		return nil, fmt.Errorf("%s refuses the multivariant playlist: %v", p.ID, f)
	}
	if len(mv.Variants) == 0 {
		return nil, fmt.Errorf("multivariant playlist: no EXT-X-STREAM-INF; want at least one variant")
	}
	l := &Ladder{Start: mv.Start}
	audio, copies := audioRenditions(mv), p.Read.Is.Copies()
	type key struct {
		k       string
		pathway int
	}
	levelOf := map[string]int{}
	seen := map[string]int{} // grouping key -> how often it was listed
	pathwayOf := map[string]int{}
	pathway := func(name string) int {
		if i, ok := pathwayOf[name]; ok {
			return i
		}
		pathwayOf[name] = len(l.Pathways)
		l.Pathways = append(l.Pathways, name)
		return len(l.Pathways) - 1
	}
	order := make([]int, 0, len(mv.Variants)) // rendition -> level, before sorting
	taken := map[key]bool{}
	for i := range mv.Variants {
		v := &mv.Variants[i]
		if v.URL == "" {
			continue
		}
		k, name := fmt.Sprint(i), "."
		if len(copies) > 0 {
			k, name = stream.Key(v, copies), v.PathwayID
			if name == "" {
				// Redundant variants become generated pathways ".", "..",
				// as hls.js 1.7 and media3 1.10 name them.
				name = strings.Repeat(".", seen[k]+1)
			}
			seen[k]++
		}
		pw := pathway(name)
		if taken[key{k, pw}] {
			k = fmt.Sprintf("%s#%d", k, i) // a twin within one pathway is a level of its own
		}
		taken[key{k, pw}] = true
		lv, ok := levelOf[k]
		if !ok {
			lv = len(l.Levels)
			levelOf[k] = lv
			l.Levels = append(l.Levels, Level{Bandwidth: v.Bandwidth, Average: cmp.Or(v.AverageBandwidth, v.Bandwidth), Width: v.Width, Height: v.Height})
		}
		order = append(order, lv)
		l.Renditions = append(l.Renditions, Rendition{
			URL: v.URL, Name: nameOf(v.URL), Track: MainTrack, Pipeline: -1, Variant: v, GroupID: v.Audio, Pathway: pw,
		})
	}
	if len(l.Renditions) == 0 {
		return nil, fmt.Errorf("multivariant playlist: no variant has a usable URI")
	}
	for i := range mv.Variants {
		l.Captions = l.Captions || mv.Variants[i].ClosedCaptions != ""
	}
	for i := range mv.Renditions {
		l.Captions = l.Captions || mv.Renditions[i].Type == "CLOSED-CAPTIONS"
	}
	l.sortLevels(order)
	l.rank()
	l.addAudio(audio)
	if p.Startup.Playlists.Is.firstSound() {
		l.addSound()
	}
	l.number(classify)
	l.FirstLevel = l.Renditions[0].Level
	return l, nil
}

// sortLevels orders levels by bandwidth and fills the tables between levels,
// pathways and renditions.
func (l *Ladder) sortLevels(order []int) {
	perm := make([]int, len(l.Levels))
	for i := range perm {
		perm[i] = i
	}
	slices.SortStableFunc(perm, func(a, b int) int {
		return cmp.Or(cmp.Compare(l.Levels[a].Height, l.Levels[b].Height), cmp.Compare(l.Levels[a].Bandwidth, l.Levels[b].Bandwidth))
	})
	levels, where := make([]Level, len(perm)), make([]int, len(perm))
	for to, from := range perm {
		levels[to], where[from] = l.Levels[from], to
		levels[to].ByPathway = fill(len(l.Pathways))
		levels[to].AudioByPathway = fill(len(l.Pathways))
	}
	l.Levels = levels
	for i := range l.Renditions {
		r := &l.Renditions[i]
		r.Level = where[order[i]]
		l.Levels[r.Level].ByPathway[r.Pathway] = int16(i)
	}
}

// number gives every rendition its pipeline and its place there.
func (l *Ladder) number(classify Classify) {
	count := map[int]int{}
	for i := range l.Renditions {
		r := &l.Renditions[i]
		if classify != nil {
			r.Pipeline = classify(r.URL)
		}
		r.Index = count[r.Pipeline]
		count[r.Pipeline]++
		l.PerPipeline = max(l.PerPipeline, count[r.Pipeline])
	}
}

func fill(n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

// rank numbers the video renditions by bandwidth; equal bandwidths share one.
func (l *Ladder) rank() {
	var rates []int64
	for i := range l.Renditions {
		rates = append(rates, l.Renditions[i].Variant.Bandwidth)
	}
	ranks, n := m3u8.Ranks(rates)
	for i, rank := range ranks {
		l.Renditions[i].Rank = rank
	}
	l.Ranks = n
}

// addAudio appends the audio renditions that variants refer to.
func (l *Ladder) addAudio(groups map[string]*m3u8.Rendition) {
	index := map[string]int{}
	for i := range l.Levels {
		for pw, ri := range l.Levels[i].ByPathway {
			if ri < 0 {
				continue
			}
			group := l.Renditions[ri].GroupID
			a := groups[group]
			if a == nil {
				continue
			}
			at, ok := index[a.URL]
			if !ok {
				at = len(l.Renditions)
				index[a.URL] = at
				l.Renditions = append(l.Renditions, Rendition{
					URL: a.URL, Name: nameOf(a.URL), Track: AudioTrack, Pipeline: -1, Rank: -1, GroupID: group, Level: -1, Pathway: pw,
				})
			}
			l.Levels[i].AudioByPathway[pw] = int16(at)
		}
	}
}

// addSound gives levels that carry their own sound that of the first listed
// variant instead.
func (l *Ladder) addSound() {
	first := &l.Renditions[0]
	if l.Levels[first.Level].AudioByPathway[first.Pathway] >= 0 {
		return
	}
	for i := range l.Levels {
		for pw, ri := range l.Levels[i].ByPathway {
			if ri > 0 && l.Levels[i].AudioByPathway[pw] < 0 {
				l.Levels[i].AudioByPathway[pw] = 0
			}
		}
	}
}

// silent reports whether the sound of a variant comes by itself.
func (l *Ladder) silent(rendition int) bool {
	r := &l.Renditions[rendition]
	if r.Track == AudioTrack {
		return false
	}
	a := l.Levels[r.Level].AudioByPathway[r.Pathway]
	return a >= 0 && l.Renditions[a].Track == AudioTrack
}

// audioRenditions picks one rendition of each audio group: the default one,
// else the first that may be selected automatically, else the first. Those
// without a URI are carried in the variant (rfc8216bis 4.4.6.2.1).
func audioRenditions(mv *m3u8.Multivariant) map[string]*m3u8.Rendition {
	best := map[string]*m3u8.Rendition{}
	score := func(r *m3u8.Rendition) int {
		switch {
		case r.Default:
			return 2
		case r.Autoselect:
			return 1
		}
		return 0
	}
	for i := range mv.Renditions {
		r := &mv.Renditions[i]
		if r.Type != "AUDIO" {
			continue
		}
		if b := best[r.GroupID]; b == nil || score(r) > score(b) {
			best[r.GroupID] = r
		}
	}
	for g, r := range best {
		if r.URL == "" {
			delete(best, g)
		}
	}
	return best
}

// nameOf is the last path element without query and suffix, and without the
// base name "index" that packagers put before a rendition's own name.
func nameOf(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	url = url[strings.LastIndexByte(url, '/')+1:]
	if i := strings.LastIndexByte(url, '.'); i > 0 {
		url = url[:i]
	}
	if name := strings.TrimPrefix(url, "index_"); name != "" {
		return name
	}
	return url
}

// Single is the multivariant playlist of a stream that has only one media
// playlist.
func Single(url string) *m3u8.Multivariant {
	return &m3u8.Multivariant{Variants: []m3u8.Variant{{URI: url, URL: url, Bandwidth: 1}}}
}
