package estimate

// fixed is the first estimate for ever.
type fixed struct{}

func (*fixed) Start(first float64, _ bool) Estimate { return &fixedState{plain{first: first}} }

type fixedState struct{ plain }

func (f *fixedState) Add(Transfer)          {}
func (f *fixedState) Rate() float64         { return f.first }
func (f *fixedState) Restart(first float64) { f.first = first }
