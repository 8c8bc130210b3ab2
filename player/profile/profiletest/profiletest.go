// Package profiletest makes profiles that no player has, for tests: valid ones, with
// policies and parameters drawn at random over all seams that are registered.
package profiletest

import (
	"reflect"
	"time"

	"pgregory.net/rapid"

	"hlsload/player"
	"hlsload/player/policy"
	"hlsload/player/profile"
	"hlsload/player/units"
)

// Profiles generates valid profiles. Each begins as one that ships, of which about
// half of the choices and values are drawn anew.
func Profiles() *rapid.Generator[*player.Profile] { return rapid.Custom(draw).Filter(valid) }

// Bred generates valid profiles each section of which is that of a profile that ships: no
// player does all of it, but each part of it is what some player does.
func Bred() *rapid.Generator[*player.Profile] { return rapid.Custom(breed).Filter(valid) }

func valid(p *player.Profile) bool { return p.Validate() == nil }

func breed(t *rapid.T) *player.Profile {
	one := rapid.SampledFrom(profile.All())
	p := *one.Draw(t, "base")
	to := reflect.ValueOf(&p).Elem()
	for i := range to.NumField() {
		if f := to.Type().Field(i); f.IsExported() && f.Name != "Playlist" && f.Type.Kind() != reflect.String {
			to.Field(i).Set(reflect.ValueOf(one.Draw(t, f.Name)).Elem().Field(i))
		}
	}
	return &p
}

// choice is a policy.Choice of any seam.
type choice interface {
	Choose(name string) error
	Seam() *policy.Seam
}

func draw(t *rapid.T) *player.Profile {
	p, err := profile.Load(rapid.SampledFrom(profile.Names()).Draw(t, "base"))
	if err != nil {
		t.Fatal(err)
	}
	policy.Walk(p, func(at policy.Parameter) { change(t, p, at) })
	for i := range p.Errors {
		if r := &p.Errors[i]; r.Retry.Name() == "forever" {
			r.Then = nil // they would never be taken
		}
	}
	return p
}

// change draws a parameter anew, or leaves it.
func change(t *rapid.T, p *player.Profile, at policy.Parameter) {
	v := reflect.ValueOf(at.Value).Elem()
	if c, ok := at.Value.(choice); ok {
		if keep(t, at) {
			return
		}
		if err := c.Choose(rapid.SampledFrom(at.Words).Draw(t, at.Path)); err != nil {
			t.Fatal(err)
		}
		fill(t, at.Path, v.FieldByName("Is").Elem().Elem())
		return
	}
	switch list := at.Value.(type) {
	case *[]string:
		if len(*list) == 0 && (at.Low.(int) > 0 || !keep(t, at)) {
			*list = []string{rapid.SampledFrom(at.Words).Draw(t, at.Path)}
		}
		return
	case *[]units.Duration:
		if low := at.Low.(int); len(*list) < low || !keep(t, at) {
			*list = nil
			for range rapid.IntRange(low, low+2).Draw(t, at.Path) {
				*list = append(*list, units.Duration(duration(t, at.Path, 0, 10*time.Second)))
			}
		}
		return
	}
	if v.Kind() == reflect.Slice {
		if at.Value != any(&p.Errors) && (v.Len() == 0 && at.Low.(int) > 0 || !keep(t, at)) {
			resize(t, at, v)
		}
		return
	}
	if v.IsZero() || !keep(t, at) {
		set(t, at, v)
	}
}

func keep(t *rapid.T, at policy.Parameter) bool { return rapid.Bool().Draw(t, "keep "+at.Path) }

// fill draws what has no range.
func fill(t *rapid.T, path string, s reflect.Value) {
	for _, at := range reflect.VisibleFields(s.Type()) {
		if f := s.FieldByIndex(at.Index); f.CanSet() && f.Kind() == reflect.Bool {
			f.SetBool(rapid.Bool().Draw(t, path))
		}
	}
}

// resize gives a list of policies another length, and all of them anew.
func resize(t *rapid.T, at policy.Parameter, list reflect.Value) {
	n := rapid.IntRange(at.Low.(int), min(at.High.(int), at.Low.(int)+3)).Draw(t, at.Path)
	list.Set(reflect.MakeSlice(list.Type(), n, n))
	for i := range n {
		c, ok := list.Index(i).Addr().Interface().(choice)
		if !ok {
			continue
		}
		if err := c.Choose(rapid.SampledFrom(c.Seam().Names()).Draw(t, at.Path)); err != nil {
			t.Fatal(err)
		}
		fill(t, at.Path, list.Index(i).FieldByName("Is").Elem().Elem())
	}
}

// set draws a value within its range.
func set(t *rapid.T, at policy.Parameter, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[units.Duration]():
		v.SetInt(int64(duration(t, at.Path, time.Duration(at.Low.(units.Duration)), time.Duration(at.High.(units.Duration)))))
		return
	case reflect.TypeFor[units.Span]():
		v.Set(reflect.ValueOf(rapid.SampledFrom([]units.Span{{Target: 0.5}, {Target: 1}, {Target: 3}, {Last: 1}, {Last: 0.5},
			{Fixed: duration(t, at.Path, at.Low.(time.Duration), at.High.(time.Duration))}}).Draw(t, at.Path)))
		return
	}
	low, high := reflect.ValueOf(at.Low), reflect.ValueOf(at.High)
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom(at.Words).Draw(t, at.Path))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(low.Int(), high.Int()).Draw(t, at.Path))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(low.Float(), high.Float()).Draw(t, at.Path))
	}
}

// duration draws one that players might have.
func duration(t *rapid.T, path string, low, high time.Duration) time.Duration {
	d := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, time.Second,
		4 * time.Second, 10 * time.Second, time.Minute, 10 * time.Minute}).Draw(t, path)
	return min(max(d, low), high)
}
