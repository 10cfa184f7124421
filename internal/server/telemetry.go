package server

import (
	"context"
	"fmt"
	"os"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/store"
)

// metrics are what Prometheus reads. No label names a district or anything of a
// student: their number is bounded.
type metrics struct {
	registry *prometheus.Registry
	calls    *grpcprom.ServerMetrics
	builds   prometheus.Histogram
	merges   prometheus.Histogram
	ready    prometheus.Gauge
	runs     *prometheus.HistogramVec
}

func newMetrics(version string, districts func() int) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		calls: grpcprom.NewServerMetrics(grpcprom.WithServerHandlingTimeHistogram(
			grpcprom.WithHistogramBuckets([]float64{
				.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10,
			}))),
		builds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "kindred_index_build_seconds",
			Help:    "How long it took to read a district's whole catalogue and build its indexes.",
			Buckets: prometheus.ExponentialBuckets(.001, 4, 9),
		}),
		merges: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "kindred_index_merge_seconds",
			Help:    "How long it took to fold what had changed into an index, behind its readers.",
			Buckets: prometheus.ExponentialBuckets(.001, 4, 9),
		}),
		ready: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kindred_ready",
			Help: "1 while every district can be ranked and the server isn't stopping.",
		}),
		runs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "kindred_run_seconds",
			Help:    "How long semester runs were worked on, by what became of them; since the last start of the server.",
			Buckets: prometheus.ExponentialBuckets(.1, 4, 8),
		}, []string{"state"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.calls, m.builds, m.merges, m.ready, m.runs,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kindred_districts",
			Help: "How many districts are held in memory.",
		}, func() float64 { return float64(districts()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "kindred_build_info",
			Help:        "Always 1; its label is the version of the program.",
			ConstLabels: prometheus.Labels{"version": version},
		}, func() float64 { return 1 }),
	)
	return m
}

func (m *metrics) built(d time.Duration)  { m.builds.Observe(d.Seconds()) }
func (m *metrics) merged(d time.Duration) { m.merges.Observe(d.Seconds()) }

func (m *metrics) ranRun(state store.RunState, d time.Duration) {
	m.runs.WithLabelValues(string(state)).Observe(d.Seconds())
}

// followRuns registers how many runs there are to be done.
func (m *metrics) followRuns(e *runs.Engine) {
	for name, of := range map[string]struct {
		help string
		load func() int
	}{
		"kindred_runs_waiting": {"How many semester runs wait for their turn.", func() int {
			waiting, _ := e.Load()
			return waiting
		}},
		"kindred_runs_working": {"How many semester runs are being worked on.", func() int {
			_, working := e.Load()
			return working
		}},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: of.help},
			func() float64 { return float64(of.load()) }))
	}
}

// tracing gives the option that traces calls, and what flushes the traces. It
// does nothing unless the environment names a collector, as OpenTelemetry's
// specification of OTLP exporters says.
func tracing(ctx context.Context, version string) ([]grpc.ServerOption, func(context.Context) error, error) {
	wanted := os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if !wanted || os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return nil, func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("exporter of traces: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "kindred"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("resource of traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	handler := otelgrpc.NewServerHandler(
		otelgrpc.WithTracerProvider(provider),
		otelgrpc.WithPropagators(propagation.TraceContext{}))
	return []grpc.ServerOption{grpc.StatsHandler(handler)}, provider.Shutdown, nil
}
