package chaos

// Faults that programs of the user make.
var commandKinds = []Spec{
	{
		Kind: Command, Vias: []Via{ViaCommand}, Requests: allRequests,
		Doc:       "programs of the user make and undo the fault",
		Changes:   "whatever they change; the selectors say what that is",
		Selectors: fields(byPipeline, byRendition, anyRequest), Params: fields(start, stop),
	},
}
