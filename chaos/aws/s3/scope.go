package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"hlsload/chaos"
	"hlsload/player/m3u8"
)

// scope is which objects a fault is about.
type scope struct {
	Bucket    string   `json:"bucket"`
	Owner     string   `json:"owner"`               // account
	Patterns  []string `json:"patterns"`            // of keys, each ends in *
	Rendition string   `json:"rendition,omitempty"` // "" = all
	Kinds     []string `json:"kinds,omitempty"`     // of objects; nil = everything
}

func (d *Driver) scope(f *chaos.Fault, kinds ...m3u8.Kind) scope {
	s := scope{Bucket: d.Config.Bucket, Owner: d.Config.Account, Rendition: f.Rendition, Patterns: []string{d.Config.Prefix + "*"}}
	switch {
	case f.Pipeline >= 0 && f.Pipeline < len(d.Config.Pipelines):
		s.Patterns = []string{d.Config.Pipelines[f.Pipeline]}
	case len(d.Config.Pipelines) > 0:
		s.Patterns = d.Config.Pipelines
	}
	for _, k := range kinds {
		s.Kinds = append(s.Kinds, k.String())
	}
	return s
}

func (s *scope) is(kind m3u8.Kind) bool { return slices.Contains(s.Kinds, kind.String()) }

// resolved reports whether the keys have to be looked up: playlists are named one
// by one, since a pattern cannot tell a multivariant playlist from the others.
func (s *scope) resolved() bool { return len(s.Kinds) > 0 || s.Rendition != "" }

// String describes the scope to people.
func (s *scope) String() string {
	what := "everything"
	if len(s.Kinds) > 0 {
		what = strings.Join(s.Kinds, ", ") + " objects"
	}
	if s.Rendition != "" {
		what += " of rendition " + s.Rendition
	}
	what += " in " + strings.Join(s.Patterns, ", ")
	if s.resolved() {
		what += " (which keys those are is looked up when the fault begins)"
	}
	return what
}

// object is a playlist in the bucket.
type object struct {
	key, etag, version string
	modified           time.Time
	media              *m3u8.Media        // of a media playlist
	multi              *m3u8.Multivariant // of a multivariant one
	body               []byte
	kind, control      string // Content-Type, Cache-Control
}

// Bounds of what is looked at.
const (
	maxKeys      = 50_000
	maxPlaylists = 200
	maxPlaylist  = 4 << 20
)

// playlists reads the playlists in the scope's patterns, all renditions.
func (d *Driver) playlists(ctx context.Context, s *scope) ([]object, error) {
	var all []object
	seen := 0
	for _, p := range s.Patterns {
		pages := s3.NewListObjectsV2Paginator(d.API, &s3.ListObjectsV2Input{Bucket: &s.Bucket, ExpectedBucketOwner: &s.Owner, Prefix: sdk.String(strings.TrimSuffix(p, "*"))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("listing %s of bucket %s: %w", p, s.Bucket, err)
			}
			if seen += len(page.Contents); seen > maxKeys {
				return nil, fmt.Errorf("too many objects in %s of bucket %s (got more than %d; want a narrower pattern)", p, s.Bucket, maxKeys)
			}
			for _, o := range page.Contents {
				if key := sdk.ToString(o.Key); strings.HasSuffix(key, ".m3u8") && !slices.ContainsFunc(all, func(o object) bool { return o.key == key }) {
					all = append(all, object{key: key})
				}
			}
		}
	}
	if len(all) > maxPlaylists {
		return nil, fmt.Errorf("too many playlists in %s of bucket %s (got %d; want at most %d)", strings.Join(s.Patterns, ", "), s.Bucket, len(all), maxPlaylists)
	}
	kept := all[:0]
	for i := range all {
		o := &all[i]
		if err := d.read(ctx, s, o); missing(err) {
			continue // deleted since it was listed
		} else if err != nil {
			return nil, err
		}
		kept = append(kept, *o)
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no playlist in %s of bucket %s (want the channel to write there)", strings.Join(s.Patterns, ", "), s.Bucket)
	}
	return kept, nil
}

