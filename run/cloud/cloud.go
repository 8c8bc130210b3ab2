// Package cloud opens the AWS account of a run. The core build leaves the AWS SDK out:
// there its functions return errors. The tag full puts it in.
//
// Start with [Open]. [Watch] reads metrics and alarms during a run.
package cloud

import (
	"context"
	"hlsload/chaos/aws"
	"time"
)

// Limit bounds one call of the applier, which may be several requests. Patience
// bounds undoing one fault, until AWS shows that it is undone.
const (
	Limit    = 2 * time.Minute
	Patience = 10 * time.Minute
)

// Watcher reads metrics and alarms during a run.
type Watcher interface {
	// Begin returns an error when a needed alarm cannot be watched; the values of
	// needed say why it is needed.
	Begin(ctx context.Context, needed map[string]string) error
	Run(ctx context.Context, guard func())
	Late(ctx context.Context, end, awaited time.Time, patience time.Duration)
}

// Unlock releases the targets of a run.
func Unlock(ctx context.Context, a *aws.Applier) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Limit)
	defer cancel()
	return a.Unlock(ctx)
}
