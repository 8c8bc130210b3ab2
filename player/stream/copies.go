package stream

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hlsload/player/m3u8"
)

// Attributes by which variants are compared.
const (
	Bandwidth  = "bandwidth"         // BANDWIDTH
	Resolution = "resolution"        // RESOLUTION
	FrameRate  = "frame-rate"        // FRAME-RATE
	Codecs     = "codecs"            // CODECS
	VideoRange = "video-range"       // VIDEO-RANGE
	HDCP       = "hdcp-level"        // HDCP-LEVEL
	StableID   = "stable-variant-id" // STABLE-VARIANT-ID
)

// Attributes are all of them.
var Attributes = []string{Bandwidth, Resolution, FrameRate, Codecs, VideoRange, HDCP, StableID}

// Attribute is the value of one of these attributes.
func Attribute(v *m3u8.Variant, name string) string {
	switch name {
	case Bandwidth:
		return fmt.Sprint(v.Bandwidth)
	case Resolution:
		return fmt.Sprintf("%dx%d", v.Width, v.Height)
	case FrameRate:
		return fmt.Sprint(v.FrameRate)
	case Codecs:
		return v.Codecs
	case VideoRange:
		return v.VideoRange
	case HDCP:
		return v.HDCPLevel
	case StableID:
		return v.StableVariantID
	}
	return ""
}

// Key is equal for variants that agree in the attributes.
func Key(v *m3u8.Variant, attributes []string) string {
	var b strings.Builder
	for _, a := range attributes {
		b.WriteString(Attribute(v, a) + "|")
	}
	return b.String()
}

// exactly are the attributes in which exact copies agree.
var exactly = []string{Bandwidth, Resolution, FrameRate, Codecs, VideoRange}

// assign gives every variant its pipeline.
func (s *Stream) assign() {
	if len(s.Lists) > 1 && s.disjoint() {
		s.assignLists()
		return
	}
	for i, p := range arrange(s.Variants) {
		s.set(s.Variants[i].URL, p)
	}
}

// disjoint reports whether the lists have no variant in common.
func (s *Stream) disjoint() bool {
	n := 0
	for _, mv := range s.Lists {
		n += len(s.listed(mv))
	}
	return n == len(s.Variants)
}

// assignLists gives each of several lists without a common URL a pipeline, unless
// they are one list of several pipelines at several hosts.
func (s *Stream) assignLists() {
	paths := map[string]int{}
	first := s.listed(s.Lists[0])
	arranged := arrange(first)
	for i, v := range first {
		paths[Path(v.URL)] = arranged[i]
	}
	strange := func(v *m3u8.Variant) bool { _, ok := paths[Path(v.URL)]; return !ok }
	one := slices.ContainsFunc(arranged, func(p int) bool { return p > 0 }) && !slices.ContainsFunc(s.Variants, strange)
	for i, mv := range s.Lists {
		for _, v := range s.listed(mv) {
			if one {
				s.set(v.URL, paths[Path(v.URL)])
			} else {
				s.set(v.URL, i)
			}
		}
	}
}

// arrange numbers the variants of a list by pipeline. The first of these that
// holds decides:
//
//  1. PATHWAY-ID: a pathway is a pipeline.
//  2. The host, a directory or the file name has two values, and each variant
//     of the one has a near copy at the other.
//  3. There are exact copies of every variant, equally many.
//  4. There are near copies of every variant, equally many.
//  5. Some variants have exact copies.
//
// Without any of them there is one pipeline.
func arrange(vs []*m3u8.Variant) []int {
	numbers, names := number(vs, func(v *m3u8.Variant) string { return cmp.Or(v.PathwayID, ".") })
	if names > 1 {
		return numbers
	}
	if numbers = splitByPlace(vs); numbers != nil {
		return numbers
	}
	exact, _ := number(vs, func(v *m3u8.Variant) string { return Key(v, exactly) })
	numbers, every := copies(exact)
	if every {
		return numbers
	}
	if numbers, every := copies(nearly(vs)); every {
		return numbers
	}
	return numbers
}

// number numbers the names of variants in listed order, and returns how many
// there are.
func number(vs []*m3u8.Variant, name func(*m3u8.Variant) string) ([]int, int) {
	of := map[string]int{}
	numbers := make([]int, len(vs))
	for i, v := range vs {
		n, ok := of[name(v)]
		if !ok {
			n = len(of)
			of[name(v)] = n
		}
		numbers[i] = n
	}
	return numbers, len(of)
}

