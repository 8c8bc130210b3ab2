package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/player"
	"hlsload/player/content"
	"hlsload/player/m3u8"
	"hlsload/run/client"
)

// failureOfBody classifies the error that ended a body.
func failureOfBody(err error) player.Failure {
	if errors.Is(err, client.ErrTooLarge) {
		return player.TooLarge
	}
	return player.Truncated
}

// maxPooled is the largest buffer that is kept for another playlist.
const maxPooled = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// playlist reads the body of a playlist, decodes and parses it.
func (s *session) playlist(ctx context.Context, fl *flight, res *client.Response, r *transfer, base string) {
	hooked := s.chaos != nil
	if !hooked && !s.notify(ctx, fl, false) {
		return
	}
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= maxPooled {
			buffers.Put(buf)
		}
	}()
	held := hold{h: &s.f.holding}
	defer held.end()
	if err := s.read(ctx, fl, res, r, buf, &held); err != nil {
		if hooked && !s.notify(ctx, fl, false) {
			return
		}
		s.fail(fl, failureOfBody(err), err)
		return
	}
	body := encoded{base: base, body: buf.Bytes(), coding: res.Encoding}
	if hooked || fl.in != nil {
		// Faults and tokens need the text. The parser refuses a body that cannot be
		// decoded.
		if text, err := client.Decode(body.body, body.coding, s.f.parses.most[fl.kind]); err == nil {
			body.body, body.coding = fl.in.pass().SharedBody(text), ""
			held.take(int64(len(text)))
		}
	}
	if hooked {
		body.body = bytes.Clone(body.body)
		if body.body = s.rewritten(ctx, fl, body.body); body.body == nil {
			return
		}
	}
	if fl.head.Status < 200 || fl.head.Status > 299 {
		s.complete(fl)
		return
	}
	s.client.Leads(base)
	var err error
	if fl.kind == m3u8.KindMedia {
		fl.end.Media, err = s.f.parses.media(body, fl.imports, s.cohort.profile)
	} else {
		fl.end.Ladder, fl.master, err = s.f.parses.ladder(body, s.cohort.profile)
	}
	switch {
	case errors.Is(err, client.ErrTooLarge):
		s.fail(fl, player.TooLarge, err)
		return
	case err != nil:
		fl.end.Problem = s.hide(fl, err)
		if body.coding == "" {
			fl.end.Content = content.Of(body.body, true, false)
		}
	}
	s.complete(fl)
}

// read reads a whole body at the pace of the link.
func (s *session) read(ctx context.Context, fl *flight, res *client.Response, r *transfer, buf *bytes.Buffer, held *hold) error {
	most := s.f.parses.most[fl.kind]
	comes := s.f.ceiling.begin(res.Size)
	defer comes.end()
	for {
		buf.Grow(2048)
		room := buf.AvailableBuffer()
		n, err := res.Body.Read(room[:cap(room)])
		buf.Write(room[:n])
		fl.bytes.Add(int64(n))
		held.take(int64(n))
		comes.got(s.f.now(), int64(n))
		if int64(buf.Len()) > most {
			return fmt.Errorf("%w: %v playlist (want at most %d bytes)", client.ErrTooLarge, fl.kind, most)
		}
		if err == io.EOF {
			return s.arrive(ctx, r, int64(buf.Len()), nil)
		}
		if err != nil {
			return s.arrive(ctx, r, int64(buf.Len()), err)
		}
	}
}

// arrive waits until the last n bytes read have arrived over the link. It returns
// why the body ended early; nil = it is complete.
func (s *session) arrive(ctx context.Context, r *transfer, n int64, broken error) error {
	if r != nil {
		if err := s.link.finish(ctx, r, n, broken != nil); err != nil {
			return err
		}
	}
	return broken
}

// rewritten applies faults via viewer to a playlist and returns the body that the
// player gets; nil = the fetch has ended.
func (s *session) rewritten(ctx context.Context, fl *flight, body []byte) []byte {
	seen, effect := s.chaos.Answer(s.f.now(), &fl.thing, fl.url, chaos.Answer{Status: fl.head.Status, Body: body})
	if !s.applyEffect(ctx, fl, effect) {
		return nil
	}
	if seen.Status != fl.head.Status || !bytes.Equal(body, seen.Body) {
		fl.head.Status, fl.head.Size = seen.Status, int64(len(seen.Body))
		fl.bytes.Store(fl.head.Size)
	}
	if !s.notify(ctx, fl, false) {
		return nil
	}
	if effect.Truncate {
		fl.bytes.Store(fl.bytes.Load() / 2)
		s.fail(fl, player.Truncated, errCut)
		return nil
	}
	if seen.Body == nil {
		return []byte{}
	}
	return seen.Body
}

