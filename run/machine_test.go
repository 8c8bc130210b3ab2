package run

import (
	"os"
	"runtime"
	"testing"
)

func TestOpenFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says it")
	}
	before := openFiles()
	if before < 3 {
		t.Fatalf("%d files are open", before)
	}
	for range 100 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	if n := openFiles() - before; n < 90 || n > 110 { // other tests have files as well
		t.Errorf("100 files more are %d more", n)
	}
}
