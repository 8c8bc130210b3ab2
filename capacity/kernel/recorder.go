package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
	"hlsload/reports/cdn"
	"hlsload/reports/record"
)

// Slot is the resolution of the response to joining, and Fine that of the response to a fault.
const (
	Slot = time.Second
	Fine = 100 * time.Millisecond
)

// instant is how long requests may be apart that come at the same time: about as long as a fetch
// takes. tick is the resolution of [Came].
const (
	instant  = 10 * time.Millisecond
	instants = int(Fine / instant)
	tick     = 2 * time.Millisecond
	ticks    = int(instant / tick)
	slotted  = int(Fine / tick)
)

// ageStep and ageSteps are the resolution of [Spread], and how far it goes.
const (
	ageStep  = 100 * time.Millisecond
	ageSteps = 600
)

// Class is requests that a cache treats alike.
type Class struct {
	Kind      m3u8.Kind
	Pipeline  int8 // -1 = unknown
	Rendition int8 // in listed order of its pipeline, audio last; -1 = of no rendition
	// Status is that of the error in place of what was asked for; 0 = none, [Missing] = what the
	// origin has for a key that is not there.
	Status int16
}

// Missing is the status of what the origin does not have: one of 404 and 403, by its setting.
const Missing = -1

// Setup says what a recorder listens to.
type Setup struct {
	Cohorts []string
	// Renditions are where the renditions of the samples are in listed order of their pipeline, by
	// cohort: profiles may number them differently.
	Renditions [][]int8
	// Missing is the status of what the origin does not have.
	Missing int
	// Segment is how often the channel has a new segment. Yields are the cohorts whose players load a
	// playlist again sooner when it brought nothing new. A reload of one of them, as long after the one
	// before as there is from segment to segment, makes way: where it would come too early for the news,
	// it moves.
	Segment time.Duration
	Yields  []bool
	// Settled is how long after its arrival a viewer is in the steady state.
	Settled time.Duration
	// From and To are the window of the steady state; To is the onset of the fault, or the end.
	From, To time.Duration
	// Fault is the name of the fault that begins at To; "" = none. Until is the end of its
	// response.
	Fault string
	Until time.Duration
	// Then are further faults, in order of time, before Until. Each has a response of its own, from
	// its onset to that of the next one.
	Then []Onset
}

// Onset is when a fault begins.
type Onset struct {
	Name  string
	At    time.Duration
	Marks uint64 // as record.Meta.Marks: those of its answers
}

// Check reports what is wrong with a setup.
func (s *Setup) Check() error {
	switch {
	case len(s.Cohorts) == 0 || len(s.Renditions) != len(s.Cohorts):
		return fmt.Errorf("kernel: %d cohorts with renditions for %d (want at least one, and renditions for each)", len(s.Cohorts), len(s.Renditions))
	case s.Settled <= 0 || s.From < s.Settled || s.To <= s.From:
		return fmt.Errorf("kernel: settled after %v, steady from %v to %v (want each later than the one before)", s.Settled, s.From, s.To)
	case !slices.IsSortedFunc(s.Then, func(a, b Onset) int { return cmp.Compare(a.At, b.At) }) || len(s.Then) > 0 && (s.Then[0].At <= s.To || s.Then[len(s.Then)-1].At >= s.Until):
		return fmt.Errorf("kernel: fault %s from %v to %v, and then %v (want the others after its onset, in order of time)", s.Fault, s.To, s.Until, s.Then)
	case s.Fault != "" && s.Until <= s.To:
		return fmt.Errorf("kernel: fault %s from %v to %v (want an end after the onset)", s.Fault, s.To, s.Until)
	}
	return nil
}

// Recorder counts what the viewers of one simulation ask for.
type Recorder struct {
	setup   Setup
	seats   map[*record.Session]*seat
	index   map[Class]int
	classes []Class
	cohorts []counts
	first   map[object]time.Duration // when an object was asked for at first
	asked   map[object][]asked       // in the steady state
	trips   map[uint64]time.Duration // of players whose session is over
	onset   bool                     // it has been
}

// seat is one session.
type seat struct {
	cohort int
	joined time.Duration
	player uint64
	came   [player.Tracks]time.Duration // the request for the last segment that was answered, at the edge
	trip   time.Duration                // the least from a request to the first byte of what the edge had
	list   [player.Tracks]reload        // the last one
	marked uint64                       // by the onsets
}

// reload is a media playlist that was asked for.
type reload struct {
	class int
	at    time.Duration
}

// asked is when a viewer of a cohort asked for an object.
type asked struct {
	cohort int
	at     time.Duration
}

type object struct {
	class    int
	sequence uint64
}

