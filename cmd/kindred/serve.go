package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kindred-match/kindred/internal/server"
	"github.com/kindred-match/kindred/internal/service"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	server.Config
	file        string
	addressFile string
	logLevel    string
}

func (p *program) serveCommand() *cobra.Command {
	f := serveFlags{Config: server.Config{Version: version}}
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "Serve matches over gRPC",
		Long: `Serves gRPC (with health and reflection) and, on another port, HTTP: /metrics,
/livez, /readyz and /debug/pprof. The store is embedded: one server at a time
on a data folder. SIGTERM lets the calls in flight come to their end.

The server listens on loopback only, unless it has a TLS certificate and
bearer tokens or a CA of client certificates, or is told --insecure. Traces
go where the standard OTEL_EXPORTER_OTLP_ENDPOINT says. A --config file is YAML
with the names of these flags; flags that are given count more.`,
		Example: `  kindred serve --data out/data
  kindred serve --data /var/lib/kindred --listen :7550 --tls-cert cert.pem --tls-key key.pem --tokens tokens`,
		Args: arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.file != "" {
				if err := configure(cmd.Flags(), f.file); err != nil {
					return badInput("--config: %w", err)
				}
			}
			return p.serve(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.DataDir, "data", "", "the folder of the embedded store (required)")
	flags.StringVar(&f.Listen, "listen", server.DefaultListen, "where to serve gRPC; port 0 is any free one")
	flags.StringVar(&f.OpsListen, "ops-listen", server.DefaultOpsListen, "where to serve metrics, health and profiles over HTTP")
	flags.BoolVar(&f.Insecure, "insecure", false, "listen beyond loopback without TLS and authentication")
	flags.StringVar(&f.TLSCert, "tls-cert", "", "PEM file of the server's certificate")
	flags.StringVar(&f.TLSKey, "tls-key", "", "PEM file of its key")
	flags.StringVar(&f.ClientCA, "tls-client-ca", "", "PEM file; callers with a certificate by it are let in")
	flags.StringVar(&f.Tokens, "tokens", "", "file of bearer tokens, one a line; callers with one are let in")
	flags.StringVar(&f.Redis, "redis", "", "URL of a Redis 7 that candidate sets are shared in: redis://, rediss://, redis+cluster://, redis+sentinel://")
	flags.StringVar(&f.RedisCA, "redis-tls-ca", "", "PEM file; a Redis with TLS must have a certificate by it [the machine's authorities]")
	flags.StringVar(&f.RedisCert, "redis-tls-cert", "", "PEM file of the certificate that Redis knows the server by")
	flags.StringVar(&f.RedisKey, "redis-tls-key", "", "PEM file of its key")
	flags.DurationVar(&f.RedisBudget, "redis-budget", 0, "how long an answer may wait for Redis [5ms]")
	flags.DurationVar(&f.RedisRetry, "redis-retry", 0, "for how long Redis is left alone after it has failed, at first [1s]")
	flags.StringVar((*string)(&f.CandidateSets), "candidate-sets", string(server.SetsAuto), "when candidate sets are kept and used: auto (where it pays), always or off")
	flags.Uint64Var(&f.CandidateSetsBytes, "candidate-sets-bytes", 64<<20, "about how much of them is kept in process")
	flags.IntVar(&f.MaxMessageBytes, "max-message-bytes", service.MaxMessageBytes, "the largest message that is read")
	flags.DurationVar(&f.DrainDelay, "drain-delay", 0, "how long to say that the server is going before new calls are refused")
	flags.DurationVar(&f.DrainTimeout, "drain-timeout", 0, "how long calls in flight may go on at the end [20s]")
	flags.StringVar(&f.addressFile, "address-file", "", "write the gRPC address into this file once it is served")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.file, "config", "", "YAML file with the names of these flags")
	complete(cmd, "candidate-sets", []string{"auto", "always", "off"})
	complete(cmd, "log-level", []string{"debug", "info", "warn", "error"})
	return cmd
}

// configure sets the flags that were not given from a YAML file.
func configure(flags *pflag.FlagSet, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var values map[string]string
	if err := yaml.Unmarshal(content, &values); err != nil {
		return fmt.Errorf("%s: must map names of flags to values: %w", file, err)
	}
	for name, value := range values {
		flag := flags.Lookup(name)
		if flag == nil || name == "config" || name == "help" {
			return fmt.Errorf("%s: there is no flag --%s", file, name)
		}
		if flag.Changed {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (p *program) serve(ctx context.Context, f *serveFlags) error {
	if f.DataDir == "" {
		return badInput("serve needs --data, the folder of the embedded store")
	}
	log, err := newLogger(p.stderr, f.logLevel)
	if err != nil {
		return badInput("--log-level: %w", err)
	}
	f.Log = log
	s, err := newServer(ctx, f.Config)
	if err != nil {
		return err
	}
	if f.addressFile != "" {
		if err := os.WriteFile(f.addressFile, []byte(s.Addr().String()+"\n"), 0o600); err != nil {
			log.Error("the address file can't be written", zap.Error(err))
		}
	}
	return s.Run(ctx)
}

func newServer(ctx context.Context, c server.Config) (*server.Server, error) {
	s, err := server.New(ctx, c)
	if errors.Is(err, server.ErrConfig) {
		return nil, inputError{err}
	}
	return s, err
}

// newLogger writes JSON lines. Of those that say the same, such as that a call
// was answered, it writes a hundred a second and one in a hundred of the rest:
// metrics count them all.
func newLogger(w io.Writer, level string) (*zap.Logger, error) {
	l, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	out := zapcore.Lock(zapcore.AddSync(w))
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoding), out, l)
	return zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 100, 100)), nil
}

// withLocalServer serves a data folder on a free port of loopback while use
// runs. Without a log nothing is logged.
func (p *program) withLocalServer(ctx context.Context, dir string, log *zap.Logger, use func(*grpc.ClientConn) error) error {
	s, err := newServer(ctx, server.Config{
		DataDir: dir, Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0", Version: version, Log: log,
	})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(serving) }()
	conn, err := grpc.NewClient(s.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		err = errors.Join(use(conn), conn.Close())
	}
	stop()
	return errors.Join(err, <-stopped)
}

// remoteError says what a call's error says, and whose it is.
func remoteError(err error) error {
	message, blame := service.Refusal(err)
	if blame == service.RequestBlamed || blame == service.StateBlamed {
		return inputError{errors.New(message)}
	}
	return errors.New(message)
}
