// Package crewtest has a bus with faults, to test what is built on a bus.
package crewtest