// applyEffect delays, hangs or breaks the answer; false = the fetch has ended.
func (s *session) applyEffect(ctx context.Context, fl *flight, e chaos.Effect) bool {
	fl.mark(e.Marks)
	switch {
	case e.Reset:
		fl.head.Status, fl.head.FirstByte = 0, 0
		fl.bytes.Store(0)
		s.fail(fl, player.Reset, nil)
		return false
	case e.Hang:
		fl.bytes.Store(0)
		<-ctx.Done()
		return false
	}
	if e.Delay > 0 && !sleep(ctx, e.Delay) {
		return false
	}
	if e.Delay > 0 {
		fl.head.FirstByte = s.f.now()
	}
	return true
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// media reads the body of a segment, an initialization section or a key. Only its
// first bytes are kept.
func (s *session) media(ctx context.Context, fl *flight, res *client.Response, r *transfer) {
	most := s.f.parses.most[fl.kind]
	cut := int64(-1)
	if s.chaos != nil {
		seen, effect := s.chaos.Answer(s.f.now(), &fl.thing, fl.url, chaos.Answer{Status: fl.head.Status})
		if !s.applyEffect(ctx, fl, effect) {
			return
		}
		if seen.Status != fl.head.Status { // without a body; the body of the real answer is not read
			fl.head.Status, fl.head.Size = seen.Status, 0
			s.bodiless(ctx, fl, r)
			return
		}
		if effect.Truncate {
			cut = max(fl.head.Size, 0) / 2
		}
	}
	if fl.request.Method == "HEAD" {
		s.bodiless(ctx, fl, r)
		return
	}
	if res.Size > most {
		s.fail(fl, player.TooLarge, fmt.Errorf("%w: %v (got %d bytes; want at most %d)", client.ErrTooLarge, fl.kind, res.Size, most))
		return
	}
	if !s.notify(ctx, fl, false) {
		return
	}
	if err := s.drain(ctx, fl, res, r, cut); err != nil {
		s.fail(fl, failureOfBody(err), err)
		return
	}
	s.complete(fl)
}

// bodiless completes a flight without a body.
func (s *session) bodiless(ctx context.Context, fl *flight, r *transfer) {
	if s.arrive(ctx, r, 0, nil) == nil && s.notify(ctx, fl, false) {
		s.complete(fl)
	}
}

// errCut is the error of a body that a fault truncates.
var errCut = errors.New("the body was cut short")

// drain drops a body at the pace of the link, after sniffing its first bytes; with
// cut ≥ 0 it stops there with an error.
func (s *session) drain(ctx context.Context, fl *flight, res *client.Response, r *transfer, cut int64) (err error) {
	most, room := s.f.parses.most[fl.kind], int64(1<<30)
	comes := s.f.ceiling.begin(res.Size)
	defer comes.end()
	sniff := client.Sniffer{Init: fl.kind == m3u8.KindInit}
	if res.Status/100 == 2 && res.Encoding == "" {
		sniff.Begin()
		defer func() {
			sniff.End(err == nil)
			fl.end.Opening, fl.end.Content = sniff.Opening, sniff.Content
			if fl.kind == m3u8.KindKey {
				fl.end.Content = keyContent(sniff.Content, fl.bytes.Load())
			}
		}()
	}
	if r != nil {
		s.link.mu.Lock()
		room = s.link.ahead(s.f.now())
		s.link.mu.Unlock()
	}
	for {
		if cut >= 0 {
			room = min(room, cut-fl.bytes.Load())
			if room == 0 {
				return s.arrive(ctx, r, 0, errCut)
			}
		}
		var n int64
		if sniff.Looking() {
			n, err = sniff.Read(res.Body, room)
		} else {
			n, err = res.Body.Discard(room)
		}
		total := fl.bytes.Add(n)
		comes.got(s.f.now(), n)
		if total > most {
			return fmt.Errorf("%w: %v (want at most %d bytes)", client.ErrTooLarge, fl.kind, most)
		}
		switch {
		case err == io.EOF || total == res.Size:
			return s.arrive(ctx, r, n, nil)
		case err != nil:
			return s.arrive(ctx, r, n, err)
		case r != nil && n > 0:
			if room, err = s.link.offer(ctx, r, n); err != nil {
				return err
			}
		}
	}
}

// keyContent is the kind of content of a key: 16 bytes are a key of AES-128, whatever
// they look like.
func keyContent(is content.Kind, size int64) content.Kind {
	switch {
	case size == 16:
		return content.Media
	case is == content.Media, is == content.Short:
		return content.Binary
	}
	return is
}
