package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/kindred-match/kindred/internal/service"
)

// access decides who is let in.
type access struct {
	tls *tls.Config // nil: no TLS
	// tokens are the digests of the bearer tokens: that is what is compared, so
	// that the time it takes tells nothing of them.
	tokens map[[sha256.Size]byte]struct{}
	// certificates: a verified client certificate lets in.
	certificates bool
}

func newAccess(c *Config) (*access, error) {
	a := &access{}
	if c.Tokens != "" {
		tokens, err := readTokens(c.Tokens)
		if err != nil {
			return nil, fmt.Errorf("%w: bearer tokens: %w", ErrConfig, err)
		}
		a.tokens = tokens
	}
	if c.TLSCert == "" {
		return a, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("%w: TLS certificate: %w", ErrConfig, err)
	}
	a.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if c.ClientCA == "" {
		return a, nil
	}
	pem, err := os.ReadFile(c.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("%w: CA of client certificates: %w", ErrConfig, err)
	}
	a.tls.ClientCAs = x509.NewCertPool()
	if !a.tls.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%w: CA of client certificates: %s has no PEM certificate", ErrConfig, c.ClientCA)
	}
	// Probes have none; who needs one is asked call by call.
	a.tls.ClientAuth, a.certificates = tls.VerifyClientCertIfGiven, true
	return a, nil
}

var errNoToken = errors.New("has no token; write one per line")

func readTokens(file string) (map[[sha256.Size]byte]struct{}, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tokens := make(map[[sha256.Size]byte]struct{})
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			tokens[sha256.Sum256([]byte(line))] = struct{}{}
		}
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s %w", file, errNoToken)
	}
	return tokens, nil
}

// open reports whether everybody is let in.
func (a *access) open() bool { return a.tokens == nil && !a.certificates }

// admits decides by the connection, if it has TLS, and by the values of the
// authorization header.
func (a *access) admits(connection *tls.ConnectionState, authorization []string) bool {
	if a.open() || a.certificates && connection != nil && len(connection.VerifiedChains) > 0 {
		return true
	}
	for _, value := range authorization {
		scheme, token, _ := strings.Cut(value, " ")
		if _, ok := a.tokens[sha256.Sum256([]byte(strings.TrimSpace(token)))]; ok && strings.EqualFold(scheme, "bearer") {
			return true
		}
	}
	return false
}

// unprotected are the methods that anybody may call: probes have no secrets.
const unprotected = "/grpc.health.v1.Health/"

func (a *access) check(ctx context.Context, method string) error {
	if strings.HasPrefix(method, unprotected) {
		return nil
	}
	var connection *tls.ConnectionState
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			connection = &info.State
		}
	}
	if !a.admits(connection, metadata.ValueFromIncomingContext(ctx, "authorization")) {
		return service.Status(ctx, service.ErrUnauthenticated)
	}
	return nil
}

func (a *access) unary(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler,
) (any, error) {
	if err := a.check(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (a *access) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if err := a.check(s.Context(), info.FullMethod); err != nil {
		return err
	}
	return next(srv, s)
}

// protect lets only those in whom the server knows.
func (a *access) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.admits(r.TLS, r.Header.Values("Authorization")) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, service.ErrUnauthenticated.Error(), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
