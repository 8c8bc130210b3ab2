package serve

import (
	"sync"

	"hlsload/chaos"
)

// lost remembers which faults hold back answers, by the number that the sender
// gave its request: a player that gives up waiting never sees a header. It keeps
// the latest of them.
type lost struct {
	lock  sync.Mutex
	by    map[uint64]chaos.Marks
	order []uint64 // ring of the keys
	next  int
}

const maxLost = 1 << 16

func (l *lost) add(request uint64, m chaos.Marks) {
	if request == 0 || m == 0 {
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.by == nil {
		l.by = map[uint64]chaos.Marks{}
	}
	if _, ok := l.by[request]; !ok {
		if len(l.order) < maxLost {
			l.order = append(l.order, request)
		} else {
			delete(l.by, l.order[l.next])
			l.order[l.next] = request
			l.next = (l.next + 1) % maxLost
		}
	}
	l.by[request] = m
}

func (l *lost) marks(request uint64) chaos.Marks {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.by[request]
}
