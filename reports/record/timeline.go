package record

import (
	"time"

	"hlsload/reports"
)

// Timeline is the timeline while it is recorded: changes of numbers of sessions, and counts, by
// step. Rows of different shards add up exactly, and so do neighbouring rows.
type Timeline struct {
	Step time.Duration
	Rows []Row

	pipelines int     `bytes:"-"`
	gauges    []int64 `bytes:"-"` // taken beforehand for Row.Pipeline
}

// Peak is the highest number of sessions at the end of a step.
func (r *Timeline) Peak() (peak int64) {
	now := int64(0)
	for i := range r.Rows {
		now += r.Rows[i].Joining + r.Rows[i].Playing + r.Rows[i].Stalled
		peak = max(peak, now)
	}
	return peak
}

type Row struct {
	Joining, Playing, Stalled int64 // changes
	Pipeline                  []int64
	Errors                    int64

	// Changes, too: viewers who want to play, and those of them who do not play.
	Want, Waiting, Still, Dead int64

	Sent, Late int64 // requests that were answered, by when they were sent; those sent later than the limit allows

	Gone     int64 // sessions that left, or saw the stream to its end
	Returned int64 // viewers who rejoined after they had left
	Lost     int64 // change of the number of viewers whose player gave up and who are not back
}

func newRows(duration time.Duration, pipelines int) Timeline {
	r := Timeline{Step: time.Second, pipelines: pipelines}
	for duration/r.Step > 4*reports.MaxRows {
		r.Step *= 2
	}
	return r
}

// reserve takes the memory of a whole run at once, and uses it, so that a long run does not
// grow.
func (r *Timeline) reserve(duration time.Duration) {
	n := int(min(duration/r.Step+1, 16*reports.MaxRows))
	r.Rows, r.gauges = make([]Row, 0, n), make([]int64, n*r.pipelines)
	clear(r.Rows[:n])
	clear(r.gauges)
}

func (r *Timeline) At(t time.Duration) *Row {
	i := int(min(max(t, 0)/r.Step, 16*reports.MaxRows))
	for i >= len(r.Rows) {
		var gauges []int64
		if len(r.gauges) >= r.pipelines {
			gauges, r.gauges = r.gauges[:r.pipelines:r.pipelines], r.gauges[r.pipelines:]
		} else {
			gauges = make([]int64, r.pipelines)
		}
		r.Rows = append(r.Rows, Row{Pipeline: gauges})
	}
	return &r.Rows[i]
}

func (r *Timeline) add(o *Timeline) {
	for i := range o.Rows {
		reports.Add(r.At(time.Duration(i)*r.Step), &o.Rows[i])
	}
}

// Fold doubles the step until the rows are few enough.
func (r *Timeline) Fold(limit int) {
	for len(r.Rows) > limit {
		for i := range r.Rows {
			if i%2 == 0 {
				r.Rows[i/2] = r.Rows[i]
			} else {
				reports.Add(&r.Rows[i/2], &r.Rows[i])
			}
		}
		r.Rows = r.Rows[:(len(r.Rows)+1)/2]
		r.Step *= 2
	}
}
