package pages

import (
	"bytes"
	"os"
	"testing"
)

func TestAround(t *testing.T) {
	const maps = `00400000-00df6000 r-xp 00000000 fe:00 9986096                            /bin/hlsload
01b04000-03b55000 rw-p 00000000 00:00 0 
265ef000-26610000 rw-p 00000000 00:00 0                                  [heap]
125754000000-125756400000 ---p 00000000 00:00 0 
125756400000-125758000000 rw-p 00000000 00:00 0 
125758000000-12575c000000 rw-p 00000000 00:00 0 
125760000000-125764000000 rw-p 00000000 00:00 0 
nonsense rw-p 00000000 00:00 0 
7f51c0021000-7f51c4000000 ---p 00000000 00:00 0 
`
	for _, tc := range []struct{ at, from, to uintptr }{
		{0x125757000000, 0x125756400000, 0x12575c000000},
		{0x12575bffffff, 0x125756400000, 0x12575c000000},
		{0x125760000000, 0x125760000000, 0x125764000000},
		{0x12575c000000, 0, 0},
		{0x26600000, 0, 0},
		{0x00500000, 0, 0},
	} {
		if from, to := around([]byte(maps), tc.at); from != tc.from || to != tc.to {
			t.Errorf("around %x: %x to %x; want %x to %x", tc.at, from, to, tc.from, tc.to)
		}
	}
}

// TestLarge: the kernel knows of the wish, and puts pages together.
func TestLarge(t *testing.T) {
	if how, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil || bytes.Contains(how, []byte("[never]")) {
		t.Skip("this kernel has no large pages")
	}
	heap := make([]byte, 64<<20)
	for i := 0; i < len(heap); i += 4096 {
		heap[i] = 1
	}
	Collapse()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	marked := false
	for line := range bytes.Lines(text) {
		marked = marked || bytes.HasPrefix(line, []byte("VmFlags:")) && bytes.Contains(line, []byte(" hg"))
	}
	if !marked {
		t.Error("no memory is marked for large pages")
	}
	for i := 0; i < len(heap); i += 4096 {
		if heap[i] != 1 {
			t.Fatalf("byte %d has changed", i)
		}
	}
}
