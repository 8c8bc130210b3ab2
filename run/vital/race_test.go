//go:build race

package vital

// underRace reports that tests are ten times as slow.
const underRace = true
