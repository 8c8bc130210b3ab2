package conduct

import (
	"context"
	"fmt"

	"hlsload/chaos"
)

// sound makes errors of an applier's panics, so that what was applied is undone
// all the same.
type sound struct{ chaos.Applier }

func (s sound) Apply(ctx context.Context, f *chaos.Fault) (err error) {
	defer func() { err = caught(recover(), err) }()
	return s.Applier.Apply(ctx, f)
}

func (s sound) Undo(ctx context.Context, f *chaos.Fault) (err error) {
	defer func() { err = caught(recover(), err) }()
	return s.Applier.Undo(ctx, f)
}

func (s sound) Look(ctx context.Context, f *chaos.Fault) (bites bool, detail string) {
	defer func() { bites, detail = blind(recover(), bites, detail) }()
	return s.Applier.Look(ctx, f)
}

func (s sound) LookUndone(ctx context.Context, f *chaos.Fault) (healthy bool, detail string) {
	defer func() { healthy, detail = blind(recover(), healthy, detail) }()
	return s.Applier.LookUndone(ctx, f)
}

func caught(p any, err error) error {
	if p != nil {
		return fmt.Errorf("panic: %v", p)
	}
	return err
}

func blind(p any, ok bool, detail string) (bool, string) {
	if p != nil {
		return false, fmt.Sprintf("panic: %v", p)
	}
	return ok, detail
}
