// Package run performs a scenario in real time: it checks the target or starts the
// embedded channel, connects players, faults and measurement, performs the
// timeline, undoes every fault, and returns the summary.
//
// A run is a conductor and agents on a bus; one machine is the case of one agent in the
// conductor's process. Each side has a file:
//
//   - lead.go: the conductor. It shares out the players, assembles what depends on T0, makes the
//     entries of the course, hears what agents say, and joins their parts at the end. The
//     faults, their journal and their undo, the embedded channel and the verdict are here only.
//   - agent.go: an agent. It stands on a ground (ground.go: scenario, target, permission), which
//     it opens itself, or shares with the conductor in its process. Its fleet has the share's
//     players (fleet.go), and a collector records them; in the conductor's process it is that of the conductor.
//   - course.go: what all agents have to know of the course of the run, such as an onset. tell
//     orders it with what the conductor records, so that all parts number the phases alike.
//   - plan.go: what an agent gets to do. perform.go: the timeline, from T0 to the summary.
//
// At the end, each agent's collector is finished at the same instant of the run, its part is
// merged into the conductor's, and the summary is derived from the sum. A halt sends the
// players away first (halt.go); an interrupt, a stop condition and lost agents undo the faults first.
//
// Start with [Do]. Package sim does the same in virtual time; package stage has
// what both need.
package run
