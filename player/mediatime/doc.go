// Package mediatime reads the first timestamp of a segment out of its first
// bytes: the PTS of an MPEG transport stream, the tfdt of fragmented MP4, the
// timestamp tag of packed audio. Players that align pipelines by media time go
// by it, and so does probe when it compares pipelines.
//
// Start with [Read], and [Since], which subtracts clocks that wrap. Whether the
// bytes can be media at all is for package content to say, and nothing is decoded.
//
// Segments come from outside: every length is checked, boxes and packets are
// counted, and nothing is kept of the bytes that were read.
package mediatime
