package link

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hlsload/player/draw"
)

// Hosts is how many hosts a link tells apart; connections to hosts with higher
// numbers count for number % Hosts.
const Hosts = 4

// Transport is how the viewer's player uses connections.
type Transport struct {
	Conns     uint8 // at most to one host, 1 … 64; 0 = 6, what browsers use over HTTP/1.1
	TLS       bool
	Multiplex bool // HTTP/2: one connection, any number of requests
}

// Link is the access link of one viewer. It belongs to one caller at a time, and
// must not be copied once it was used.
type Link struct {
	cfg       *Config
	seed      draw.Seed
	scale     float64       // of this viewer's rates
	at        time.Duration // the instant that the model has come to
	served    float64       // bytes that each flowing transfer has got
	fault     *fault        // nil = none, but for a cut
	cut       bool          // fault: nothing gets through
	known     bool          // due, next and each hold
	due       bool          // there are events that Step has not returned
	serial    uint8         // bit by host: it turned out to speak HTTP/1.1 only
	transport Transport
	n         uint8 // transfers in room
	hosts     [Hosts]host
	ready     *[Hosts]time.Duration // multiplexed: when the connection is there
	more      *[]transfer           // all transfers, once there have been too many for room
	room      [2]transfer           // in the order of Start, as more

	// What happens if nothing else does, when known; see foresee.
	next time.Duration // when something changes by itself
	each float64       // what each flowing transfer gets until then
}

// fault is what a fault does to a link that lets something through.
type fault struct {
	limit int64         // bit/s, 0 = none
	extra time.Duration // added to the round trip
}

type host struct{ open, busy uint8 } // connections

type transfer struct {
	id    uint32
	host  uint8
	state state
	flags flags
	at    time.Duration // sent: reaches the server; leaving: leaves it; later: first byte arrives
	done  time.Duration
	size  int64   // bytes of the body known so far
	end   float64 // served when they will have arrived
}

type state uint8

const (
	waiting  state = iota // for a connection
	held                  // by a cut, before it was sent
	sent                  // on its way to the server, or there
	stuck                 // answered, but held by a cut
	leaving               // it will be answered at .at, and without a cut the first byte arrives at .done
	arriving              // the first byte is on its way back
	flowing               // the body shares the link
	starved               // all bytes offered so far have arrived
	complete              // and not reported yet
)

type flags uint8

const (
	fresh    flags = 1 << iota // its connection is new, the handshake not yet paid
	open                       // more bytes may be offered
	closing                    // the connection ends with the answer
	reachDue                   // events not reported yet
	headDue
)

// EventType is the type of an [Event].
type EventType uint8

// The events.
const (
	// Reach: the request that had to wait leaves; it reaches the server at At,
	// which may lie ahead.
	Reach    EventType = iota
	Head               // the first byte of the answer has arrived
	Complete           // the last byte of the answer has arrived
)

// Event is one thing that happened on the link.
type Event struct {
	At   time.Duration
	ID   uint32
	Type EventType
}

// New returns an idle link at instant 0. cfg is shared, not copied; seed is the
// viewer's.
func New(cfg *Config, tr Transport, seed draw.Seed) Link {
	if tr.Conns == 0 {
		tr.Conns = 6
	}
	l := Link{cfg: cfg, seed: seed, transport: tr, scale: scaleOf(cfg.Spread, seed)}
	if tr.Multiplex {
		l.ready = new([Hosts]time.Duration)
	}
	return l
}

// Rate is the viewer's downlink at now in bit/s with faults, 0 = unlimited or
// cut.
func (l *Link) Rate(now time.Duration) float64 {
	if r, _ := l.rate(now); r < 1e6 {
		return r * 8e9
	}
	return 0
}

// Start sends request id (unique among those in flight) to a host. It returns
// the instant at which the request reaches the server, or [Never] when it has
// to wait for a connection or for the end of a cut; then a [Reach] event has
// the instant later.
func (l *Link) Start(now time.Duration, id uint32, host uint8) time.Duration {
	l.advance(now)
	t := l.add(transfer{id: id, host: host % Hosts, state: waiting})
	if !l.connect(t) {
		return Never
	}
	if l.cut {
		t.state = held
		return Never
	}
	l.send(t)
	return t.at
}

// transfers are those that have not ended.
func (l *Link) transfers() []transfer {
	if l.more != nil {
		return *l.more
	}
	return l.room[:l.n]
}

// keep leaves only the first n transfers.
func (l *Link) keep(n int) {
	if l.more != nil {
		*l.more = (*l.more)[:n]
	} else {
		l.n = uint8(n)
	}
}

