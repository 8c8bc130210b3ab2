package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"hlsload/chaos/conduct"
)

// format is that of the journals that are written. 1 had neither numbers nor
// checksums, and is read as well.
const format = 2

// StepBegin is the first line of a journal: which process writes it.
const StepBegin conduct.StepType = "begin"

// ErrNewer says that a journal is of a later version of this program.
var ErrNewer = errors.New("journal of a newer format")

// maxLine bounds a line, in bytes; one has some hundred.
const maxLine = 1 << 20

// maxStrangers is how many lines without a step are told of: enough to see that
// a file is no journal.
const maxStrangers = 3

// maxTries bounds the looking for lines within one that cannot be read.
const maxTries = 1000

// What a line begins with, and what its checksum stands in.
var (
	head = []byte(`{"format":`)
	sum  = []byte(`,"crc":"`)
)

// encode is the line as it is written, with its end: the checksum is of all
// that stands before it.
func (l Line) encode() ([]byte, error) {
	l.Format = format
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSuffix(text, []byte("}"))
	return fmt.Appendf(text, "%s%08x\"}\n", sum, checksum(text)), nil
}

// decode reads a line. One that has a checksum must be what it says.
func decode(text []byte) (Line, error) {
	var l Line
	if err := json.Unmarshal(text, &l); err != nil {
		return l, err
	}
	switch at := bytes.LastIndex(text, sum); {
	case at < 0 && l.Format < 2:
		return l, nil
	case at < 0 || string(text[at:]) != fmt.Sprintf("%s%08x\"}", sum, checksum(text[:at])):
		return l, errors.New("damaged (the checksum does not match)")
	case l.Format > format: // later formats keep the checksum
		return l, fmt.Errorf("%w (got format %d; want at most %d: use the hlsload that wrote it, or a newer one)", ErrNewer, l.Format, format)
	}
	return l, nil
}

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
	strangers := 0
	err := each(r, func(n int, l Line, err error) {
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("read journal: %w", err))
		case l.Step == StepBegin:
		case l.Step == "" || l.Name == "": // another file, which says nothing of what was left
			if strangers++; strangers <= maxStrangers {
				problems = append(problems, fmt.Errorf("read journal: line %d: not a step of a fault (want the journal.ndjson of a run)", n))
			}
		default:
			lines = append(lines, l)
		}
	})
	if err != nil {
		problems = append(problems, fmt.Errorf("read journal: %w", err))
	}
	return lines, errors.Join(problems...)
}

// each passes on every line, or why it cannot be read: damage reaches no further
// than the lines that it is in. The error is about reading at all.
func each(r io.Reader, tell func(n int, l Line, err error)) error {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			tell(n, Line{}, fmt.Errorf("line %d is too long (want at most %d bytes)", n, maxLine))
			for err == bufio.ErrBufferFull {
				text, err = in.ReadSlice('\n')
			}
			salvage(n, text, tell)
		} else if l, ok, bad := whole(text); ok {
			tell(n, l, nil)
		} else if found := salvage(n, text, tell); bad != nil && (err == nil || found || errors.Is(bad, ErrNewer)) {
			tell(n, Line{}, fmt.Errorf("line %d: %w", n, bad)) // and not merely cut off
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// whole reads what stands between two ends of lines: a line, nothing, or
// something that cannot be read. What has no end but can be read is a line
// whose end was damaged.
func whole(text []byte) (l Line, ok bool, bad error) {
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return l, false, nil
	}
	l, err := decode(text)
	return l, err == nil, err
}

// salvage passes on the lines that stand whole within something that cannot be
// read: where the end of the line before them was damaged.
func salvage(n int, text []byte, tell func(n int, l Line, err error)) (found bool) {
	for tries := 0; ; tries++ {
		at := bytes.Index(text, head)
		if at < 0 || tries >= maxTries {
			return found
		}
		text = text[at:]
		rest := len(head)
		for ; tries < maxTries; tries++ {
			end := bytes.Index(text[rest:], sum)
			if end < 0 {
				break
			}
			rest += end + len(sum)
			if l, err := decode(text[:min(len(text), rest+len(`00000000"}`))]); err == nil && l.Format > 0 {
				tell(n, l, nil)
				found = true
				break
			}
		}
		text = text[len(head):]
	}
}

func checksum(text []byte) uint32 { return crc32.ChecksumIEEE(text) }
