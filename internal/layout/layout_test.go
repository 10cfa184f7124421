package layout_test

import (
	"bufio"
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/layout"
)

const root = "../.."

func TestImports(t *testing.T) {
	files := sources(t)
	if len(files) < 10 {
		t.Fatalf("found %d source files below %s; the repository has more", len(files), root)
	}
	for _, v := range layout.Violations(files) {
		t.Error(v)
	}
}

func TestFolders(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredFolders(t)
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(layout.Folders, e.Name()) && !slices.Contains(ignored, e.Name()) {
			t.Errorf("%s/: the root has the folders %s only (docs/design.md has their meaning)",
				e.Name(), strings.Join(layout.Folders, ", "))
		}
	}
}

// TestViolations shows that each rule can be broken, and what is near to
// breaking it and allowed.
func TestViolations(t *testing.T) {
	const m = layout.Module
	for _, c := range []struct {
		path, imported string
		want           string // a part of the violation; empty: allowed
	}{
		{"matcher/rank.go", "slices", ""},
		{"matcher/rank.go", m + "/matcher/internal/kernel", ""},
		{"matcher/place/stable.go", m + "/matcher", ""},
		{"matcher/place/verify/verify.go", m + "/matcher", ""},
		{"matcher/place/verify/verify_test.go", m + "/matcher/place", ""},
		{"matcher/place/verify/verify.go", m + "/matcher/place", "shares no code"},
		{"matcher/place/verify/verify.go", m + "/matcher/place/flow", "shares no code"},
		{"matcher/rank.go", "golang.org/x/exp/slices", "standard library"},
		{"matcher/rank.go", m + "/store", "one way"},
		{"matcher/rank.go", m + "/proto/kindred/v1", "service layer"},
		{"matcher/rank.go", "google.golang.org/grpc", "standard library"},
		{"matcher/rank.go", "github.com/redis/go-redis/v9", "standard library"},
		{"matcher/rank.go", "pgregory.net/rapid", "standard library"},
		{"matcher/rank.go", m + "/internal/oracle", "one way"},
		{"matcher/rank_test.go", "pgregory.net/rapid", ""},
		{"matcher/rank_test.go", m + "/internal/oracle", ""},
		{"matcher/rank_test.go", m + "/internal/district", "standard library"},
		{"matcher/rank_test.go", m + "/store", "standard library"},
		{"matcher/rank.go", "unsafe", "kernels alone"},
		{"matcher/internal/kernel/add_amd64.go", "unsafe", ""},
		{"matcher/internal/kernel/add_amd64.go", "C", "plain go build"},
		{"matcher/internal/kernel/add_amd64.s", "", ""},
		{"matcher/add_amd64.s", "", "assembly"},
		{"store/store.go", m + "/matcher/place", ""},
		{"store/store.go", "github.com/google/uuid", "contract of the store"},
		{"store/store.go", m + "/internal/district", "one way"},
		{"store/sqlstore/open.go", m + "/store", ""},
		{"store/sqlstore/open.go", "modernc.org/sqlite", ""},
		{"store/sqlstore/open.go", "github.com/pressly/goose/v3", ""},
		{"store/sqlstore/open.go", m + "/store/sqlstore/migrations", ""},
		{"store/sqlstore/open.go", m + "/store/candidates", "no implementation"},
		{"store/sqlstore/open_test.go", m + "/store/candidates", "no implementation"},
		{"store/sqlstore/open.go", m + "/store/storetest", "for tests"},
		{"store/sqlstore/open_test.go", m + "/store/storetest", ""},
		{"store/sqlstore/open.go", "google.golang.org/grpc/codes", "one file"},
		{"store/sqlstore/open.go", "google.golang.org/grpc/status", "service layer"},
		{"store/candidates/redis.go", "modernc.org/sqlite", "SQL store"},
		{"internal/service/match.go", m + "/proto/kindred/v1", ""},
		{"internal/service/match.go", m + "/store", ""},
		{"internal/service/match.go", m + "/cmd/kindred", "one way"},
		{"internal/service/match.go", "google.golang.org/grpc/codes", "one file"},
		{"internal/service/match_test.go", "google.golang.org/grpc/codes", ""},
		{"internal/service/errors.go", "google.golang.org/grpc/codes", ""},
		{"internal/service/match.go", m + "/internal/oracle", "for tests"},
		{"internal/service/match_test.go", m + "/internal/oracle", ""},
		{"internal/server/server.go", "google.golang.org/grpc", ""},
		{"internal/district/read.go", m + "/proto/kindred/v1", "service layer"},
		{"internal/district/read.go", "google.golang.org/grpc/status", "service layer"},
		{"internal/district/read.go", m + "/matcher", ""},
		{"internal/district/read_test.go", "unsafe", "kernels alone"},
		{"cmd/kindred/serve.go", m + "/internal/server", ""},
		{"cmd/kindred/import.go", m + "/proto/kindred/v1", ""},
		{"cmd/kindred/import.go", "google.golang.org/grpc/codes", "one file"},
		{"proto/kindred/v1/match.pb.go", "unsafe", ""},
		{"proto/kindred/v1/match_grpc.pb.go", "google.golang.org/grpc/codes", ""},
		{"proto/kindred/v1/extra.go", m + "/matcher", "nothing of ours"},
	} {
		file := layout.File{Path: c.path}
		if c.imported != "" {
			file.Imports = []string{c.imported}
		}
		got := strings.Join(layout.Violations([]layout.File{file}), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s importing %q: got %q, want %q", c.path, c.imported, got, c.want)
		}
	}
}

// sources reads every Go and assembly file of the module, whatever its build
// constraints; folders with a go.mod of their own are other modules.
func sources(t *testing.T) []layout.File {
	t.Helper()
	var files []layout.File
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skip(p, d.Name())
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		file := layout.File{Path: filepath.ToSlash(rel)}
		switch filepath.Ext(p) {
		case ".s":
		case ".go":
			if file.Imports, err = imports(p); err != nil {
				return err
			}
		default:
			return nil
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func skip(p, name string) error {
	if p == root {
		return nil
	}
	_, err := os.Stat(filepath.Join(p, "go.mod"))
	if err == nil || name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func imports(p string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		paths = append(paths, imported)
	}
	return paths, nil
}

// ignoredFolders are the folders that .gitignore keeps out of the repository.
func ignoredFolders(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "/"); ok {
			names = append(names, strings.TrimSuffix(name, "/"))
		}
	}
	return names
}
