package link

import (
	"slices"
	"time"
)

// A Network is a preset with its story.
type Network struct {
	Config
	About  string // one line for lists
	Source string // where the figures come from
}

// networks are round figures of the order that the sources give. They are
// meant as common ground for comparisons, not as a claim about any operator.
var networks = []Network{
	{
		Config: Config{Name: "unlimited"},
		About:  "no limit, no delay: what the target itself delivers",
		Source: "none; for load without shaping",
	},
	{
		Config: Config{Name: "fibre", Down: 100e6, Up: 40e6, RTT: 10 * time.Millisecond, Jitter: time.Millisecond, Spread: 0.3},
		About:  "fibre to the home",
		Source: "100 Mbit/s is the FCC's broadband benchmark of 2024 (100/20); a round trip around 10 ms to an edge nearby is what regulators' panels measure on fibre",
	},
	{
		Config: Config{Name: "home", Down: 25e6, Up: 5e6, RTT: 20 * time.Millisecond, Jitter: 3 * time.Millisecond, Spread: 0.4},
		About:  "cable or DSL, one stream among others in the house",
		Source: "the FCC's benchmark of 2015 (25/3) as what is left for one screen; round trip between WebPageTest's Cable (28 ms) and FIOS (4 ms)",
	},
	{
		Config: Config{Name: "mobile-5g", Down: 80e6, Up: 15e6, RTT: 30 * time.Millisecond, Jitter: 8 * time.Millisecond, Loss: 0.0001, Spread: 0.6},
		About:  "5G, mid band, outdoors",
		Source: "Ofcom, Mobile Matters 2024: 47 % of 5G tests at or above 100 Mbit/s, response times of 16 to 25 ms to servers nearby",
	},
	{
		Config: Config{Name: "mobile-4g", Down: 12e6, Up: 6e6, RTT: 70 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.0002, Spread: 0.5},
		About:  "LTE, average cell",
		Source: "WebPageTest connectivity profile LTE: 12 Mbit/s, 70 ms; half of it upwards",
	},
	{
		Config: Config{Name: "mobile-3g", Down: 1.6e6, Up: 768e3, RTT: 150 * time.Millisecond, Jitter: 40 * time.Millisecond, Loss: 0.001, Spread: 0.5},
		About:  "HSPA, or LTE at the edge of a cell",
		Source: "WebPageTest connectivity profile 3GFast: 1.6 Mbit/s down, 768 kbit/s up, 150 ms",
	},
	{
		Config: Config{Name: "wifi-poor", Down: 6e6, Up: 2e6, RTT: 40 * time.Millisecond, Jitter: 35 * time.Millisecond, Loss: 0.005, Spread: 0.7},
		About:  "wireless two rooms away, shared band",
		Source: "a choice: WebPageTest's Cable rate (5 Mbit/s) with the delay variation of a busy channel and residual loss after retries",
	},
	{
		Config: Config{Name: "satellite", Down: 25e6, Up: 3e6, RTT: 600 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.00001, Spread: 0.3},
		About:  "geostationary satellite",
		Source: "RFC 2488 section 2: a round trip of 558 ms to a geostationary satellite and back, plus the ground; 25/3 as sold",
	},
}

// Networks lists the presets, from none to worst. The caller owns the slice.
func Networks() []Network { return slices.Clone(networks) }

// Preset returns the preset of that name.
func Preset(name string) (Config, bool) {
	for i := range networks {
		if networks[i].Name == name {
			return networks[i].Config, true
		}
	}
	return Config{}, false
}
