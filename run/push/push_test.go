package push

import "testing"

func TestCheck(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/metrics"},
		{"https://collector.example/", "https://collector.example/v1/metrics"},
		{"https://collector.example/api/v1/otlp/v1/metrics", "https://collector.example/api/v1/otlp/v1/metrics"},
		{"collector.example:4318", ""},
		{"ftp://collector.example", ""},
		{"http://", ""},
		{"https://user:key@collector.example", ""},
		{"https://collector.example/?key=1", ""},
		{"http://[::1", ""},
	} {
		if got, err := Check(c.in); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}
