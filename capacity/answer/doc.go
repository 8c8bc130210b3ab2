// Package answer turns a forecast of an event into what a planner asks: what breaks first, when and
// by how much, how near each quota is, what it costs, what each mistake would do, which input matters
// most, how large the audience may be, and what a rehearsal takes.
//
// [PlanOf] makes the plan of hlsload/capacity from an event file; [Of] makes the [Answer], which is
// capacity.json. The kernels are made once: everything here are predictions, which cost little. What
// varies an input (a mistake, sensitivity, the largest audience) is predicted around the busiest minute
// only.
//
// The package is pure.
package answer
