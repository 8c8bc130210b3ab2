package scenarios

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hlsload/chaos"
	"hlsload/player/m3u8"
	"hlsload/player/units"
)

// key describes one key of a scenario: how its value is written and what it does.
// Decoding takes types, ranges and words from it. docs/scenario.md and the JSON Schema
// are made of it.
type key struct {
	name   string
	form   form           // of a single value; "" = it is a mapping or a list
	word   []string       // the words of a value of form word or name
	like   *regexp.Regexp // what a text must look like; nil = anything
	orFile bool           // a name may be that of a file instead

	// least and most bound a number: as written, in nanoseconds, bit/s, bytes or per
	// cent. A most of 0 = as the form has it.
	least, most int64

	def      string // the default, as it is written; "" = none
	without  string // what holds without the key, where that is no single value
	required bool
	example  string
	doc      string

	keys   []key // of a mapping
	values *key  // of a mapping with names of the user's
	items  *key  // of a list; with a form, a single value is a list of one
}

// form is how a single value is written.
type form string

const (
	ofDuration  form = "duration"
	ofOffset    form = "duration with a sign"
	ofRate      form = "rate"
	ofBytes     form = "bytes"
	ofShare     form = "share"
	ofPerSecond form = "number per second"
	ofInteger   form = "whole number"
	ofCount     form = "count"
	ofNumber    form = "number"
	ofBoolean   form = "true or false"
	ofSize      form = "size"
	ofDay       form = "day"
	ofInstant   form = "instant"
	ofWord      form = "word"
	ofName      form = "name"
	ofText      form = "text"
	ofFile      form = "file"
	ofCondition form = "condition"
)

// bounds of a number or duration.
func (k *key) bounds() (least, most int64) {
	if k.most > 0 {
		return k.least, k.most
	}
	switch k.form {
	case ofDuration:
		return k.least, int64(maxDuration)
	case ofRate:
		return k.least, 1e12
	case ofShare:
		return k.least, 100
	}
	return k.least, 1e9
}

// ranges says the bounds in words; "" = there are none worth a word.
func (k *key) ranges() string {
	least, most := k.bounds()
	text := func(format func(int64) string) string {
		if k.least == 0 && k.most == 0 {
			return ""
		}
		return format(least) + " to " + format(most)
	}
	switch k.form {
	case ofDuration, ofOffset:
		return text(func(n int64) string { return units.FormatDuration(time.Duration(n)) })
	case ofRate:
		return text(units.FormatRate)
	case ofBytes:
		return text(units.FormatBytes)
	case ofShare:
		if k.most == 0 {
			return "more than 0% and at most 100%"
		}
		return fmt.Sprintf("%d%% to %d%%", least, most)
	case ofPerSecond:
		return text(func(n int64) string { return fmt.Sprintf("%d/s", n) })
	case ofInteger, ofCount:
		return text(func(n int64) string { return strconv.FormatInt(n, 10) })
	}
	return ""
}

// find returns the key of a mapping, nil when it has none of that name.
func (k *key) find(name string) *key {
	for i := range k.keys {
		if k.keys[i].name == name {
			return &k.keys[i]
		}
	}
	return nil
}

// names lists the keys of a mapping.
func (k *key) names() []string {
	names := make([]string, len(k.keys))
	for i := range k.keys {
		names[i] = k.keys[i].name
	}
	return names
}

// ofField describes a selector or parameter of faults.
func ofField(f *chaos.Field) key {
	k := key{name: f.Name, required: f.Required, def: f.Default, doc: f.Doc, least: f.Least, most: f.Most}
	switch to := f.Of(new(chaos.Fault)).(type) {
	case *int:
		k.form, k.most, k.example = ofInteger, cmp.Or(f.Most, 1e6), "1"
		if f.Most > 1e6 {
			k.form, k.example = ofCount, "20k"
		}
	case *int64:
		k.form, k.example = ofRate, "800kbps"
	case *float64:
		k.form, k.example = ofShare, "25%"
	case *bool:
		k.form, k.example = ofBoolean, "true"
	case *time.Duration:
		k.form, k.example = ofDuration, "5s"
	case *string:
		k.form, k.example = ofName, "web"
		if f.Words != nil {
			k.form, k.word, k.example = ofWord, f.Words, f.Words[0]
		} else if f.Name == "rendition" {
			k.form, k.example = ofText, "lowest"
		}
	case *[]string:
		if f.Words != nil {
			k.items, k.example = &key{form: ofWord, word: f.Words, example: f.Words[0], doc: "one of the words"}, "["+f.Words[0]+"]"
		} else {
			k.form, k.items, k.example = ofText, &argumentKey, "[./encoder, stop, p0]"
		}
	case *[]m3u8.Kind:
		k.form, k.word, k.example = ofWord, kindNames(), "[media, segment]"
		k.items = &key{form: ofWord, word: k.word, example: "media", doc: "a kind of request"}
	default:
		panic(fmt.Sprintf("scenarios: field %s of faults has a type that no key has (%T)", f.Name, to))
	}
	if k.def != "" && k.form != ofWord && k.form != ofShare && k.form != ofDuration || k.items != nil {
		k.def, k.without = "", f.Default // in words
	}
	return k
}

// wants says what is to be written, for messages.
func (k *key) wants() string {
	such := " such as " + k.example
	what, _, _ := strings.Cut(k.doc, ";")
	switch {
	case k.word != nil && k.items != nil:
		return oneOf(k.word) + ", or a list" + such
	case k.word != nil && k.keys == nil:
		return oneOf(k.word)
	case k.word != nil:
		return oneOf(k.word) + ", or a mapping" + such
	case k.form != "":
		return what + "," + such
	case k.items != nil:
		return "a list" + such
	}
	return "a mapping" + such
}
