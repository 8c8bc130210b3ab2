// Package record takes what players do during a run. Start with [New]: a
// [Collector] takes the samples of every session ([Collector.Join],
// [Session.Add]) and the instants at which faults began and ended; a [Part] is
// what was recorded, as a value. Package measure makes a summary of it.
//
// # Several collectors
//
// When a run goes over several machines, each has a collector for its players, and
// [Part.Merge] adds up their parts: exactly, and in any order. What is no sum belongs to
// the conductor, which sees the whole run, and is told to every collector: the onsets and ends of
// faults with the usual startup times of all sessions ([Collector.FaultApplied]), and the
// latter once a second ([Collector.SetUsual]). Peaks are taken after adding.
//
// # How things are counted
//
// Counts are sessions; a viewer who comes back is a new session. Nothing is
// sampled: every number comes from a histogram or a sum that adds up exactly,
// so the order in which sessions report does not matter.
//
// The run's time is cut into intervals, in each of which the same faults are on,
// in recovery, or about to come. What can be added up (requests, stall durations,
// media) is added to the interval in which it happened. What a fault did to a
// session is kept in a record of its own, which exists while the fault concerns
// the session and is folded into histograms afterwards.
//
//	baseline    fault          recovery
//	────────────┬──────────────┬──────────────┬────
//	         onset           undo       undo + recovery,
//	                                    next onset or end
//
// A session is affected when, inside the window, it got an answer that the
// fault touched (the answer carries the mark of the fault), or joined during the
// window and asked for the faulty thing. Faults that cannot mark answers
// (commands, a provider's control plane) are recognised by evidence instead: a
// failed answer, or a playlist unchanged for more than 1.5 target durations, of
// a thing that the fault selects.
//
// Detection, failover and outage count from onset. Those of a session that joined
// during the window count from its first request that met the fault: the request for
// the faulty thing, or the one whose answer the fault touched.
//
// The outcome of an affected session is decided once: failed_over when media
// from something not under the fault was appended for every track and playback
// went on; healed when it never moved and new media came after the fault had
// ended; left when the viewer went away, or had seen the presentation to its end,
// before either; never_recovered in every other case, at the session's end, at
// the end of the run, or when the same fault strikes again. A session that failed
// over and later dies of something else has failed over; its death is counted as
// fatal.
package record
