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

// network reads the name of a preset, or {base: NAME} with single values to
// change; without a base only what is written limits the link.
func (d *decoder) network(v value) link.Config {
	if !v.given() || v.n.Kind == yaml.ScalarNode {
		c, _ := link.Preset(v.known(defaultNetwork, "network", networkNames()))
		return c
	}
	s, ok := v.section("the name of a network, or {base: NAME} with values to change")
	if !ok {
		return link.Config{}
	}
	c, _ := link.Preset(s.at("base").known("unlimited", "network", networkNames()))
	const most = int64(1e12)
	c.Down = s.at("down").rate(c.Down, 0, most)
	c.Up = s.at("up").rate(c.Up, 0, most)
	c.RTT = s.at("rtt").duration(c.RTT, 0, time.Minute)
	c.Jitter = s.at("jitter").duration(c.Jitter, 0, time.Minute)
	c.Loss = s.at("loss").fraction(c.Loss, 0.99)
	c.Spread = s.at("spread").fraction(c.Spread, 3)
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
	_, data, ok := v.file("the name of a file with lines of seconds,bit/s", "the trace", "no trace")
	if !ok {
		return nil
	}
	points, err := link.ParseTrace(bytes.NewReader(data))
	if err != nil {
		v.problem("%s: %v", v.got(), err)
	}
	return points
}
