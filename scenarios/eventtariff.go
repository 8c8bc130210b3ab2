package scenarios

import (
	"errors"
	"path"
	"strconv"
	"time"

	"hlsload/capacity/tariff"
	"hlsload/player/units"
)

// quotaForms are how a quota is written, by its unit, and the most that it may be.
var quotaForms = map[tariff.Unit]struct {
	form form
	most int64
}{
	tariff.BitsPerSecond: {ofRate, 1e15},
	tariff.PerSecond:     {ofPerSecond, 1e12},
	tariff.Count:         {ofCount, 1e9},
	tariff.Bytes:         {ofBytes, 1e15},
	tariff.Seconds:       {ofDuration, int64(24 * time.Hour)},
}

// quotaKeys has a key for every quota.
func quotaKeys() []key {
	var keys []key
	for _, q := range tariff.ListQuotas() {
		of, text := quotaForms[q.Unit], quotaText(&q)
		k := key{name: q.Name, form: of.form, least: 1, most: of.most, without: text, example: text, doc: q.What + ", each " + q.Scope}
		keys = append(keys, k)
	}
	return keys
}

// quotaText is the value of a quota as it is written.
func quotaText(q *tariff.Quota) string {
	switch n := int64(q.Value); q.Unit {
	case tariff.BitsPerSecond:
		return units.FormatRate(n)
	case tariff.PerSecond:
		return strconv.FormatInt(n, 10) + "/s"
	case tariff.Bytes:
		return units.FormatBytes(n)
	case tariff.Seconds:
		return units.FormatDuration(time.Duration(q.Value * float64(time.Second)))
	default:
		return strconv.FormatInt(n, 10)
	}
}

// eventQuotas puts what was granted over the list.
func (d *decoder) eventQuotas(v value) tariff.Quotas {
	list := tariff.ListQuotas()
	s, ok := v.section()
	if !ok {
		return list
	}
	granted := map[string]float64{}
	before := len(d.problems)
	for i := range list {
		at := s.at(list[i].Name)
		if !at.given() {
			continue
		}
		x := 0.0
		switch at.key.form {
		case ofRate:
			x = float64(at.rate(0))
		case ofPerSecond:
			x = float64(at.perSecond())
		case ofBytes:
			x = float64(at.bytes(0))
		case ofDuration:
			x = at.duration(0).Seconds()
		default:
			x = float64(at.integer(0))
		}
		granted[list[i].Name] = x
	}
	s.done()
	if len(d.problems) > before {
		return list
	}
	with, err := list.With(granted)
	if err != nil {
		v.problem("%v", err)
	}
	return with
}

// eventPrices puts the prices of a file over the list.
func (d *decoder) eventPrices(v value) *tariff.Prices {
	list := tariff.ListPrices()
	if !v.given() {
		return list
	}
	name, data, ok := v.file("the prices", "no prices")
	if !ok {
		return list
	}
	file := name.Raw
	if !path.IsAbs(file) {
		file = path.Join(path.Dir(d.src.File), file)
	}
	own, err := tariff.ParsePrices(data)
	var problems tariff.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			d.problems = append(d.problems, Problem{File: file, Line: p.Line, Column: p.Column, Text: p.Text})
		}
		return list
	}
	with, err := list.With(own)
	if err != nil {
		v.problem("%v", err)
		return list
	}
	return with
}
