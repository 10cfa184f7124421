package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// served is a running kindred serve.
type served struct {
	cmd     *exec.Cmd
	address string
	log     *serverLog
	gone    chan struct{} // closed when the process has ended
}

// serverLog collects what the server logs and tells when it listens.
type serverLog struct {
	mu        sync.Mutex
	text      bytes.Buffer
	listening chan struct{}
	heard     bool
}

func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.heard && bytes.Contains(l.text.Bytes(), []byte(`"msg":"listening"`)) {
		l.heard = true
		close(l.listening)
	}
	return len(p), nil
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve starts the real program on free ports, with further flags, and stops it
// with the test.
func serve(t *testing.T, data string, flags ...string) *served {
	t.Helper()
	file := filepath.Join(t.TempDir(), "address")
	s := &served{
		cmd: exec.Command(binary, append([]string{
			"serve", "--data", data,
			"--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--address-file", file,
		}, flags...)...),
		log:  &serverLog{listening: make(chan struct{})},
		gone: make(chan struct{}),
	}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	go func() {
		defer close(s.gone)
		_ = s.cmd.Wait() // tests look at the process's state
	}()
	select {
	case <-s.log.listening:
	case <-s.gone:
		t.Fatalf("the server ended:\n%s", s.log)
	}
	address, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.address = strings.TrimSpace(string(address))
	return s
}

// kill ends the process at once, if it still runs.
func (s *served) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.gone
}

func (s *served) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
