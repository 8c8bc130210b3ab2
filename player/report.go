package player

import (
	"strings"

	"hlsload/player/cmcd"
	"hlsload/player/m3u8"
)

// Report is what the player says to a CDN with a fetch that it has just asked
// for: call it with the action before the next Step. The session's id and
// whether playback ran dry since the request before are for the driver to fill
// in; see [Player.Stalls].
func (p *Player) Report(a *Action) cmcd.Report {
	r := cmcd.Empty()
	r.Format, r.Startup = "h", p.state != playing
	if r.Rate = 0; p.state == playing {
		r.Rate = 1 + float64(p.rate)
	}
	if m := p.main.media; m != nil {
		if r.Stream = "l"; !p.main.live() {
			r.Stream = "v"
		}
	}
	if p.estimate.Measured() {
		r.Measured = int64(p.estimate.Rate())
	}
	switch a.Kind {
	case m3u8.KindMultivariant, m3u8.KindMedia:
		r.Object = "m"
	case m3u8.KindInit:
		r.Object = "i"
	case m3u8.KindKey:
		r.Object = "k"
	case m3u8.KindSegment:
		p.reportSegment(a, &r)
	}
	return r
}

func (p *Player) reportSegment(a *Action, r *cmcd.Report) {
	t := p.track(a.Track)
	r.Buffer = 0
	if t.filled {
		r.Buffer = p.ahead(t)
	}
	if p.state == playing {
		r.Deadline = p.lasts(r.Buffer)
	}
	f := p.byID(a.Fetch)
	if f == nil {
		return
	}
	if f.seg != nil {
		r.Duration = f.seg.Duration
	}
	if a.Track == AudioTrack {
		r.Object = "a" // EXT-X-MEDIA states no bitrate
		return
	}
	rendition := &p.ladder.Renditions[f.rendition]
	if rendition.Variant == nil {
		r.Object = "a"
		return
	}
	l := &p.ladder.Levels[f.level]
	r.Bitrate = l.Bandwidth
	for i := range p.ladder.Levels {
		r.Top = max(r.Top, p.ladder.Levels[i].Bandwidth)
	}
	r.Object = objectOf(rendition.Variant, p.audio != nil && p.audio.active())
}

// objectOf is what the segments of a variant hold, "" when it is not stated.
func objectOf(v *m3u8.Variant, demuxed bool) string {
	video, audio := codecsOf(v.Codecs)
	switch {
	case demuxed, video && !audio:
		return "v"
	case video:
		return "av"
	case audio:
		return "a"
	case v.Width > 0:
		return "av"
	}
	return ""
}

// codecsOf returns which kinds of media a CODECS attribute lists. What is neither
// audio nor text is video.
func codecsOf(codecs string) (video, audio bool) {
	for c := range strings.SplitSeq(codecs, ",") {
		c = strings.ToLower(strings.TrimSpace(c))
		kind, _, _ := strings.Cut(c, ".")
		switch kind {
		case "", "stpp", "wvtt":
		case "mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "dtsc", "dtse", "dtsx":
			audio = true
		default:
			video = true
		}
	}
	return video, audio
}

// Stalls is how often playback ran dry.
func (p *Player) Stalls() int { return int(p.stalls) }
