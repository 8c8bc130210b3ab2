package traffic

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// BriefFill is a [Fill] as the machines of a run tell each other while the run goes on.
type BriefFill struct {
	Key   uint64 // a hash of its FillKey
	Sent  time.Duration
	Took  time.Duration // to the first byte
	Bytes int64
}

func (x *Fill) brief() BriefFill {
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, x.URL))
	_, _ = h.Write([]byte(x.Pop))
	return BriefFill{h.Sum64(), x.Sent, x.FirstByte - x.Sent, x.Bytes}
}

func (f *Fills) note(x *Fill) {
	if len(f.fresh) == 2*maxFresh {
		f.gone += maxFresh
		f.fresh = append(f.fresh[:0], f.fresh[maxFresh:]...)
	}
	f.fresh = append(f.fresh, x.brief())
}

// Since are at most so many of the fills that are kept, in the order in which they came,
// from number next on; first is the number of the first of them, which is larger than next
// when those before are forgotten.
func (f *Fills) Since(next int64, most int) (fills []BriefFill, first int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first = max(next, f.gone)
	if i := first - f.gone; i < int64(len(f.fresh)) {
		fresh := f.fresh[i:]
		fills = slices.Clone(fresh[:min(len(fresh), most)])
	}
	return fills, first
}

// Shared finds requests to the origin that viewers of several machines shared: each machine
// counts them. It does so while the run goes on; at the end [Load.Count] does it exactly.
type Shared struct {
	byKey   map[uint64]*sharers
	waiting int
	settled time.Duration
	over    Slot // of what is settled
	partly  bool
	last    []ownLast // of the key that is looked at, by machine
	round   int64
}

// sharers are the fills of one key.
type sharers struct {
	last    time.Duration // first byte of the last settled one that counts among all
	own     []ownLast     // the same among those of one machine
	waiting []sharedFill  // in order
}

type ownLast struct {
	machine int
	last    time.Duration
	round   int64
}

type sharedFill struct {
	BriefFill
	machine int
}

func (x *sharedFill) firstByte() time.Duration { return x.Sent + x.Took }

func compareShared(a, b sharedFill) int {
	return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Took, b.Took), cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.machine, b.machine))
}

// maxShared bounds the fills that wait for those of other machines.
const maxShared = 1 << 17

// NewShared returns a Shared for so many machines.
func NewShared(machines int) *Shared {
	return &Shared{byKey: map[uint64]*sharers{}, last: make([]ownLast, machines)}
}

// Take takes fills that a machine counted, each once. now is the time of the run.
func (s *Shared) Take(machine int, now time.Duration, fills []BriefFill) {
	for i := range fills {
		x := sharedFill{fills[i], machine}
		if x.Sent < s.settled || x.Sent > now+sharedWithin || x.firstByte() < 0 || x.Took > sharedWithin {
			s.partly = true
			continue
		}
		k := s.byKey[x.Key]
		if k == nil {
			k = &sharers{}
			s.byKey[x.Key] = k
		}
		at, _ := slices.BinarySearchFunc(k.waiting, x, compareShared)
		k.waiting = slices.Insert(k.waiting, at, x)
		s.waiting++
	}
	if before := now - sharedWithin - late; before > s.settled+late {
		s.settle(before)
	}
	if s.waiting < maxShared {
		return
	}
	s.partly = true
	if s.settle(now - late); s.waiting > maxShared/2 {
		s.settle(now + 2*sharedWithin)
	}
}

// Miss says that fills were not told, so that those that share their requests are not found.
func (s *Shared) Miss() { s.partly = true }

// Over is by how much the counts of all machines together are too high so far. partly
// reports that not all fills were compared.
func (s *Shared) Over() (over Slot, partly bool) {
	over = s.over
	for _, k := range s.byKey {
		s.walk(k, k.waiting, &over)
	}
	return over, s.partly
}

// walk adds by how much the counts of some fills of a key are too high. It returns the
// first byte of the last one that counts.
func (s *Shared) walk(k *sharers, fills []sharedFill, over *Slot) (last time.Duration) {
	s.round++
	for _, o := range k.own {
		s.last[o.machine] = ownLast{o.machine, o.last, s.round}
	}
	last = k.last
	for i := range fills {
		x := &fills[i]
		if own := &s.last[x.machine]; own.round < s.round || x.Sent >= own.last {
			*own = ownLast{x.machine, x.firstByte(), s.round}
			over.OriginRequests++
			over.OriginBytes += x.Bytes
		}
		if x.Sent >= last {
			last = x.firstByte()
			over.OriginRequests--
			over.OriginBytes -= x.Bytes
		}
	}
	return last
}

// settle counts what was requested before an instant: it is not compared any more.
func (s *Shared) settle(before time.Duration) {
	s.settled = max(s.settled, before)
	for key, k := range s.byKey {
		n, _ := slices.BinarySearchFunc(k.waiting, before, func(x sharedFill, t time.Duration) int { return cmp.Compare(x.Sent, t) })
		k.last = s.walk(k, k.waiting[:n], &s.over)
		own := k.own[:0:0]
		for i := range s.last {
			if o := s.last[i]; o.round == s.round && o.last > before {
				own = append(own, o)
			}
		}
		k.own = own
		s.waiting -= n
		if k.waiting = slices.Clone(k.waiting[n:]); len(k.waiting) == 0 && k.last <= before && len(own) == 0 {
			delete(s.byKey, key)
		}
	}
}
