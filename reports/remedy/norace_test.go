//go:build !race

package remedy_test

const underRace = false
