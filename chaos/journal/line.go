package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hlsload/chaos"
	"hlsload/chaos/conduct"
)

// Line is one step of one fault, as written.
type Line struct {
	Time       time.Time        `json:"time"`
	At         float64          `json:"t_ms"` // on the run's clock
	Step       conduct.StepType `json:"step"`
	ID         int              `json:"id"` // of the occurrence in its run
	Name       string           `json:"name"`
	Occurrence int              `json:"occurrence"`
	Fault      chaos.Kind       `json:"fault"`
	Via        chaos.Via        `json:"via"`
	Pipeline   *int             `json:"pipeline,omitempty"`
	Stop       []string         `json:"stop,omitempty"` // program that undoes it
	Dir        string           `json:"dir,omitempty"`  // where that is run
	Err        string           `json:"error,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	By         string           `json:"by,omitempty"` // "undo" when the run itself did not do it
}

// maxLine bounds a line, in bytes; one has some hundred.
const maxLine = 1 << 20

// Read reads the lines of a journal. A last line that was cut off by a crash is
// left out. Lines that cannot be read are left out as well, and the error names
// them; the others are returned with it.
func Read(path string) ([]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	return read(f)
}

func read(r io.Reader) ([]Line, error) {
	var lines []Line
	var problems []error
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF: // whatever is left was cut off
			return lines, errors.Join(problems...)
		case err == bufio.ErrBufferFull:
			return lines, errors.Join(append(problems, fmt.Errorf("read journal: line %d is too long (want at most %d bytes)", n, maxLine))...)
		case err != nil:
			return lines, errors.Join(append(problems, fmt.Errorf("read journal: line %d: %w", n, err))...)
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			problems = append(problems, fmt.Errorf("read journal: line %d: %w", n, err))
			continue
		}
		lines = append(lines, l)
	}
}

// Left returns the applies that were not undone: those of which no undo
// succeeded since, also when the apply itself failed.
func Left(lines []Line) []Line {
	var left []Line
	at := map[int]int{} // occurrence -> index in left
	for _, l := range lines {
		i, open := at[l.ID]
		switch {
		case l.Step == conduct.StepApply && !open && !instant(l.Fault):
			at[l.ID] = len(left)
			left = append(left, l)
		case l.Step == conduct.StepUndone && l.Err == "" && open:
			left[i].Step = "" // undone
			delete(at, l.ID)
		}
	}
	kept := left[:0]
	for _, l := range left {
		if l.Step != "" {
			kept = append(kept, l)
		}
	}
	return kept
}

func instant(k chaos.Kind) bool {
	spec := chaos.Lookup(k)
	return spec != nil && spec.Instant
}
