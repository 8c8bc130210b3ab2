package awstest

import (
	"encoding/json"
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

func (a *Account) serveScheduler(c *call) {
	path := strings.Trim(c.r.URL.Path, "/")
	name, one := strings.CutPrefix(path, "schedules/")
	if path != "schedules" && !one {
		return
	}
	op := map[string]string{"POST": "CreateSchedule", "GET": "GetSchedule", "DELETE": "DeleteSchedule"}[c.r.Method]
	if !one {
		op = "ListSchedules"
	}
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet) {
		return
	}
	s, there := a.schedules[name]
	switch {
	case op == "ListSchedules":
		list := []any{}
		for _, n := range slices.Sorted(maps.Keys(a.schedules)) {
			if strings.HasPrefix(n, c.r.URL.Query().Get("NamePrefix")) {
				list = append(list, map[string]any{"Name": n, "GroupName": "default"})
			}
		}
		c.json(http.StatusOK, map[string]any{"Schedules": list})
	case op == "CreateSchedule" && there:
		c.fail(http.StatusConflict, "ConflictException", "schedule "+name+" already exists")
	case op == "CreateSchedule":
		a.createSchedule(c, name)
	case !there:
		c.fail(http.StatusNotFound, "ResourceNotFoundException", "schedule "+name+" does not exist")
	case op == "GetSchedule":
		out := maps.Clone(s.body)
		out["Name"] = name
		c.json(http.StatusOK, out)
	case op == "DeleteSchedule":
		delete(a.schedules, name)
		c.json(http.StatusOK, map[string]any{})
	}
}

func (a *Account) createSchedule(c *call, name string) {
	invalid := func(format string, args ...any) {
		c.fail(http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, args...))
	}
	var in struct {
		ScheduleExpression, ActionAfterCompletion string
		FlexibleTimeWindow                        struct{ Mode string }
		Target                                    struct{ Arn, RoleArn, Input string }
	}
	var body map[string]any
	if json.Unmarshal(c.body, &in) != nil || json.Unmarshal(c.body, &body) != nil {
		invalid("not JSON")
		return
	}
	at, err := time.Parse("at(2006-01-02T15:04:05)", in.ScheduleExpression)
	_, known := a.rescue(in.Target.Arn, in.Target.Input)
	switch {
	case err != nil:
		invalid("bad expression %q", in.ScheduleExpression)
	case in.FlexibleTimeWindow.Mode != "OFF" || in.ActionAfterCompletion != "DELETE":
		invalid("not emulated: %s", c.body)
	case !strings.HasPrefix(in.Target.RoleArn, "arn:aws:iam::"+a.ID+":role/"):
		invalid("the execution role must allow EventBridge Scheduler to assume it")
	case known != nil:
		invalid("%v", known)
	default:
		a.schedules[name] = schedule{at, body}
		c.json(http.StatusOK, map[string]any{"ScheduleArn": "arn:aws:scheduler:" + a.Region + ":" + a.ID + ":schedule/default/" + name})
	}
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
				w.restarted(now)
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
