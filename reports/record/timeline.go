package record

import (
	"time"

	"hlsload/reports"
)

// rows is the timeline while it is recorded: changes of gauges, and counts, by
// step. Rows of different shards add up exactly, and so do neighbouring rows.
type Timeline struct {
	Step      time.Duration
	pipelines int
	Rows      []Row
	gauges    []int64 // taken beforehand for row.pipeline
}

type Row struct {
	Joining, Playing, Stalled int64 // changes
	Pipeline                  []int64
	Errors                    int64

	// Changes, too: those who want to play, and those of them who do not.
	Want, Waiting, Still, Dead int64

	Gone int64 // sessions that left, or saw the stream to its end
}

func newRows(duration time.Duration, pipelines int) Timeline {
	r := Timeline{Step: time.Second, pipelines: pipelines}
	for duration/r.Step > 4*reports.MaxRows {
		r.Step *= 2
	}
	return r
}

// reserve takes the memory of a whole run at once, so that a long run does not
// grow.
func (r *Timeline) reserve(duration time.Duration) {
	n := int(min(duration/r.Step+1, 16*reports.MaxRows))
	r.Rows, r.gauges = make([]Row, 0, n), make([]int64, n*r.pipelines)
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

func (a *Row) Add(b *Row) {
	a.Joining += b.Joining
	a.Playing += b.Playing
	a.Stalled += b.Stalled
	for i := range b.Pipeline {
		a.Pipeline[i] += b.Pipeline[i]
	}
	a.Errors += b.Errors
	a.Want += b.Want
	a.Waiting += b.Waiting
	a.Still += b.Still
	a.Dead += b.Dead
	a.Gone += b.Gone
}

func (r *Timeline) add(o *Timeline) {
	for i := range o.Rows {
		r.At(time.Duration(i) * r.Step).Add(&o.Rows[i])
	}
}

// fold doubles the step until the rows are few enough.
func (r *Timeline) Fold(limit int) {
	for len(r.Rows) > limit {
		for i := range r.Rows {
			if i%2 == 0 {
				r.Rows[i/2] = r.Rows[i]
			} else {
				r.Rows[i/2].Add(&r.Rows[i])
			}
		}
		r.Rows = r.Rows[:(len(r.Rows)+1)/2]
		r.Step *= 2
	}
}
