package fleet

import (
	"context"
	"errors"
	"hash/maphash"
	"sync/atomic"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/cmcd"
	"hlsload/player/m3u8"
	"hlsload/reports/record"
	"hlsload/run/client"
)

// flight is one fetch of a player. Its goroutine writes head and end before it
// hands them over; the rest is set before it begins, or atomic.
type flight struct {
	id      player.FetchID
	kind    m3u8.Kind
	url     string
	request client.Request
	list    int  // rendition of a media playlist
	rewound bool // the media sequence number went back
	thing   chaos.Thing
	imports *m3u8.Multivariant // of a media playlist
	span    span
	begun   []*flight // fetches that its end began
	in      *admitted // of its request

	bytes    atomic.Int64 // of the body, so far
	transfer atomic.Pointer[transfer]
	marks    atomic.Uint64
	hops     atomic.Int32 // requests sent: one, and one more for each redirect
	meta     atomic.Pointer[record.Meta]

	asked  time.Duration // when the session began it
	sent   time.Duration
	head   player.Event
	end    player.Event
	ended  bool               // end is there
	master *m3u8.Multivariant // of the End of a multivariant playlist that defines variables
}

// progress is how many bytes of the body the player has.
func (fl *flight) progress(s *shaper) int64 {
	if r := fl.transfer.Load(); r != nil {
		return s.progress(r)
	}
	return fl.bytes.Load()
}

// stop ends the fetch.
func (fl *flight) stop() {
	fl.span.end()
	if r := fl.transfer.Load(); r != nil {
		r.wake()
	}
}

// mark keeps the faults that affected the fetch.
func (fl *flight) mark(m chaos.Marks) { fl.marks.Or(uint64(m)) }

// known is what is known about the answer, complete or not.
func (fl *flight) known() record.Meta {
	m := record.Meta{}
	if p := fl.meta.Load(); p != nil {
		m = *p
	} else {
		m.URL = hashURL(fl.url)
	}
	m.Marks |= chaos.Marks(fl.marks.Load())
	m.Rewound, m.Host = fl.rewound, client.HostPart(fl.url)
	m.Redirects = max(int(fl.hops.Load())-1, 0)
	return m
}

var urlSeed = maphash.MakeSeed()

func hashURL(u string) uint64 { return max(1, maphash.String(urlSeed, u)) }

// fetch performs a flight and notifies the session. Once the context has ended, or
// the fleet was halted, it reports no failure: it would not be the target's.
func (s *session) fetch(fl *flight) {
	ctx := &fl.span
	fl.sent = s.f.now()
	err := s.carry(ctx, fl)
	if ctx.Err() != nil || s.f.why.Load() != nil || errors.Is(err, errHalted) {
		return // it was not sent, or was cut, because the fleet is about to halt or has halted
	}
	if err != nil {
		s.fail(fl, client.Failure(err), err)
	}
	if fl.ended { // its connection is free for the next one
		s.notify(ctx, fl, true)
	}
}

// carry performs the requests and reads the body; an error is one before the head of
// the answer.
func (s *session) carry(ctx context.Context, fl *flight) error {
	var res client.Response
	r := fl.transfer.Load()
	if r != nil {
		defer func() { s.link.leave(r) }()
	}
	hop, asked := uint32(0), fl.request.URL
	base, err := s.client.Do(ctx, &fl.request, &res, func(ctx context.Context, e client.Engine, req *client.Request, res *client.Response) error {
		fl.hops.Add(1)
		if s.link == nil {
			return e.Send(ctx, req, res)
		}
		if hop > 0 {
			s.link.leave(r) // the redirected request
			r = s.link.start(hop<<28|uint32(fl.id), client.HostPart(req.URL))
			fl.transfer.Store(r)
		}
		hop++
		late, err := s.link.reach(ctx, r)
		if err != nil {
			return err
		}
		fl.sent += late
		if err := e.Send(ctx, req, res); err != nil {
			return err
		}
		if !res.Multiplexed && client.IsTLS(req.URL) {
			s.link.http1(client.HostPart(req.URL))
		}
		if err := s.link.answer(ctx, r); err != nil {
			res.Body.Close()
			return err
		}
		if client.Redirects(res) {
			return s.link.finish(ctx, r, 0, false)
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	// URLs in playlists and in the cache of parses are the shared ones, without the
	// session's own query and token.
	if base == asked {
		base = fl.url
	}
	if s.cmcd != nil {
		base = cmcd.CutQuery(base)
	}
	base = fl.in.pass().Shared(base)
	fl.meta.Store(&record.Meta{Outcome: res.CDN.Outcome(), URL: hashURL(fl.url)})
	fl.mark(res.Marks)
	fl.head = player.Event{Type: player.Head, Fetch: fl.id, Status: res.Status, Size: res.Size, Sent: fl.sent, FirstByte: s.f.now()}
	switch {
	case fl.kind == m3u8.KindMultivariant || fl.kind == m3u8.KindMedia:
		s.playlist(ctx, fl, &res, r, base)
	default:
		s.media(ctx, fl, &res, r)
	}
	return nil
}

// complete ends the flight with an answer.
func (s *session) complete(fl *flight) {
	fl.ended = true
	fl.end.Type, fl.end.Fetch = player.End, fl.id
	fl.end.Status, fl.end.Size = fl.head.Status, fl.head.Size
	fl.end.Sent, fl.end.FirstByte = fl.sent, fl.head.FirstByte
	fl.end.Bytes = fl.bytes.Load()
}

// fail ends the flight without a complete answer.
func (s *session) fail(fl *flight, why player.Failure, err error) {
	fl.ended = true
	fl.end = player.Event{Type: player.Failed, Fetch: fl.id, Failure: why, Status: fl.head.Status, Size: fl.head.Size,
		Sent: fl.sent, FirstByte: fl.head.FirstByte, Bytes: fl.bytes.Load()}
	if err != nil {
		fl.end.Problem = s.hide(fl, err)
		s.f.noteLocal(err, fl.end.Problem)
	}
}

// hide is an error's text without the session's secrets.
func (s *session) hide(fl *flight, err error) string {
	return fl.in.hide(s.client.Hide(&fl.request, err.Error()))
}
