package scenarios

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// bundle is a scenario with everything that it refers to.
type bundle struct {
	File      string            `json:"file"`
	Argument  string            `json:"argument,omitempty"`
	Data      []byte            `json:"data"`
	Overrides []Override        `json:"overrides,omitempty"`
	Files     map[string][]byte `json:"files,omitempty"` // by the names that they have in the scenario
}

// MaxBundle bounds a bundle, in bytes.
const MaxBundle = 640 << 10

// What an inflated bundle may have.
const (
	maxInflated = 32 << 20
	maxFiles    = 1000
)

// Bundle loads a scenario and returns it together with bytes from which another machine
// loads the same one, its files included. Secrets travel by name: ${NAME} is looked up on
// the machine that loads it.
func Bundle(src Source) (*Scenario, []byte, error) {
	b := bundle{File: src.File, Argument: src.Argument, Data: src.Data, Overrides: src.Overrides, Files: map[string][]byte{}}
	if read := src.ReadFile; read != nil {
		src.ReadFile = func(name string) ([]byte, error) {
			data, err := read(name)
			if err == nil {
				b.Files[name] = data
			}
			return data, err
		}
	}
	sc, err := Load(src)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(z).Encode(&b), z.Close()); err != nil {
		return nil, nil, fmt.Errorf("bundle the scenario: %w", err)
	}
	if out.Len() > MaxBundle {
		return nil, nil, fmt.Errorf("the scenario and its %d files are too large for agents: %d bytes when compressed (want at most %d)", len(b.Files), out.Len(), MaxBundle)
	}
	return sc, out.Bytes(), nil
}

// Unbundle is the source of a scenario that [Bundle] made bytes of. getenv looks up
// ${NAME}. The bytes may be hostile.
func Unbundle(data []byte, getenv func(string) (string, bool)) (Source, error) {
	wrong := func(err error) (Source, error) { return Source{}, fmt.Errorf("read a bundled scenario: %w", err) }
	if len(data) > MaxBundle {
		return wrong(fmt.Errorf("%d bytes (want at most %d)", len(data), MaxBundle))
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return wrong(err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return wrong(err)
	}
	var b bundle
	switch err := json.Unmarshal(text, &b); {
	case len(text) > maxInflated:
		return wrong(fmt.Errorf("more than %d bytes when inflated", maxInflated))
	case err != nil:
		return wrong(err)
	case len(b.Data) > MaxBytes:
		return wrong(fmt.Errorf("scenario of %d bytes (want at most %d)", len(b.Data), MaxBytes))
	case len(b.Files) > maxFiles || len(b.Overrides) > maxFiles:
		return wrong(fmt.Errorf("%d files and %d overrides (want at most %d)", len(b.Files), len(b.Overrides), maxFiles))
	}
	return Source{File: b.File, Argument: b.Argument, Data: b.Data, Overrides: b.Overrides, Getenv: getenv, ReadFile: func(name string) ([]byte, error) {
		if data, ok := b.Files[name]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("file %s did not come with the scenario", name)
	}}, nil
}
