package main

import (
	"hlsload/player/fleet"
	"hlsload/scenarios"
)

// ceilingOf are the ceilings that a scenario asks for.
func ceilingOf(l *scenarios.Limits) fleet.Ceiling {
	return fleet.Ceiling{Requests: l.Requests, Bandwidth: l.Bandwidth, Bytes: l.Bytes}
}
