package answer

import (
	"fmt"
	"math"
	"time"

	"hlsload/scenarios"
)

// Machine is one that carries players: what was measured on it.
type Machine struct {
	Cores   int
	Players int     // that it carries on shaped links without being late; its open files are a bound of it
	CPU     float64 // seconds of CPU a request
	BPS     float64 // bit/s of its network
	Price   float64 // of an hour, in the currency of the prices; 0 = not known
	Source  string  // of the figures
}

// DefaultMachine is that of README.md, Figures: 5,000 players on 2 cores, 0.05 ms of CPU a request. Its
// network was not measured: 10 Gbit/s is assumed.
var DefaultMachine = Machine{Cores: 2, Players: 5000, CPU: 50e-6, BPS: 10e9, Source: "README.md, Figures; the network is assumed"}

// MachineOf is a machine by its file.
func MachineOf(m *scenarios.Machine) Machine {
	source := m.Source
	if !m.Seen.IsZero() {
		source += ", " + m.Seen.Format(time.DateOnly)
	}
	if m.NetworkAssumed {
		source += "; the network is assumed"
	}
	return Machine{Cores: m.Cores, Players: m.Players, CPU: m.CPU.Seconds(), BPS: float64(m.Network), Price: m.PricePerHour, Source: source}
}

// Check reports figures that no machine has.
func (m *Machine) Check() error {
	if m.Cores < 1 || m.Cores > 10_000 || m.Players < 1 || m.Players > 10_000_000 || !(m.CPU > 0 && m.CPU <= 1) || !(m.BPS >= 1 && m.BPS <= 1e15) || !(m.Price >= 0 && m.Price <= 1e6) {
		return fmt.Errorf("machine of a rehearsal: %d cores, %d players, %g s a request, %g bit/s, %g an hour (want 1 to 10,000 cores, 1 to 10,000,000 players, up to 1 s, 1 to 1e15 bit/s, 0 to 1,000,000)", m.Cores, m.Players, m.CPU, m.BPS, m.Price)
	}
	return nil
}

// How a machine may be used.
const (
	ofNetwork = 0.7
	ofCores   = 0.5
)

// Agents is how many machines it takes for so many viewers and for requests and bits a second, and what
// needs so many: players, cpu or network.
//
//	agents = max(viewers ÷ players, requests · CPU ÷ (0.5 · cores), bits ÷ (0.7 · network))
func (m *Machine) Agents(viewers, rps, bps float64) (n int, by string) {
	most, by := viewers/float64(m.Players), "players"
	if x := rps * m.CPU / (ofCores * float64(m.Cores)); x > most {
		most, by = x, "cpu"
	}
	if x := bps / (ofNetwork * m.BPS); x > most {
		most, by = x, "network"
	}
	return max(1, int(math.Ceil(min(most, 1e9)))), by
}

// cost is that of so many machines for a time.
func (m *Machine) cost(n int, lasts time.Duration) float64 {
	return float64(n) * m.Price * lasts.Hours()
}
