package awstest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// experiments are what of an account AWS FIS has.
type experiments struct {
	lever     string // state of the safety lever; "" = there is none in the region
	templates map[string]*template
	running   map[string]*experiment
	tokens    map[string]string // what was made with a client token
	serial    int
}

// template is an experiment template.
type template struct {
	ID, Description, RoleArn, ClientToken string
	Tags                                  map[string]string
	Targets                               map[string]struct {
		ResourceType, SelectionMode string
		ResourceArns                []string
	}
	Actions map[string]struct {
		ActionID   string `json:"actionId"`
		Parameters map[string]string
		Targets    map[string]string
	}
	StopConditions []struct{ Source string }
}

// experiment delays a function from an instant to another.
type experiment struct {
	id, template string
	tags         map[string]string
	function     *Function
	shows        time.Time // in lists
	delay        time.Duration
	from, to     time.Time
	stopped      time.Time // zero = not
}

// beginTime and stopTime are how long an experiment takes to begin and to stop.
const (
	beginTime = 2 * time.Second
	stopTime  = 3 * time.Second
)

func (e *experiment) status(now time.Time) string {
	switch {
	case !e.stopped.IsZero() && now.Sub(e.stopped) >= stopTime:
		return "stopped"
	case !e.stopped.IsZero():
		return "stopping"
	case !now.Before(e.to):
		return "completed"
	case now.Before(e.from):
		return "initiating"
	}
	return "running"
}

// Engage sets the state of the account's safety lever: engaged, disengaged, or
// "" where there is none.
func (a *Account) Engage(state string) { a.Do(func() { a.faults.lever = state }) }

func (a *Account) fis() []operation {
	f := &a.faults
	return []operation{
		{"GET /safetyLevers/{id}", "GetSafetyLever", func(*call) (any, error) {
			if f.lever == "" {
				return nil, missing("safety lever", "default")
			}
			return map[string]any{"safetyLever": map[string]any{
				"id": "default", "arn": "arn:aws:fis:" + a.Region + ":" + a.ID + ":safety-lever/default",
				"state": map[string]string{"status": f.lever, "reason": "set by the tester"},
			}}, nil
		}},
		{"POST /experimentTemplates", "CreateExperimentTemplate", a.createTemplate},
		{"GET /experimentTemplates", "ListExperimentTemplates", func(*call) (any, error) {
			items := []any{}
			for _, id := range slices.Sorted(maps.Keys(f.templates)) {
				t := f.templates[id]
				items = append(items, map[string]any{"id": id, "description": t.Description, "tags": t.Tags})
			}
			return map[string]any{"experimentTemplates": items}, nil
		}},
		{"DELETE /experimentTemplates/{id}", "DeleteExperimentTemplate", func(c *call) (any, error) {
			if f.templates[c.at["id"]] == nil {
				return nil, missing("template", c.at["id"])
			}
			delete(f.templates, c.at["id"])
			return nil, nil
		}},
		{"POST /experiments", "StartExperiment", a.startExperiment},
		{"GET /experiments", "ListExperiments", func(c *call) (any, error) {
			items := []any{}
			of := c.r.URL.Query().Get("experimentTemplateId")
			for _, id := range slices.Sorted(maps.Keys(f.running)) {
				if e := f.running[id]; (of == "" || e.template == of) && !c.now.Before(e.shows) {
					items = append(items, map[string]any{"id": id, "experimentTemplateId": e.template, "tags": e.tags, "state": map[string]string{"status": e.status(c.now)}})
				}
			}
			return map[string]any{"experiments": items}, nil
		}},
		{"DELETE /experiments/{id}", "StopExperiment", func(c *call) (any, error) {
			e := f.running[c.at["id"]]
			if e == nil {
				return nil, missing("experiment", c.at["id"])
			}
			if e.stopped.IsZero() && c.now.Before(e.to) {
				e.stopped = c.now
			}
			return nil, nil
		}},
	}
}

// missing refuses a request about what is not there.
func missing(what, name string) error {
	return refuse(http.StatusNotFound, "ResourceNotFoundException", "no %s %s", what, name)
}

// createTemplate takes templates that delay one function. The same token makes
// the same template.
func (a *Account) createTemplate(c *call) (any, error) {
	f := &a.faults
	var t template
	if err := json.Unmarshal(c.body, &t); err != nil || t.ClientToken == "" || t.RoleArn == "" || len(t.StopConditions) == 0 || len(t.Targets) != 1 || len(t.Actions) != 1 {
		return nil, c.invalid("something that is required is missing (%v)", err)
	}
	for _, action := range t.Actions {
		if action.ActionID != "aws:lambda:invocation-add-delay" || len(action.Targets) != 1 {
			return nil, c.invalid("not an action for a function: %s", action.ActionID)
		}
	}
	t.ID = f.tokens[t.ClientToken]
	if t.ID == "" || f.templates[t.ID] == nil {
		f.serial++
		t.ID = fmt.Sprintf("EXT%d", f.serial)
		f.tokens[t.ClientToken], f.templates[t.ID] = t.ID, &t
	}
	return map[string]any{"experimentTemplate": map[string]any{"id": t.ID, "tags": t.Tags}}, nil
}

func (a *Account) startExperiment(c *call) (any, error) {
	f := &a.faults
	var in struct {
		ClientToken, ExperimentTemplateID string
		Tags                              map[string]string
	}
	err := json.Unmarshal(c.body, &in)
	t := f.templates[in.ExperimentTemplateID]
	if err != nil || t == nil {
		return nil, missing("template", in.ExperimentTemplateID)
	}
	id := f.tokens["start "+in.ClientToken]
	if id == "" {
		f.serial++
		id = fmt.Sprintf("EXP%d", f.serial)
		e := &experiment{id: id, template: t.ID, tags: in.Tags, from: c.now.Add(beginTime), shows: c.now.Add(a.Lag)}
		for _, action := range t.Actions {
			minutes, delay := 0, 0
			fmt.Sscanf(action.Parameters["duration"], "PT%dM", &minutes)
			fmt.Sscanf(action.Parameters["startupDelayMilliseconds"], "%d", &delay)
			e.to, e.delay = c.now.Add(time.Duration(minutes)*time.Minute), time.Duration(delay)*time.Millisecond
		}
		for _, target := range t.Targets {
			for _, arn := range target.ResourceArns {
				e.function = a.function(arn)
			}
		}
		f.tokens["start "+in.ClientToken], f.running[id] = id, e
	}
	return map[string]any{"experiment": map[string]any{"id": id}}, nil
}

// delayed is how much later an invocation of a function begins.
func (a *Account) delayed(fn *Function, at time.Time) (d time.Duration) {
	for _, e := range a.faults.running {
		if e.function == fn && e.status(at) == "running" {
			d = max(d, e.delay)
		}
	}
	return d
}

// fisState is what must be as it was: no template of a run, no experiment that
// goes on.
func (a *Account) fisState(w io.Writer) {
	for _, id := range slices.Sorted(maps.Keys(a.faults.templates)) {
		fmt.Fprintf(w, "experiment template %s: %s\n", id, a.faults.templates[id].Description)
	}
	for _, id := range slices.Sorted(maps.Keys(a.faults.running)) {
		if e := a.faults.running[id]; e.status(a.Now()) == "running" || e.status(a.Now()) == "initiating" {
			fmt.Fprintf(w, "experiment %s goes on\n", id)
		}
	}
}
