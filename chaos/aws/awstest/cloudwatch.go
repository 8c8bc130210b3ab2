package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Metric is a metric of CloudWatch, in one region.
type Metric struct {
	Region, Namespace, Name string
	Dimensions              map[string]string
	// Value is the value of the period that begins at an instant, by whatever
	// statistic; false = there is no data point.
	Value func(start time.Time) (float64, bool)
	// Delay is how long after the end of its period a data point can be seen;
	// nil = 30 s.
	Delay func(start time.Time) time.Duration
}

// Alarm is an alarm of CloudWatch, in one region.
type Alarm struct {
	Region, Name string
	// Composite alarms are made of others, as their rule says.
	Composite bool
	Rule      string
	// Dimensions are those of its metric; Math says that the metric is part of
	// an expression.
	Dimensions map[string]string
	Math       bool
	// States are its states, each from an instant on.
	States []AlarmState
}

// AlarmState is a state of an alarm.
type AlarmState struct {
	At    time.Time
	State string // OK, ALARM or INSUFFICIENT_DATA
}

// Alert is an alert of a MediaLive channel.
type Alert struct {
	ID, Type, Pipeline, Message string
	Set, Cleared                time.Time // zero = not cleared
	// Delay is how long after it was set it can be seen.
	Delay time.Duration
}

// forgotten is how long a cleared alert can be seen.
const forgotten = 5 * time.Minute

// monitoring is what of an account watches itself.
type monitoring struct {
	metrics []Metric
	alarms  []Alarm
	alerts  map[string][]Alert // by channel
	// page bounds what one answer has.
	page int
}

// AddMetric adds a metric.
func (a *Account) AddMetric(m Metric) {
	a.Do(func() { a.monitoring.metrics = append(a.monitoring.metrics, m) })
}

// AddAlarm adds an alarm.
func (a *Account) AddAlarm(al Alarm) {
	a.Do(func() { a.monitoring.alarms = append(a.monitoring.alarms, al) })
}

// AddAlert adds an alert of a channel.
func (a *Account) AddAlert(channel string, al Alert) {
	a.Do(func() {
		if a.monitoring.alerts == nil {
			a.monitoring.alerts = map[string][]Alert{}
		}
		a.monitoring.alerts[channel] = append(a.monitoring.alerts[channel], al)
	})
}

// PageMonitoring makes answers have at most so many entries a page; 0 = all.
func (a *Account) PageMonitoring(n int) { a.Do(func() { a.monitoring.page = n }) }

// region is the one that the request was signed for.
func (c *call) region() string {
	if m := scope.FindStringSubmatch(c.r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

// cloudWatch uses smithy's RPC protocol, in CBOR.
func (a *Account) cloudWatch() []operation {
	const route = "POST /service/GraniteServiceVersion20100801/operation/"
	in := func(c *call) (cbor.Map, error) {
		v, err := cbor.Decode(c.body)
		in, ok := v.(cbor.Map)
		if err != nil || !ok {
			return nil, refuse(http.StatusBadRequest, "SerializationException", "no CBOR map")
		}
		return in, nil
	}
	return []operation{
		{route + "GetMetricData", "GetMetricData", on(in, a.metricData)},
		{route + "DescribeAlarms", "DescribeAlarms", on(in, a.describeAlarms)},
	}
}

func text(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

func list(v cbor.Value) []cbor.Value {
	l, _ := v.(cbor.List)
	return l
}

func epoch(t time.Time) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(t.UnixMilli()) / 1000)}
}

// metricData answers for every query; what there is no metric for is empty.
func (a *Account) metricData(in cbor.Map, c *call) (any, error) {
	from, err1 := cbor.AsTime(in["StartTime"])
	to, err2 := cbor.AsTime(in["EndTime"])
	queries := list(in["MetricDataQueries"])
	switch {
	case err1 != nil || err2 != nil || !from.Before(to):
		return nil, refuse(http.StatusBadRequest, "InvalidParameterValue", "StartTime must be before EndTime")
	case len(queries) == 0 || len(queries) > 500:
		return nil, refuse(http.StatusBadRequest, "ValidationError", "%d queries; at most 500 are allowed", len(queries))
	}
	begin := 0
	fmt.Sscan(text(in["NextToken"]), &begin)
	end, next := len(queries), ""
	if p := a.monitoring.page; p > 0 && begin+p < len(queries) {
		end, next = begin+p, fmt.Sprint(begin+p)
	}
	var results cbor.List
	ids := map[string]bool{}
	for _, v := range queries[begin:end] {
		q, _ := v.(cbor.Map)
		stat, _ := q["MetricStat"].(cbor.Map)
		m, _ := stat["Metric"].(cbor.Map)
		period, err := cbor.AsInt32(stat["Period"])
		id := text(q["Id"])
		if err != nil || period <= 0 || period != 1 && period != 5 && period != 10 && period != 30 && period%60 != 0 || id == "" || ids[id] || id[0] < 'a' || id[0] > 'z' {
			return nil, refuse(http.StatusBadRequest, "ValidationError", "a query needs an id of its own that begins with a small letter, and a period of 1, 5, 10, 30 or n×60 seconds")
		}
		ids[id] = true
		dimensions := map[string]string{}
		for _, d := range list(m["Dimensions"]) {
			if d, ok := d.(cbor.Map); ok {
				dimensions[text(d["Name"])] = text(d["Value"])
			}
		}
		stamps, values := cbor.List{}, cbor.List{}
		step := time.Duration(period) * time.Second
		for i := range a.monitoring.metrics {
			x := &a.monitoring.metrics[i]
			if x.Region != c.region() || x.Namespace != text(m["Namespace"]) || x.Name != text(m["MetricName"]) || !maps.Equal(x.Dimensions, dimensions) {
				continue
			}
			for at := from.Truncate(step); at.Before(to); at = at.Add(step) {
				delay := 30 * time.Second
				if x.Delay != nil {
					delay = x.Delay(at)
				}
				if v, ok := x.Value(at); ok && !at.Before(from) && !at.Add(step+delay).After(c.now) {
					stamps, values = append(stamps, epoch(at)), append(values, cbor.Float64(v))
				}
			}
		}
		results = append(results, cbor.Map{"Id": cbor.String(id), "Label": m["MetricName"], "StatusCode": cbor.String("Complete"), "Timestamps": stamps, "Values": values})
	}
	out := cbor.Map{"MetricDataResults": results, "Messages": cbor.List{}}
	if next != "" {
		out["NextToken"] = cbor.String(next)
	}
	return out, nil
}

