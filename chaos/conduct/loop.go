package conduct

import (
	"context"
	"sync"
	"time"

	"hlsload/chaos"
)

// loop is the state of a run. Only the goroutine of Run touches it.
type loop struct {
	*Runner
	interrupt <-chan struct{} // nil once it was taken
	// applying ends with the run's context or an abort. always outlives both,
	// so that undoing does not depend on them; it ends with the loop.
	applying, always         context.Context
	stopApplying, stopAlways context.CancelFunc
	conductor                *chaos.Conductor
	began                    time.Time
	calls                    sync.WaitGroup
	answers                  chan chaos.Observation
	quit                     chan struct{}              // closed when answers are not taken any more
	looks                    map[int]context.CancelFunc // of looks under way
	busy                     map[int]chan struct{}      // closed when the fault's last call returned
	reported                 map[int]bool               // occurrences whose end was recorded
	orders                   []chaos.Order
}

func newLoop(ctx context.Context, r *Runner) *loop {
	l := &loop{
		Runner: r, interrupt: ctx.Done(), quit: make(chan struct{}),
		conductor: chaos.NewConductor(r.cfg.Faults, r.cfg.Timeline),
		began:     time.Now(),
		answers:   make(chan chaos.Observation),
		looks:     map[int]context.CancelFunc{},
		busy:      map[int]chan struct{}{},
		reported:  map[int]bool{},
	}
	l.applying, l.stopApplying = context.WithCancel(ctx)
	l.always, l.stopAlways = context.WithCancel(context.WithoutCancel(ctx))
	return l
}

// end drops what is still under way, which can only be a look, and waits.
func (l *loop) end() {
	l.stopApplying()
	l.stopAlways()
	close(l.quit)
	l.calls.Wait()
}

func (l *loop) now() time.Duration {
	if l.cfg.Now != nil {
		return l.cfg.Now()
	}
	return time.Since(l.began)
}

// wait waits for the next thing to happen and takes the step.
func (l *loop) wait() {
	var due <-chan time.Time
	if wake := l.conductor.Wake(); wake != chaos.Open {
		timer := time.NewTimer(max(0, wake-l.now()))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
		l.step(chaos.Observation{Type: chaos.Tick})
	case seen := <-l.answers:
		l.step(seen)
	case <-l.interrupt:
		l.interrupt = nil
		l.step(chaos.Observation{Type: chaos.Abort, Detail: "interrupt"})
	case seen := <-l.aborts:
		l.step(seen)
	}
}

// step hands one observation to the conductor and starts what it orders.
func (l *loop) step(seen chaos.Observation) {
	l.orders = l.conductor.Step(l.now(), seen, l.orders[:0])
	for _, order := range l.orders {
		if order.Type != chaos.OrderStop {
			l.start(order)
		}
	}
	l.recordEnds()
	if l.conductor.Aborted() != "" {
		l.stopApplying()
	}
}

func (l *loop) recordEnds() {
	for id := range l.conductor.Len() {
		o, over := l.conductor.Outcome(id)
		if !over || l.reported[id] || !o.Tried {
			continue
		}
		l.reported[id] = true
		_ = l.cfg.Record(Step{At: l.now(), Type: StepOver, ID: id, Fault: o.Fault, Err: o.Void(), Detail: o.Detail})
	}
}

// start carries out an order in a goroutine of its own, which answers with one
// observation. Calls for one fault never overlap: an undo ends the look that
// it overtakes and waits for it.
func (l *loop) start(order chaos.Order) {
	before, done := l.busy[order.ID], make(chan struct{})
	l.busy[order.ID] = done
	if cancel := l.looks[order.ID]; cancel != nil {
		cancel()
		delete(l.looks, order.ID)
	}
	ctx, cancel := l.context(order)
	if order.Type == chaos.OrderLook {
		l.looks[order.ID] = cancel
	}
	l.calls.Go(func() {
		defer cancel()
		if before != nil {
			<-before
		}
		seen := l.call(ctx, order)
		close(done)
		select {
		case l.answers <- seen:
		case <-l.quit:
		}
	})
}

// context bounds one call.
func (l *loop) context(order chaos.Order) (context.Context, context.CancelFunc) {
	longer := l.cfg.Limits[order.Fault.Via]
	switch order.Type {
	case chaos.OrderApply:
		return context.WithTimeout(l.applying, max(l.cfg.ApplyLimit, longer))
	case chaos.OrderUndo:
		return context.WithTimeout(l.always, max(l.cfg.UndoLimit, longer))
	}
	return context.WithTimeout(l.always, max(l.cfg.LookLimit, longer))
}

// call carries out one order.
func (l *loop) call(ctx context.Context, order chaos.Order) chaos.Observation {
	seen := chaos.Observation{ID: order.ID}
	applier := sound{l.applier(order.Fault)}
	switch order.Type {
	case chaos.OrderApply:
		seen.Type = chaos.Applied
		err := l.record(order, StepApply, nil, "")
		if err == nil {
			err = applier.Apply(ctx, order.Fault)
		}
		seen.Err = message(err)
		l.record(order, StepApplied, err, "")
	case chaos.OrderLook:
		seen.Type = chaos.Bites
		seen.OK, seen.Detail = applier.Look(ctx, order.Fault)
		if seen.OK {
			l.record(order, StepBites, nil, seen.Detail)
		}
	case chaos.OrderUndo:
		seen.Type = chaos.Undone
		l.record(order, StepUndo, nil, "")
		err := applier.Undo(ctx, order.Fault)
		seen.Err = message(err)
		l.record(order, StepUndone, err, "")
	case chaos.OrderLookUndone:
		seen.Type = chaos.Healthy
		seen.OK, seen.Detail = applier.LookUndone(ctx, order.Fault)
		if seen.OK {
			l.record(order, StepHealthy, nil, seen.Detail)
		}
	}
	return seen
}

func (l *loop) record(order chaos.Order, step StepType, err error, detail string) error {
	return l.cfg.Record(Step{At: l.now(), Type: step, ID: order.ID, Fault: order.Fault, Err: message(err), Detail: detail})
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
