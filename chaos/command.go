package chaos

// Faults that programs of the user make.
var commandKinds = []Spec{
	{
		Kind: Command, Vias: []Via{ViaCommand}, Requests: allRequests,
		Doc:       "your own programs make and undo the fault",
		Changes:   "whatever they change; the selectors describe it to the reports",
		Selectors: fields(byPipeline, byRendition, anyRequest), Params: fields(start, stop),
	},
}
