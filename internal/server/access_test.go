package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func TestRefusesToListenBeyondLoopback(t *testing.T) {
	keys := newKeys(t)
	beyond := server.Config{Listen: "0.0.0.0:0", OpsListen: "127.0.0.1:0"}
	ops := server.Config{Listen: "127.0.0.1:0", OpsListen: ":0"}
	onlyTLS := beyond
	onlyTLS.TLSCert, onlyTLS.TLSKey = keys.cert, keys.key
	onlyTokens := beyond
	onlyTokens.Tokens = keys.tokens
	for name, c := range map[string]server.Config{"nothing": beyond, "ops": ops, "TLS alone": onlyTLS, "tokens alone": onlyTokens} {
		c.DataDir = t.TempDir()
		_, err := server.New(t.Context(), c)
		if !errors.Is(err, server.ErrConfig) || !strings.Contains(err.Error(), "--insecure") || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%s: %v; want a refusal that says what to do", name, err)
		}
		if _, err := os.Stat(filepath.Join(c.DataDir, "kindred.db")); err == nil {
			t.Errorf("%s: the store was opened first", name)
		}
	}
	run(t, t.TempDir(), func(c *server.Config) {
		c.Listen, c.OpsListen, c.Insecure = "0.0.0.0:0", "0.0.0.0:0", true
	})
}

func TestBadConfig(t *testing.T) {
	keys := newKeys(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("# none\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*server.Config){
		"Redis' key alone":     func(c *server.Config) { c.Redis, c.RedisKey = "redis://localhost", keys.key },
		"Redis' CA that isn't": func(c *server.Config) { c.Redis, c.RedisCA = "redis://localhost", keys.tokens },
		"no CA of Redis":       func(c *server.Config) { c.Redis, c.RedisCA = "redis://localhost", "none" },
		"no cert for Redis":    func(c *server.Config) { c.Redis, c.RedisCert, c.RedisKey = "redis://localhost", "none", "none" },
		"Redis":                func(c *server.Config) { c.Redis = "localhost" },
		"no folder":            func(c *server.Config) { c.DataDir = "" },
		"key without its cert": func(c *server.Config) { c.TLSKey = keys.key },
		"CA without TLS":       func(c *server.Config) { c.ClientCA = keys.ca },
		"cert that isn't":      func(c *server.Config) { c.TLSCert, c.TLSKey = keys.tokens, keys.key },
		"CA that isn't":        func(c *server.Config) { c.TLSCert, c.TLSKey, c.ClientCA = keys.cert, keys.key, keys.tokens },
		"no CA":                func(c *server.Config) { c.TLSCert, c.TLSKey, c.ClientCA = keys.cert, keys.key, "none" },
		"no tokens":            func(c *server.Config) { c.Tokens = "none" },
		"tokens without any":   func(c *server.Config) { c.Tokens = empty },
		"address":              func(c *server.Config) { c.Listen = "here" },
	} {
		c := server.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0"}
		change(&c)
		if _, err := server.New(t.Context(), c); !errors.Is(err, server.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAccess: beyond loopback, over TLS, only those with a token or a
// certificate get in, but for probes of health.
func TestAccess(t *testing.T) {
	keys := newKeys(t)
	p := run(t, t.TempDir(), func(c *server.Config) {
		c.Listen, c.OpsListen = "0.0.0.0:0", "0.0.0.0:0"
		c.TLSCert, c.TLSKey, c.ClientCA, c.Tokens = keys.cert, keys.key, keys.ca, keys.tokens
	})
	_, port, err := net.SplitHostPort(p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	call := func(config *tls.Config, authorization ...string) error {
		t.Helper()
		conn := must(grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(credentials.NewTLS(config))))(t)
		defer func() {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}()
		if _, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
			t.Errorf("a probe of health: %v", err)
		}
		ctx := t.Context()
		for _, a := range authorization {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", a)
		}
		stream := must(kindredv1.NewMatchServiceClient(conn).StreamMatches(ctx))(t)
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
		_, streamed := stream.Recv()
		_, err := kindredv1.NewSystemServiceClient(conn).GetServerInfo(ctx, &kindredv1.GetServerInfoRequest{District: district})
		if err != nil && refusalOf(t, streamed).reason != "UNAUTHENTICATED" {
			t.Errorf("a stream of one who isn't let in: %v", streamed)
		}
		return err
	}
	anonymous := &tls.Config{RootCAs: keys.roots, MinVersion: tls.VersionTLS12}
	known := anonymous.Clone()
	known.Certificates = []tls.Certificate{keys.client}
	refused(t, call(anonymous), codes.Unauthenticated, "UNAUTHENTICATED")
	for _, wrong := range []string{"Bearer wrong", "Basic first-token", "first-token", "Bearer", "Bearer # comment"} {
		refused(t, call(anonymous, wrong), codes.Unauthenticated, "UNAUTHENTICATED")
	}
	for _, right := range []string{"Bearer first-token", "bearer second-token"} {
		if err := call(anonymous, right); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
	if err := call(known); err != nil {
		t.Errorf("with a certificate: %v", err)
	}

	_, opsPort, err := net.SplitHostPort(p.OpsAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	get := func(config *tls.Config, path, authorization string) int {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+opsPort+path, http.NoBody))(t)
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		return resp.StatusCode
	}
	for _, c := range []struct {
		config              *tls.Config
		path, authorization string
		want                int
	}{
		{anonymous, "/livez", "", http.StatusOK},
		{anonymous, "/readyz", "", http.StatusOK},
		{anonymous, "/metrics", "", http.StatusUnauthorized},
		{anonymous, "/debug/pprof/", "Bearer wrong", http.StatusUnauthorized},
		{anonymous, "/metrics", "Bearer first-token", http.StatusOK},
		{known, "/metrics", "", http.StatusOK},
	} {
		if got := get(c.config, c.path, c.authorization); got != c.want {
			t.Errorf("%s with %q: %d, want %d", c.path, c.authorization, got, c.want)
		}
	}
	if log := p.log.String(); strings.Contains(log, "first-token") || strings.Contains(log, "wrong") {
		t.Error("a token is in the log")
	}
}

// keys are files of certificates and tokens for a test.
type keys struct {
	cert, key, ca, tokens string
	roots                 *x509.CertPool
	client                tls.Certificate
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	dir := t.TempDir()
	save := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		content := der
		if kind != "" {
			content = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}
	}
	newKey := func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t) }
	caKey, ca := newKey(), template("ca")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER := must(x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey))(t)
	serverKey, clientKey := newKey(), newKey()
	serverDER := must(x509.CreateCertificate(rand.Reader, template("server"), ca, &serverKey.PublicKey, caKey))(t)
	client := template("client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	clientDER := must(x509.CreateCertificate(rand.Reader, client, ca, &clientKey.PublicKey, caKey))(t)
	k := &keys{
		cert:   save("server.pem", "CERTIFICATE", serverDER),
		key:    save("server-key.pem", "PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(serverKey))(t)),
		ca:     save("ca.pem", "CERTIFICATE", caDER),
		tokens: save("tokens", "", []byte("# comment\n\nfirst-token\n  second-token  \n")),
		roots:  x509.NewCertPool(),
		client: tls.Certificate{Certificate: [][]byte{clientDER}, PrivateKey: clientKey},
	}
	k.roots.AddCert(must(x509.ParseCertificate(caDER))(t))
	return k
}
