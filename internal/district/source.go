package district

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
)

const bufferBytes = 256 << 10

// source reads a file once: it hashes what passes, says how far it is, and
// stops when the context ends. Its first error stays.
type source struct {
	stop     func() error
	file     fs.File
	hash     hash.Hash
	progress func(done int64)
	done     int64
	err      error
}

func openSource(ctx context.Context, fsys fs.FS, name string, total int64, progress func(string, int64, int64)) (*source, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	s := &source{stop: ctx.Err, file: f, hash: sha256.New(), progress: func(int64) {}}
	if progress != nil {
		s.progress = func(done int64) { progress(name, done, total) }
	}
	return s, nil
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.err = s.stop(); s.err != nil {
		return 0, s.err
	}
	n, err := s.file.Read(p)
	s.hash.Write(p[:n])
	s.done += int64(n)
	s.progress(s.done)
	s.err = err
	return n, err
}

// failure is the error that is none of the file's content.
func (s *source) failure() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// close closes a file that was only read, of which nothing can be lost.
func (s *source) close() { _ = s.file.Close() }

func (s *source) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// utf8Reader passes over a byte-order mark. It returns false for a file that is
// UTF-16 by its mark.
func utf8Reader(s io.Reader) (*bufio.Reader, bool) {
	r := bufio.NewReaderSize(s, bufferBytes)
	mark, _ := r.Peek(3) // an error shows again at the next read
	if bytes.HasPrefix(mark, []byte{0xff, 0xfe}) || bytes.HasPrefix(mark, []byte{0xfe, 0xff}) {
		return nil, false
	}
	if bytes.Equal(mark, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = r.Discard(len(mark)) // peeked, so it is there
	}
	return r, true
}
