package run

import (
	"context"
	"sync"
	"time"

	"hlsload/chaos"
	"hlsload/run/crew/protocol"
	"hlsload/run/look"
	"hlsload/stage"
)

// Bounds of reading the playlists at the onset of a fault that all players see as they are then.
const (
	listsTime  = 2 * time.Second
	listsBytes = protocol.MaxEntry / 2 // an entry has them in base64, with all that is around them
)

// lists are the media playlists that a fault may affect, as they are now. What cannot be read
// in time is left out: then each agent shows what its own players saw last.
func (r *live) lists(f *chaos.Fault) (all []playlist) {
	ctx, cancel := context.WithTimeout(context.Background(), listsTime)
	defer cancel()
	var mu sync.Mutex
	var reads sync.WaitGroup
	size := 0
	for _, u := range r.mediaOf(f) {
		reads.Go(func() {
			defer r.guard()
			body := r.readList(ctx, u)
			mu.Lock()
			defer mu.Unlock()
			if n := len(body) + len(u); body != nil && size+n <= listsBytes {
				size += n
				all = append(all, playlist{u, body})
			}
		})
	}
	reads.Wait()
	return all
}

// mediaOf are the URLs of the media playlists that a fault may affect.
func (r *live) mediaOf(f *chaos.Fault) (urls []string) {
	if s := r.target.stream; s != nil {
		return s.watched(f)
	}
	l, err := stage.Ladder(r.target.urls[0], r.target.channel, r.sc.Fleet.Profiles[0])
	if err != nil {
		return nil // the run would not have begun
	}
	for i := range l.Renditions {
		if f.Pipeline == chaos.Any || l.Renditions[i].Pipeline == f.Pipeline {
			urls = append(urls, l.Renditions[i].URL)
		}
	}
	return urls
}

// readList is the body of a media playlist; nil = it cannot be read.
func (r *live) readList(ctx context.Context, u string) []byte {
	if s := r.target.stream; s != nil {
		if _, a, err := s.readMedia(ctx, u); err == nil {
			return a.Body
		}
		return nil
	}
	fetch := look.New(look.Config{On: r.cfg.Network.Target, Timeout: listsTime})
	defer fetch.Close()
	if a, err := fetch.Playlist(ctx, u); err == nil {
		return a.Body
	}
	return nil
}
