// Package cloud opens the AWS account of a run. A build without AWS (tag noaws)
// has errors in its place.
//
// Start with [Open]. [Watch] reads back what AWS notices during a run.
package cloud

import (
	"context"
	"hlsload/chaos/aws"
	"time"
)

// How long faults via aws may take: one call of the applier, which may be
// several requests, and undoing one, until AWS shows that it is undone.
const (
	Limit    = 2 * time.Minute
	Patience = 10 * time.Minute
)

// Watcher reads back what AWS notices during a run.
type Watcher interface {
	// Begin refuses to go without the alarms that are needed; the values say what for.
	Begin(ctx context.Context, needed map[string]string) error
	Run(ctx context.Context, guard func())
	Late(ctx context.Context, end, awaited time.Time, patience time.Duration)
}

// Unlock gives the targets of a run free.
func Unlock(ctx context.Context, a *aws.Applier) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Limit)
	defer cancel()
	return a.Unlock(ctx)
}