// Count is requests, the bytes of their bodies, and of the requests those that make way.
type Count struct{ Requests, Bytes, Yields float64 }

// counts is what a cohort asked for, by class in the inner slices.
type counts struct {
	steady   []Count
	steadily time.Duration // of all viewers together in the steady state
	join     [][]Count
	joins    float64
	fault    [][]Count
	fresh    [][]float64 // objects that were asked for at first, by slot and class
	spread   Spread
	dense    [][]uint32 // requests in the fault, by class and tick
	watching float64    // at the onset
	affected []float64  // by onset
}

// NewRecorder returns a recorder for a simulation.
func NewRecorder(s Setup) (*Recorder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	r := &Recorder{setup: s, seats: map[*record.Session]*seat{}, index: map[Class]int{}, first: map[object]time.Duration{}, asked: map[object][]asked{}, trips: map[uint64]time.Duration{}}
	r.cohorts = make([]counts, len(s.Cohorts))
	for i := range r.cohorts {
		c := &r.cohorts[i]
		c.join = make([][]Count, slots(s.Settled, Slot))
		c.affected = make([]float64, 1+len(s.Then))
		if s.Fault != "" {
			c.fault = make([][]Count, slots(s.Until-s.To, Fine))
			c.fresh = make([][]float64, len(c.fault))
		}
	}
	return r, nil
}

func slots(d, slot time.Duration) int { return int((d + slot - 1) / slot) }

// Take takes what the collector of the simulation is told.
func (r *Recorder) Take(t record.Told) {
	if !r.onset && t.At >= r.setup.To {
		r.begin()
	}
	if t.Session == nil {
		return
	}
	if t.Joined != nil {
		player := t.Joined.Player
		st := &seat{cohort: min(max(t.Joined.Cohort, 0), len(r.cohorts)-1), joined: t.At, player: player, trip: r.trips[player]}
		r.seats[t.Session] = st
		if t.At+r.setup.Settled <= r.setup.To {
			r.cohorts[st.cohort].joins++
		}
		return
	}
	st := r.seats[t.Session]
	if st == nil || t.Sample == nil {
		return
	}
	switch sm := t.Sample; sm.Type {
	case player.Requested:
		class := r.class(st, sm, 0)
		r.count(st, sm.At, class, Count{Requests: 1, Yields: r.yields(st, sm, class)})
	case player.Answered:
		r.answered(st, sm, t.Meta)
		if t.Meta != nil && t.Meta.Marks != 0 && st.joined < r.setup.To {
			r.touched(st, uint64(t.Meta.Marks))
		}
	case player.Appended:
		r.appended(st, sm)
	case player.Left, player.Fatal, player.Ended:
		r.gone(st, sm.At)
		r.trips[st.player] = st.trip
		delete(r.seats, t.Session)
	}
}

// yields is the part of a reload that makes way: all of it if it comes in time. One that is late by a part
// of the time of a segment each time comes by that part too early for the news again.
func (r *Recorder) yields(st *seat, sm *player.Sample, class int) float64 {
	if sm.Kind != m3u8.KindMedia || sm.Track >= player.Tracks || st.cohort >= len(r.setup.Yields) || !r.setup.Yields[st.cohort] {
		return 0
	}
	last := st.list[sm.Track]
	st.list[sm.Track] = reload{class, sm.At}
	if last.class != class {
		return 0
	}
	drift := float64(sm.At-last.at-r.setup.Segment) / float64(r.setup.Segment)
	return 1 - min(max(drift, 0), 1)
}

// begin notes who is watching when the fault begins.
func (r *Recorder) begin() {
	r.onset = true
	for _, st := range r.seats {
		r.cohorts[st.cohort].watching++
	}
}

// gone adds up how long a session that ends was in the steady state.
func (r *Recorder) gone(st *seat, at time.Duration) {
	s := &r.setup
	r.cohorts[st.cohort].steadily += max(0, min(at, s.To)-max(st.joined+s.Settled, s.From))
}

// answered counts the body of an answer. An error takes the place of what was asked for when it
// was asked for.
func (r *Recorder) answered(st *seat, sm *player.Sample, meta *record.Meta) {
	at := st.edge(sm, meta)
	if sm.Failure == player.BadStatus && sm.Status >= 400 {
		r.count(st, sm.Sent, r.class(st, sm, 0), Count{Requests: -1})
		class := r.class(st, sm, sm.Status)
		r.count(st, sm.Sent, class, Count{Requests: 1, Bytes: float64(sm.Bytes)})
		r.crowded(st, at, class)
		return
	}
	class := r.class(st, sm, 0)
	r.count(st, sm.At, class, Count{Bytes: float64(sm.Bytes)})
	r.crowded(st, at, class)
	if sm.Kind == m3u8.KindSegment && sm.Track < player.Tracks {
		st.came[sm.Track] = at
	}
}

