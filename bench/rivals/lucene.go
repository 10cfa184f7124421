package rivals

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kindred-match/kindred/bench/dataset"
)

// jars are those of Debian's liblucene8-java.
const jars = "/usr/share/java/lucene-core-8.7.0.jar:/usr/share/java/lucene-analyzers-common-8.7.0.jar"

// lucene is a Java program that answers on its standard output.
type lucene struct {
	queries int
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// openLucene builds the index unless the folder has it, and starts the program.
func openLucene(ctx context.Context, folder, digest string, f *dataset.Flat) (Rival, error) {
	classes := filepath.Join(folder, "classes")
	err := command(ctx, "javac", "-nowarn", "-cp", jars, "-d", classes, filepath.Join("lucene", "Harness.java"))
	if err != nil {
		return nil, err
	}
	java := []string{"-Xms1g", "-Xmx4g", "-XX:+UseSerialGC", "-cp", classes + ":" + jars, "Harness"}
	index, stamp := filepath.Join(folder, "index"), filepath.Join(folder, "digest")
	if built, err := os.ReadFile(stamp); err != nil || string(built) != digest {
		documents := filepath.Join(folder, "documents")
		if err := errors.Join(os.RemoveAll(index), writePostings(documents, f.Documents)); err != nil {
			return nil, err
		}
		if err := command(ctx, "java", append(java, "build", documents, index)...); err != nil {
			return nil, err
		}
		if err := errors.Join(os.Remove(documents), os.WriteFile(stamp, []byte(digest), 0o644)); err != nil {
			return nil, err
		}
	}
	queries := filepath.Join(folder, "queries")
	if err := writePostings(queries, f.Queries); err != nil {
		return nil, err
	}
	l := &lucene{queries: len(f.Queries), process: exec.CommandContext(ctx, "java", append(java, "serve", index, queries)...)}
	l.process.Stderr = os.Stderr
	if l.in, err = l.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := l.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.out = bufio.NewReader(out)
	return l, l.process.Start()
}

func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// writePostings writes what Harness.java reads.
func writePostings(path string, lists [][]dataset.Posting) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	var word [4]byte
	put := func(x int) {
		binary.BigEndian.PutUint32(word[:], uint32(x))
		_, _ = w.Write(word[:]) // Flush returns the first error
	}
	put(len(lists))
	for _, list := range lists {
		put(len(list))
		for _, p := range list {
			put(int(p.Tag))
			put(int(p.Weight))
		}
	}
	return w.Flush()
}

func (l *lucene) Modes() []string { return []string{"exhaustive", "pruned"} }

// ask sends a line and hands on the words of each line that comes back.
func (l *lucene) ask(order, mode string, k int, take func(query int, words []string) error) error {
	if _, err := fmt.Fprintln(l.in, order, mode, k); err != nil {
		return err
	}
	for q := range l.queries {
		line, err := l.out.ReadString('\n')
		if err != nil {
			return err
		}
		if err := take(q, strings.Fields(line)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lucene) Pass(_ context.Context, mode string, k int) ([]time.Duration, error) {
	times := make([]time.Duration, l.queries)
	err := l.ask("pass", mode, k, func(query int, words []string) error {
		n, err := strconv.ParseInt(words[0], 10, 64)
		times[query] = time.Duration(n)
		return err
	})
	return times, err
}

func (l *lucene) Answers(_ context.Context, mode string, k int) ([][]Hit, error) {
	answers := make([][]Hit, l.queries)
	err := l.ask("answers", mode, k, func(query int, words []string) error {
		for i := 0; i+1 < len(words); i += 2 {
			document, err := strconv.Atoi(words[i])
			if err != nil {
				return err
			}
			score, err := strconv.ParseFloat(words[i+1], 64)
			if err != nil {
				return err
			}
			answers[query] = append(answers[query], Hit{document, score})
		}
		return nil
	})
	return answers, err
}

// Close ends the program, which stops when its input does.
func (l *lucene) Close() error { return errors.Join(l.in.Close(), l.process.Wait()) }
