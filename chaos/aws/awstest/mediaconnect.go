package awstest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Flow is a MediaConnect flow.
type Flow struct {
	a *Account

	ARN     string
	Status  string
	Outputs []*FlowOutput
	tagged
}

// FlowOutput is an output of a flow.
type FlowOutput struct {
	ARN string
	tagged

	settings map[string]any // everything else: an update of one thing leaves it
	status   history[string]
}

// AddFlow adds a flow with outputs that are on.
func (a *Account) AddFlow(name string, outputs ...string) *Flow {
	f := &Flow{a: a, ARN: fmt.Sprintf("arn:aws:mediaconnect:%s:%s:flow:1-AAAA:%s", a.Region, a.ID, name), Status: "ACTIVE", tagged: allowed()}
	for i, o := range outputs {
		f.Outputs = append(f.Outputs, &FlowOutput{
			ARN: fmt.Sprintf("arn:aws:mediaconnect:%s:%s:output:1-BBBB:%s", a.Region, a.ID, o), tagged: tagged{Tags: map[string]string{}},
			settings: map[string]any{"name": o, "destination": "198.51.100.7", "port": 5000 + i}, status: history[string]{{value: "ENABLED"}},
		})
	}
	a.flows[f.ARN] = f
	return f
}

// Switch switches an output on or off as another program would.
func (f *Flow) Switch(output int, status string) {
	f.a.Do(func() { f.Outputs[output].set(status, f.a.Now()) })
}

func (o *FlowOutput) set(status string, at time.Time) { o.status.set(status, at, at) }

func (a *Account) mediaConnect() []operation {
	return []operation{
		{"GET /tags/{arn}", "ListTagsForResource", on(a.flowTags, func(t *tagged, c *call) (any, error) {
			return map[string]any{"tags": t.shown(c.now)}, nil
		})},
		{"POST /tags/{arn}", "TagResource", on(a.flowTags, (*tagged).retag)},
		{"DELETE /tags/{arn}", "UntagResource", on(a.flowTags, (*tagged).retag)},
		{"GET /v1/flows/{flow}", "DescribeFlow", on(a.findFlow, func(f *Flow, c *call) (any, error) {
			return map[string]any{"flow": f.describe(c.now)}, nil
		})},
		{"PUT /v1/flows/{flow}/outputs/{output}", "UpdateFlowOutput", on(a.findFlow, (*Flow).update)},
	}
}

func (a *Account) findFlow(c *call) (*Flow, error) {
	c.resource = c.at["flow"]
	if f := a.flows[c.resource]; f != nil {
		return f, nil
	}
	return nil, refuse(http.StatusNotFound, "NotFoundException", "The flow was not found")
}

func (f *Flow) update(c *call) (any, error) {
	c.resource = c.at["output"]
	i := slices.IndexFunc(f.Outputs, func(o *FlowOutput) bool { return o.ARN == c.resource })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "NotFoundException", "The output was not found")
	}
	var in map[string]any
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	o := f.Outputs[i]
	for k, v := range in {
		if k != "outputStatus" {
			o.settings[k] = v
			continue
		}
		if v != "ENABLED" && v != "DISABLED" {
			return nil, refuse(http.StatusBadRequest, "BadRequestException", "invalid outputStatus")
		}
		o.set(v.(string), c.now.Add(f.a.Lag))
	}
	return map[string]any{"flowArn": f.ARN, "output": o.describe(c.now)}, nil
}

func (o *FlowOutput) describe(now time.Time) map[string]any {
	out := maps.Clone(o.settings)
	out["outputArn"], out["outputStatus"] = o.ARN, o.status.acting(now)
	return out
}

func (f *Flow) describe(now time.Time) map[string]any {
	var outputs []map[string]any
	for _, o := range f.Outputs {
		outputs = append(outputs, o.describe(now))
	}
	return map[string]any{"flowArn": f.ARN, "name": f.ARN[strings.LastIndexByte(f.ARN, ':')+1:], "status": f.Status, "availabilityZone": f.a.Region + "a", "entitlements": []any{}, "outputs": outputs}
}

func (a *Account) flowTags(c *call) (*tagged, error) {
	c.resource = c.at["arn"]
	for _, f := range a.flows {
		if f.ARN == c.resource {
			return &f.tagged, nil
		}
		for _, o := range f.Outputs {
			if o.ARN == c.resource {
				return &o.tagged, nil
			}
		}
	}
	return nil, refuse(http.StatusNotFound, "NotFoundException", "The resource was not found")
}

func (a *Account) mediaConnectState(w io.Writer) {
	for _, arn := range slices.Sorted(maps.Keys(a.flows)) {
		f := a.flows[arn]
		fmt.Fprintf(w, "flow %s: %s, tags %v\n", arn, f.Status, f.Tags)
		for _, o := range f.Outputs {
			fmt.Fprintf(w, "  output %s: %s, %v, tags %v\n", o.ARN, o.status.last(), o.settings, o.Tags)
		}
	}
}

// Made says that a MediaLive input has made an output.
func (f *Flow) Made(output int, input string) {
	f.a.Do(func() { f.Outputs[output].settings["mediaLiveInputArn"] = input })
}
