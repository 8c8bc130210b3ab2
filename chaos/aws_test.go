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
	slow := full
	slow.FaultRole = "arn:aws:iam::123456789012:role/fis"
	// A channel that is fed by a flow and writes to a packager, behind a CDN.
	packaged := AWS{Channel: "1", Distribution: "E1", AllowSticky: true, Package: PackageAWS{Group: "g", Channel: "c", Endpoint: "e", Sources: []string{"192.0.2.1", "192.0.2.2"}},
		Flow: FlowAWS{ARN: "f", Outputs: []string{"a", "b"}}}
	timid, untold, both, spared := packaged, packaged, packaged, packaged
	timid.AllowSticky = false
	watched := timid
	watched.Watchdog, watched.Function, watched.Bucket = "arn:aws:iam::123456789012:role/w", "f", "b"
	untold.Package.Sources, untold.Flow = nil, FlowAWS{}
	both.Bucket = "b"
	spared.SpareInput, spared.AllowSticky = "spare", false
	one := func(f *Fault) { f.Pipeline = 1 }
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
		{"slow invalidator, no role", &full, InvalidatorSlow, func(f *Fault) { f.By = time.Minute }, "via", "aws.fault_role"},
		{"slow invalidator", &slow, InvalidatorSlow, func(f *Fault) { f.By = time.Minute }, "", ""},
		{"too slow", &slow, InvalidatorSlow, func(f *Fault) { f.By = time.Hour }, "by", "at most 15m0s"},
		{"slow for one pipeline", &slow, InvalidatorSlow, func(f *Fault) { f.By, f.Pipeline = time.Minute, 0 }, "pipeline", "for all that it serves"},
		{"throttled", &full, InvalidatorThrottle, nil, "via", "allow_sticky"},
		{"throttled, bravely", &brave, InvalidatorThrottle, nil, "", ""},
		{"errors of no packager", &brave, PackagerErrors, nil, "via", "aws.mediapackage.endpoint"},
		{"errors of a packager", &timid, PackagerErrors, nil, "via", "allow_sticky"},
		{"errors of a packager, bravely", &packaged, PackagerErrors, nil, "", ""},
		{"an ingest", &packaged, PipelineKill, one, "", ""},
		{"both ingests", &untold, PipelineKill, nil, "", ""},
		{"an ingest of unknown source", &untold, PipelineKill, one, "pipeline", "aws.mediapackage.sources"},
		{"a third ingest", &packaged, PipelineKill, func(f *Fault) { f.Pipeline = 2 }, "pipeline", "less than 2"},
		{"an ingest, and a bucket without pipelines", &both, PipelineKill, one, "pipeline", "aws.pipelines"},
		{"the whole of a bucket and a packager", &both, PipelineKill, nil, "", ""},
		{"endpoint", &packaged, OriginStatus, func(f *Fault) { f.Code = 403 }, "", ""},
		{"part of an endpoint", &packaged, OriginStatus, func(f *Fault) { f.Code, f.Rendition = 403, "low" }, "rendition", "as a whole"},
		{"no origin", &bare, OriginStatus, func(f *Fault) { f.Code = 403 }, "via", "aws.mediapackage"},
		{"freeze in a packager", &packaged, PlaylistFreeze, nil, "via", "aws.bucket"},
		{"feed", &packaged, InputLoss, one, "", ""},
		{"feed without a way back", &timid, InputLoss, nil, "via", "aws.watchdog"},
		{"feed with a watchdog", &watched, InputLoss, nil, "", ""},
		{"invalidator with a watchdog", &watched, InvalidatorOff, nil, "", ""},
		{"channel with a watchdog", &watched, PipelineKill, func(f *Fault) { f.Resume = "restart" }, "", ""},
		{"errors with a watchdog", &watched, EdgeErrorTTL, nil, "via", "no watchdog can"},
		{"init segments with a watchdog", &watched, SegmentMissing, func(f *Fault) { f.Kinds = []m3u8.Kind{m3u8.KindInit} }, "via", "no watchdog can"},
		{"a switch comes before a feed that is cut", &spared, InputLoss, nil, "", ""},
		{"a switch is for all", &spared, InputLoss, one, "via", "allow_sticky"},
		{"a packager loses its input", &untold, InputLoss, nil, "", ""},
		{"errors", &packaged, EdgeErrorTTL, func(f *Fault) { f.TTL = time.Minute }, "", ""},
		{"no errors kept", &packaged, EdgeErrorTTL, nil, "", ""},
		{"errors for parts of a second", &packaged, EdgeErrorTTL, func(f *Fault) { f.TTL = time.Second / 2 }, "ttl", "whole seconds"},
		{"errors without a way back", &timid, EdgeErrorTTL, nil, "via", "allow_sticky"},
		{"errors without a CDN", &brave, EdgeErrorTTL, nil, "via", "aws.distribution"},
		{"flush", &timid, EdgeFlush, nil, "", ""},
		{"flush without a CDN", &brave, EdgeFlush, nil, "via", "aws.distribution"},
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
