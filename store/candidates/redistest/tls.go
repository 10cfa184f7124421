package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TLSServer is a server that also speaks TLS, to those who have a certificate.
type TLSServer struct {
	*Server
	TLSAddr string
	// CA, Cert and Key are PEM files: what the server's certificate is by, and a
	// caller's.
	CA, Cert, Key string
}

// URL is the server's with TLS.
func (s *TLSServer) URL() string { return "rediss://" + s.TLSAddr }

// StartTLS starts one, with certificates that are made for it.
func StartTLS(t testing.TB, args ...string) *TLSServer {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	s := &TLSServer{CA: file("ca.pem"), Cert: file("caller.pem"), Key: file("caller-key.pem")}
	certify(t, s.CA, map[string]string{file("server.pem"): file("server-key.pem"), s.Cert: s.Key})
	port := strconv.Itoa(FreePort(t))
	s.TLSAddr = net.JoinHostPort("127.0.0.1", port)
	s.Server = Start(t, append([]string{
		"--tls-port", port, "--tls-ca-cert-file", s.CA,
		"--tls-cert-file", file("server.pem"), "--tls-key-file", file("server-key.pem"),
	}, args...)...)
	return s
}

// certify makes an authority and certificates by it for 127.0.0.1, which are
// good for servers and callers; files of keys stand by those of certificates.
func certify(t testing.TB, ca string, keys map[string]string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		return key
	}
	save := func(file, kind string, der []byte) {
		must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	template := x509.Certificate{
		Subject:      pkix.Name{CommonName: "kindred tests"},
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	authority := template
	authority.Subject.CommonName, authority.SerialNumber = "an authority of kindred tests", big.NewInt(2)
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	authorityKey := newKey()
	der, err := x509.CreateCertificate(rand.Reader, &authority, &authority, &authorityKey.PublicKey, authorityKey)
	must(err)
	save(ca, "CERTIFICATE", der)
	for cert, file := range keys {
		key := newKey()
		der, err := x509.CreateCertificate(rand.Reader, &template, &authority, &key.PublicKey, authorityKey)
		must(err)
		save(cert, "CERTIFICATE", der)
		der, err = x509.MarshalPKCS8PrivateKey(key)
		must(err)
		save(file, "PRIVATE KEY", der)
	}
}
