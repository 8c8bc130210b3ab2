package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed *.yaml
var shipped embed.FS

// Names lists the scenarios that ship, sorted.
func Names() []string {
	entries, err := shipped.ReadDir(".")
	if err != nil {
		panic(err) // the embedded directory is part of the binary
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// About is the first sentence of a shipped scenario's description.
func About(name string) string {
	data, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if about, ok := strings.CutPrefix(line, "description: "); ok {
			return strings.TrimSpace(about)
		}
	}
	return ""
}

// Open finds a scenario by the name of one that ships, or by file name. The
// source looks up the process's environment and reads traces relative to the
// scenario's file.
func Open(nameOrFile string) (Source, error) {
	if data, err := shipped.ReadFile(nameOrFile + ".yaml"); err == nil {
		return Source{File: nameOrFile + ".yaml", Data: data, Getenv: os.LookupEnv, ReadFile: shipped.ReadFile}, nil
	}
	data, err := readFile(nameOrFile, MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		base := strings.TrimSuffix(filepath.Base(nameOrFile), filepath.Ext(nameOrFile))
		return Source{}, fmt.Errorf("no such scenario (got %q; want a file, or %s%s)", nameOrFile, oneOf(Names()), didYouMean(base, Names()))
	}
	if err != nil {
		return Source{}, fmt.Errorf("reading the scenario: %w", err)
	}
	dir := filepath.Dir(nameOrFile)
	return Source{File: nameOrFile, Data: data, Getenv: os.LookupEnv, ReadFile: func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		const limit = 16 << 20
		data, err := readFile(name, limit)
		if err == nil && len(data) > limit {
			err = fmt.Errorf("file is too large (want at most %d bytes)", limit)
		}
		return data, err
	}}, nil
}

// OpenProfile reads a profile from a file, for [LoadProfile].
func OpenProfile(file string) (Source, error) {
	data, err := readFile(file, MaxBytes)
	if err != nil {
		return Source{}, fmt.Errorf("reading the profile: %w", err)
	}
	return Source{File: file, Data: data, Getenv: os.LookupEnv}, nil
}

// readFile reads a regular file or a pipe up to one byte over the limit, which
// shows the caller that it is too large.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}
