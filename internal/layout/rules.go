// Package layout holds the rules of which part of the repository may import
// which; its test applies them to the repository.
package layout

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Module is the path of the module that the rules are about.
const Module = "github.com/kindred-match/kindred"

// File is a source file: its slash-separated path from the root of the
// repository, and the import paths that it names. Assembly imports nothing.
type File struct {
	Path    string
	Imports []string
}

func (f File) dir() string  { return path.Dir(f.Path) }
func (f File) test() bool   { return strings.HasSuffix(f.Path, "_test.go") }
func (f File) inside() bool { return strings.HasPrefix(f.Path, "matcher/") }

// layers are the folders whose imports go one way: each may import what stands
// above it in this list, and its own. The generated types stand apart; homes
// says who may import them.
var layers = []string{"matcher", "store", "internal", "cmd"}

// home says where alone something may be imported.
type home struct {
	imported string   // an import path, standing for what is below it too
	from     []string // folders (ending in a slash) or files
	tests    bool     // tests may import it anywhere but in the matcher
	why      string
}

var homes = []home{
	{
		imported: Module + "/proto",
		from:     []string{"internal/service/", "internal/server/", "cmd/", "proto/"},
		why:      "generated types end in the service layer",
	},
	{
		imported: "google.golang.org/grpc/codes",
		from:     []string{"internal/service/errors.go", "proto/"},
		tests:    true,
		why:      "errors become gRPC codes in one file",
	},
	{
		imported: "google.golang.org/grpc",
		from:     []string{"internal/service/", "internal/server/", "cmd/", "proto/"},
		why:      "gRPC ends in the service layer",
	},
	{
		imported: "unsafe",
		from:     []string{"matcher/internal/", "proto/"},
		why:      "unsafe lives in the kernels alone (generated types have their own)",
	},
	{
		imported: "C",
		why:      "a plain go build is all that it takes",
	},
	{
		imported: "modernc.org/sqlite",
		from:     []string{"store/sqlstore/"},
		why:      "drivers end in the SQL store",
	},
	{
		imported: "github.com/pressly/goose",
		from:     []string{"store/sqlstore/"},
		why:      "migrations are the SQL store's own",
	},
	{
		imported: Module + "/store/candidates/redistest",
		from:     []string{"store/candidates/redistest/"},
		tests:    true,
		why:      "servers to be failed are for tests",
	},
	{
		imported: "github.com/redis/go-redis",
		from:     []string{"store/candidates/"},
		tests:    true,
		why:      "Redis keeps candidate sets and nothing else",
	},
	{
		imported: "github.com/maypok86/otter",
		from:     []string{"store/candidates/"},
		why:      "candidate sets are the only cache of values",
	},
	{
		imported: Module + "/store/storetest",
		from:     []string{"store/storetest/"},
		tests:    true,
		why:      "conformance suites are for tests",
	},
	{
		imported: Module + "/internal/oracle",
		from:     []string{"internal/oracle/"},
		tests:    true,
		why:      "the oracle is for tests",
	},
}

// testsOfMatcher is what the tests of the matcher may import beside the
// standard library and the matcher.
var testsOfMatcher = []string{
	"pgregory.net/rapid",
	Module + "/internal/oracle", // shares nothing with the matcher but its domain types
}

// Folders are the folders that the root of the repository may have.
var Folders = []string{
	"proto", "cmd", "matcher", "store", "internal", "deploy", "bench", "docs", "tools",
	".ci", ".git", ".github",
}

// Violations lists which files break which rule, sorted.
func Violations(files []File) []string {
	var found []string
	for _, f := range files {
		if strings.HasSuffix(f.Path, ".s") && !strings.HasPrefix(f.Path, "matcher/internal/") {
			found = append(found, f.Path+": assembly lives in the kernels, matcher/internal, alone")
		}
		for _, imported := range f.Imports {
			for _, rule := range []func(File, string) string{atHome, downward, pure, apart, checking} {
				if why := rule(f, imported); why != "" {
					found = append(found, fmt.Sprintf("%s imports %s: %s", f.Path, imported, why))
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// atHome: what has a home is imported from there alone. The first home that
// fits counts, so that narrower ones stand first.
func atHome(f File, imported string) string {
	i := slices.IndexFunc(homes, func(h home) bool { return within(imported, h.imported) })
	if i < 0 || homes[i].tests && f.test() {
		return ""
	}
	for _, from := range homes[i].from {
		if f.Path == from || strings.HasSuffix(from, "/") && strings.HasPrefix(f.Path, from) {
			return ""
		}
	}
	return homes[i].why
}

// downward: a layer imports those above it in layers and its own.
func downward(f File, imported string) string {
	to, ours := strings.CutPrefix(imported, Module+"/")
	if !ours || f.test() && f.inside() { // whose tests pure looks after
		return ""
	}
	top := func(p string) string { return cmp.Or(p[:max(strings.IndexByte(p, '/'), 0)], p) }
	from, at := slices.Index(layers, top(f.Path)), slices.Index(layers, top(to))
	switch {
	case top(f.Path) == "proto" && top(to) != "proto":
		return "generated types know nothing of ours"
	case from >= 0 && at > from && !(f.test() && to == "internal/oracle"):
		return "imports go one way: cmd -> internal -> store -> matcher"
	}
	return ""
}

// pure: the matcher needs the standard library and itself, and the contract of
// the store the matcher beside.
func pure(f File, imported string) string {
	std := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	ours := within(imported, Module+"/matcher")
	switch {
	case std || ours:
		return ""
	case f.inside() && f.test() && slices.Contains(testsOfMatcher, imported):
		return ""
	case f.inside():
		return "the matcher imports the standard library and itself only"
	case f.dir() == "store" && !f.test():
		return "the contract of the store imports the standard library and the matcher only"
	}
	return ""
}

// apart: no implementation of the store imports another.
func apart(f File, imported string) string {
	impl := func(p string) string {
		rest, ok := strings.CutPrefix(p, "store/")
		if !ok {
			return ""
		}
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	from, to := impl(f.dir()), impl(strings.TrimPrefix(imported, Module+"/"))
	if from == "" || to == "" || from == to || to == "storetest" {
		return ""
	}
	return "no implementation of the store imports another"
}

// checking: what checks placements shares nothing with what makes them, nor with
// the index that ranks for them; of ours it has the domain types alone.
func checking(f File, imported string) string {
	if f.dir() == "matcher/place/verify" && !f.test() && within(imported, Module) && imported != Module+"/matcher" {
		return "the checker of placements shares no code with what makes them"
	}
	return ""
}

func within(imported, root string) bool {
	return imported == root || strings.HasPrefix(imported, root+"/")
}
