//go:build !race

package vital

const underRace = false
