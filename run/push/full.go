//go:build full

package push

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Full reports whether this build can push metrics.
const Full = true

// Pusher pushes metrics until [Pusher.Finish] or [Pusher.Stop].
type Pusher struct {
	cfg      Config
	client   *http.Client
	exporter *otlpmetrichttp.Exporter
	producer metric.Producer
	resource *resource.Resource

	stop   context.CancelFunc
	over   sync.WaitGroup
	failed bool // which was said
}

// Start begins to push. Headers, such as those with a key, are those of
// OTEL_EXPORTER_OTLP_HEADERS; they go to no other host. A collector that fails is only
// warned of.
func Start(ctx context.Context, cfg Config) (*Pusher, error) {
	where, err := Check(cfg.URL)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: within, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the collector redirects (want its final address)")
	}}
	p := &Pusher{cfg: cfg, client: client, producer: bridge.NewMetricProducer(bridge.WithGatherer(cfg.From))}
	p.exporter, err = otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(where), otlpmetrichttp.WithHTTPClient(client),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression), otlpmetrichttp.WithTimeout(within), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("OTLP: %w", err)
	}
	attributes := []attribute.KeyValue{attribute.String("service.name", "hlsload")}
	for name, value := range cfg.Labels {
		attributes = append(attributes, attribute.String(name, value))
	}
	p.resource = resource.NewSchemaless(attributes...)
	pushing, stop := context.WithCancel(ctx)
	p.stop = stop
	p.over.Go(func() { p.run(pushing) })
	return p, nil
}

func (p *Pusher) run(ctx context.Context) {
	each := time.NewTicker(every)
	defer each.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-each.C:
		}
		switch err := p.push(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil && !p.failed:
			p.failed = true
			p.cfg.Warn(fmt.Sprintf("warning: pushing metrics: %v; it is tried again every %v", err, every))
		case err == nil && p.failed:
			p.failed = false
			p.cfg.Warn("metrics are pushed again")
		}
	}
}

// push sends the values of now.
func (p *Pusher) push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	metrics, err := p.producer.Produce(ctx)
	if err != nil && len(metrics) == 0 {
		return err
	}
	return p.exporter.Export(ctx, &metricdata.ResourceMetrics{Resource: p.resource, ScopeMetrics: metrics})
}

// Stop ends the pushing, without the final values.
func (p *Pusher) Stop() {
	p.stop()
	p.over.Wait()
	_ = p.exporter.Shutdown(context.Background()) // it has nothing left to send
	p.client.CloseIdleConnections()
}

// Finish sends the final values, again and again for half a minute, and ends the pushing.
func (p *Pusher) Finish(ctx context.Context) error {
	p.stop()
	p.over.Wait()
	defer p.Stop()
	ctx, cancel := context.WithTimeout(ctx, lastWithin)
	defer cancel()
	for {
		err := p.push(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("pushing the final metrics: %w", err)
		}
	}
}
