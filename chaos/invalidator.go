package chaos

import (
	"fmt"
	"slices"
	"strings"
)

// Faults of what deletes stale playlists, or answers for them: the invalidator,
// and a packager.
var invalidatorKinds = []Spec{
	{
		Kind: InvalidatorOff, Vias: []Via{ViaRig, ViaAWS}, Requests: playlists,
		Doc:       "the stale-playlist invalidator is off",
		Changes:   "stale playlists stay at the origin",
		Selectors: fields(byPipeline),
		Part:      PartInvalidator, NeedsWriter: true, awsCannot: offOnAWS,
	},
	{
		Kind: InvalidatorSlow, Vias: []Via{ViaRig, ViaAWS}, Requests: playlists,
		Doc:       "the stale-playlist invalidator starts late",
		Changes:   "stale playlists stay at the origin for longer",
		Selectors: fields(byPipeline), Params: fields(by("time from a write until the invalidator starts; less than its normal wait changes nothing")),
		Part: PartInvalidator, NeedsWriter: true, awsCannot: slowOnAWS,
	},
	{
		Kind: InvalidatorThrottle, Vias: []Via{ViaAWS}, Requests: playlists,
		Doc:     "the concurrency of the stale-playlist invalidator is limited",
		Changes: "stale playlists stay at the origin until an invocation is allowed",
		Params:  fields(concurrency),
		Part:    PartInvalidator, awsCannot: throttleOnAWS,
	},
	{
		Kind: PackagerErrors, Vias: []Via{ViaAWS}, Requests: playlists,
		Doc:     "the packager answers errors on other conditions than configured",
		Changes: "what players see of a stale or incomplete manifest: an error, or the manifest",
		Params:  fields(conditions),
		Part:    PartPackager, awsCannot: packagerErrorsOnAWS,
	},
}

// PackagerConditions are the conditions on which an endpoint of MediaPackage v2
// can be told to answer errors.
var PackagerConditions = []string{"stale_manifest", "incomplete_manifest", "missing_drm_key", "slate_input"}

var (
	concurrency = Field{Name: "concurrency", Type: "count", Required: true, Doc: "invocations at once, 1 to 1000", Says: "%s invocations at once",
		of: func(f *Fault) any { return &f.Concurrency },
		wrong: func(f *Fault) string {
			return unless(f.Concurrency >= 1 && f.Concurrency <= 1000, "number of invocations out of range (got %d; want 1 to 1000; invalidator.off lets none in)", f.Concurrency)
		}}
	conditions = Field{Name: "conditions", Type: "list", Words: PackagerConditions, Required: true, Says: "on %s",
		Doc: "on which the endpoint answers errors during the window; [] = on none",
		of:  func(f *Fault) any { return &f.Conditions },
		wrong: func(f *Fault) string {
			for i, word := range f.Conditions {
				if !slices.Contains(PackagerConditions, word) {
					return fmt.Sprintf("unknown condition (got %.80s; want %s)", word, strings.Join(PackagerConditions, ", "))
				} else if slices.Contains(f.Conditions[:i], word) {
					return fmt.Sprintf("condition given twice (got %s; want each once)", word)
				}
			}
			return ""
		}}
)

const functionName = "the name of the Lambda function"

func offOnAWS(a *AWS, f *Fault) objection {
	return first(
		demand(f.Pipeline == Any, "pipeline", "the function is switched off for all that it serves (got one pipeline; want no `pipeline`)"),
		needs(f, a.Function != "", "function", functionName),
		a.rescued("a function that is switched off"))
}

func slowOnAWS(a *AWS, f *Fault) objection {
	return first(
		demand(f.Pipeline == Any, "pipeline", "the function is slow for all that it serves (got one pipeline; want no `pipeline`)"),
		demand(f.By <= MaxStartupDelay, "by", "longer than the invocation of a function can be delayed (got %v; want at most %v)", f.By, MaxStartupDelay),
		needs(f, a.Function != "", "function", functionName),
		needs(f, a.FaultRole != "", "fault_role", "the ARN of the role that AWS FIS delays the function with"))
}

func throttleOnAWS(a *AWS, f *Fault) objection {
	return first(needs(f, a.Function != "", "function", functionName), a.rescued("a function that is throttled"))
}

func packagerErrorsOnAWS(a *AWS, f *Fault) objection {
	return first(
		needs(f, a.Package.Endpoint != "", "mediapackage.endpoint", "the name of the origin endpoint"),
		a.sticky(true, "an endpoint whose forced errors are changed"))
}
