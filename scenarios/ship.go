package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hlsload/player/profile"
)

//go:embed *.yaml aws/*.yaml
var shipped embed.FS

//go:embed template/my-first.yaml
var template string

// Names lists the scenarios that ship, sorted: those of the embedded channel, then those
// of a folder, as in aws/pipeline-failover.
func Names() []string {
	return append(profile.Shipped(shipped, "*.yaml"), profile.Shipped(shipped, "aws/*.yaml")...)
}

// Show is the text of a scenario that ships, for a file anywhere.
func Show(name string) ([]byte, error) {
	data, err := shipped.ReadFile(shippedAs(name) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no such scenario (got %q; want %s%s)", name, oneOf(Names()), didYouMean(baseName(name), Names()))
	}
	return beside("scenario", data), nil
}

// Template is a commented scenario to begin with, named after the file that it is for.
func Template(file string) ([]byte, error) {
	name, err := nameFor(file, "a scenario")
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("name: my-first\n", "name: "+name+"\n", "my-first.yaml", filepath.Base(file)).Replace(template)
	return beside("scenario", []byte(text)), nil
}

// nameFor is the name of what is written to a file.
func nameFor(file, what string) (string, error) {
	name := baseName(file)
	if !validName(name) {
		return "", fmt.Errorf("not a name for %s (got %q; want at most 64 letters, digits, - _ ., beginning with a letter or digit)", what, name)
	}
	return name, nil
}

// shippedAs is the name of the shipped scenario that a name or path may mean: NAME,
// NAME.yaml, scenarios/NAME.yaml.
func shippedAs(file string) string {
	name := strings.TrimSuffix(filepath.ToSlash(file), ".yaml")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "./"), "scenarios/")
	for _, known := range Names() {
		if name == known || name == path.Base(known) {
			return known
		}
	}
	return name
}

func baseName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// Open finds a scenario by the name of one that ships, or by file name; - is the standard
// input. A path such as scenarios/NAME.yaml that does not exist is the scenario of that
// name that ships. The source looks up the process's environment and reads other files
// relative to the scenario's.
func Open(nameOrFile string) (Source, error) {
	if nameOrFile == "-" {
		data, err := io.ReadAll(io.LimitReader(os.Stdin, MaxBytes+1))
		src := fromDisk("stdin", data)
		src.Argument = nameOrFile
		return src, err
	}
	if slices.Contains(Names(), nameOrFile) {
		return fromBinary(nameOrFile), nil
	}
	data, err := readFile(nameOrFile, MaxBytes)
	if known := shippedAs(nameOrFile); errors.Is(err, fs.ErrNotExist) && slices.Contains(Names(), known) {
		src := fromBinary(known)
		src.Note = fmt.Sprintf("there is no file %s: taking the scenario %s that ships", nameOrFile, known)
		return src, nil
	} else if errors.Is(err, fs.ErrNotExist) {
		return Source{}, fmt.Errorf("no such scenario (got %q; want a file, or %s%s)", nameOrFile, oneOf(Names()), didYouMean(baseName(nameOrFile), Names()))
	} else if err != nil {
		return Source{}, fmt.Errorf("reading the scenario: %w", err)
	}
	return fromDisk(nameOrFile, data), nil
}

func fromBinary(name string) Source {
	data, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		panic(err) // it is one of Names
	}
	return Source{File: name + ".yaml", Argument: name, Data: data, Getenv: os.LookupEnv, ReadFile: shipped.ReadFile}
}

func fromDisk(file string, data []byte) Source {
	dir := filepath.Dir(file)
	return Source{File: file, Data: data, Getenv: os.LookupEnv, ReadFile: func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		const limit = 16 << 20
		data, err := readFile(name, limit)
		if err == nil && len(data) > limit {
			err = fmt.Errorf("file is too large (want at most %d bytes)", limit)
		}
		return data, err
	}}
}

// OpenProfile reads a profile from a file, for [LoadProfile].
func OpenProfile(file string) (Source, error) {
	data, err := readFile(file, MaxBytes)
	if err != nil {
		return Source{}, fmt.Errorf("reading the profile: %w", err)
	}
	return Source{File: file, Data: data, Getenv: os.LookupEnv}, nil
}

// OpenMachine reads the figures of a machine from a file, for [LoadMachine].
func OpenMachine(file string) (Source, error) {
	data, err := readFile(file, MaxBytes)
	if err != nil {
		return Source{}, fmt.Errorf("reading the figures of the machine: %w", err)
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