func (a *Account) describeAlarms(in cbor.Map, c *call) (any, error) {
	var names []string
	for _, n := range list(in["AlarmNames"]) {
		names = append(names, text(n))
	}
	var types []string
	for _, n := range list(in["AlarmTypes"]) {
		types = append(types, text(n))
	}
	if len(names) > 100 {
		return nil, refuse(http.StatusBadRequest, "ValidationError", "at most 100 names are allowed")
	}
	metric, composite := cbor.List{}, cbor.List{}
	begin := 0
	fmt.Sscan(text(in["NextToken"]), &begin)
	n, next := 0, ""
	for i := range a.monitoring.alarms {
		al := &a.monitoring.alarms[i]
		now := len(al.States) - 1
		for now >= 0 && al.States[now].At.After(c.now) {
			now--
		}
		kind := "MetricAlarm"
		if al.Composite {
			kind = "CompositeAlarm"
		}
		switch {
		case al.Region != c.region() || now < 0 || len(names) > 0 && !slices.Contains(names, al.Name):
			continue
		case !slices.Contains(types, kind) && (len(types) > 0 || al.Composite): // only metric alarms unless asked for
			continue
		}
		if n++; n <= begin {
			continue
		}
		if p := a.monitoring.page; p > 0 && n > begin+p {
			next = fmt.Sprint(begin + p)
			break
		}
		st := al.States[now]
		v := cbor.Map{"AlarmName": cbor.String(al.Name), "StateValue": cbor.String(st.State), "StateReason": cbor.String("set by the tester"),
			"StateUpdatedTimestamp": epoch(st.At), "StateTransitionedTimestamp": epoch(st.At)}
		dimensions := cbor.List{}
		for _, name := range slices.Sorted(maps.Keys(al.Dimensions)) {
			dimensions = append(dimensions, cbor.Map{"Name": cbor.String(name), "Value": cbor.String(al.Dimensions[name])})
		}
		switch {
		case al.Math:
			v["Metrics"] = cbor.List{cbor.Map{"Id": cbor.String("m1"), "MetricStat": cbor.Map{"Metric": cbor.Map{"MetricName": cbor.String("m"), "Dimensions": dimensions}}}}
		case len(dimensions) > 0:
			v["Dimensions"] = dimensions
		}
		if al.Composite {
			v["AlarmRule"] = cbor.String(al.Rule)
			composite = append(composite, v)
		} else {
			metric = append(metric, v)
		}
	}
	out := cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite}
	if next != "" {
		out["NextToken"] = cbor.String(next)
	}
	return out, nil
}

func (ch *Channel) listAlerts(c *call) (any, error) {
	alerts := []any{}
	for _, al := range ch.a.monitoring.alerts[ch.ID] {
		cleared := !al.Cleared.IsZero() && !al.Cleared.After(c.now)
		state := "SET"
		if cleared {
			state = "CLEARED"
		}
		filter := c.r.URL.Query().Get("stateFilter")
		if al.Set.Add(al.Delay).After(c.now) || cleared && c.now.Sub(al.Cleared) > forgotten || filter != "" && filter != "ALL" && filter != state {
			continue
		}
		v := map[string]any{"id": al.ID, "alertType": al.Type, "pipelineId": al.Pipeline, "message": al.Message, "state": state, "setTimestamp": al.Set.UTC().Format(isoTime)}
		if cleared {
			v["clearedTimestamp"] = al.Cleared.UTC().Format(isoTime)
		}
		alerts = append(alerts, v)
	}
	return map[string]any{"alerts": alerts}, nil
}
