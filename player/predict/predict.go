package predict

import (
	"fmt"
	"time"

	"hlsload/player"
	"hlsload/player/link"
)

// Kind says what goes wrong.
type Kind uint8

// The faults of one pipeline.
const (
	Kill    Kind = iota // it writes nothing more, and its playlists are missing
	Freeze              // its playlists answer and no longer change
	Missing             // its segments are missing, its playlists are fine
	Hang                // its segments are never answered, its playlists are fine
)

// Fault is what goes wrong, and for how long.
type Fault struct {
	Kind     Kind
	Pipeline int
	For      time.Duration // 0 = it does not end
	Recovery time.Duration // how long afterwards outages are counted
	// Stale is when the playlists of a pipeline that no longer writes are
	// deleted, in target durations after its last write: 0 = they are missing
	// from the onset, less = they stay.
	Stale        float64
	WholeSeconds bool // the last write counts as of the whole second before
	// Cached reports that caches go on serving segments which were asked for
	// before the onset.
	Cached bool
	Played time.Duration // for how long viewers have played at the onset, on average; 0 = long
}

// Shape is a stream, and the way to it.
type Shape struct {
	Target, Segment time.Duration
	Window          time.Duration // media listed
	HoldBack        time.Duration // stated by the playlist; 0 = not
	Init            bool          // segments need initialization sections
	Undated         bool          // segments have no EXT-X-PROGRAM-DATE-TIME
	TTL             time.Duration // for how long caches keep a playlist
	Latency         time.Duration // of the server
	Network         *link.Config  // of the viewer
	Unlike          string        // why nothing is predicted for such a stream; "" = it is
}

// End is how it ends for a player.
type End string

// The ends.
const (
	FailsOver End = "fails over"
	Waits     End = "waits" // plays what it has, then stands until the fault is over
	Dies      End = "dies"  // the session ends with an error
	Untouched End = "untouched"
)

// Prediction is what the players of a profile that watch the pipeline will do.
type Prediction struct {
	Detection, Failover Spread // after the onset
	// Outage is how long nothing plays. Never is for good.
	Outage Spread
	// Stands is from when on a player stands, after the onset.
	Stands   Spread
	Requests float64 // to the pipeline that failed, until a player has failed over or stands, p50
	Ends     map[End]float64
	End      End // of most
	// Unknown says why there is no prediction; "" = there is one.
	Unknown string
}

// Bounds of what is predicted. A prediction takes a bounded time whatever a
// profile does: long faults are watched by fewer players, and steps are counted.
const (
	points     = 64 // players, each with phases of its own
	fewest     = 8
	warm       = time.Minute      // how long players have played that have played for long
	settled    = 30 * time.Second // how long a player that came through is followed when the fault does not end
	endless    = 5 * time.Minute  // how long one is followed that does not
	watched    = points * 5 * time.Minute
	longest    = 4 * time.Hour
	maxSteps   = 2_000_000 // of all players of one prediction
	maxLevels  = 128
	maxSegment = 10 * time.Minute
	maxListed  = 10_000
)

// Predict says what players of a profile will do.
func (w *World) Predict(p *player.Profile, f *Fault) *Prediction {
	key := cell{p, *f}
	out := w.known[key]
	if out == nil {
		out = w.predict(p, f)
		w.known[key] = out
	}
	return out
}

func (w *World) predict(p *player.Profile, f *Fault) *Prediction {
	life := endless
	if f.For > 0 {
		life = f.For + f.Recovery
	}
	why := w.unlike()
	if why == "" && life > longest {
		why = "it lasts longer than predictions look ahead"
	}
	if why != "" {
		return &Prediction{Unknown: why}
	}
	n := min(max(int(watched/life), fewest), points)
	var records []record
	// Players begin with what is listed first. Where that is another pipeline,
	// the ones that watch this one were given the other multivariant playlist.
	for _, first := range []int{anyPipeline, f.Pipeline} {
		ladder, err := w.ladder(p, first)
		if err != nil {
			return &Prediction{Unknown: err.Error()}
		}
		if records, err = w.watch(p, ladder, f, n, life); err != nil {
			return &Prediction{Unknown: err.Error()}
		}
		if len(records) > 0 {
			break
		}
	}
	return summed(records)
}

// watch has n players watch the stream, and returns what the fault did to those
// that it touched.
func (w *World) watch(p *player.Profile, ladder *player.Ladder, f *Fault, n int, life time.Duration) ([]record, error) {
	v := newViewer(w, p, ladder, f)
	if f.Kind == Missing && f.Cached {
		for i := range fewest { // what they ask for before
			v.watch(i, 0)
		}
	}
	var out []record
	for i := range n {
		if !v.watch(i, life) {
			return nil, fmt.Errorf("players of %s act more often than can be followed", p.ID)
		}
		if v.touched {
			out = append(out, v.record)
		}
	}
	return out, nil
}

// summed is what became of all.
func summed(records []record) *Prediction {
	out := &Prediction{Ends: map[End]float64{}, End: Untouched}
	var detection, failover, outage, stands, asked []time.Duration
	for i := range records {
		r := &records[i]
		detection, failover = append(detection, r.detected), append(failover, r.moved)
		outage, stands = append(outage, r.outage), append(stands, r.stands)
		asked = append(asked, time.Duration(r.asked))
		out.Ends[r.end()] += 1 / float64(len(records))
	}
	if len(records) == 0 {
		out.Ends[Untouched] = 1
		outage, asked = []time.Duration{0}, []time.Duration{0}
	}
	out.Detection, out.Failover, out.Outage, out.Stands = spreadOf(detection), spreadOf(failover), spreadOf(outage), spreadOf(stands)
	out.Requests = float64(spreadOf(asked).P50)
	for _, e := range []End{FailsOver, Waits, Dies} {
		if out.Ends[e] > out.Ends[out.End] {
			out.End = e
		}
	}
	return out
}

// Back is after how long a player that failed over asks again for something of
// what failed, while it goes on failing. Never = it does not, within a quarter of
// an hour; ok = false: it does not fail over.
func (w *World) Back(p *player.Profile) (after time.Duration, ok bool) {
	if w.unlike() != "" {
		return Never, false
	}
	ladder, err := w.ladder(p, anyPipeline)
	if err != nil {
		return Never, false
	}
	f := &Fault{Pipeline: ladder.Renditions[0].Pipeline}
	v := newViewer(w, p, ladder, f)
	v.looks = true
	var all []time.Duration
	for i := range 5 {
		if v.watch(i, 15*time.Minute) && v.touched && v.end() == FailsOver {
			all = append(all, v.back)
		}
	}
	return spreadOf(all).P50, len(all) > 0
}
