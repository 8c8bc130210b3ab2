// Package rehearsal plans a test of an event for real: a part of its viewers, on the curve of the event,
// with its faults at the worst minute. [Of] makes the plan, [Plan.Scenario] writes it as a scenario.
//
// A rehearsal keeps what is hard in an event and leaves out what takes long. If it would take more than an
// hour, time passes faster where little changes: less than 1 % of the peak in 5 minutes, or as much more, up
// to 20 %, as it takes. Steeper changes are those of the event. AWS asks for tests that grow by 10 to 20 % of
// the peak every 5 minutes (MediaTailor User Guide). Where the faults come, the audience waits until they
// are over.
//
// Nothing is simulated: the worst minute is that of the most viewers and joins by the curve.
//
// The package is pure.
package rehearsal
