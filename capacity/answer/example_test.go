package answer

import (
	"math"
	"testing"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
	"hlsload/scenarios"
)

// TestCostOfAWSExample is cost example 2 of AWS's "Live Streaming on AWS with Amazon S3": 10,000 viewers
// for an hour of the hd-1080p ladder on one pipeline: $1,531 for CloudFront, $3.11 for MediaLive.
// Viewers are simulated here, on links that carry the highest rendition.
func TestCostOfAWSExample(t *testing.T) {
	files := map[string]string{"example.yaml": `
version: 1
name: example
target: {rig: {ladder: hd-1080p, segment: 4s, pipelines: 1}}
fleet: {players: 100, cohorts: [{name: web, profile: hlsjs-1.7, network: fibre}]}
duration: 60s
`}
	e, err := scenarios.LoadEvent(scenarios.Source{File: "event.yaml", Data: []byte(`
version: 1
event: {name: example, duration: 1h}
audience: {curve: [{at: 0s, viewers: 10k}], regions: [{name: us, pops: 10, price: us-eu}]}
scenario: example.yaml
`), ReadFile: func(name string) ([]byte, error) { return []byte(files[name]), nil }})
	if err != nil {
		t.Fatal(err)
	}
	p := PlanOf(e)
	samples, _ := p.Samples(200)
	r, _, err := p.Simulate(samples[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := kernel.Of(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := capacity.Predict(&p, k)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Of(&Question{Event: e, Plan: &p, Kernel: k, Forecast: f, Errors: &capacity.Errors{}})
	if err != nil {
		t.Fatal(err)
	}
	cdn, live := Range{}, Range{}
	for _, x := range a.Cost.Items {
		to := &cdn
		if len(x.Name) > 9 && x.Name[:9] == "medialive" {
			to = &live
		}
		to.Low, to.High = to.Low+x.Low, to.High+x.High
		t.Logf("%-20s %12g %-8s %10.2f to %10.2f", x.Name, x.Quantity, x.Unit, x.Low, x.High)
	}
	const published, encoder = 1531, 3.11
	if math.Abs(cdn.Low/published-1) > .1 || math.Abs(cdn.High/published-1) > .1 {
		t.Errorf("CloudFront and S3: %.0f to %.0f; want %d within a tenth", cdn.Low, cdn.High, published)
	}
	if math.Abs(live.Low/encoder-1) > .01 || live.Low != live.High {
		t.Errorf("MediaLive: %.2f to %.2f; want %.2f", live.Low, live.High, encoder)
	}
}
