package sim

import (
	"cmp"
	"slices"
	"time"

	"hlsload/player"
	"hlsload/player/m3u8"
)

// question is a request on its way to its edge. It has all that the rig needs: its
// flight may be over when it is answered.
type question struct {
	at       time.Duration // it gets to its edge
	viewer   uint64
	url      string
	part     *m3u8.Range   // nil = the whole resource
	issued   time.Duration // when the viewer joined
	ref, gen uint32        // flight
	fetch    player.FetchID
	seat     uint32
	cohort   int16
	pop      int16
	kind     m3u8.Kind
	control  bool
	void     bool // it was given up before, or has been put to the rig
}

// order is that of time, and at one instant that of viewers, whatever lanes they are
// in, and of what each of them asks for.
func (q *question) order(o *question) int {
	if q.at != o.at { // nearly always
		return cmp.Compare(q.at, o.at)
	}
	return cmp.Or(cmp.Compare(q.viewer, o.viewer), cmp.Compare(q.fetch, o.fetch))
}

// agenda holds questions until the rig may answer them. A seat goes ahead of others, so
// they come in no order; there is a list for each stretch of time.
type agenda struct {
	length time.Duration // of a stretch
	lists  []*sheet      // by stretch, in turn
	first  uint64        // stretch that may have the earliest question
	n      int           // sheets in the lists
	idle   *sheet
	due    []*question // used again and again
}

// sheet is a part of a list. Questions do not move.
type sheet struct {
	next *sheet
	n    int
	q    [28]question // it fills two kilobytes
}

func newAgenda(length time.Duration) agenda {
	return agenda{length: length, lists: make([]*sheet, 64)}
}

// add returns where a question is kept until it is taken. It must not be before what was
// taken.
func (a *agenda) add(q question) *question {
	k := uint64(q.at / a.length)
	for k >= a.first+uint64(len(a.lists)) {
		a.grow()
	}
	list := a.list(k)
	s := *list
	if s == nil || s.n == len(s.q) {
		if s = a.idle; s == nil {
			s = new(sheet)
		}
		a.idle = s.next
		s.next, s.n = *list, 0
		*list = s
		a.n++
	}
	s.n++
	kept := &s.q[s.n-1]
	*kept = q
	return kept
}

// grow makes room for twice as many stretches.
func (a *agenda) grow() {
	lists := make([]*sheet, 2*len(a.lists))
	for i := range uint64(len(a.lists)) {
		k := a.first + i
		lists[k%uint64(len(lists))] = a.lists[k%uint64(len(a.lists))]
	}
	a.lists = lists
}

// next is an instant before which no question is; [player.Never] when there is none.
func (a *agenda) next() time.Duration {
	if a.n == 0 {
		return player.Never
	}
	k := a.first // others may still be added before the earliest
	for *a.list(k) == nil {
		k++
	}
	return time.Duration(k) * a.length
}

// skip says that no question will be added before an instant.
func (a *agenda) skip(to time.Duration) {
	if a.n == 0 {
		a.first = max(a.first, uint64(to/a.length))
	}
}

// take appends to out the questions before an instant, in order.
func (a *agenda) take(until time.Duration, out []ask) []ask {
	from := a.first
	for ; a.n > 0 && time.Duration(a.first)*a.length < until; a.first++ {
		for s := *a.list(a.first); s != nil; s = s.next {
			for i := range s.n {
				if q := &s.q[i]; q.at < until && !q.void {
					a.due = append(a.due, q)
				}
			}
		}
		if time.Duration(a.first+1)*a.length > until {
			break // what is left of it is later
		}
	}
	slices.SortFunc(a.due, (*question).order)
	for _, q := range a.due {
		out = append(out, ask{question: *q})
		q.void = true
	}
	a.due = a.due[:0]
	for ; from < a.first; from++ {
		a.clear(from)
	}
	return out
}

// clear forgets the questions of a stretch.
func (a *agenda) clear(k uint64) {
	list := a.list(k)
	for s := *list; s != nil; s = *list {
		clear(s.q[:s.n]) // what they point to is of the past
		*list = s.next
		s.next, a.idle = a.idle, s
		a.n--
	}
}

func (a *agenda) list(k uint64) **sheet { return &a.lists[k%uint64(len(a.lists))] }
