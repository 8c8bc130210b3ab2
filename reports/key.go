package reports

// Key is what a run was made with. Only runs with equal keys can be compared: anything
// else that differs between their figures would be taken for a change of the stream.
// The seed, the files of results, descriptions and conditions are not part of it.
type Key struct {
	Hash     string            `json:"hash"`     // of all that follows, in hex
	Mode     string            `json:"mode"`     // run or simulate
	Version  string            `json:"version"`  // major version of hlsload, such as v1; "devel" = not known
	Players  int               `json:"players"`  // at the peak, as the scenario has it
	Agents   int               `json:"agents"`   // 0 = one machine
	Profiles map[string]string `json:"profiles"` // hash of each profile, by its id
	// Settings are the values of the expanded scenario, overrides and defaults included,
	// as they are written there: "target.rig.edge.playlist_ttl" is "1s". Secrets are not
	// among them: a value from the environment stands as ${NAME}.
	Settings map[string]string `json:"settings,omitempty"`
}
