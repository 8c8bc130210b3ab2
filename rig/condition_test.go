package rig

import "testing"

func TestRange(t *testing.T) {
	tests := []struct {
		in             string
		size           int64
		offset, length int64
		ok             bool
	}{
		{"bytes=0-99", 1000, 0, 100, true},
		{"bytes=900-", 1000, 900, 100, true},
		{"bytes=900-5000", 1000, 900, 100, true},
		{"bytes=-100", 1000, 900, 100, true},
		{"bytes=-5000", 1000, 0, 1000, true},
		{"bytes=5-9007199254740991", 1000, 5, 995, true}, // RFC 8673
		{"bytes=0-99999999999999999999999", 1000, 0, 1000, true},
		{"bytes=1000-", 1000, 0, 0, true}, // 416
		{"bytes=-0", 1000, 1000, 0, true},
		{"bytes=0-", 0, 0, 0, true},
		{"bytes=5-4", 1000, 0, 0, false},
		{"bytes=-", 1000, 0, 0, false},
		{"bytes=0-1,3-4", 1000, 0, 0, false},
		{"bytes=a-b", 1000, 0, 0, false},
		{"items=0-1", 1000, 0, 0, false},
		{"", 1000, 0, 0, false},
	}
	for _, tt := range tests {
		part, ok := parseStretch(tt.in)
		offset, length := part.of(tt.size)
		if !ok {
			length = 0
		}
		if ok != tt.ok || length != tt.length || ok && length > 0 && offset != tt.offset {
			t.Errorf("%q of %d: %d+%d %v; want %d+%d %v", tt.in, tt.size, offset, length, ok, tt.offset, tt.length, tt.ok)
		}
	}
}

func FuzzConditions(f *testing.F) {
	f.Add("bytes=0-99", `W/"00000000000000ff", "x"`, "Sun, 01 Mar 2026 12:00:00 GMT", int64(1000))
	f.Add("bytes=-5", "*", "", int64(0))
	f.Fuzz(func(t *testing.T, rng, match, since string, size int64) {
		if size < 0 {
			return
		}
		part, ok := parseStretch(rng)
		offset, length := part.of(size)
		if ok && (offset < 0 || length < 0 || offset+length > size) {
			t.Errorf("%q of %d: %d+%d", rng, size, offset, length)
		}
		if matches(match, 255, true) && !matches(match, 255, false) {
			t.Errorf("%q matches strongly but not weakly", match)
		}
		if at, ok := parseDate(since); ok && at.IsZero() {
			t.Errorf("%q is a date without an instant", since)
		}
		if c := parseControl(match); c.age < 0 {
			t.Errorf("%q has a negative age", match)
		}
	})
}

func TestConditionsOfAnswers(t *testing.T) {
	r := newRig(t, mini())
	path := "/live/p0/index_256x144_00032.ts"
	plain, _ := get(r, 0, path)
	tag := string(AppendETag(nil, plain.Object.ETag))
	modified := string(r.AppendLastModified(nil, plain.Object))
	tests := []struct {
		f             Flight
		status        int
		length, bytes int64
	}{
		{Flight{}, 200, plain.Size, plain.Size},
		{Flight{Method: "HEAD"}, 200, plain.Size, 0},
		{Flight{IfNoneMatch: tag}, 304, 0, 0},
		{Flight{IfNoneMatch: "W/" + tag}, 304, 0, 0},
		{Flight{IfNoneMatch: `"x"`, IfModifiedSince: modified}, 200, plain.Size, plain.Size}, // the tag overrules the date
		{Flight{IfModifiedSince: modified}, 304, 0, 0},
		{Flight{IfModifiedSince: "Sun, 01 Mar 2020 12:00:00 GMT"}, 200, plain.Size, plain.Size},
		{Flight{IfModifiedSince: "yesterday"}, 200, plain.Size, plain.Size},
		{Flight{IfMatch: tag}, 200, plain.Size, plain.Size},
		{Flight{IfMatch: "W/" + tag}, 412, bodySize(412, nil), bodySize(412, nil)},
		{Flight{Range: "bytes=10-19"}, 206, 10, 10},
		{Flight{Range: "bytes=99999999-"}, 416, bodySize(416, nil), bodySize(416, nil)},
		{Flight{Range: "bytes=x"}, 200, plain.Size, plain.Size},
		{Flight{Method: "POST"}, 403, bodySize(403, nil), bodySize(403, nil)},
	}
	for _, tt := range tests {
		f := tt.f
		f.Path = path
		r.Advance(sec, &f)
		if a := f.Answer; a.Status != tt.status || a.Length != tt.length || a.Bytes != tt.bytes {
			t.Errorf("%+v: %d, length %d, bytes %d; want %d, %d, %d", tt.f, a.Status, a.Length, a.Bytes, tt.status, tt.length, tt.bytes)
		}
	}
}
