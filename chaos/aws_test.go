package chaos

import (
	"strings"
	"testing"
	"time"

	"hlsload/player/m3u8"
)

// What an account has decides which faults can be made there.
func TestAWSRealises(t *testing.T) {
	bare := AWS{Account: "123456789012", Region: "eu-west-1"}
	full := bare
	full.Channel, full.Bucket, full.Function, full.SpareInput = "1", "b", "f", "spare"
	full.Pipelines = []string{"a/*", "b/*"}
	brave := full
	brave.AllowSticky, brave.AllowMultivariant = true, true
	for _, c := range []struct {
		name  string
		aws   *AWS
		kind  Kind
		more  func(f *Fault)
		field string // to blame; "" = can be made
		why   string // part of
	}{
		{"pause", &full, PipelinePause, nil, "", ""},
		{"pause without a channel", &bare, PipelinePause, nil, "via", "aws.channel"},
		{"kill", &full, PipelineKill, nil, "", ""},
		{"kill without a bucket", &bare, PipelineKill, nil, "via", "aws.bucket"},
		{"restart", &full, PipelineKill, func(f *Fault) { f.Resume, f.Pipeline = "restart", 1 }, "", ""},
		{"stop", &full, PipelineKill, func(f *Fault) { f.Resume = "restart" }, "via", "allow_sticky"},
		{"stop, bravely", &brave, PipelineKill, func(f *Fault) { f.Resume = "restart" }, "", ""},
		{"loss", &full, InputLoss, nil, "", ""},
		{"loss of one pipeline", &full, InputLoss, func(f *Fault) { f.Pipeline = 0 }, "pipeline", "all its pipelines"},
		{"third pipeline", &full, PlaylistFreeze, func(f *Fault) { f.Pipeline = 2 }, "pipeline", "less than 2"},
		{"delete", &full, PlaylistDelete, nil, "", ""},
		{"delete a multivariant playlist", &full, PlaylistDelete, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindMultivariant} }, "kind", "allow_multivariant"},
		{"the same, bravely", &brave, PlaylistDelete, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindMultivariant} }, "", ""},
		{"segments", &full, SegmentMissing, nil, "", ""},
		{"init segments", &full, SegmentMissing, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindInit} }, "via", "allow_sticky"},
		{"403", &full, OriginStatus, func(f *Fault) { f.Code = 403 }, "", ""},
		{"503", &full, OriginStatus, func(f *Fault) { f.Code = 503 }, "code", "403 only"},
		{"invalidator", &full, InvalidatorOff, nil, "via", "allow_sticky"},
		{"invalidator, bravely", &brave, InvalidatorOff, nil, "", ""},
		{"drift", &brave, PipelineDrift, func(f *Fault) { f.By = time.Second }, "via", "cannot be made on AWS"},
	} {
		f := NewFault("x", c.kind)
		f.Via = ViaAWS
		if c.more != nil {
			c.more(&f)
		}
		if field, why := c.aws.Realises(&f); field != c.field || !strings.Contains(why, c.why) {
			t.Errorf("%s: got %q, %q; want %q, %q", c.name, field, why, c.field, c.why)
		}
	}
}
