// Package archive keeps a history in a folder: a line a night in history.ndjson, and the
// folders of the runs beside it. It needs no server, and no lock: a line is written at once
// and to the end of the file, so that runs at the same time do not mix, and what a power
// loss cut is a line that does not count.
package archive