// appended notes when an object was asked for: a segment is appended as soon as it is
// answered, and has a number only then.
func (r *Recorder) appended(st *seat, sm *player.Sample) {
	if sm.Kind != m3u8.KindSegment || sm.Track >= player.Tracks {
		return
	}
	at := st.came[sm.Track]
	o := object{r.class(st, sm, 0), sm.Sequence}
	first, known := r.first[o]
	if !known || at < first {
		r.first[o] = at
	}
	if c := &r.cohorts[st.cohort]; !known && at >= r.setup.To && c.fresh != nil {
		if i := int((at - r.setup.To) / Fine); i < len(c.fresh) {
			c.fresh[i] = grown(c.fresh[i], o.class+1)
			c.fresh[i][o.class]++
		}
	}
	if at >= r.setup.From && at < r.setup.To && at-st.joined >= r.setup.Settled {
		r.asked[o] = append(r.asked[o], asked{st.cohort, at})
	}
}

// count adds to what a session asks for.
func (r *Recorder) count(st *seat, at time.Duration, class int, n Count) {
	c, s := &r.cohorts[st.cohort], &r.setup
	list := &c.steady
	switch age := at - st.joined; {
	case at >= s.To:
		i := int((at - s.To) / Fine)
		if i >= len(c.fault) {
			return
		}
		list = &c.fault[i]
	case age < s.Settled:
		if st.joined+s.Settled > s.To {
			return // its response is cut off
		}
		list = &c.join[age/Slot]
	case at < s.From:
		return
	}
	*list = grown(*list, class+1)
	(*list)[class].Requests += n.Requests
	(*list)[class].Bytes += n.Bytes
	(*list)[class].Yields += n.Yields
}

// edge is when a request was at the edge, which the viewer does not know: half of the time to the
// first byte after it was sent, or three quarters where a connection has to be made first, without
// what the caches took.
func (st *seat) edge(sm *player.Sample, meta *record.Meta) time.Duration {
	took, there := max(0, sm.FirstByte-sm.Sent), 0.5
	if sm.Kind == m3u8.KindMultivariant {
		there = 0.75
	}
	switch {
	case meta == nil:
	case meta.Cache == cdn.CacheJoined && st.trip > 0:
		took = time.Duration(float64(st.trip) / (2 * (1 - there))) // a connection is another round trip
	case meta.Cache == cdn.CacheHit && there == 0.5:
		if st.trip == 0 || took < st.trip {
			st.trip = took
		}
	default:
		took = max(0, took-meta.Fetched)
	}
	return sm.Sent + time.Duration(there*float64(took))
}

// crowded notes a request of the fault.
func (r *Recorder) crowded(st *seat, at time.Duration, class int) {
	at -= r.setup.To
	if at < 0 || r.setup.Fault == "" || at >= r.setup.Until-r.setup.To {
		return
	}
	c, i := &r.cohorts[st.cohort], int(at/tick)
	c.dense = grown(c.dense, class+1)
	c.dense[class] = grown(c.dense[class], i+1)
	c.dense[class][i]++
}

// class numbers the class of a sample.
func (r *Recorder) class(st *seat, sm *player.Sample, status int16) int {
	c := Class{Kind: sm.Kind, Pipeline: sm.Pipeline, Rendition: -1, Status: status}
	if status != 0 && int(status) == r.setup.Missing {
		c.Status = Missing
	}
	if sm.Kind != m3u8.KindMultivariant && sm.Kind != m3u8.KindKey {
		if of := r.setup.Renditions[st.cohort]; sm.Rendition >= 0 && int(sm.Rendition) < len(of) {
			c.Rendition = of[sm.Rendition]
		}
	}
	i, ok := r.index[c]
	if !ok {
		i = len(r.classes)
		r.index[c] = i
		r.classes = append(r.classes, c)
	}
	return i
}

// grown is a slice with at least n elements.
func grown[T any](s []T, n int) []T {
	for len(s) < n {
		var zero T
		s = append(s, zero)
	}
	return s
}

// end adds up what is still there at the end.
func (r *Recorder) end() {
	if !r.onset {
		r.begin()
	}
	for k, st := range r.seats {
		r.gone(st, max(r.setup.To, r.setup.Until))
		delete(r.seats, k)
	}
	for o, all := range r.asked {
		for _, a := range all {
			r.cohorts[a.cohort].spread.aged(a.at - r.first[o])
		}
		delete(r.asked, o)
	}
}
