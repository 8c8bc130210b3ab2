package m3u8

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

// refused is what must not be played. It seeds the fuzz targets.
var refused = []struct{ name, text, want string }{
	{"empty", "", "line 1: got an empty body; want #EXTM3U"},
	{"blank", "\n#EXTM3U\n", `line 1: got ""; want #EXTM3U`},
	{"HTML", "<!DOCTYPE html>\n<html>", `line 1: got HTML or XML ("<!DOCTYPE html>"); want #EXTM3U`},
	{"JSON", `{"error":"denied"}`, `line 1: got "{\"error\":\"denied\"}"; want #EXTM3U`},
	{"gzip", "\x1f\x8b\x08\x00", `line 1: got "\x1f\x8b\b\x00"; want #EXTM3U`},
	{"longer first tag", "#EXTM3U8\n", `line 1: got "#EXTM3U8"; want #EXTM3U`},
	{"two playlists in one", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTM3U\n", "line 3: EXTM3U: got a second one; want one playlist"},
	{"a list of URIs", "#EXTM3U\na.ts\n", `line 2: URI line: got "a.ts"; want EXTINF or EXT-X-STREAM-INF before it`},

	{"no target duration", "#EXTM3U\n#EXTINF:4,\na.ts\n", "line 3: got no EXT-X-TARGETDURATION in the whole playlist; want one"},
	{"no target duration and no segments", "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n", "line 2: got no EXT-X-TARGETDURATION in the whole playlist; want one"},
	{"target duration", "#EXTM3U\n#EXT-X-VERSION:3\n\n\n\n\n#EXT-X-TARGETDURATION:x\n", `line 7: EXT-X-TARGETDURATION: got "x"; want an integer of seconds >= 1`},
	{"target duration 0", media("#EXT-X-VERSION:3\n") + "#EXT-X-TARGETDURATION:0\n", "line 4: EXT-X-TARGETDURATION: got a second one; want one"},
	{"target duration zero", "#EXTM3U\n#EXT-X-TARGETDURATION:0\n", `line 2: EXT-X-TARGETDURATION: got "0"; want an integer of seconds >= 1`},
	{"target duration missing", "#EXTM3U\n#EXT-X-TARGETDURATION\n", `line 2: EXT-X-TARGETDURATION: got ""; want an integer of seconds >= 1`},
	{"target duration huge", "#EXTM3U\n#EXT-X-TARGETDURATION:99999999999\n", `line 2: EXT-X-TARGETDURATION: got "99999999999"; want an integer of seconds >= 1`},
	{"version", "#EXTM3U\n#EXT-X-VERSION:-3\n", `line 2: EXT-X-VERSION: got "-3"; want an integer >= 1`},
	{"two versions", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n", "line 3: EXT-X-VERSION: got a second one; want one"},

	{"negative duration", media("#EXTINF:-1,\na.ts\n"), `line 3: EXTINF: got "-1"; want a number of seconds >= 0`},
	{"NaN", media("#EXTINF:NaN,\na.ts\n"), `line 3: EXTINF: got "NaN"; want a number of seconds >= 0`},
	{"infinite duration", media("#EXTINF:Inf,\na.ts\n"), `line 3: EXTINF: got "Inf"; want a number of seconds >= 0`},
	{"exponent", media("#EXTINF:1e3,\na.ts\n"), `line 3: EXTINF: got "1e3"; want a number of seconds >= 0`},
	{"duration overflow", media("#EXTINF:9223372036.9,\na.ts\n"), `line 3: EXTINF: got "9223372036.9"; want a number of seconds >= 0`},
	{"no duration", media("#EXTINF:,\na.ts\n"), `line 3: EXTINF: got ""; want a number of seconds >= 0`},
	{"only a point", media("#EXTINF:.,\na.ts\n"), `line 3: EXTINF: got "."; want a number of seconds >= 0`},
	{"sum overflow", media("#EXTINF:9223372035,\na.ts\n#EXTINF:2,\nb.ts\n"), "line 6: got durations of more than 292 years in all; want less"},
	{"EXTINF without a colon", media("#EXTINF\na.ts\n"), `line 3: EXTINF: got ""; want a number of seconds >= 0`},
	{"two EXTINF", media("#EXTINF:4,\n#EXTINF:4,\na.ts\n"), "line 4: EXTINF: got no URI line after the one in line 3; want one"},
	{"no EXTINF", media("a.ts\n"), `line 3: URI line: got "a.ts"; want EXTINF before it`},
	{"control character in a URI", media("#EXTINF:4,\na\x00.ts\n"), `line 4: segment: URI: got "a\x00.ts"; want a URI reference (RFC 3986)`},
	{"carriage return in a URI", media("#EXTINF:4,\na\rHost: b\n"), `line 4: segment: URI: got "a\rHost: b"; want a URI reference (RFC 3986)`},

	{"sequence", media("#EXT-X-MEDIA-SEQUENCE:-1\n"), `line 3: EXT-X-MEDIA-SEQUENCE: got "-1"; want an integer from 0 to 18446744073709551615`},
	{"sequence too large", media("#EXT-X-MEDIA-SEQUENCE:18446744073709551616\n"), `line 3: EXT-X-MEDIA-SEQUENCE: got "18446744073709551616"; want an integer from 0 to 18446744073709551615`},
	{"sequence overflow", media("#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:4,\na\n#EXTINF:4,\nb\n"), "line 7: media sequence number: got an overflow; want at most 18446744073709551615"},
	{"late sequence", media("#EXTINF:4,\na\n#EXT-X-MEDIA-SEQUENCE:1\n"), "line 5: EXT-X-MEDIA-SEQUENCE: got it after a segment; want it before the first"},
	{"late discontinuity sequence", media("#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"), "line 4: EXT-X-DISCONTINUITY-SEQUENCE: got it after EXT-X-DISCONTINUITY; want it before the first"},
	{"discontinuity sequence overflow", media("#EXT-X-DISCONTINUITY-SEQUENCE:18446744073709551615\n"), `line 3: EXT-X-DISCONTINUITY-SEQUENCE: got "18446744073709551615"; want a number that leaves room for discontinuities`},
	{"two ends", media("#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n"), "line 4: EXT-X-ENDLIST: got a second one; want one"},

	{"byte range", media("#EXT-X-BYTERANGE:x@1\n"), `line 3: EXT-X-BYTERANGE: got "x@1"; want LENGTH[@OFFSET] in bytes`},
	{"empty byte range", media("#EXT-X-BYTERANGE:0@1\n"), `line 3: EXT-X-BYTERANGE: got "0@1"; want LENGTH[@OFFSET] in bytes`},
	{"byte range overflow", media("#EXT-X-BYTERANGE:2@9223372036854775806\n"), `line 3: EXT-X-BYTERANGE: got "2@9223372036854775806"; want LENGTH[@OFFSET] in bytes`},
	{"byte range of nothing", media("#EXT-X-BYTERANGE:2\n#EXTINF:4,\na\n"), "line 5: byte range: got no offset; want one, or a byte range of the same URI before it"},
	{"byte range of another", media("#EXTINF:4,\n#EXT-X-BYTERANGE:2@0\na\n#EXTINF:4,\n#EXT-X-BYTERANGE:2\nb\n"), "line 8: byte range: got no offset; want one, or a byte range of the same URI before it"},
	{"byte range chain overflow", media("#EXTINF:4,\n#EXT-X-BYTERANGE:1@9223372036854775806\na\n#EXTINF:4,\n#EXT-X-BYTERANGE:1\na\n"), "line 8: byte range: got an overflow; want an end below 2^63"},
	{"two byte ranges", media("#EXT-X-BYTERANGE:2@0\n#EXT-X-BYTERANGE:2@0\n"), "line 4: EXT-X-BYTERANGE: got a second one for a segment; want one"},
	{"part byte range of nothing", media("#EXT-X-PART:URI=\"a\",DURATION=1,BYTERANGE=\"5\"\n"), "line 3: byte range: got no offset; want one, or a byte range of the same URI before it"},

	{"date", media("#EXT-X-PROGRAM-DATE-TIME:2026-02-29T00:00:00Z\n"), `line 3: EXT-X-PROGRAM-DATE-TIME: got "2026-02-29T00:00:00Z"; want a date and time such as 2006-01-02T15:04:05.000Z`},
	{"two dates", media("#EXT-X-PROGRAM-DATE-TIME:2026-02-28T00:00:00Z\n#EXT-X-PROGRAM-DATE-TIME:2026-02-28T00:00:00Z\n"), "line 4: EXT-X-PROGRAM-DATE-TIME: got a second one for a segment; want one"},
	{"bit rate", media("#EXT-X-BITRATE:9223372036854775807\n"), `line 3: EXT-X-BITRATE: got "9223372036854775807"; want an integer of kbit/s`},
	{"key without method", media("#EXT-X-KEY:URI=\"k\"\n"), "line 3: EXT-X-KEY: got no METHOD; want one"},
	{"key without URI", media("#EXT-X-KEY:METHOD=AES-128\n"), "line 3: EXT-X-KEY: got no URI; want one"},
	{"key with bad IV", media("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=12\n"), `line 3: EXT-X-KEY: IV: got "12"; want 0x and up to 32 hexadecimal digits`},
	{"map without URI", media("#EXT-X-MAP:BYTERANGE=\"1@1\"\n"), "line 3: EXT-X-MAP: got no URI; want one"},
	{"map without offset", media("#EXT-X-MAP:URI=\"a\",BYTERANGE=\"1\"\n"), `line 3: EXT-X-MAP: BYTERANGE: got "1"; want LENGTH@OFFSET in bytes`},
	{"part without duration", media("#EXT-X-PART:URI=\"a\"\n"), "line 3: EXT-X-PART: got no DURATION; want one"},
	{"part target", media("#EXT-X-PART-INF:PART-TARGET=0\n"), "line 3: EXT-X-PART-INF: got no PART-TARGET above 0; want one"},
	{"hold-back", media("#EXT-X-SERVER-CONTROL:HOLD-BACK=-1\n"), `line 3: EXT-X-SERVER-CONTROL: HOLD-BACK: got "-1"; want a number of seconds >= 0`},
	{"date range without ID", media("#EXT-X-DATERANGE:CLASS=\"x\"\n"), "line 3: EXT-X-DATERANGE: got no ID; want one"},
	{"skip without number", media("#EXT-X-SKIP:X=1\n"), "line 3: EXT-X-SKIP: got no SKIPPED-SEGMENTS; want one"},
	{"skip too many", media("#EXT-X-SKIP:SKIPPED-SEGMENTS=100001\n"), `line 3: EXT-X-SKIP: SKIPPED-SEGMENTS: got "100001"; want an integer from 0 to 100000`},
	{"late skip", media("#EXTINF:4,\na\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"), "line 5: EXT-X-SKIP: got it after a segment's tags; want it before the first"},
	{"preload hint overflow", media("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"x\",BYTERANGE-START=9223372036854775807,BYTERANGE-LENGTH=1\n"),
		`line 3: EXT-X-PRELOAD-HINT: got "TYPE=PART,URI=\"x\",BYTERANGE-START=9223372036854775807,BYTERANGE-LENGTH=1"; want an end below 2^63`},
	{"start", "#EXTM3U\n#EXT-X-START:TIME-OFFSET=--1\n", `line 2: EXT-X-START: TIME-OFFSET: got "--1"; want a number of seconds`},
	{"start without offset", "#EXTM3U\n#EXT-X-START:PRECISE=YES\n", "line 2: EXT-X-START: got no TIME-OFFSET; want one"},

	{"mixed", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n#EXTINF:4,\n", "line 4: EXTINF: got a tag of a media playlist in a multivariant playlist; want one kind"},
	{"mixed the other way", media("#EXT-X-MEDIA:TYPE=AUDIO\n"), "line 3: EXT-X-MEDIA: got a tag of a multivariant playlist in a media playlist; want one kind"},

	{"no bandwidth", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"x\"\na\n", "line 2: EXT-X-STREAM-INF: got no BANDWIDTH; want one"},
	{"bandwidth", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9223372036854775808\na\n", `line 2: EXT-X-STREAM-INF: BANDWIDTH: got "9223372036854775808"; want an integer from 0 to 9223372036854775807`},
	{"resolution", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1920\na\n", `line 2: EXT-X-STREAM-INF: RESOLUTION: got "1920"; want WIDTHxHEIGHT`},
	{"resolution of one side", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1920x\na\n", `line 2: EXT-X-STREAM-INF: RESOLUTION: got "1920x"; want WIDTHxHEIGHT`},
	{"frame rate", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,FRAME-RATE=NaN\na\n", `line 2: EXT-X-STREAM-INF: FRAME-RATE: got "NaN"; want a number >= 0`},
	{"variant without URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "line 2: EXT-X-STREAM-INF: got no URI line after the one in line 2; want one"},
	{"two variants, one URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", "line 3: EXT-X-STREAM-INF: got no URI line after the one in line 2; want one"},
	{"one variant, two URIs", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\nb\n", `line 4: URI line: got "b"; want EXTINF or EXT-X-STREAM-INF before it`},
	{"rendition without name", "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\"\n", "line 2: EXT-X-MEDIA: got no NAME; want one"},
	{"I-frames without URI", "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n", "line 2: EXT-X-I-FRAME-STREAM-INF: got no URI; want one"},
	{"session data of two kinds", "#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\",URI=\"c\"\n", `line 2: EXT-X-SESSION-DATA: got "DATA-ID=\"a\",VALUE=\"b\",URI=\"c\""; want exactly one of VALUE and URI`},
	{"session key without method", "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=NONE\n", "line 2: EXT-X-SESSION-KEY: METHOD: got NONE; want a method"},
	{"steering without server", "#EXTM3U\n#EXT-X-CONTENT-STEERING:PATHWAY-ID=\"a\"\n", "line 2: EXT-X-CONTENT-STEERING: got no SERVER-URI; want one"},
	{"two steerings", "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\"\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"a\"\n", "line 3: EXT-X-CONTENT-STEERING: got a second one; want one"},

	{"attribute twice", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=1\na\n", "line 2: EXT-X-STREAM-INF: BANDWIDTH: got a second one; want one"},
	{"attribute without value", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,FOO\na\n", `line 2: EXT-X-STREAM-INF: got "FOO"; want NAME=value`},
	{"attribute without name", "#EXTM3U\n#EXT-X-STREAM-INF:=1\na\n", `line 2: EXT-X-STREAM-INF: got "=1"; want NAME=value`},
	{"open quote", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"avc1,BANDWIDTH=1\na\n", `line 2: EXT-X-STREAM-INF: CODECS: got "\"avc1,BANDWIDTH=1"; want a closing quote`},
	{"text after a quote", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"avc1\"x,BANDWIDTH=1\na\n", `line 2: EXT-X-STREAM-INF: CODECS: got "x,BANDWIDTH=1"; want a comma after the closing quote`},
	{"quote inside", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=a\"b\",BANDWIDTH=1\na\n", `line 2: EXT-X-STREAM-INF: CODECS: got "a\"b\""; want no quote inside`},

	{"variable", media("#EXTINF:4,\n{$a}.ts\n"), `line 4: variable reference: got "{$a}"; want a variable that an EXT-X-DEFINE before it defines`},
	{"variable defined later", media("#EXTINF:4,\n{$a}.ts\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n"), `line 4: variable reference: got "{$a}"; want a variable that an EXT-X-DEFINE before it defines`},
	{"variable in an attribute", media("#EXT-X-MAP:URI=\"{$a}\"\n"), `line 3: variable reference: got "{$a}"; want a variable that an EXT-X-DEFINE before it defines`},
	{"define of nothing", media("#EXT-X-DEFINE:VALUE=\"b\"\n"), `line 3: EXT-X-DEFINE: got "VALUE=\"b\""; want exactly one of NAME, IMPORT and QUERYPARAM`},
	{"define of two", media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\",IMPORT=\"c\"\n"), `line 3: EXT-X-DEFINE: got "NAME=\"a\",VALUE=\"b\",IMPORT=\"c\""; want exactly one of NAME, IMPORT and QUERYPARAM`},
	{"define without value", media("#EXT-X-DEFINE:NAME=\"a\"\n"), "line 3: EXT-X-DEFINE: got no VALUE; want one"},
	{"define twice", media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n"), `line 4: EXT-X-DEFINE: got "a"; want a name that is not defined yet`},
	{"define with a bad name", media("#EXT-X-DEFINE:NAME=\"a b\",VALUE=\"b\"\n"), `line 3: EXT-X-DEFINE: NAME: got "a b"; want a name of letters, digits, - and _`},
	{"import of nothing", media("#EXT-X-DEFINE:IMPORT=\"a\"\n"), `line 3: EXT-X-DEFINE: got "a"; want a variable of the multivariant playlist, or a parameter of this playlist's URL`},
	{"query parameter without a URL", media("#EXT-X-DEFINE:QUERYPARAM=\"a\"\n"), `line 3: EXT-X-DEFINE: got "a"; want a variable of the multivariant playlist, or a parameter of this playlist's URL`},
}

func media(rest string) string { return "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + rest }

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse([]byte(tt.text), Options{})
			if err == nil {
				t.Fatalf("got %+v; want error %q", p, tt.want)
			}
			if err.Error() != tt.want {
				t.Errorf("got error %q\nwant %q", err, tt.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 {
				t.Errorf("got %#v; want an *Error with a line", err)
			}
		})
	}
}

// TestWrongKind asks for one kind and gets the other.
func TestWrongKind(t *testing.T) {
	check := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	_, err := ParseMedia([]byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n"), Options{})
	check(err, "line 2: EXT-X-STREAM-INF: got a multivariant playlist; want a media playlist")
	_, err = ParseMultivariant([]byte(media("")), Options{})
	check(err, "line 2: EXT-X-TARGETDURATION: got a media playlist; want a multivariant playlist")
	_, err = ParseMedia([]byte("#EXTM3U\n"), Options{})
	check(err, "line 1: got a playlist without a tag of a media playlist; want EXT-X-TARGETDURATION")
	if _, err = ParseMultivariant([]byte("#EXTM3U\n"), Options{}); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	small := Limits{Body: 4000, Line: 200, Segments: 2, Parts: 2, Variants: 2, Tags: 3}
	tests := []struct{ name, text, want string }{
		{"body", media(strings.Repeat("#\n", 2000)), "got a body of 4032 bytes; want at most 4000"},
		{"line", media("#" + strings.Repeat("x", 200)), "line 3: line: got 201 bytes; want at most 200"},
		{"segments", media(strings.Repeat("#EXTINF:4,\na\n", 3)), "line 8: got more than 2 segments; want no more"},
		{"parts", media(strings.Repeat("#EXT-X-PART:URI=\"a\",DURATION=1\n", 3)), "line 5: EXT-X-PART: got more than 2 parts; want no more"},
		{"variants", "#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", 3), "line 7: EXT-X-STREAM-INF: got more than 2; want no more"},
		{"I-frame variants", "#EXTM3U\n" + strings.Repeat("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"a\"\n", 3), "line 4: EXT-X-I-FRAME-STREAM-INF: got more than 2; want no more"},
		{"renditions", "#EXTM3U\n" + strings.Repeat("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\"\n", 3), "line 4: EXT-X-MEDIA: got more than 2; want no more"},
		{"unknown tags", media(strings.Repeat("#EXT-X-FOO\n", 4)), "line 6: EXT-X-FOO: got more than 3 tags of its class; want no more"},
		{"date ranges", media(strings.Repeat("#EXT-X-DATERANGE:ID=\"a\"\n", 4)), "line 6: EXT-X-DATERANGE: got more than 3 tags of its class; want no more"},
		{"maps", media("#EXT-X-MAP:URI=\"1\"\n#EXT-X-MAP:URI=\"2\"\n#EXT-X-MAP:URI=\"3\"\n#EXT-X-MAP:URI=\"4\"\n"), "line 6: EXT-X-MAP: got more than 3 tags of its class; want no more"},
		{"keys", media("#EXT-X-KEY:METHOD=AES-128,URI=\"1\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"2\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"3\"\n#EXT-X-KEY:METHOD=AES-128,URI=\"4\"\n"),
			"line 6: EXT-X-KEY: got more than 3 tags of its class; want no more"},
		{"skipped segments", media("#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n"), `line 3: EXT-X-SKIP: SKIPPED-SEGMENTS: got "3"; want an integer from 0 to 2`},
		{"attributes", media("#EXT-X-DATERANGE:" + numbered("%=,", 33)), "line 3: EXT-X-DATERANGE: got more than 32 attributes; want no more"},
		{"substituted line", media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"" + strings.Repeat("x", 150) + "\"\n#EXTINF:4,\n{$a}{$a}\n"), `line 5: variable reference: got more than 200 bytes; want less after substitution`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text), Options{Limits: small})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v\nwant %q", err, tt.want)
			}
		})
	}
	t.Run("URLs", func(t *testing.T) {
		base, err := url.Parse("http://h/" + strings.Repeat("d", 70_000) + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse([]byte(media("#EXTINF:4,\na\n#EXTINF:4,\nb\n")), Options{Base: base, Limits: small})
		if want := "line 4: segment: URI: got URLs of more than 64000 bytes in all; want fewer"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	})
	t.Run("key formats", func(t *testing.T) {
		_, err := Parse([]byte(media(numbered("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"%\"\n", 17))), Options{})
		if want := "line 19: EXT-X-KEY: got more than 16 formats; want no more"; err == nil || err.Error() != want {
			t.Errorf("got error %v, want %q", err, want)
		}
	})
	t.Run("findings", func(t *testing.T) {
		m, err := ParseMedia([]byte(media(strings.Repeat("#EXT-X-KEY:METHOD=X\n", 1000))), Options{})
		if err != nil || len(m.Findings) != maxFindings {
			t.Errorf("got %v, %v; want %d findings", m, err, maxFindings)
		}
	})
}
