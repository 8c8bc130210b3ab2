package chaos

import (
	"strconv"
	"strings"

	"hlsload/player/draw"
	"hlsload/player/m3u8"
)

var shareRule = draw.NewRule("chaos/share")

// Selects reports whether a thing is among those that the fault hits. What is
// not known about the thing is not selected: a fault of pipeline 0 leaves a
// request of unknown pipeline alone. Which viewers belong to a share depends on seed,
// player number and entry only, so every occurrence hits the same viewers.
func (f *Fault) Selects(t *Thing, seed draw.Seed) bool {
	return f.kindMask()>>t.Kind&1 != 0 && f.selects(t, seed)
}

// selects is Selects for a thing whose kind of request is known to fit.
func (f *Fault) selects(t *Thing, seed draw.Seed) bool {
	return f.selectsObject(t) && (f.Pop == Any || f.Pop == t.Pop) && f.SelectsViewer(t, seed)
}

// selectsObject is selects whatever the edge and the viewer.
func (f *Fault) selectsObject(t *Thing) bool {
	return (f.Pipeline == Any || f.Pipeline == t.Pipeline) && (f.Rendition == "" || f.selectsRendition(t))
}

// SelectsViewer reports whether the viewer is among those that the fault hits,
// whatever is asked for.
func (f *Fault) SelectsViewer(t *Thing, seed draw.Seed) bool {
	if f.Cohort != "" && (!t.HasViewer || f.Cohort != t.Cohort) {
		return false
	}
	if f.Share == 0 || f.Share >= 1 {
		return true
	}
	return t.HasViewer && seed.For(t.Viewer).Uniform(shareRule, uint64(f.Rule)) < f.Share
}

func (f *Fault) selectsRendition(t *Thing) bool {
	if t.Rendition == Any {
		return false
	}
	if f.Rendition == t.Name || ofHeight(f.Rendition, t.Name) {
		return true
	}
	switch f.Rendition {
	case "lowest":
		return t.Rank == 0
	case "highest":
		return t.Rank != Any && t.Rank == t.Renditions-1
	}
	i, err := strconv.ParseUint(f.Rendition, 10, 31)
	return err == nil && int(i) == t.Rendition
}

// ofHeight reports whether a height such as 720p is that of a rendition named by its size,
// such as 1280x720.
func ofHeight(height, name string) bool {
	lines, ok := strings.CutSuffix(height, "p")
	name, _, _ = strings.Cut(name, "_") // the rate, where sizes repeat
	_, rows, sized := strings.Cut(name, "x")
	return ok && sized && lines == rows
}

// kindMask has the bit of every kind of request that the fault hits.
func (f *Fault) kindMask() uint {
	if f.Kinds != nil {
		return mask(f.Kinds)
	}
	return mask(f.Kind.Spec().Requests)
}

func mask(kinds []m3u8.Kind) uint {
	var m uint
	for _, k := range kinds {
		m |= 1 << k
	}
	return m
}
