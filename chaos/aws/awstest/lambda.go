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

func (a *Account) serveLambda(c *call) {
	part := strings.Split(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	var op string
	switch {
	case len(part) == 4 && part[1] == "functions" && part[3] == "configuration":
		op = map[string]string{"GET": "GetFunctionConfiguration"}[c.r.Method]
	case len(part) == 4 && part[1] == "functions" && part[3] == "concurrency":
		op = map[string]string{"GET": "GetFunctionConcurrency", "PUT": "PutFunctionConcurrency", "DELETE": "DeleteFunctionConcurrency"}[c.r.Method]
	case len(part) == 3 && part[1] == "tags":
		op = map[string]string{"GET": "ListTags", "POST": "TagResource", "DELETE": "UntagResource"}[c.r.Method]
	}
	if op == "" || !c.operation(op, c.r.Method != http.MethodGet) {
		return
	}
	f := a.function(part[2])
	if f == nil {
		c.fail(http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+part[2])
		return
	}
	switch op {
	case "GetFunctionConfiguration":
		out := map[string]any{"FunctionName": f.Name, "Environment": map[string]any{"Variables": map[string]string{"OTHER": "x"}}}
		if f.Extension {
			out["Layers"] = []any{map[string]any{"Arn": "arn:aws:lambda:eu-west-1:211125607513:layer:aws-fis-extension-x86_64:9"}}
			out["Environment"] = map[string]any{"Variables": map[string]string{"AWS_FIS_CONFIGURATION_LOCATION": "arn:aws:s3:::example-faults/FisConfigs/"}}
		}
		c.json(http.StatusOK, out)
	case "GetFunctionConcurrency":
		out := map[string]any{}
		if f.Reserved != nil {
			out["ReservedConcurrentExecutions"] = *f.Reserved
		}
		c.json(http.StatusOK, out)
	case "PutFunctionConcurrency":
		var in struct{ ReservedConcurrentExecutions *int32 }
		if !c.decode(&in) {
			return
		}
		if in.ReservedConcurrentExecutions == nil || *in.ReservedConcurrentExecutions < 0 {
			c.fail(http.StatusBadRequest, c.invalid(), "ReservedConcurrentExecutions is missing")
			return
		}
		f.Reserved = in.ReservedConcurrentExecutions
		c.json(http.StatusOK, in)
	case "DeleteFunctionConcurrency":
		f.Reserved = nil
		c.w.WriteHeader(http.StatusNoContent)
	case "ListTags":
		c.json(http.StatusOK, map[string]any{"Tags": f.shown(c.now)})
	case "TagResource", "UntagResource":
		c.changeTags(&f.tagged)
	}
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
