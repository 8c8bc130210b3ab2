package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // aws.hours means the same on every machine

	"go.yaml.in/yaml/v4"

	"hlsload/chaos"
)

// awsRole is a role that a service may assume.
var awsRole = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,256}$`)

// watchdog reads the role with which AWS undoes a change that does not end by itself.
func watchdog(v value) string {
	s, ok := v.section()
	if !ok || !v.given() {
		return ""
	}
	role := s.at("role").matching()
	if !s.at("role").given() {
		s.problem("role is missing (got nothing; want the ARN of a role that EventBridge Scheduler may assume)")
	}
	s.done()
	return role
}

// clock is a time of day.
var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// weekdays are the days of aws.hours.days.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// hours reads when faults may be applied; nil = always.
func hours(v value) *chaos.Hours {
	s, ok := v.section()
	if !ok || !v.given() {
		return nil
	}
	h := &chaos.Hours{}
	of := func(key string) time.Duration {
		text := s.at(key).matching()
		t, _ := time.Parse("15:04", text)
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	h.From, h.To = of("from"), of("to")
	h.Zone = time.UTC
	if zone := s.at("zone"); zone.given() {
		if t, ok := zone.text(); ok {
			if z, err := time.LoadLocation(t.Value); err != nil || t.Value == "" || t.Value == "Local" {
				zone.wrong("no such time zone", zone.key.wants())
			} else {
				h.Zone = z
			}
		}
	}
	for _, key := range []string{"from", "to", "zone"} {
		if !s.at(key).given() {
			s.problem("%s is missing (got nothing; want from, to and zone)", key)
		}
	}
	if days := s.at("days"); days.given() {
		h.Days = []time.Weekday{}
		for _, item := range days.list() {
			if day := slices.Index(weekdays, item.choice("")); day >= 0 {
				h.Days = append(h.Days, time.Weekday(day))
			}
		}
		if len(h.Days) == 0 {
			days.problem("the list of days is empty (want some of %s, or leave the key out for every day)", strings.Join(weekdays, ", "))
		}
	}
	s.done()
	return h
}

// tagged demands tags where resources on AWS are changed: without them a typing
// error could name any resource of the account.
func (d *decoder) tagged(v value, sc *Scenario) {
	via := func(e chaos.Entry) bool { return e.Via == chaos.ViaAWS }
	if sc.AWS == nil || len(sc.AWS.Tags) > 0 || !slices.ContainsFunc(sc.Chaos, via) {
		return
	}
	if i := mappingIndex(v.n, "tags"); i >= 0 {
		v.n = v.n.Content[i]
		if d.bad[v.n] || slices.ContainsFunc(v.n.Content, func(n *yaml.Node) bool { return d.bad[n] }) {
			return // already reported
		}
	}
	v.path = join(v.path, "tags")
	v.problem("faults via aws need a tag that every changed resource must carry (got none; want one such as tags: {hlsload: allow}, and the same tag on the resources)")
}