func (l *Link) add(t transfer) *transfer {
	if int(l.n) == len(l.room) && l.more == nil {
		more := append(make([]transfer, 0, 2*len(l.room)), l.room[:]...)
		l.more = &more
	}
	if l.more != nil {
		*l.more = append(*l.more, t)
		return &(*l.more)[len(*l.more)-1]
	}
	l.room[l.n] = t
	l.n++
	return &l.room[l.n-1]
}

// multiplexes reports whether requests to a host share one connection.
func (l *Link) multiplexes(host uint8) bool { return l.transport.Multiplex && l.serial>>host&1 == 0 }

// HTTP1 notes that a host speaks HTTP/1.1 although the player offered HTTP/2:
// from now on each of its requests needs a connection.
func (l *Link) HTTP1(host uint8) {
	host %= Hosts
	if !l.multiplexes(host) {
		return
	}
	h := &l.hosts[host]
	all := l.transfers()
	for i := range all {
		if t := &all[i]; t.host == host && t.state != waiting && t.state != complete {
			h.busy++
		}
	}
	h.open = max(h.open, h.busy)
	l.serial |= 1 << host
}

// connect takes a connection for t, if there is one.
func (l *Link) connect(t *transfer) bool {
	h := &l.hosts[t.host]
	switch {
	case l.multiplexes(t.host) && h.open > 0, h.open > h.busy:
	case h.open < l.transport.Conns:
		h.open++
		t.flags |= fresh
	default:
		return false
	}
	if !l.multiplexes(t.host) {
		h.busy++
	}
	return true
}

// send puts t on its way to the server.
func (l *Link) send(t *transfer) {
	from := l.at
	if t.flags&fresh != 0 {
		t.flags &^= fresh
		from += l.handshake(t.id)
		if l.ready != nil {
			l.ready[t.host] = from
		}
	} else if l.multiplexes(t.host) {
		from = max(from, l.ready[t.host])
	}
	t.state = sent
	t.at = from + l.upward(t.id)
}

// release gives t's connection back and passes it on.
func (l *Link) release(t *transfer) {
	h := &l.hosts[t.host]
	if l.multiplexes(t.host) {
		if t.flags&closing != 0 {
			h.open = 0
		}
	} else {
		h.busy--
		if t.flags&closing != 0 {
			h.open--
		}
	}
	all := l.transfers()
	for i := range all {
		w := &all[i]
		if w.state != waiting || w.host != t.host {
			continue
		}
		if !l.connect(w) {
			return
		}
		if l.cut {
			w.state = held
		} else {
			l.send(w)
			w.flags |= reachDue
		}
	}
}

// Answer notes that the server answers request id at now with a body of size
// bytes; close: the connection ends with it. Requests that are not
// in flight are ignored, here and below.
func (l *Link) Answer(now time.Duration, id uint32, size int64, close bool) {
	l.AnswerAt(now, now, id, size, close)
}

// AnswerAt is [Link.Answer] for an answer that leaves the server at an instant
// that may lie ahead.
func (l *Link) AnswerAt(now, at time.Duration, id uint32, size int64, close bool) {
	l.answer(now, at, id, max(size, 0), 0, close)
}

// Stream is [Link.Answer] for a body whose bytes become known by [Link.Offer]
// and whose end by [Link.Finish].
func (l *Link) Stream(now time.Duration, id uint32) { l.StreamAt(now, now, id) }

// StreamAt is [Link.Stream] for an answer that leaves the server at an instant
// that may lie ahead.
func (l *Link) StreamAt(now, at time.Duration, id uint32) { l.answer(now, at, id, 0, open, false) }

// answer leaves the link where it is as long as nothing changes on it before the first
// byte arrives.
func (l *Link) answer(now, at time.Duration, id uint32, size int64, f flags, close bool) {
	t := l.find(id)
	if t == nil || t.state != sent {
		return
	}
	t.size = size
	t.flags |= f
	if close {
		t.flags |= closing
	}
	at = max(at, now)
	done := at + l.downward(id)
	switch {
	case done > l.at:
		t.state, t.at, t.done = leaving, at, done
		if !l.cut {
			l.next = min(l.next, done) // means nothing while it is not known
		}
	case l.cut:
		t.state = stuck
	default:
		t.state, t.at = arriving, l.at
		l.known = false
		l.advance(now)
	}
}

// Offer notes that the server has sent n more bytes of answer id.
func (l *Link) Offer(now time.Duration, id uint32, n int64) {
	l.advance(now)
	t := l.find(id)
	if t == nil || t.flags&open == 0 || n <= 0 {
		return
	}
	t.size += n
	l.known = false
	switch t.state {
	case flowing:
		t.end += float64(n)
	case starved:
		l.flow(t, n)
	}
	l.advance(now)
}

