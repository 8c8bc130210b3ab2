// Package reports turns what players did into a summary, a verdict and the
// files that people and scripts read.
//
// Start with [New]: a [Collector] takes the samples of every session
// ([Collector.Join], [Session.Add]) and the instants at which faults began and
// ended; [Collector.Finish] derives a [Summary] from them. [Write] writes the
// result files, each of which is a function of the finished summary alone.
// [ParseExpectation] reads the language of expectations, [Stops] watches the
// conditions that end a run early.
//
// # How things are counted
//
// Counts are sessions; a viewer who comes back is a new session. Nothing is
// sampled: every number comes from a histogram or a sum that adds up exactly,
// so the order in which sessions report does not matter.
//
// The run's time is cut into spans: stretches in which the same faults are on,
// in recovery, or about to come. What can be added up (requests, stall
// durations, media) is added to the span in which it happened. What a fault did
// to a session is kept in a record of its own, which exists while the fault
// concerns the session and is folded into histograms afterwards.
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
// The outcome of an affected session is decided once: failed_over when media
// from something not under the fault was appended for every track and playback
// went on; healed when it never moved and new media came after the fault had
// ended; left when the viewer went away, or had seen the presentation to its end,
// before either; never_recovered in every
// other case, at the session's end, at the end of the run, or when the same
// fault strikes again. A session that failed over and later dies of something
// else has failed over; its death is counted as fatal.
//
// The collecting part reads no clock and opens nothing. Only [Write], [Read]
// and the event log's writer touch the world.
package reports
