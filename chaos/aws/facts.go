package aws

import (
	"context"
	"fmt"
	"time"
)

// facts is a driver that describes its targets, without changing anything.
type facts interface {
	Facts(ctx context.Context) ([]string, error)
}

// Facts are what the drivers say of their targets.
func Facts(ctx context.Context, drivers []Driver) ([]string, error) {
	return ask(drivers, func(d Driver) ([]string, error) {
		if f, ok := d.(facts); ok {
			return f.Facts(ctx)
		}
		return nil, nil
	})
}

// watcher is a driver that watches what a channel writes.
type watcher interface {
	// Watch returns a function that returns what has happened since its last
	// call.
	Watch(ctx context.Context) (func(context.Context) ([]string, error), error)
}

// Watch watches what the channel writes, at most every two seconds, until ctx
// ends, and calls tell with what happens.
func Watch(ctx context.Context, drivers []Driver, tell func(string)) error {
	var all []func(context.Context) ([]string, error)
	for _, d := range working(drivers) {
		if w, ok := d.(watcher); ok {
			look, err := w.Watch(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", d.Service(), err)
			}
			if look != nil {
				all = append(all, look)
			}
		}
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		for _, look := range all {
			seen, err := look(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				tell("could not look: " + err.Error())
			}
			for _, s := range seen {
				tell(s)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
