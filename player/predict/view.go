package predict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/player/stream"
)

// View is a multivariant playlist as one profile sees it.
type View struct {
	Levels   []Level // by increasing quality
	Pathways int     // groups of variants that a player moves between as a whole; 1 = none
	Demuxed  bool    // audio comes by itself
}

// Level is one quality.
type Level struct {
	Rate int64 // BANDWIDTH, bit/s
	// Copies are the pipelines of its copies by pathway; absent = none there.
	Copies []int
}

const absent = -2

// See arranges the variants as the profile does. pipeline tells to which
// pipeline a media playlist belongs, -1 = unknown.
func See(mv *m3u8.Multivariant, p *player.Profile, pipeline func(url string) int) *View {
	v := &View{}
	type group struct {
		height int
		Level
	}
	var groups []group
	groupOf := map[string]int{}
	pathwayOf, listed := map[string]int{}, map[string]int{}
	audio := map[string]bool{}
	for i := range mv.Renditions {
		if r := &mv.Renditions[i]; r.Type == "AUDIO" && r.URL != "" {
			audio[r.GroupID] = true
		}
	}
	for i := range mv.Variants {
		va := &mv.Variants[i]
		if va.URL == "" {
			continue
		}
		v.Demuxed = v.Demuxed || audio[va.Audio]
		key, way := fmt.Sprint(i), 0
		if p.Grouping.Redundant != player.GroupNone {
			key = stream.Key(va, p.Grouping.Key)
		}
		if p.Grouping.Redundant != player.GroupNone {
			// Without a PATHWAY-ID, the n-th copy is on the n-th generated pathway.
			listed[key]++
			name := va.PathwayID
			if name == "" {
				name = strings.Repeat(".", listed[key])
			}
			known := false
			if way, known = pathwayOf[name]; !known {
				way = len(pathwayOf)
				pathwayOf[name] = way
			}
		}
		g, ok := groupOf[key]
		if ok && way < len(groups[g].Copies) && groups[g].Copies[way] != absent {
			ok = false // a twin on the same pathway is a level of its own
		}
		if !ok {
			g = len(groups)
			groupOf[key] = g
			groups = append(groups, group{height: va.Height, Level: Level{Rate: va.Bandwidth}})
		}
		for len(groups[g].Copies) <= way {
			groups[g].Copies = append(groups[g].Copies, absent)
		}
		groups[g].Copies[way] = pipeline(va.URL)
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.height, b.height), cmp.Compare(a.Rate, b.Rate))
	})
	v.Pathways = max(len(pathwayOf), 1)
	for _, g := range groups {
		for len(g.Copies) < v.Pathways {
			g.Copies = append(g.Copies, absent)
		}
		v.Levels = append(v.Levels, g.Level)
	}
	return v
}

// Redundant counts the levels that have copies of more than one pipeline, by
// pathway or as another level of the same rate next to them.
func (v *View) Redundant() int {
	n := 0
	for i := range v.Levels {
		seen := map[int]bool{}
		for _, c := range v.Levels[i].Copies {
			if c != absent {
				seen[c] = true
			}
		}
		if len(seen) > 1 {
			n++
		}
	}
	return n
}
