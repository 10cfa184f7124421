package redistest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a proxy does.
type Fault int32

// The faults.
const (
	None    Fault = iota
	Hang          // answers are held back for ever
	Slow          // answers are held back for the proxy's Delay
	Garbage       // answers are not Redis'
	Cut           // connections end
)

// Proxy stands between a client and a server.
type Proxy struct {
	Addr string
	// Delay is how long answers are held back when they are slow. It is to be set
	// before.
	Delay    time.Duration
	target   string
	fault    atomic.Int32
	accepted atomic.Int64
	mu       sync.Mutex
	conns    map[net.Conn]bool
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
			p.accepted.Add(1)
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

// Accepted is how many connections clients have made.
func (p *Proxy) Accepted() int64 { return p.accepted.Load() }

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
		case Slow:
			timer := time.NewTimer(p.Delay)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
			}
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
