// Package workflow writes a finished run, and its comparison with others, the way a
// GitHub workflow shows them: annotations at lines of the scenario, a summary of the step,
// and outputs for later steps.
package workflow
