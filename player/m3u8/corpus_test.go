package m3u8_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hlsload/player/m3u8"
	"hlsload/player/profile"
)

// judged is what the parser of a real player made of a playlist.
type judged struct {
	Kind    string
	Refused string // why; "" = it is played
	URLs    []string
}

// reasons are why the parser differs from a player's on a file on purpose.
var reasons = map[string]string{
	"hlsjs-1.7 wild/late-skip.m3u8":                     "what a delta update skips after a segment is not to be had: hls.js makes room for it and merges it with the version before",
	"hlsjs-1.5 wild/late-skip.m3u8":                     "as 1.7",
	"hlsjs-1.7 integration/llhls-delta-byte-range.m3u8": "as late-skip: it skips within a segment",
	"hlsjs-1.5 integration/llhls-delta-byte-range.m3u8": "as late-skip: it skips within a segment",
	"vhs-3.17 wild/segment-uri-bad.m3u8":                "a URL with a port in words is none: m3u8-parser lists the segment, which cannot be loaded; here it is a gap",

	"hlsjs-1.7 wild/variant-bad-uri.m3u8": "a URL with a port in words is none: hls.js lists the variant and cannot load it",
	"hlsjs-1.5 wild/variant-bad-uri.m3u8": "as 1.7",
	"vhs-3.17 wild/variant-bad-uri.m3u8":  "as hls.js",

	"vhs-3.17 wild/extinf-missing-everywhere.m3u8": "m3u8-parser lists segments from the first EXTINF on; hls.js plays it",
	"vhs-3.17 wild/extinf-without-a-colon.m3u8":    "m3u8-parser lists segments from the first EXTINF on; hls.js plays it",
	"vhs-3.17 wild/no-extinf.m3u8":                 "m3u8-parser lists segments from the first EXTINF on; hls.js plays it",
	"vhs-3.17 wild/one-variant-two-uris.m3u8":      "m3u8-parser takes a URI that belongs to no tag for a variant without attributes; hls.js leaves it out",
	"vhs-3.17 integration/streamInfInvalid.m3u8":   "m3u8-parser takes a URI that belongs to no tag for a variant without attributes; hls.js leaves it out",
	"vhs-3.17 wild/skip-too-many.m3u8":             "m3u8-parser does not list what a delta update skips",

	"hlsjs-1.7 wild/variant-without-uri.m3u8":       "hls.js takes the end of the attributes for the URI: it lists a variant that is not there",
	"hlsjs-1.5 wild/variant-without-uri.m3u8":       "as 1.7",
	"vhs-3.17 wild/carriage-return-in-a-uri.m3u8":   "m3u8-parser lists one segment with the carriage return in its URI, which is not there",
	"vhs-3.17 integration/emptyTargetDuration.m3u8": "variants after a tag of a media playlist: hls.js refuses it",
	"hlsjs-1.7 integration/extinf.m3u8":             endOfLine,
	"hlsjs-1.5 integration/extinf.m3u8":             endOfLine,
	"hlsjs-1.7 wild/exponent.m3u8":                  endOfLine,
	"hlsjs-1.5 wild/exponent.m3u8":                  endOfLine,
	"hlsjs-1.7 wild/extinf-attributes.m3u8":         endOfLine,
	"hlsjs-1.5 wild/extinf-attributes.m3u8":         endOfLine,
	"hlsjs-1.7 wild/extinf-exponent.m3u8":           endOfLine,
	"hlsjs-1.5 wild/extinf-exponent.m3u8":           endOfLine,
	"hlsjs-1.7 wild/extinf-minutes.m3u8":            endOfLine,
	"hlsjs-1.5 wild/extinf-minutes.m3u8":            endOfLine,
	"hlsjs-1.7 wild/extinf-negative.m3u8":           endOfLine,
	"hlsjs-1.5 wild/extinf-negative.m3u8":           endOfLine,
	"hlsjs-1.7 wild/extinf-plus.m3u8":               endOfLine,
	"hlsjs-1.5 wild/extinf-plus.m3u8":               endOfLine,
	"hlsjs-1.7 wild/extinf-space-before-comma.m3u8": endOfLine,
	"hlsjs-1.5 wild/extinf-space-before-comma.m3u8": endOfLine,
	"hlsjs-1.7 wild/extinf-unit.m3u8":               endOfLine,
	"hlsjs-1.5 wild/extinf-unit.m3u8":               endOfLine,
	"hlsjs-1.7 wild/infinite-duration.m3u8":         endOfLine,
	"hlsjs-1.5 wild/infinite-duration.m3u8":         endOfLine,
	"hlsjs-1.7 wild/nan.m3u8":                       endOfLine,
	"hlsjs-1.5 wild/nan.m3u8":                       endOfLine,
	"hlsjs-1.7 wild/negative-duration.m3u8":         endOfLine,
	"hlsjs-1.5 wild/negative-duration.m3u8":         endOfLine,
	"hlsjs-1.7 wild/only-a-point.m3u8":              endOfLine,
	"hlsjs-1.5 wild/only-a-point.m3u8":              endOfLine,
}

// endOfLine is why the profiles of hls.js refuse what it does not.
const endOfLine = "hls.js takes what follows EXTINF's number for a URI: it lists segments that are not there, and cannot load them"

