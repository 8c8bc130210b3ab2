package kernel

import "slices"

// touched counts a viewer once for each fault that marked an answer.
func (r *Recorder) touched(st *seat, marks uint64) {
	c, first := &r.cohorts[st.cohort], ^uint64(0)
	count := func(onset int, of uint64) {
		if bit := uint64(1) << onset; marks&of != 0 && st.marked&bit == 0 {
			st.marked |= bit
			c.affected[onset]++
		}
	}
	for i, o := range r.setup.Then {
		count(i+1, o.Marks)
		first &^= o.Marks
	}
	count(0, first)
}

// parted are the responses to the faults of a recorder: each ends where the next one begins.
func (k *Kernel) parted(r *Recorder) []Fault {
	f, s := k.fault(r), &r.setup
	ends := []int{}
	for _, o := range s.Then {
		ends = append(ends, min(slots(o.At-s.To, Fine), len(f.Fresh)))
	}
	out, from := []Fault{}, 0
	for i, to := range append(ends, len(f.Fresh)) {
		part := Fault{Name: f.Name, Viewers: f.Viewers, Cohorts: slices.Clone(f.Cohorts), Fresh: f.Fresh[from:to], Herd: f.Herd[from:to], Rush: f.Rush}
		if len(ends) > 0 {
			part.Rush = k.rushes(r, from, to)
		}
		if i > 0 {
			part.Name = s.Then[i-1].Name
		}
		for k := range part.Cohorts {
			c := &part.Cohorts[k]
			c.Excess = c.Excess[from:to]
			c.Affected = r.cohorts[k].affected[i] / max(r.cohorts[k].watching, 1)
		}
		out, from = append(out, part), to
	}
	return out
}