// read reads one playlist.
func (d *Driver) read(ctx context.Context, s *scope, o *object) error {
	out, err := d.API.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: &o.key, ExpectedBucketOwner: &s.Owner})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	if o.body, err = io.ReadAll(io.LimitReader(out.Body, maxPlaylist)); err != nil {
		return fmt.Errorf("reading %s: %w", o.key, err)
	}
	o.etag, o.version, o.modified = sdk.ToString(out.ETag), sdk.ToString(out.VersionId), sdk.ToTime(out.LastModified)
	o.kind, o.control = sdk.ToString(out.ContentType), sdk.ToString(out.CacheControl)
	p, err := m3u8.Parse(o.body, m3u8.Options{Base: &url.URL{Path: "/" + o.key}})
	if err != nil {
		return fmt.Errorf("%s is no playlist: %w", o.key, err)
	}
	switch p := p.(type) {
	case *m3u8.Media:
		o.media = p
	case *m3u8.Multivariant:
		o.multi = p
	}
	return nil
}

// keyOf is the key that a URL in a playlist of the bucket stands for, "" when
// it is elsewhere.
func keyOf(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Host != "" {
		return ""
	}
	return strings.TrimPrefix(p.Path, "/")
}

// selected are the media playlists of the scope's rendition, the multivariant
// playlists, and all of them.
func (d *Driver) selected(ctx context.Context, s *scope) (media, multi, all []object, err error) {
	if all, err = d.playlists(ctx, s); err != nil {
		return nil, nil, nil, err
	}
	for _, o := range all {
		if o.media != nil {
			media = append(media, o)
		} else {
			multi = append(multi, o)
		}
	}
	if media, err = s.pick(media, multi); err != nil {
		return nil, nil, nil, err
	}
	return media, multi, all, nil
}

// pick chooses the media playlists of the scope's rendition. Index and rank are
// those of the multivariant playlists of each pipeline.
func (s *scope) pick(media, multi []object) ([]object, error) {
	if s.Rendition == "" {
		return media, nil
	}
	var picked []object
	add := func(key string) {
		for _, o := range media {
			if o.key == key && !slices.ContainsFunc(picked, func(p object) bool { return p.key == key }) {
				picked = append(picked, o)
			}
		}
	}
	index, err := strconv.Atoi(s.Rendition)
	ranked := err == nil || s.Rendition == "lowest" || s.Rendition == "highest"
	for _, pattern := range s.Patterns {
		of := func(key string) bool { return strings.HasPrefix(key, strings.TrimSuffix(pattern, "*")) }
		if !ranked {
			for _, o := range media {
				if of(o.key) && named(o.key, s.Rendition) {
					add(o.key)
				}
			}
			continue
		}
		for _, m := range multi {
			if !of(m.key) {
				continue
			}
			variants := ladder(m.multi, of)
			switch {
			case len(variants) == 0:
			case s.Rendition == "lowest":
				add(slices.MinFunc(variants, byRate).key)
			case s.Rendition == "highest":
				add(slices.MaxFunc(variants, byRate).key)
			case index >= 0 && index < len(variants):
				add(variants[index].key)
			}
			break
		}
	}
	if len(picked) == 0 {
		var names []string
		for _, o := range media {
			names = append(names, o.key)
		}
		return nil, fmt.Errorf("no media playlist of rendition %s (got %s)", s.Rendition, short(names))
	}
	return picked, nil
}

// rung is a variant's media playlist and its rate.
type rung struct {
	key  string
	rate int64
}

func byRate(a, b rung) int { return cmp.Compare(a.rate, b.rate) }

// ladder lists the media playlists of one pipeline as its multivariant playlist
// does.
func ladder(m *m3u8.Multivariant, of func(key string) bool) []rung {
	var all []rung
	for i := range m.Variants {
		key := keyOf(m.Variants[i].URL)
		if key != "" && of(key) && !slices.ContainsFunc(all, func(r rung) bool { return r.key == key }) {
			all = append(all, rung{key, m.Variants[i].Bandwidth})
		}
	}
	return all
}

