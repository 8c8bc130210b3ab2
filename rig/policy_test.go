package rig

import (
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	def := policy{def: day, max: year, err: 10 * sec}
	floor := policy{min: 5 * sec, def: day, max: year, err: 10 * sec}
	ceiling := policy{def: day, max: 60 * sec, err: 10 * sec}
	quick := policy{def: day, max: year, err: 1 * sec}
	zero := policy{def: day, max: year}
	no := verdict{collapse: true}
	tests := []struct {
		p       policy
		status  int
		control string
		want    verdict
	}{
		// "MinTTL 0: max-age, at most MaxTTL".
		{def, 200, "max-age=2", verdict{2 * sec, true, true}},
		{ceiling, 200, "max-age=3600", verdict{60 * sec, true, true}},
		{floor, 200, "max-age=2", verdict{5 * sec, true, true}},
		{def, 200, "max-age=2, s-maxage=7", verdict{7 * sec, true, true}},
		{def, 200, "s-maxage=7, max-age=2", verdict{7 * sec, true, true}},
		// "No header: DefaultTTL", within the bounds.
		{def, 200, "", verdict{day, true, true}},
		{ceiling, 200, "", verdict{60 * sec, true, true}},
		{def, 206, "", verdict{day, true, true}},
		// "no-cache, no-store, private": MinTTL; with 0 nothing is kept and
		// nothing collapsed. max-age=0 is kept to be validated.
		{def, 200, "no-store", verdict{}},
		{def, 200, "no-cache", verdict{}},
		{def, 200, "private, max-age=60", verdict{}},
		{def, 200, "max-age=0", verdict{0, true, false}},
		{def, 200, "s-maxage=0, max-age=60", verdict{0, true, false}},
		{floor, 200, "no-store", verdict{5 * sec, true, true}},
		{floor, 200, "max-age=0", verdict{5 * sec, true, true}},
		// Always cached for the error TTL, or longer when they say so.
		{def, 404, "", verdict{10 * sec, true, true}},
		{quick, 404, "", verdict{1 * sec, true, true}},
		{zero, 404, "", verdict{0, false, true}},
		{def, 404, "max-age=2", verdict{10 * sec, true, true}},
		{def, 404, "max-age=60", verdict{60 * sec, true, true}},
		{def, 410, "", verdict{10 * sec, true, true}},
		{def, 414, "", verdict{10 * sec, true, true}},
		{def, 500, "", verdict{10 * sec, true, true}},
		{def, 501, "", verdict{10 * sec, true, true}},
		{def, 502, "", verdict{10 * sec, true, true}},
		{def, 503, "", verdict{10 * sec, true, true}},
		{def, 504, "", verdict{10 * sec, true, true}},
		// no-store and the like are heeded for 404, 410, 414 and 501 only.
		{def, 404, "no-store", no},
		{def, 410, "private", no},
		{def, 414, "no-cache", no},
		{def, 501, "no-store", no},
		{def, 500, "no-store", verdict{10 * sec, true, true}},
		{def, 503, "no-cache", verdict{10 * sec, true, true}},
		// Cached only when the origin sent max-age.
		{def, 400, "", no},
		{def, 403, "", no},
		{def, 405, "", no},
		{def, 412, "", no},
		{def, 415, "", no},
		{def, 403, "max-age=2", verdict{10 * sec, true, true}},
		{def, 403, "max-age=30", verdict{30 * sec, true, true}},
		{def, 403, "max-age=30, no-store", no},
		// Never.
		{def, 416, "max-age=30", no},
		{def, 418, "max-age=30", no},
	}
	for _, tt := range tests {
		if got := tt.p.judge(tt.status, parseControl(tt.control)); got != tt.want {
			t.Errorf("%+v: %d with %q: %+v; want %+v", tt.p, tt.status, tt.control, got, tt.want)
		}
	}
}

func TestParseControl(t *testing.T) {
	tests := []struct {
		in   string
		want control
	}{
		{"", control{}},
		{`MAX-AGE="5"`, control{hasAge: true, age: 5 * sec}},
		{"max-age=-1", control{}},
		{"max-age=99999999999999999999", control{hasAge: true, age: (1 << 31) * sec}},
		{"public,stale-if-error=0", control{noStaleError: true}},
		{"stale-if-error=1,,=,;", control{}},
	}
	for _, tt := range tests {
		tt.want.text = tt.in
		if got := parseControl(tt.in); got != tt.want {
			t.Errorf("%q: %+v; want %+v", tt.in, got, tt.want)
		}
	}
}