// TestCorpus reads playlists with the parsers of hls.js and m3u8-parser, those of
// testdata, those that come with m3u8-parser and with github.com/grafov/m3u8, and
// those of the directory HLSLOAD_CORPUS_MORE. Nothing is refused that hls.js
// plays; what hls.js refuses is refused by its profile; and what both play lists
// the same. It needs Node and the packages of lab: make corpus.
func TestCorpus(t *testing.T) {
	if os.Getenv("HLSLOAD_CORPUS") == "" {
		t.Skip("SKIPPED: real parsers read playlists in make corpus")
	}
	files := corpus(t)
	cmd := exec.Command("node", "corpus.mjs")
	cmd.Dir = filepath.Join("..", "..", "lab")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("lab/corpus.mjs: ", err)
	}
	same, differ, refused := 0, map[string]int{}, map[string]int{}
	answers := json.NewDecoder(bytes.NewReader(out))
	for n := range files {
		var answer map[string]json.RawMessage
		var file string
		if err := answers.Decode(&answer); err != nil {
			t.Fatalf("answer %d of %d: %v", n+1, len(files), err)
		}
		decode(t, answer["file"], &file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
		got := read(text)
		ok := true
		for _, id := range []string{"hlsjs-1.7", "hlsjs-1.5", "vhs-3.17"} {
			var want judged
			decode(t, answer[id], &want)
			if want.Refused != "" {
				refused[id]++
			}
			why := compare(got, want, id)
			key := id + " " + name
			switch reason := reasons[key]; {
			case why == "" && reason != "":
				t.Errorf("%s: there is no difference to give a reason for", key)
			case why != "" && reason == "":
				t.Errorf("%s: %s\n%.600s", key, why, text)
			case why != "":
				differ[id]++
			}
			ok = ok && why == ""
		}
		if ok {
			same++
		}
	}
	if same == 0 {
		t.Error("no playlist was read")
	}
	t.Logf("%d playlists, %d read alike by all; differences with a reason: %v; refused by the real ones: %v", len(files), same, differ, refused)
}

func decode(t *testing.T, text []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
}

// corpus lists the playlists.
func corpus(t *testing.T) []string {
	t.Helper()
	dirs := []string{"testdata", "testdata/wild", "../../lab/node_modules/m3u8-parser/test/fixtures/integration"}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/grafov/m3u8").Output()
	if err != nil {
		t.Fatal("where github.com/grafov/m3u8 is: ", err)
	}
	dirs = append(dirs, filepath.Join(strings.TrimSpace(string(dir)), "sample-playlists"))
	if more := os.Getenv("HLSLOAD_CORPUS_MORE"); more != "" {
		dirs = append(dirs, more)
	}
	var files []string
	for _, dir := range dirs {
		found, err := filepath.Glob(filepath.Join(dir, "*.m3u*"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no playlists in %s: %v", dir, err)
		}
		for _, file := range found {
			abs, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, abs)
		}
	}
	return files
}

// own is what the parser made of a playlist.
type own struct {
	kind     m3u8.Kind
	err      error // also when there is nothing to play
	findings m3u8.Findings
	urls     []string
}

type nothing string

func (n nothing) Error() string { return string(n) }

func read(text []byte) own {
	base, _ := url.Parse("http://cdn.example.com/live/index.m3u8?token=abc")
	p, err := m3u8.Parse(text, m3u8.Options{Base: base, Imports: map[string]string{"imported": "yes"}})
	if err != nil {
		return own{err: err}
	}
	o := own{kind: p.Kind()}
	switch p := p.(type) {
	case *m3u8.Media:
		o.findings = p.Findings
		if p.Skip != nil {
			o.urls = make([]string, p.Skip.Segments)
		}
		for i := range p.Segments {
			o.urls = append(o.urls, p.Segments[i].URL)
		}
	case *m3u8.Multivariant:
		o.findings = p.Findings
		for i := range p.Variants {
			o.urls = append(o.urls, p.Variants[i].URL)
		}
	}
	if len(o.urls) == 0 {
		o.err = nothing("nothing is listed")
	}
	return o
}

// compare says how a player differs from its profile, "" = not.
func compare(got own, want judged, id string) string {
	p, err := profile.Load(id)
	if err != nil {
		return err.Error()
	}
	if id == "vhs-3.17" {
		got.urls = slices.DeleteFunc(slices.Clone(got.urls), func(u string) bool { return u == "" })
	}
	odd := got.findings.Of(p.Refuses(got.kind))
	plays := got.err == nil && odd == nil
	listed := want.Refused == "" && len(want.URLs) > 0
	same := want.Refused == "" && len(got.urls) == len(want.URLs)
	for i := 0; same && i < len(want.URLs) && id != "vhs-3.17"; i++ {
		same = alike(got.urls[i], want.URLs[i])
	}
	switch {
	case plays && want.Refused != "":
		return "it refuses: " + want.Refused
	case plays && !same:
		return "it lists " + strings.Join(want.URLs, " ") + "; want " + strings.Join(got.urls, " ")
	case !plays && listed && got.err != nil:
		return "it plays what is refused: " + got.err.Error()
	case !plays && listed:
		return "it plays what its profile refuses: " + odd.String()
	}
	return ""
}

// alike reports whether two URLs are one to a server. A gap is never asked for.
func alike(got, want string) bool {
	if got == want || got == "" {
		return true
	}
	plain := func(u string) string {
		if v, err := url.PathUnescape(u); err == nil {
			return v
		}
		return u
	}
	return plain(got) == plain(want)
}