// maxElements is how many elements of a URL are looked at.
const maxElements = 16

// splitByPlace numbers variants by the first element of their places that has two
// values which separate near copies; nil = there is none.
func splitByPlace(vs []*m3u8.Variant) []int {
	places := map[*m3u8.Variant][]string{}
	for _, v := range vs {
		places[v] = strings.SplitN(Place(v.URL), "/", maxElements)
	}
	for k := range maxElements {
		numbers, n := number(vs, func(v *m3u8.Variant) string {
			if k < len(places[v]) {
				return places[v][k]
			}
			return ""
		})
		if n != 2 {
			continue
		}
		var of [2][]*m3u8.Variant
		for i, v := range vs {
			of[numbers[i]] = append(of[numbers[i]], v)
		}
		if pairs, _ := pair(of[0], of[1], near); len(pairs) == min(len(of[0]), len(of[1])) {
			return numbers
		}
	}
	return nil
}

// nearly numbers variants so that near copies have one number.
func nearly(vs []*m3u8.Variant) []int {
	var firsts []*m3u8.Variant
	numbers := make([]int, len(vs))
	for i, v := range vs {
		numbers[i] = slices.IndexFunc(firsts, func(first *m3u8.Variant) bool { return near(first, v) })
		if numbers[i] < 0 {
			numbers[i] = len(firsts)
			firsts = append(firsts, v)
		}
	}
	return numbers
}

// copies numbers those of one class in listed order, and reports whether all
// classes have equally many, and more than one.
func copies(classes []int) (numbers []int, every bool) {
	sizes := map[int]int{}
	for _, c := range classes {
		numbers = append(numbers, sizes[c])
		sizes[c]++
	}
	for _, n := range sizes {
		if n < 2 || n != sizes[0] {
			return numbers, false
		}
	}
	return numbers, true
}

// near reports whether one variant may be a copy of the other, by what they say
// of their pictures and with bandwidths that a quarter sets apart at most.
func near(a, b *m3u8.Variant) bool {
	return unlike(a, b) == 0 && 4*max(a.Bandwidth, b.Bandwidth) <= 5*min(a.Bandwidth, b.Bandwidth)
}

// unlike counts in what the pictures of two variants differ, apart from rates.
func unlike(a, b *m3u8.Variant) (n int) {
	differ := func(is, stated bool) {
		if is && stated {
			n++
		}
	}
	x, y := pictures(a.Codecs), pictures(b.Codecs)
	differ(a.Width != b.Width || a.Height != b.Height, true)
	differ(x != y, x != "" && y != "")
	differ(a.VideoRange != b.VideoRange, a.VideoRange != "" && b.VideoRange != "")
	differ(a.FrameRate != b.FrameRate, a.FrameRate > 0 && b.FrameRate > 0)
	return n
}

// pictures is the family of the video codec; "" = not stated.
func pictures(codecs string) string {
	for c := range strings.SplitSeq(codecs, ",") {
		switch c = strings.TrimSpace(c); c[:min(3, len(c))] {
		case "avc", "dvh", "av0", "vp0":
			return c[:3]
		case "hvc", "hev":
			return "hvc"
		}
	}
	return ""
}

// pair pairs variants of a with those of b that fit and are most alike, each
// once, and returns those that remain.
func pair(a, b []*m3u8.Variant, fit func(a, b *m3u8.Variant) bool) (pairs [][2]*m3u8.Variant, alone []*m3u8.Variant) {
	b = slices.Clone(b)
	closer := func(v, x, y *m3u8.Variant) bool {
		return cmp.Or(cmp.Compare(unlike(v, x), unlike(v, y)), cmp.Compare(apart(v, x), apart(v, y))) < 0
	}
	for _, v := range a {
		best := -1
		for i, w := range b {
			if fit(v, w) && (best < 0 || closer(v, w, b[best])) {
				best = i
			}
		}
		if best < 0 {
			alone = append(alone, v)
			continue
		}
		pairs = append(pairs, [2]*m3u8.Variant{v, b[best]})
		b = slices.Delete(b, best, best+1)
	}
	return pairs, append(alone, b...)
}

// apart is how far two variants are apart in bandwidth.
func apart(a, b *m3u8.Variant) int64 { return max(a.Bandwidth-b.Bandwidth, b.Bandwidth-a.Bandwidth) }