// named reports whether a key is that of a rendition's playlist: its whole name,
// or its end after something that is neither letter nor digit.
func named(key, rendition string) bool {
	stem := strings.TrimSuffix(path.Base(key), ".m3u8")
	rest, ok := strings.CutSuffix(stem, rendition)
	if !ok || rest == "" {
		return ok
	}
	last := rest[len(rest)-1]
	return !(last >= '0' && last <= '9' || last >= 'a' && last <= 'z' || last >= 'A' && last <= 'Z')
}

// keys are the keys of the scope's playlists, by kind.
func (d *Driver) keys(ctx context.Context, s *scope) ([]object, error) {
	media, multi, _, err := d.selected(ctx, s)
	if err != nil {
		return nil, err
	}
	var all []object
	if len(s.Kinds) == 0 || s.is(m3u8.KindMedia) {
		all = append(all, media...)
	}
	if s.is(m3u8.KindMultivariant) {
		all = append(all, multi...)
	}
	if len(all) == 0 {
		return nil, errors.New("no such playlist there")
	}
	return all, nil
}

// patterns are the keys of the scope for a policy: playlists by name, segments
// by what their names begin with.
func (d *Driver) patterns(ctx context.Context, s *scope) ([]string, error) {
	if !s.resolved() {
		return s.Patterns, nil
	}
	media, multi, all, err := d.selected(ctx, s)
	if err != nil {
		return nil, err
	}
	every := len(s.Kinds) == 0
	var out []string
	if every || s.is(m3u8.KindMedia) {
		for _, o := range media {
			out = append(out, o.key)
		}
	}
	if s.is(m3u8.KindMultivariant) || every && s.Rendition == "" {
		for _, o := range multi {
			out = append(out, o.key)
		}
	}
	for _, o := range media {
		for _, kind := range []m3u8.Kind{m3u8.KindSegment, m3u8.KindInit, m3u8.KindKey} {
			if !every && !s.is(kind) {
				continue
			}
			keys := contents(o.media, kind)
			if kind == m3u8.KindSegment && len(keys) > 0 {
				p, err := begin(o.key, keys, all)
				if err != nil {
					return nil, err
				}
				keys = []string{p}
			}
			out = append(out, keys...)
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, fmt.Errorf("no such objects (want %s)", s)
	}
	return out, nil
}

// contents are the keys of the objects of a kind that a playlist lists.
func contents(m *m3u8.Media, kind m3u8.Kind) []string {
	var out []string
	add := func(u string) {
		if key := keyOf(u); key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	for i := range m.Segments {
		s := &m.Segments[i]
		switch kind {
		case m3u8.KindSegment:
			add(s.URL)
		case m3u8.KindInit:
			if s.Map != nil {
				add(s.Map.URL)
			}
		}
	}
	return out
}

// begin is what the names of all segments of a playlist begin with, as a
// pattern. It must not be the beginning of other playlists' names.
func begin(playlist string, segments []string, others []object) (string, error) {
	stem := strings.TrimSuffix(playlist, ".m3u8")
	for _, s := range segments {
		if !strings.HasPrefix(s, stem) {
			return "", fmt.Errorf("segments are not named as their playlist (got %s in %s; want them to begin with %s)", s, playlist, stem)
		}
	}
	// The separator after the stem keeps index_1 from reaching index_10.
	if rest := segments[0][len(stem):]; rest != "" && strings.ContainsAny(rest[:1], "_-.") {
		stem += rest[:1]
	}
	for _, o := range others {
		if o.key != playlist && strings.HasPrefix(o.key, stem) {
			return "", fmt.Errorf("a pattern for the segments of %s would reach %s too (got %s*)", playlist, o.key, stem)
		}
	}
	return stem + "*", nil
}
