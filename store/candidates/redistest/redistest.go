// Package redistest starts real Redis servers for tests, and puts between them
// and their clients a proxy that fails on demand.
package redistest

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server of its own, on a free port.
type Server struct {
	Addr string
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// Start starts one, with further lines of configuration as arguments, perhaps
// behind a file of them. The test is skipped where redis-server isn't installed.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server isn't installed: apt-get install redis-server")
	}
	const attempts = 5 // somebody may take the port before it does
	for range attempts {
		if s := start(t, path, FreePort(t), args); s != nil {
			return s
		}
	}
	t.Fatal("redis-server ended as soon as it was started")
	return nil
}

// StartAt starts one on a port.
func StartAt(t testing.TB, port int, args ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server isn't installed: apt-get install redis-server")
	}
	s := start(t, path, port, args)
	if s == nil {
		t.Fatal("redis-server ended as soon as it was started")
	}
	return s
}

// start returns nil if the server ended at once.
func start(t testing.TB, path string, at int, args []string) *Server {
	port := strconv.Itoa(at)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", port), gone: make(chan struct{})}
	all := []string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		all, args = append(args[:1:1], all...), args[1:]
	}
	s.cmd = exec.Command(path, append(all, args...)...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.gone)
		_ = s.cmd.Wait() // it is killed at the end
	}()
	t.Cleanup(s.Kill)
	client := s.Client(t)
	for client.Ping(t.Context()).Err() != nil {
		select {
		case <-s.gone:
			return nil
		case <-t.Context().Done():
			t.Fatal("redis-server doesn't answer")
		case <-time.After(betweenAttempts):
		}
	}
	return s
}

const betweenAttempts = 5 * time.Millisecond

// await asks again and again until it is so.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(betweenAttempts):
		}
	}
}

// FreePort is a port that nobody listened on a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// Client is a client of the server itself.
func (s *Server) Client(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// URL is the server's.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Kill ends the server at once.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.gone
}

// Freeze stops the server without ending its connections; Thaw lets it go on.
func (s *Server) Freeze() error { return s.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a server go on that was frozen.
func (s *Server) Thaw() error { return s.cmd.Process.Signal(syscall.SIGCONT) }
