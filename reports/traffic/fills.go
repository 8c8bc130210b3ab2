package traffic

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Fill is an answer for which the CDN says that it asked the origin.
type Fill struct {
	FillKey
	Sent, FirstByte time.Duration // of the request and its answer
	Status          int           // 0 = none
	Bytes           int64         // of the origin's body
	Fetched         time.Duration // the origin's time to first byte, as headers have it; 0 = unknown
}

// FillKey says what was fetched, and where to.
type FillKey struct {
	URL uint64 // any hash of it
	Pop string
}

// compareFills is an order of all fills: so it does not matter who saw which first.
func compareFills(a, b Fill) int {
	return cmp.Or(cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.FirstByte, b.FirstByte), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Bytes, b.Bytes),
		cmp.Compare(a.Fetched, b.Fetched), cmp.Compare(a.URL, b.URL), cmp.Compare(a.Pop, b.Pop))
}

// Fills recognises answers that shared one request to the origin: real CDNs report
// a miss in each of them. In the order in which they were requested, an answer from one
// POP for one URL shares the request of the last one that counts if it was requested
// before that one's first byte. Its methods may be called from any goroutine.
type Fills struct {
	mu      sync.Mutex
	keep    bool
	byKey   map[FillKey]*filled
	waiting int
	settled time.Duration // what was requested before is settled
	partly  bool
	counted Load // of those that are settled, or never wait

	fresh []BriefFill // with keep: the newest ones, in the order in which they came
	gone  int64       // how many came before those
}

// filled are the fills of one key.
type filled struct {
	last    time.Duration // first byte of the last settled one that counts
	waiting []Fill        // in order
}

const (
	// sharedWithin is how old a request may be when its answer is complete, so that it is
	// compared with others. Older ones count by themselves.
	sharedWithin = time.Minute
	// late is by how much answers may come out of order.
	late = 10 * time.Second
	// maxFills and maxKept bound the fills that wait.
	maxFills = 1 << 16
	maxKept  = 1 << 18
	// maxFresh is how many of the newest ones are there for [Fills.Since], at least.
	maxFresh = 1 << 13
)

// Start empties it, for a run of a duration. With keep it settles nothing, because
// others have answers of the same POPs: see [Fills.Waiting].
func (f *Fills) Start(duration time.Duration, keep bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keep, f.byKey, f.waiting, f.settled, f.partly, f.counted = keep, map[FillKey]*filled{}, 0, 0, false, New(duration)
	f.fresh, f.gone = nil, 0
}

// Add adds an answer that was complete at an instant.
func (f *Fills) Add(at time.Duration, x Fill) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at-x.Sent > sharedWithin || x.Sent < f.settled {
		f.counted.Fetch(&x)
		return
	}
	f.insert(x)
	if f.keep {
		f.note(&x)
	}
	if before := at - sharedWithin - late; !f.keep && before > f.settled+late {
		f.settle(before)
	}
	most := maxFills
	if f.keep {
		most = maxKept
	}
	if f.waiting < most {
		return
	}
	f.partly = true
	if f.settle(at - late); f.waiting > most/2 {
		f.settle(at)
	}
}

func (f *Fills) insert(x Fill) {
	k := f.byKey[x.FillKey]
	if k == nil {
		k = &filled{}
		f.byKey[x.FillKey] = k
	}
	i, _ := slices.BinarySearchFunc(k.waiting, x, compareFills)
	k.waiting = slices.Insert(k.waiting, i, x)
	f.waiting++
}

// settle counts what was requested before an instant.
func (f *Fills) settle(before time.Duration) {
	f.settled = max(f.settled, before)
	for key, k := range f.byKey {
		n, _ := slices.BinarySearchFunc(k.waiting, before, func(x Fill, t time.Duration) int { return cmp.Compare(x.Sent, t) })
		k.last = count(k.waiting[:n], k.last, f.counted.Fetch)
		f.waiting -= n
		if k.waiting = k.waiting[n:]; len(k.waiting) == 0 && k.last <= before {
			delete(f.byKey, key)
		}
	}
}

// count calls do for those that did not share the request of another one. last is the
// first byte of the one before; that of the last one is returned.
func count(of []Fill, last time.Duration, do func(*Fill)) time.Duration {
	for i := range of {
		if x := &of[i]; x.Sent >= last {
			do(x)
			last = x.FirstByte
		}
	}
	return last
}

// Total is the sum of a series so far; what waits is counted as if nothing more came.
func (f *Fills) Total(of Series) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.counted.Total(of)
	for _, k := range f.byKey {
		count(k.waiting, k.last, func(x *Fill) { n += of(&Slot{OriginRequests: 1, OriginBytes: x.Bytes}) })
	}
	return n
}

// Counted are the fills that are settled. Without keep, and at the end of a run, that is all of them.
func (f *Fills) Counted() *Load {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.counted.Copy()
	if !f.keep {
		for _, k := range f.byKey {
			count(k.waiting, k.last, t.Fetch)
		}
	}
	return t
}

// Waiting are the fills that are kept until others can be compared with them; nil
// without keep. partly reports that there were too many, so that some were not compared.
func (f *Fills) Waiting() (all []Fill, partly bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.keep {
		return nil, f.partly
	}
	for _, k := range f.byKey {
		all = append(all, k.waiting...)
	}
	slices.SortFunc(all, compareFills)
	return all, f.partly
}

// MergeFills merges fills that are in order.
func MergeFills(a, b []Fill) []Fill {
	all := slices.Concat(a, b)
	slices.SortFunc(all, compareFills)
	return all
}

// Count counts fills that are in order, once for each request to the origin.
func (t *Load) Count(fills []Fill) {
	last := map[FillKey]time.Duration{}
	for i := range fills {
		k := fills[i].FillKey
		last[k] = count(fills[i:i+1], last[k], t.Fetch)
	}
}

// InOrder reports whether fills are in order.
func InOrder(fills []Fill) bool { return slices.IsSortedFunc(fills, compareFills) }
