package reports

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// The files of a run (contract section 4). The journal and the events are
// written while it goes on, by others.
const (
	SummaryFile  = "summary.json"
	HTMLFile     = "report.html"
	JUnitFile    = "junit.xml"
	MarkdownFile = "summary.md"
	EventsFile   = "events.ndjson"
	JournalFile  = "journal.ndjson"
)

// Read reads the summary of a finished run from its directory.
func Read(dir string) (*Summary, error) {
	f, err := os.Open(filepath.Join(dir, SummaryFile))
	if err != nil {
		return nil, fmt.Errorf("read summary: %w", err)
	}
	defer f.Close()
	return ReadJSON(bufio.NewReaderSize(f, 1<<16))
}
