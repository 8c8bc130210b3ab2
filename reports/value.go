package reports

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"hlsload/reports/figure"
)

// Value is a number of the summary that may be missing: NaN means no data,
// +Inf means never. Both are null in JSON.
type Value float64

// NoData is the value of what was not measured.
var NoData = Value(math.NaN())

// Never is the value of what did not happen.
var Never = Value(math.Inf(1))

// Known reports whether there is a number.
func (v Value) Known() bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// Round rounds to so many decimals.
func (v Value) Round(decimals int) Value { return Value(figure.Round(float64(v), decimals)) }

// MarshalJSON writes at most six decimals.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.Known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, figure.Round(float64(v), 6), 'f', -1, 64), nil
}

// UnmarshalJSON reads null as NoData.
func (v *Value) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*v = NoData
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("number %.40q: %w", b, err)
	}
	*v = Value(f)
	return nil
}

// Order is a number to sort by: never and no data come last.
func (v Value) Order() float64 {
	if v.Known() {
		return float64(v)
	}
	return 1e9
}

// OrZero is the number, 0 when there is none.
func (v Value) OrZero() float64 {
	if !v.Known() {
		return 0
	}
	return float64(v)
}
