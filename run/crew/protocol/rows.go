package protocol

import "time"

// Report is what an agent measured since its last report.
type Report struct {
	Rows   []byte
	Vitals Vitals
}

type rows struct {
	at   time.Duration
	data []byte
}

// outbox keeps reports until they are acknowledged.
type outbox struct {
	first uint64 // number of the first that waits
	wait  []rows
}

func (o *outbox) full() bool { return len(o.wait) >= maxWaiting }

func (o *outbox) put(at time.Duration, data []byte) { o.wait = append(o.wait, rows{at, data}) }

// acknowledged drops the reports before number next.
func (o *outbox) acknowledged(next uint64) {
	for o.first < next && len(o.wait) > 0 {
		o.first, o.wait = o.first+1, o.wait[1:]
	}
}

// fill adds all reports that wait to a tick and returns its body.
func (o *outbox) fill(t *tick) (body [][]byte) {
	t.First = o.first
	for _, r := range o.wait {
		t.Rows = append(t.Rows, rowsHead{r.at, len(r.data)})
		body = append(body, r.data)
	}
	return body
}

// inbox takes each report once, in order.
type inbox struct {
	next uint64
	at   time.Duration // run time of the last report
}

// take returns the reports of a tick that were not taken before. No report's run time is
// before that of the one before it, or after now.
func (in *inbox) take(now time.Duration, t *tick, body []byte) (fresh []rows) {
	for i, r := range t.Rows {
		data := body[:r.Size:r.Size]
		body = body[r.Size:]
		if t.First+uint64(i) != in.next {
			continue
		}
		in.next++
		in.at = max(in.at, min(r.At, now))
		fresh = append(fresh, rows{in.at, data})
	}
	return fresh
}
