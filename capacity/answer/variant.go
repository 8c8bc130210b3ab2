package answer

import (
	"fmt"

	"hlsload/capacity"
	"hlsload/capacity/kernel"
)

// variants predict the event with something else than it has.
type variants struct {
	*Question
	busy *capacity.Plan // around the busiest minute and the faults
}

func (q *Question) variants() *variants {
	return &variants{q, busy(q.Plan, q.Forecast)}
}

// predict is the forecast around the busiest minute, and its quotas.
func (v *variants) predict(p *capacity.Plan, k *kernel.Kernel) (*capacity.Forecast, []Quota, error) {
	f, err := capacity.Predict(p, k)
	if err != nil {
		return nil, nil, fmt.Errorf("predict a variant of the event: %w", err)
	}
	return f, v.quotas(p, f), nil
}
