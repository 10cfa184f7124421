// Package redistest starts real Redis servers for tests, and puts between them
// and their clients a proxy that fails on demand.
package redistest

import (
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server of its own, on a free port.
type Server struct {
	Addr string
	cmd  *exec.Cmd
}

// Start starts one, with further lines of configuration as arguments. The test
// is skipped where redis-server isn't installed.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server isn't installed: apt-get install redis-server")
	}
	port := FreePort(t)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	s.cmd = exec.Command(path, append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(),
	}, args...)...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	client := s.Client(t)
	for client.Ping(t.Context()).Err() != nil {
		if s.cmd.ProcessState != nil || t.Context().Err() != nil {
			t.Fatal("redis-server doesn't answer")
		}
		time.Sleep(5 * time.Millisecond) // between two attempts
	}
	return s
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
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Freeze stops the server without ending its connections; Thaw lets it go on.
func (s *Server) Freeze() error { return s.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a server go on that was frozen.
func (s *Server) Thaw() error { return s.cmd.Process.Signal(syscall.SIGCONT) }

// Fault is what a proxy does.
type Fault int32

// The faults.
const (
	None    Fault = iota
	Hang          // answers are held back for ever
	Garbage       // answers are not Redis'
	Cut           // connections end
)

// Proxy stands between a client and a server.
type Proxy struct {
	Addr   string
	target string
	fault  atomic.Int32
	mu     sync.Mutex
	conns  map[net.Conn]bool
}

// Between starts a proxy of a server.
func Between(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: s.Addr, conns: map[net.Conn]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() { p.serve(ctx, c) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		p.endAll()
		tasks.Wait()
	})
	return p
}

// URL is the proxy's.
func (p *Proxy) URL() string { return "redis://" + p.Addr }

// Set has the proxy fail, or no longer.
func (p *Proxy) Set(f Fault) {
	p.fault.Store(int32(f))
	if f == Cut || f == None { // what hung shall not go on in the middle
		p.endAll()
	}
}

func (p *Proxy) endAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	if Fault(p.fault.Load()) == Cut {
		return
	}
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, client)
		delete(p.conns, server)
		p.mu.Unlock()
	}()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		switch Fault(p.fault.Load()) {
		case Hang:
			n = 0
		case Garbage:
			copy(buffer[:n], "\x00garbage\r\n")
		case Cut:
			return
		case None:
		}
		if _, failed := client.Write(buffer[:n]); failed != nil || err != nil && !errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			return
		}
	}
}
