package cmcd

import (
	"fmt"
	"strconv"
)

// SID is the session id of a viewer in a run: a UUID of version 8 (RFC 9562
// 5.8), whose contents are the sender's own, because CTA-5004 recommends a
// UUID. It begins with the run in eight hexadecimal digits, so that a log can
// be searched for a run, then comes the session of the viewer (1, and one more
// after each return), and the viewer's number at the end.
//
//	3f9a2c81-0001-8000-8000-00000000002a
func SID(run uint32, viewer uint64, session int) string {
	return fmt.Sprintf("%08x-%04x-8000-8000-%012x", run, session&0xffff, viewer&0xffff_ffff_ffff)
}

// ParseSID reads what [SID] made.
func ParseSID(s string) (run uint32, viewer uint64, session int, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13:24] != "-8000-8000-" {
		return 0, 0, 0, false
	}
	a, err1 := strconv.ParseUint(s[:8], 16, 32)
	b, err2 := strconv.ParseUint(s[9:13], 16, 16)
	c, err3 := strconv.ParseUint(s[24:], 16, 48)
	return uint32(a), c, int(b), err1 == nil && err2 == nil && err3 == nil
}

// ParseRun reads a run as [SID] prints it.
func ParseRun(s string) (run uint32, ok bool) {
	n, err := strconv.ParseUint(s, 16, 32)
	return uint32(n), err == nil && len(s) == 8
}
