// Package crew performs the protocol between the conductor of a run and its agents
// (package protocol) on a bus, with clocks, goroutines and a disk. It knows nothing of
// players: what an agent does is a [Worker], and what leads the run is a [Lead]. Plans, rows,
// entries of the course and parts are bytes to it.
//
// Start with [NewConductor] and [NewAgent]. Each side is a loop on one goroutine that owns
// the side's state, and a second goroutine for calls that may take long. An agent has a
// third one for its lease, which sends the players away even if the others hang. A panic in
// any call reaches the Guard of the configuration.
//
// One machine is the case of one agent. There run.Do joins a [bus.Hub] twice, with Alone
// and a short Notice in the conductor's configuration, and runs both sides:
//
//   - Worker: Prepare is what follows from the scenario (players, ceilings, preflight), Start
//     sets the epoch of a fleet and begins it, Course calls the fleet's surges and
//     reconnects and records onsets, Halt is fleet.Halt or the end of its context, Tick and
//     Part are the collector's.
//   - Lead: Assign shares out the slots, Start begins the chaos conductor at T0, whose appliers
//     call [Conductor.Course] for what players must know. Rows feed the stop conditions
//     and the live page. When Lost is beyond the limit, it undoes all faults, then calls [Conductor.Halt].
//     At the end of the timeline it calls [Conductor.Drain] without a reason; parts are merged
//     once all are there.
//
// An interrupt works the same way: undo, then Halt. A loss never waits for the bus: the
// faults are undone by the conductor alone.
package crew
