package awstest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Function is a Lambda function.
type Function struct {
	Name     string
	Reserved *int32  // nil = nothing is reserved
	Watches  *Bucket // where it deletes stale playlists; nil = it does nothing
	tagged
	// Extension: it has what AWS FIS needs to delay it.
	Extension bool
}

// AddFunction adds a function.
func (a *Account) AddFunction(name string) *Function {
	f := &Function{Name: name, tagged: allowed()}
	a.functions[name] = f
	return f
}

// staleAfter is when the function deletes a playlist: 1.5 target durations after
// it was written.
const staleAfter = segmentLength * 3 / 2

// invalidate deletes what has become stale by now, unless the function is
// switched off.
func (f *Function) invalidate(a *Account, now time.Time) {
	if f.Watches == nil || f.Reserved != nil && *f.Reserved == 0 {
		return
	}
	for key := range f.Watches.objects {
		if v := f.Watches.latest(key); v != nil && bytes.Contains(v.body, []byte("#EXTINF")) && now.Sub(v.modified) > max(staleAfter, a.delayed(f, v.modified)) {
			f.Watches.remove(key, "", v.modified.Add(max(staleAfter, a.delayed(f, v.modified))))
		}
	}
}

// function finds a function by name or ARN.
func (a *Account) function(name string) *Function {
	if _, short, ok := strings.Cut(name, ":function:"); ok {
		name = short
	}
	return a.functions[name]
}

func (a *Account) lambda() []operation {
	return []operation{
		{"GET /2015-03-31/functions/{function}/configuration", "GetFunctionConfiguration", on(a.findFunction, (*Function).configuration)},
		{"GET /2019-09-30/functions/{function}/concurrency", "GetFunctionConcurrency", on(a.findFunction, (*Function).concurrency)},
		{"PUT /2017-10-31/functions/{function}/concurrency", "PutFunctionConcurrency", on(a.findFunction, (*Function).reserve)},
		{"DELETE /2017-10-31/functions/{function}/concurrency", "DeleteFunctionConcurrency", on(a.findFunction, func(f *Function, _ *call) (any, error) {
			f.Reserved = nil
			return nil, nil
		})},
		{"GET /2017-03-31/tags/{function}", "ListTags", on(a.findFunction, func(f *Function, c *call) (any, error) {
			return map[string]any{"Tags": f.shown(c.now)}, nil
		})},
		{"POST /2017-03-31/tags/{function}", "TagResource", on(a.findFunction, (*Function).retag)},
		{"DELETE /2017-03-31/tags/{function}", "UntagResource", on(a.findFunction, (*Function).retag)},
	}
}

func (a *Account) findFunction(c *call) (*Function, error) {
	if f := a.function(c.at["function"]); f != nil {
		return f, nil
	}
	return nil, refuse(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", c.at["function"])
}

func (f *Function) configuration(*call) (any, error) {
	out := map[string]any{"FunctionName": f.Name, "Environment": map[string]any{"Variables": map[string]string{"OTHER": "x"}}}
	if f.Extension {
		out["Layers"] = []any{map[string]any{"Arn": "arn:aws:lambda:eu-west-1:211125607513:layer:aws-fis-extension-x86_64:9"}}
		out["Environment"] = map[string]any{"Variables": map[string]string{"AWS_FIS_CONFIGURATION_LOCATION": "arn:aws:s3:::example-faults/FisConfigs/"}}
	}
	return out, nil
}

// reservation is how requests and answers have the reserved concurrency.
type reservation struct {
	ReservedConcurrentExecutions *int32 `json:",omitempty"`
}

func (f *Function) concurrency(*call) (any, error) { return reservation{f.Reserved}, nil }

func (f *Function) reserve(c *call) (any, error) {
	var in reservation
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.ReservedConcurrentExecutions == nil || *in.ReservedConcurrentExecutions < 0 {
		return nil, c.invalid("ReservedConcurrentExecutions is missing")
	}
	f.Reserved = in.ReservedConcurrentExecutions
	return in, nil
}

func (a *Account) lambdaState(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(a.functions)) {
		f := a.functions[name]
		reserved := "none"
		if f.Reserved != nil {
			reserved = fmt.Sprint(*f.Reserved)
		}
		fmt.Fprintf(w, "function %s: reserved %s, tags %v\n", name, reserved, f.Tags)
	}
}
