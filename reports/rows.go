package reports

import "time"

// rows is the timeline while it is recorded: changes of gauges, and counts, by
// step. Rows of different shards add up exactly, and so do neighbouring rows.
type rows struct {
	step      time.Duration
	pipelines int
	row       []row
	gauges    []int64 // taken beforehand for row.pipeline
}

type row struct {
	joining, playing, stalled int64 // changes
	pipeline                  []int64
	errors                    int64

	// Changes, too: those who want to play, and those of them who do not.
	want, waiting, still, dead int64

	gone int64 // sessions that left, or saw the stream to its end
}

func newRows(duration time.Duration, pipelines int) rows {
	r := rows{step: time.Second, pipelines: pipelines}
	for duration/r.step > 4*maxRows {
		r.step *= 2
	}
	return r
}

// reserve takes the memory of a whole run at once, so that a long run does not
// grow.
func (r *rows) reserve(duration time.Duration) {
	n := int(min(duration/r.step+1, 16*maxRows))
	r.row, r.gauges = make([]row, 0, n), make([]int64, n*r.pipelines)
}

func (r *rows) at(t time.Duration) *row {
	i := int(min(max(t, 0)/r.step, 16*maxRows))
	for i >= len(r.row) {
		var gauges []int64
		if len(r.gauges) >= r.pipelines {
			gauges, r.gauges = r.gauges[:r.pipelines:r.pipelines], r.gauges[r.pipelines:]
		} else {
			gauges = make([]int64, r.pipelines)
		}
		r.row = append(r.row, row{pipeline: gauges})
	}
	return &r.row[i]
}

func (a *row) add(b *row) {
	a.joining += b.joining
	a.playing += b.playing
	a.stalled += b.stalled
	for i := range b.pipeline {
		a.pipeline[i] += b.pipeline[i]
	}
	a.errors += b.errors
	a.want += b.want
	a.waiting += b.waiting
	a.still += b.still
	a.dead += b.dead
	a.gone += b.gone
}

func (r *rows) add(o *rows) {
	for i := range o.row {
		r.at(time.Duration(i) * r.step).add(&o.row[i])
	}
}

// fold doubles the step until the rows are few enough.
func (r *rows) fold(limit int) {
	for len(r.row) > limit {
		for i := range r.row {
			if i%2 == 0 {
				r.row[i/2] = r.row[i]
			} else {
				r.row[i/2].add(&r.row[i])
			}
		}
		r.row = r.row[:(len(r.row)+1)/2]
		r.step *= 2
	}
}
