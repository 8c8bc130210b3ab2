package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hlsload/run/look"
	"hlsload/run/runtest"
)

// served is the first line of rig.
type served struct {
	URLs            []string
	Origin, Control string
}

// serveRig runs rig and returns its first line, and how to interrupt it.
func serveRig(t *testing.T, on network, args ...string) (at served, interrupt func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	first, lines := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- executeOn(ctx, on, append([]string{"rig"}, args...), lines, &stderr)
	}()
	line, err := bufio.NewReader(first).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(line), &at); err != nil || len(at.URLs) != 2 || at.Control == "" || at.Origin == "" {
		t.Fatalf("first line: %s: %v", line, err)
	}
	return at, func() {
		t.Helper()
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d:\n%s", code, &stderr)
		}
	}
}

// TestRig serves the channel, and takes it down when interrupted.
func TestRig(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := runtest.NewNetwork()
		at, interrupt := serveRig(t, network{listen: m.Listen}, "testdata/scenarios/short.yaml")
		fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: time.Minute})
		for _, u := range append(at.URLs, at.Control+"/", at.Control+"/stats", at.Control+"/faults", at.Origin+"/live/p0/index.m3u8") {
			if a, err := fetch.Get(t.Context(), u); err != nil || a.Status != 200 || len(a.Body) < 3 {
				t.Errorf("%s: %+v, %v", u, a, err)
			}
		}
		code, said := probed(t, m, at.URLs[0])
		if code != 0 || !strings.Contains(said, "Treated as copies of one level by: gstreamer-1.29, hlsjs-1.5, hlsjs-1.7") || strings.Contains(said, "finding") {
			t.Errorf("probe: exit code %d:\n%s", code, said)
		}
		fetch.Close()
		interrupt()
	})
}

// TestRigWithoutScenario serves the default channel, and what --set makes of it.
func TestRigWithoutScenario(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set, has, lacks string
	}{
		{"seed=3", "RESOLUTION=1280x720", "RESOLUTION=256x144"},
		{"target.rig.ladder=mini", "RESOLUTION=256x144", "RESOLUTION=1280x720"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := runtest.NewNetwork()
			at, interrupt := serveRig(t, network{listen: m.Listen}, "--set", c.set)
			fetch := look.New(look.Config{On: look.Network{Dial: m.Dial}, Timeout: time.Minute})
			a, err := fetch.Get(t.Context(), at.URLs[0])
			if err != nil || !strings.Contains(string(a.Body), c.has) || strings.Contains(string(a.Body), c.lacks) {
				t.Errorf("--set %s: %v, %s; want %s and not %s", c.set, err, a.Body, c.has, c.lacks)
			}
			fetch.Close()
			interrupt()
		})
	}
}

// TestControlAPIAsDocumented runs every example of docs/rig.md with curl, in
// order, and compares the answers: statuses, keys and words are those of the page,
// numbers and details are not compared.
func TestControlAPIAsDocumented(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("SKIPPED: the examples of docs/rig.md need curl")
	}
	doc, err := os.ReadFile("../../docs/rig.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("(?m)^```sh\nhlsload (rig .*)$").FindSubmatch(doc)
	examples := regexp.MustCompile(`(?m)^\$ curl (.*)\n(\d{3}) ((?:[^\x60\n].*\n)+)`).FindAllSubmatch(doc, -1)
	if command == nil || len(examples) < 9 {
		t.Fatalf("docs/rig.md: command %q, %d examples", command, len(examples))
	}
	args := strings.Fields(regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(string(command[1]), "127.0.0.1:0"))
	at, interrupt := serveRig(t, network{}, args[1:]...)
	for _, e := range examples {
		line := strings.ReplaceAll(string(e[1]), "http://127.0.0.1:8090", at.Control)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", `"$0" -w '%{http_code}' `+line, curl).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %s: %v\n%s", line, err, out)
		}
		body, status := out[:len(out)-3], string(out[len(out)-3:])
		var got, want any
		if err := json.Unmarshal(e[3], &want); err != nil {
			t.Fatalf("docs/rig.md: answer to curl %s: %v", e[1], err)
		}
		if err := json.Unmarshal(body, &got); err != nil || status != string(e[2]) || !reflect.DeepEqual(shape(got), shape(want)) {
			t.Errorf("curl %s\nanswers  %s %s (%v)\ndocs/rig.md: %s %s", line, status, body, err, e[2], e[3])
		}
	}
	interrupt()
}

// shape is a JSON value without what differs from run to run.
func shape(v any) any {
	switch v := v.(type) {
	case float64:
		return 0
	case []any:
		for i := range v {
			v[i] = shape(v[i])
		}
	case map[string]any:
		for k := range v {
			if v[k] = shape(v[k]); k == "detail" {
				v[k] = ""
			}
		}
	}
	return v
}
