package server

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/service"
)

// Where the server listens unless told otherwise.
const (
	DefaultListen    = "127.0.0.1:7550"
	DefaultOpsListen = "127.0.0.1:7551"
)

// SetsMode says when candidate sets are kept and used.
type SetsMode string

// The modes.
const (
	SetsAuto   SetsMode = "auto" // where it pays
	SetsAlways SetsMode = "always"
	SetsOff    SetsMode = "off"
)

// SetsModes lists the modes that exist.
var SetsModes = []SetsMode{SetsAuto, SetsAlways, SetsOff}

// ErrConfig is what the errors of a bad Config wrap.
var ErrConfig = errors.New("bad configuration")

// Config is all that a Server is told. Only DataDir is required.
type Config struct {
	// DataDir is the folder of the embedded store; one server at a time.
	DataDir string
	// Listen is where gRPC is served, OpsListen where HTTP is (metrics, health,
	// profiles).
	Listen, OpsListen string

	// Insecure allows listening beyond loopback without TLS and authentication.
	Insecure bool
	// TLSCert and TLSKey are PEM files of the server's certificate.
	TLSCert, TLSKey string
	// ClientCA is a PEM file; whoever has a certificate by it is let in.
	ClientCA string
	// Tokens is a file of bearer tokens, one per line; whoever has one is let
	// in. Empty lines and those that begin with # don't count.
	Tokens string

	// CandidateSets says when candidate sets are kept and used: where it pays,
	// always, or never. Empty is where it pays.
	CandidateSets SetsMode
	// Redis is the URL of a Redis that candidate sets are shared in, as of
	// candidates.RedisOptions; empty: none. RedisBudget is how long an answer may
	// wait for it; 0 is 5 ms. RedisRetry is for how long it is left alone after it
	// has failed; 0 is 1 s.
	Redis                   string
	RedisBudget, RedisRetry time.Duration
	// RedisCA is a PEM file; a Redis with TLS must have a certificate by it. Empty
	// are the machine's authorities. RedisCert and RedisKey are PEM files of the
	// certificate that Redis knows the server by.
	RedisCA, RedisCert, RedisKey string
	// CandidateSetsBytes is about how much of them is kept in process; 0 is 64
	// MiB.
	CandidateSetsBytes uint64

	// MaxMessageBytes is the largest message that is read; 0 is
	// service.MaxMessageBytes.
	MaxMessageBytes int
	// MaxConcurrentStreams is how many calls one connection may have; 0 is 1,000.
	MaxConcurrentStreams uint32
	// MaxConnectionAge is after how long a connection is asked to go, so that
	// clients find new replicas; 0 is 30 minutes. After MaxConnectionAgeGrace (0
	// is 5 minutes) its calls are ended.
	MaxConnectionAge, MaxConnectionAgeGrace time.Duration
	// DrainDelay is for how long the server says that it is going before it
	// refuses new calls, so that load balancers notice.
	DrainDelay time.Duration
	// DrainTimeout is for how long calls in flight may go on; 0 is 20 seconds.
	DrainTimeout time.Duration

	Log     *zap.Logger   // nil: none
	Version string        // of the program
	Clock   clock.Clock   // nil: the machine's
	NewID   func() string // nil: random UUIDs
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.OpsListen == "" {
		c.OpsListen = DefaultOpsListen
	}
	if c.CandidateSets == "" {
		c.CandidateSets = SetsAuto
	}
	if c.CandidateSetsBytes == 0 {
		c.CandidateSetsBytes = 64 << 20
	}
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = service.MaxMessageBytes
	}
	if c.MaxConcurrentStreams == 0 {
		c.MaxConcurrentStreams = 1000
	}
	if c.MaxConnectionAge == 0 {
		c.MaxConnectionAge = 30 * time.Minute
	}
	if c.MaxConnectionAgeGrace == 0 {
		c.MaxConnectionAgeGrace = 5 * time.Minute
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = 20 * time.Second
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.NewID == nil {
		c.NewID = uuid.NewString
	}
	return c
}

// secured reports whether callers are authenticated over TLS.
func (c *Config) secured() bool { return c.TLSCert != "" && (c.ClientCA != "" || c.Tokens != "") }

func (c *Config) check() error {
	switch {
	case c.DataDir == "":
		return fmt.Errorf("%w: a data folder must be given", ErrConfig)
	case !slices.Contains(SetsModes, c.CandidateSets):
		return fmt.Errorf("%w: candidate sets are auto, always or off, not %q", ErrConfig, c.CandidateSets)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fmt.Errorf("%w: TLS needs both a certificate and its key", ErrConfig)
	case (c.RedisCert == "") != (c.RedisKey == ""):
		return fmt.Errorf("%w: TLS to Redis needs both a certificate and its key, or neither", ErrConfig)
	case c.ClientCA != "" && c.TLSCert == "":
		return fmt.Errorf("%w: client certificates need TLS: give the server's certificate and key too", ErrConfig)
	}
	return nil
}

// address resolves where to listen. Beyond loopback it wants TLS and
// authentication, unless told that they are not needed.
func (c *Config) address(name, listen string) (*net.TCPAddr, error) {
	a, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("%w: %s address %q: %w", ErrConfig, name, listen, err)
	}
	if !a.IP.IsLoopback() && !c.secured() && !c.Insecure {
		return nil, fmt.Errorf("%w: %s address %q is reachable from other machines: "+
			"give a TLS certificate and key, and bearer tokens or a CA of client certificates; "+
			"or listen on 127.0.0.1; or say --insecure if something else protects it", ErrConfig, name, listen)
	}
	return a, nil
}