// Finish notes that everything of answer id has been offered; close: the
// connection cannot be used again.
func (l *Link) Finish(now time.Duration, id uint32, close bool) {
	l.advance(now)
	t := l.find(id)
	if t == nil || t.flags&open == 0 {
		return
	}
	t.flags &^= open
	if close {
		t.flags |= closing
	}
	l.known = false
	if t.state == starved {
		l.delivered(t)
	}
}

// Abandon drops request id and, unless multiplexed, its connection with it. No
// event of it follows.
func (l *Link) Abandon(now time.Duration, id uint32) {
	l.advance(now)
	all := l.transfers()
	for i := range all {
		t := all[i]
		if t.id != id {
			continue
		}
		l.keep(len(append(all[:i], all[i+1:]...)))
		l.known = false
		if t.state != waiting && t.state != complete {
			if !l.multiplexes(t.host) || t.flags&fresh != 0 {
				t.flags |= closing
			}
			l.release(&t)
		}
		return
	}
}

// Progress is how many bytes of the body of answer id have arrived at now.
func (l *Link) Progress(now time.Duration, id uint32) int64 {
	l.advance(now)
	if t := l.find(id); t != nil {
		return l.arrived(t)
	}
	return 0
}

func (l *Link) arrived(t *transfer) int64 {
	switch t.state {
	case flowing:
		return min(t.size, max(0, t.size-int64(math.Ceil(t.end-l.served))))
	case starved, complete:
		return t.size
	}
	return 0
}

// When is the instant at which n bytes of the body of answer id will have
// arrived if nothing else changes, [Never] when they will not.
func (l *Link) When(now time.Duration, id uint32, n int64) time.Duration {
	l.advance(now)
	t := l.find(id)
	if t == nil {
		return Never
	}
	if l.arrived(t) >= n && t.state >= flowing {
		return l.at
	}
	if t.state != flowing || n > t.size {
		return Never
	}
	l.foresee()
	return l.after(t.end-l.served-float64(t.size-n), l.each)
}

// SetFault replaces what holds from now on: a limit of the downlink in bit/s
// (0 = none), extra delay of every round trip, and whether nothing gets through
// in either direction. What a cut has held goes on its way when it ends.
func (l *Link) SetFault(now time.Duration, downLimit int64, extra time.Duration, cut bool) {
	l.advance(now)
	l.known = false
	all := l.transfers()
	for i := range all {
		t := &all[i]
		if t.state != leaving || t.at > l.at {
			continue
		}
		if l.cut { // it has left under what held so far
			t.state = stuck
		} else {
			t.state, t.at = arriving, t.done
		}
	}
	ended := l.cut && !cut
	l.fault, l.cut = nil, cut
	if downLimit > 0 || extra != 0 {
		l.fault = &fault{downLimit, extra}
	}
	for i := range all {
		if t := &all[i]; t.state == leaving {
			t.done = t.at + l.downward(t.id)
		}
	}
	if !ended {
		return
	}
	for i := range all {
		switch t := &all[i]; t.state {
		case held:
			l.send(t)
			t.flags |= reachDue
		case stuck:
			t.state = arriving
			t.at = l.at + l.downward(t.id)
		}
	}
}

// Wake is the instant at which [Link.Step] will have an event if
// nothing else happens; [Never] when it will have none.
func (l *Link) Wake() time.Duration {
	l.foresee()
	if l.due {
		return l.at
	}
	return l.next
}

// Step appends to out what has happened up to now, in order.
func (l *Link) Step(now time.Duration, out []Event) []Event {
	l.advance(now)
	if !l.due {
		return out
	}
	l.due = false
	all, from, kept := l.transfers(), len(out), 0
	for i := range all {
		t := &all[i]
		if t.flags&reachDue != 0 {
			out = append(out, Event{At: t.at, ID: t.id, Type: Reach})
		}
		if t.flags&headDue != 0 {
			out = append(out, Event{At: t.at, ID: t.id, Type: Head})
		}
		t.flags &^= reachDue | headDue
		if t.state == complete {
			out = append(out, Event{At: t.done, ID: t.id, Type: Complete})
			continue
		}
		if kept != i {
			all[kept] = *t
		}
		kept++
	}
	l.keep(kept)
	if len(out)-from > 1 {
		slices.SortStableFunc(out[from:], func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	}
	return out
}

func (l *Link) find(id uint32) *transfer {
	all := l.transfers()
	for i := range all {
		if all[i].id == id {
			return &all[i]
		}
	}
	return nil
}
