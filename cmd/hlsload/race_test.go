//go:build race

package main

// underRace tells that tests are ten times as slow.
const underRace = true
