package chaos

import (
	"slices"
	"time"

	"hlsload/player/m3u8"
)

// Faults of playlists.
var playlistKinds = []Spec{
	{
		Kind: PlaylistFreeze, Vias: writers, Requests: playlists,
		Doc:       "the playlist stops advancing, with status 200 and no sign of an error",
		Changes:   "media playlists stay as they were when the fault began",
		Selectors: objects, Params: fields(start, stop),
		Part: PartStore, NeedsWriter: true, ShowsInPlaylists: true,
		rewriting: rewriting{pins: always, shows: pinned}, awsCannot: inBucket,
	},
	{
		Kind: PlaylistDelete, Vias: writers, Requests: playlists,
		Doc:       "the playlist is gone",
		Changes:   "playlists are answered 404",
		Selectors: append(slices.Clone(objects), byRequest("which kind of playlist", "media", m3u8.KindMultivariant, m3u8.KindMedia)),
		Params:    fields(once, start, stop),
		Part:      PartStore, ShowsInPlaylists: true,
		rewriting: rewriting{pins: isOnce, missing: deleted}, awsCannot: deleteOnAWS,
	},
	{
		Kind: PlaylistRollback, Vias: writers, Requests: playlists,
		Doc:       "the playlist loses its newest segments",
		Changes:   "media playlists end some segments early",
		Selectors: objects, Params: fields(bySegments, start, stop),
		Part: PartStore, ShowsInPlaylists: true,
		rewriting: rewriting{edit: rollback}, awsCannot: inBucket,
	},
	{
		Kind: PlaylistEndlist, Vias: writers, Requests: playlists,
		Doc:       "the playlist says that the stream is over",
		Changes:   "media playlists carry EXT-X-ENDLIST",
		Selectors: objects, Params: fields(start, stop),
		Part: PartStore, NeedsWriter: true, EndsStream: true, ShowsInPlaylists: true,
		rewriting: rewriting{edit: end}, awsCannot: inBucket,
	},
}

var (
	once = Field{Name: "once", Type: "true or false", Default: "false", Doc: "healed by the next write", Says: "once",
		of: func(f *Fault) any { return &f.Once }}
	bySegments = Field{Name: "by", Type: "count", Required: true, Doc: "number of segments to go back, 1 to 1000", Least: 1, Most: 1000, Says: "by %s segments",
		of: func(f *Fault) any { return &f.Segments },
		wrong: func(f *Fault) string {
			return unless(f.Segments >= 1 && f.Segments <= 1000, "count of segments out of range (got %d; want 1 to 1000)", f.Segments)
		}}
)

func isOnce(f *Fault) bool { return f.Once }

func deleted(_ *Rewriter, _ time.Duration, w *Window, _ string, m *memory) bool {
	if !w.Fault.Once || m == nil {
		return true
	}
	p := m.pinned(w.Fault)
	return p == nil || !p.healed
}

func rollback(e edits, f *Fault) edits {
	e.drop = min(e.drop+f.Segments, 1000)
	return e
}

func end(e edits, _ *Fault) edits {
	e.end = true
	return e
}

func deleteOnAWS(a *AWS, f *Fault) objection {
	top := f.hits(m3u8.KindMultivariant)
	return first(inBucket(a, f),
		demand(!top || a.AllowMultivariant, "kind", "encoders write a multivariant playlist only once (got no aws.allow_multivariant; want kind: media, or aws.allow_multivariant: true and a bucket with versions)"),
		a.sticky(top, "a multivariant playlist that is deleted"))
}
