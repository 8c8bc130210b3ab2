package estimate

import "hlsload/player/policy"

// Fixed is the first estimate for ever.
type Fixed struct{}

func (*Fixed) Limits(*policy.Limits) {}

func (*Fixed) Start(first float64, _ bool) Estimate { return &fixed{plain{first: first}} }

type fixed struct{ plain }

func (f *fixed) Add(Transfer)          {}
func (f *fixed) Rate() float64         { return f.first }
func (f *fixed) Restart(first float64) { f.first = first }
