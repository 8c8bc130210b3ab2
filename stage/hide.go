package stage

import (
	"hlsload/reports"
	"hlsload/scenarios/redact"
)

// Hide takes secrets out of the texts of a summary, except encoded histograms.
func Hide(s *reports.Summary, secrets *redact.Secrets) { redact.Strings(s, secrets.Text, "Dist") }
