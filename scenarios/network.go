package scenarios

import (
	"bytes"
	"time"

	"go.yaml.in/yaml/v4"
	"hlsload/player/link"
)

func networkNames() []string {
	var names []string
	for _, n := range link.Networks() {
		names = append(names, n.Name)
	}
	return names
}

var networkKey = key{name: "network", form: ofName, word: networkNames(), def: defaultNetwork, example: "{base: home, down: 20Mbps, rtt: 30ms, spread: 30%}",
	doc: "the link of each viewer: the name of a network, or {base: NAME} with values to change", keys: []key{
		{name: "base", form: ofName, word: networkNames(), def: "unlimited", example: "mobile-4g", doc: "the network whose values hold where none are given"},
		{name: "down", form: ofRate, without: "that of the base", example: "20Mbps", doc: "rate to the viewer; 0bps = unlimited"},
		{name: "up", form: ofRate, without: "that of the base", example: "5Mbps", doc: "rate from the viewer; 0bps = unlimited"},
		{name: "rtt", form: ofDuration, most: int64(time.Minute), without: "that of the base", example: "30ms", doc: "round-trip time"},
		{name: "jitter", form: ofDuration, most: int64(time.Minute), without: "that of the base", example: "5ms", doc: "how much a round trip varies: uniformly, by this much to either side"},
		{name: "loss", form: ofShare, most: 99, without: "that of the base", example: "1%", doc: "share of packets that are lost"},
		{name: "spread", form: ofShare, most: 300, without: "that of the base", example: "30%", doc: "how much the rates of viewers differ: sigma of a log-normal distribution, drawn from the seed"},
		{name: "trace", form: ofFile, without: "none", example: "train.csv", doc: "the name of a file with lines of seconds,bit/s: the rate to the viewer over time"},
	}}

// network reads the name of a preset, or {base: NAME} with single values to
// change; without a base only what is written limits the link.
func (d *decoder) network(v value) link.Config {
	if !v.given() || v.n.Kind == yaml.ScalarNode {
		c, _ := link.Preset(v.known(defaultNetwork, "network"))
		return c
	}
	s, ok := v.section()
	if !ok {
		return link.Config{}
	}
	c, _ := link.Preset(s.at("base").known("unlimited", "network"))
	c.Down = s.at("down").rate(c.Down)
	c.Up = s.at("up").rate(c.Up)
	c.RTT = s.at("rtt").duration(c.RTT)
	c.Jitter = s.at("jitter").duration(c.Jitter)
	c.Loss = s.at("loss").share(c.Loss)
	c.Spread = s.at("spread").share(c.Spread)
	if at := s.at("trace"); at.given() {
		c.Trace = trace(at)
	}
	before := len(d.problems)
	s.done()
	if err := c.Validate(); err != nil && len(d.problems) == before {
		v.problem("%v", err)
	}
	return c
}

func trace(v value) []link.TracePoint {
	_, data, ok := v.file("the trace", "no trace")
	if !ok {
		return nil
	}
	points, err := link.ParseTrace(bytes.NewReader(data))
	if err != nil {
		v.problem("%s: %v", v.got(), err)
	}
	return points
}
