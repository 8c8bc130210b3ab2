//go:build race

package remedy_test

// underRace reports that tests are ten times as slow.
const underRace = true
