package awstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// schedule is one of EventBridge Scheduler, which runs once.
type schedule struct {
	at   time.Time
	body map[string]any // as it was created
}

// Ran are the schedules that have run, with what came of it.
func (a *Account) Ran() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.ran)
}

func (a *Account) scheduler() []operation {
	return []operation{
		{"GET /schedules", "ListSchedules", func(c *call) (any, error) {
			list := []any{}
			for _, n := range slices.Sorted(maps.Keys(a.schedules)) {
				if strings.HasPrefix(n, c.r.URL.Query().Get("NamePrefix")) {
					list = append(list, map[string]any{"Name": n, "GroupName": "default"})
				}
			}
			return map[string]any{"Schedules": list}, nil
		}},
		{"POST /schedules/{name}", "CreateSchedule", a.createSchedule},
		{"GET /schedules/{name}", "GetSchedule", on(a.findSchedule, func(s schedule, c *call) (any, error) {
			out := maps.Clone(s.body)
			out["Name"] = c.at["name"]
			return out, nil
		})},
		{"DELETE /schedules/{name}", "DeleteSchedule", on(a.findSchedule, func(_ schedule, c *call) (any, error) {
			delete(a.schedules, c.at["name"])
			return nil, nil
		})},
	}
}

func (a *Account) findSchedule(c *call) (schedule, error) {
	s, there := a.schedules[c.at["name"]]
	if !there {
		return s, missing("schedule", c.at["name"])
	}
	return s, nil
}

func (a *Account) createSchedule(c *call) (any, error) {
	name := c.at["name"]
	var in struct {
		ScheduleExpression, ActionAfterCompletion string
		FlexibleTimeWindow                        struct{ Mode string }
		Target                                    struct{ Arn, RoleArn, Input string }
	}
	var body map[string]any
	if err := errors.Join(c.decode(&in), c.decode(&body)); err != nil {
		return nil, err
	}
	at, err := time.Parse("at(2006-01-02T15:04:05)", in.ScheduleExpression)
	_, unknown := a.rescue(in.Target.Arn, in.Target.Input)
	_, there := a.schedules[name]
	switch {
	case there:
		return nil, refuse(http.StatusConflict, "ConflictException", "schedule %s already exists", name)
	case err != nil:
	case in.FlexibleTimeWindow.Mode != "OFF" || in.ActionAfterCompletion != "DELETE":
		err = fmt.Errorf("not emulated: %s", c.body)
	case !strings.HasPrefix(in.Target.RoleArn, "arn:aws:iam::"+a.ID+":role/"):
		err = errors.New("the execution role must allow EventBridge Scheduler to assume it")
	default:
		err = unknown
	}
	if err != nil {
		return nil, c.invalid("%v", err)
	}
	a.schedules[name] = schedule{at, body}
	return map[string]any{"ScheduleArn": "arn:aws:scheduler:" + a.Region + ":" + a.ID + ":schedule/default/" + name}, nil
}

// rescue is the call of a universal target: what it does, or why there is none.
func (a *Account) rescue(arn, input string) (func(now time.Time) error, error) {
	var in struct {
		FunctionName, ChannelId, FlowArn, OutputArn, OutputStatus string //nolint:revive // names of the API
		ReservedConcurrentExecutions                              *int32
	}
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		return nil, fmt.Errorf("input is not JSON: %w", err)
	}
	switch action, _ := strings.CutPrefix(arn, "arn:aws:scheduler:::aws-sdk:"); action {
	case "lambda:putFunctionConcurrency", "lambda:deleteFunctionConcurrency":
		f := a.function(in.FunctionName)
		if f == nil || strings.HasPrefix(action, "lambda:put") && in.ReservedConcurrentExecutions == nil {
			return nil, fmt.Errorf("no such function, or no concurrency: %s", input)
		}
		return func(time.Time) error { f.Reserved = in.ReservedConcurrentExecutions; return nil }, nil
	case "medialive:startChannel":
		ch := a.channels[in.ChannelId]
		if ch == nil {
			return nil, fmt.Errorf("no such channel: %s", input)
		}
		return func(now time.Time) error {
			if ch.state != "IDLE" {
				return fmt.Errorf("channel is %s", ch.state)
			}
			ch.state, ch.next, ch.until = "STARTING", "RUNNING", now.Add(ch.ChangeTime)
			for _, w := range ch.writers {
				w.restarted()
			}
			return nil
		}, nil
	case "mediaconnect:updateFlowOutput":
		if f := a.flows[in.FlowArn]; f != nil {
			for _, o := range f.Outputs {
				if o.ARN == in.OutputArn {
					return func(now time.Time) error { o.set(in.OutputStatus, now); return nil }, nil
				}
			}
		}
		return nil, fmt.Errorf("no such output: %s", input)
	}
	return nil, fmt.Errorf("no such API action: %s", arn)
}

// runSchedules makes the calls whose time has come. One that is refused is not
// made again here.
func (a *Account) runSchedules(now time.Time) {
	for _, name := range slices.Sorted(maps.Keys(a.schedules)) {
		s := a.schedules[name]
		if s.at.After(now) {
			continue
		}
		delete(a.schedules, name)
		target, _ := s.body["Target"].(map[string]any)
		do, err := a.rescue(fmt.Sprint(target["Arn"]), fmt.Sprint(target["Input"]))
		if err == nil {
			err = do(s.at)
		}
		a.ran = append(a.ran, fmt.Sprintf("%s: %v", name, err))
	}
}

func (a *Account) schedulerState(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(a.schedules)) {
		fmt.Fprintf(w, "schedule %s\n", name)
	}
}
