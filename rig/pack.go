package rig

import (
	"bytes"
	"compress/gzip"
)

// CloudFront packs what is between these sizes ("Serving compressed files").
const (
	minPacked = 1_000
	maxPacked = 10_000_000
)

// pack lets an edge answer with a packed playlist. The origin does not pack, as
// S3 does not.
func (r *Rig) pack(f *Flight) {
	a := &f.Answer
	if !f.Gzip || f.Pop < 0 || a.Status != 200 || a.Object == nil || !a.Object.IsPlaylist() || a.Size < minPacked || a.Size > maxPacked {
		return
	}
	o := a.Object
	if o.packed == nil {
		var buf bytes.Buffer
		if r.packer == nil {
			r.packer = gzip.NewWriter(&buf)
		} else {
			r.packer.Reset(&buf)
		}
		r.packer.Write(o.body) // a bytes.Buffer does not fail
		r.packer.Close()
		o.packed = buf.Bytes()
	}
	a.Packed, a.Length = true, int64(len(o.packed))
}
