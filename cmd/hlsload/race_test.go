//go:build race

package main

// underRace reports that tests are ten times as slow.
const underRace = true
