// Package measure turns a record into a summary. [Finish] ends a run: it
// evaluates the expectations, judges whether viewers were served outside of
// faults, and decides the verdict. [Stops] watches the conditions that end a run
// early.
//
// Package expect says what each metric means; the evaluators here say how it is
// measured.
package measure
