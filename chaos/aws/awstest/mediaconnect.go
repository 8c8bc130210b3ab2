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
	status   []switched     // what was asked for, and from when on it shows
}

type switched struct {
	at     time.Time
	status string
}

// AddFlow adds a flow with outputs that are on.
func (a *Account) AddFlow(name string, outputs ...string) *Flow {
	f := &Flow{a: a, ARN: fmt.Sprintf("arn:aws:mediaconnect:%s:%s:flow:1-AAAA:%s", a.Region, a.ID, name), Status: "ACTIVE", tagged: allowed()}
	for i, o := range outputs {
		f.Outputs = append(f.Outputs, &FlowOutput{
			ARN: fmt.Sprintf("arn:aws:mediaconnect:%s:%s:output:1-BBBB:%s", a.Region, a.ID, o), tagged: tagged{Tags: map[string]string{}},
			settings: map[string]any{"name": o, "destination": "198.51.100.7", "port": 5000 + i}, status: []switched{{time.Time{}, "ENABLED"}},
		})
	}
	a.flows[f.ARN] = f
	return f
}

// Switch switches an output on or off as another program would.
func (f *Flow) Switch(output int, status string) {
	f.a.Do(func() { f.Outputs[output].set(status, f.a.Now()) })
}

func (o *FlowOutput) set(status string, at time.Time) {
	o.status = append(o.status, switched{at, status})
}

// shows is the status as it is seen.
func (o *FlowOutput) shows(now time.Time) string {
	for i := len(o.status) - 1; ; i-- {
		if i == 0 || !o.status[i].at.After(now) {
			return o.status[i].status
		}
	}
}

func (a *Account) serveMediaConnect(c *call) {
	path := strings.TrimPrefix(c.r.URL.Path, "/")
	if arn, ok := strings.CutPrefix(path, "tags/"); ok {
		a.flowTags(c, arn)
		return
	}
	flow, output, hasOutput := strings.Cut(strings.TrimPrefix(path, "v1/flows/"), "/outputs/")
	op := map[string]string{"GET": "DescribeFlow"}[c.r.Method]
	c.resource = flow
	if hasOutput {
		op, c.resource = map[string]string{"PUT": "UpdateFlowOutput"}[c.r.Method], output
	}
	if op == "" || !c.operation(op, hasOutput) {
		return
	}
	f := a.flows[flow]
	if f == nil {
		c.fail(http.StatusNotFound, "NotFoundException", "The flow was not found")
		return
	}
	if !hasOutput {
		c.json(http.StatusOK, map[string]any{"flow": f.describe(c.now)})
		return
	}
	i := slices.IndexFunc(f.Outputs, func(o *FlowOutput) bool { return o.ARN == output })
	if i < 0 {
		c.fail(http.StatusNotFound, "NotFoundException", "The output was not found")
		return
	}
	var in map[string]any
	if !c.decode(&in) {
		return
	}
	o := f.Outputs[i]
	for k, v := range in {
		if k == "outputStatus" {
			if v != "ENABLED" && v != "DISABLED" {
				c.fail(http.StatusBadRequest, "BadRequestException", "invalid outputStatus")
				return
			}
			o.set(v.(string), c.now.Add(a.Lag))
			continue
		}
		o.settings[k] = v
	}
	c.json(http.StatusAccepted, map[string]any{"flowArn": f.ARN, "output": o.describe(c.now)})
}

func (o *FlowOutput) describe(now time.Time) map[string]any {
	out := maps.Clone(o.settings)
	out["outputArn"], out["outputStatus"] = o.ARN, o.shows(now)
	return out
}

func (f *Flow) describe(now time.Time) map[string]any {
	var outputs []map[string]any
	for _, o := range f.Outputs {
		outputs = append(outputs, o.describe(now))
	}
	return map[string]any{"flowArn": f.ARN, "name": f.ARN[strings.LastIndexByte(f.ARN, ':')+1:], "status": f.Status, "availabilityZone": f.a.Region + "a", "entitlements": []any{}, "outputs": outputs}
}

func (a *Account) flowTags(c *call, arn string) {
	op := map[string]string{"GET": "ListTagsForResource", "POST": "TagResource", "DELETE": "UntagResource"}[c.r.Method]
	c.resource = arn
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet) {
		return
	}
	var t *tagged
	for _, f := range a.flows {
		if f.ARN == arn {
			t = &f.tagged
		}
		for _, o := range f.Outputs {
			if o.ARN == arn {
				t = &o.tagged
			}
		}
	}
	switch {
	case t == nil:
		c.fail(http.StatusNotFound, "NotFoundException", "The resource was not found")
	case c.mutates:
		c.changeTags(t)
	default:
		c.json(http.StatusOK, map[string]any{"tags": t.shown(c.now)})
	}
}

func (a *Account) mediaConnectState(w io.Writer) {
	for _, arn := range slices.Sorted(maps.Keys(a.flows)) {
		f := a.flows[arn]
		fmt.Fprintf(w, "flow %s: %s, tags %v\n", arn, f.Status, f.Tags)
		for _, o := range f.Outputs {
			fmt.Fprintf(w, "  output %s: %s, %v, tags %v\n", o.ARN, o.status[len(o.status)-1].status, o.settings, o.Tags)
		}
	}
}

// Made says that a MediaLive input has made an output.
func (f *Flow) Made(output int, input string) {
	f.a.Do(func() { f.Outputs[output].settings["mediaLiveInputArn"] = input })
}
