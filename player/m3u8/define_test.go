package m3u8

import (
	"net/url"
	"reflect"
	"testing"
)

func TestVariables(t *testing.T) {
	base, err := url.Parse("https://h/a/b.m3u8?token=x%2Fy%20z&empty=&quote=%22&line=a%0Ab")
	if err != nil {
		t.Fatal(err)
	}
	const define = "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"A\"\n#EXT-X-DEFINE:NAME=\"a-B_2\",VALUE=\"<{$a}>\"\n#EXT-X-DEFINE:IMPORT=\"i\"\n#EXT-X-DEFINE:QUERYPARAM=\"token\"\n"
	imports := map[string]string{"i": "I{$a}"}
	tests := []struct{ uri, want string }{
		{"{$a}.ts", "A.ts"},
		{"{$a}{$a}/{$a-B_2}", "AA/<A>"},
		{"{$i}", "I{$a}"}, // a value is not substituted again
		{"x?t={$token}", "x?t=x/y z"},
		{"{$}", "{$}"},
		{"{$a b}", "{$a b}"},
		{"{$a", "{$a"},
		{"{${$a}}", "{$A}"},
		{"$a{a}", "$a{a}"},
	}
	for _, tt := range tests {
		m, err := ParseMedia([]byte(media(define+"#EXT-X-MAP:URI=\""+tt.uri+"\"\n#EXTINF:4,{$nothing}\n"+tt.uri+"\n")), Options{Base: base, Imports: imports})
		if err != nil {
			t.Errorf("%s: %v", tt.uri, err)
			continue
		}
		if s := m.Segments[0]; s.URI != tt.want || s.Map.URI != tt.want || s.Title != "{$nothing}" {
			t.Errorf("%s: got %q, %q, %q; want %q and the title as it is", tt.uri, s.URI, s.Map.URI, s.Title, tt.want)
		}
	}

	m, err := ParseMultivariant([]byte("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"A\"\n#EXT-X-DEFINE:QUERYPARAM=\"empty\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{$a}\",NAME=\"n\",X=\"{$a}\"\n"), Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Variables(), map[string]string{"a": "A", "empty": ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("variables %v, want %v", got, want)
	}
	if r := m.Renditions[0]; r.GroupID != "A" || r.Attributes[0] != (Attribute{"X", `"A"`}) {
		t.Errorf("got %+v", r)
	}
	if new(Multivariant).Variables() != nil {
		t.Error("variables of nothing")
	}

	odd := []struct{ define, want string }{
		{"#EXT-X-DEFINE:IMPORT=\"j\"", `no-import: line 3: EXT-X-DEFINE: got "j"; want a variable of the multivariant playlist, or a parameter of this playlist's URL: left out`},
		{"#EXT-X-DEFINE:QUERYPARAM=\"j\"", `no-query-parameter: line 3: EXT-X-DEFINE: got "j"; want a variable of the multivariant playlist, or a parameter of this playlist's URL: left out`},
		{"#EXT-X-DEFINE:QUERYPARAM=\"quote\"", `bad-define: line 3: EXT-X-DEFINE: got "\""; want a value without quotes and control characters: percent-encoded`},
		{"#EXT-X-DEFINE:QUERYPARAM=\"line\"", `bad-define: line 3: EXT-X-DEFINE: got "a\nb"; want a value without quotes and control characters: percent-encoded`},
		{"#EXT-X-DEFINE:NAME=\"i\",VALUE=\"1\"\n#EXT-X-DEFINE:IMPORT=\"i\"", `define-twice: line 4: EXT-X-DEFINE: got "i"; want a name that is not defined yet: left out`},
	}
	for _, tt := range odd {
		p, err := Parse([]byte(media(tt.define)), Options{Base: base, Imports: imports})
		if err != nil {
			t.Errorf("%s: %v", tt.define, err)
		} else if got := told(p); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: got %q, want %q", tt.define, got, tt.want)
		}
	}
	p, err := Parse([]byte("#EXTM3U\n#EXT-X-DEFINE:IMPORT=\"i\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n"), Options{Imports: imports})
	if err != nil {
		t.Fatal(err)
	}
	want := "bad-define: line 2: EXT-X-DEFINE: got IMPORT in a multivariant playlist; want it in a media playlist: left out"
	if got := told(p); len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNoVariables reads a playlist as a player does that knows no variables.
func TestNoVariables(t *testing.T) {
	text := media("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"A\"\n#EXTINF:4,\n{$a}/{$b}.ts\n")
	for _, literal := range []bool{false, true} {
		m, err := ParseMedia([]byte(text), Options{NoVariables: literal})
		if err != nil {
			t.Fatal(err)
		}
		uri, codes := "A/{$b}.ts", Codes(0).With(Variables).With(UnknownVariable)
		if literal {
			uri, codes = "{$a}/{$b}.ts", 0
		}
		if got := m.Segments[0].URI; got != uri || m.Findings.Codes() != codes {
			t.Errorf("literal %v: got %q, %v; want %q", literal, got, m.Findings, uri)
		}
	}
}
