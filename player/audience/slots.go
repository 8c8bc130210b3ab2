package audience

import (
	"math/bits"

	"hlsload/player/draw"
)

// SlotCount is into how many slots the viewers of a run are split. A run on several
// machines gives each of them some slots; a viewer keeps its slot.
const SlotCount = 1024

// SlotOf is the slot of a viewer. Those who follow one another in the same place have the
// same slot; see [Generation].
func SlotOf(player uint64) int { return int(player % Generation % SlotCount) }

// Slots is a set of slots.
type Slots [SlotCount / 64]uint64

// Has reports whether a slot is in the set.
func (s *Slots) Has(slot int) bool { return s[slot/64]>>(slot%64)&1 != 0 }

// Len is how many slots are in the set.
func (s *Slots) Len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s *Slots) add(slot int) { s[slot/64] |= 1 << (slot % 64) }

// Share is the slots of agent i of agents, 1 to SlotCount of them, numbered from 0; empty
// for others. The agents' shares have no slot in common and all slots together. They differ
// by one slot at most, and among any viewers with neighbouring numbers the agents have
// equally many, give or take two.
func Share(agents, i int) (s Slots) {
	if agents < 1 || agents > SlotCount || i < 0 || i >= agents {
		return s
	}
	for slot := range SlotCount {
		if agentOf(slot, agents) == i {
			s.add(slot)
		}
	}
	return s
}

// agentOf deals slots out in rounds. Where a round begins is mixed, so that what repeats
// among the viewers, such as every second one in a cohort, does not all fall to one agent.
// The last round may be short: it goes to the first agents.
func agentOf(slot, agents int) int {
	round, place := slot/agents, slot%agents
	if (round+1)*agents > SlotCount {
		return place
	}
	return (place + int(draw.Mix(uint64(round))%uint64(agents))) % agents
}

// PartOf is the part of a total, such as a ceiling of requests, that falls to agent i of
// agents, by their slots and largest remainder. The parts of all agents add up to the
// total. It is 0 for agents that [Share] does not know.
func PartOf(total, agents, i int) int {
	if agents < 1 || agents > SlotCount || i < 0 || i >= agents || total < 0 {
		return 0
	}
	shares := make([]float64, agents)
	for slot := range SlotCount {
		shares[agentOf(slot, agents)] += 1. / SlotCount
	}
	return counts(total, shares)[i]
}
