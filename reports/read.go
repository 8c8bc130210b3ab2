package reports

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The files of a run (contract section 4). The journal and the events are
// written during the run, by other packages.
const (
	SummaryFile  = "summary.json"
	HTMLFile     = "report.html"
	JUnitFile    = "junit.xml"
	MarkdownFile = "summary.md"
	EventsFile   = "events.ndjson"
	JournalFile  = "journal.ndjson"
	// PlayersFile is what became of each viewer of a simulation (package players).
	PlayersFile = "players.csv"
	// CheckpointFile is the summary so far of a long run, until there is the final one.
	CheckpointFile = "checkpoint.json"
	// ResumeFile says how to go on with a run whose machine was lost, and PartFile has what
	// it had recorded; both are there until the run is over.
	ResumeFile = "resume.json"
	PartFile   = "part.bin"
)

// StillGoingOn begins [Summary.Interrupted] of a run that goes on: of its checkpoint.
const StillGoingOn = "the run was still going on at "

// Unfinished reports whether the summary is that of a run that went on when it was made.
func (s *Summary) Unfinished() bool { return strings.HasPrefix(s.Interrupted, StillGoingOn) }

// Read reads the summary of a finished run from its directory, or what an unfinished
// one kept.
func Read(dir string) (*Summary, error) {
	f, err := os.Open(filepath.Join(dir, SummaryFile))
	if os.IsNotExist(err) {
		if kept, _ := os.Open(filepath.Join(dir, CheckpointFile)); kept != nil {
			f, err = kept, nil
		}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := ReadJSON(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return s, nil
}
