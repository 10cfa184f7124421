// Package ablate builds a program with some functions of the product changed,
// without a hook in the product: it inserts statements at the start of their
// bodies, in copies that the go command takes instead of the files (-overlay).
package ablate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Change inserts statements at the start of a function of a package folder.
type Change struct {
	Folder string
	// Function is a name, or (T).name or (*T).name for a method.
	Function string
	Insert   string
}

// Added is a file that the product lacks.
type Added struct {
	Path, Text string
}

// Build builds a main package of this module into out. Folders and paths are
// relative to the root of the repository. It fails for a function that isn't
// there any more, so that a change can't silently do nothing.
func Build(ctx context.Context, root, out, pkg string, tags []string, changes []Change, added ...Added) (err error) {
	temp, err := os.MkdirTemp("", "ablate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	replaced, err := apply(root, changes)
	if err != nil {
		return err
	}
	for _, a := range added {
		replaced[filepath.Join(root, a.Path)] = []byte(a.Text)
	}
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	for path, text := range replaced {
		copied := filepath.Join(temp, strconv.Itoa(len(overlay.Replace))+".go")
		if err := os.WriteFile(copied, text, 0o644); err != nil {
			return err
		}
		overlay.Replace[path] = copied
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	at := filepath.Join(temp, "overlay.json")
	if err := os.WriteFile(at, text, 0o644); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-overlay", at, "-tags", strings.Join(tags, ","), "-o", out, pkg)
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, said)
	}
	return nil
}

// apply returns the changed files.
func apply(root string, changes []Change) (map[string][]byte, error) {
	changed := make(map[string][]byte)
	for _, c := range changes {
		path, err := c.insert(root, changed)
		if err != nil {
			return nil, err
		}
		if path == "" {
			return nil, fmt.Errorf("%s has no function %s any more", c.Folder, c.Function)
		}
	}
	return changed, nil
}

// insert changes every file that has the function, which may be several where
// build constraints choose among them, and returns the last.
func (c *Change) insert(root string, changed map[string][]byte) (found string, err error) {
	paths, err := filepath.Glob(filepath.Join(root, c.Folder, "*.go"))
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, ok := changed[path]
		if !ok {
			if text, err = os.ReadFile(path); err != nil {
				return "", err
			}
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(file.Decls, func(d ast.Decl) bool {
			f, ok := d.(*ast.FuncDecl)
			return ok && f.Body != nil && name(f) == c.Function
		})
		if at < 0 {
			continue
		}
		function, _ := file.Decls[at].(*ast.FuncDecl)
		brace := files.Position(function.Body.Lbrace).Offset + 1
		changed[path] = slices.Concat(text[:brace], []byte("\n"+c.Insert+"\n"), text[brace:])
		found = path
	}
	return found, nil
}

// name is a function's as Change has it.
func name(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	var b bytes.Buffer
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		b.WriteByte('*')
		typ = star.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		b.WriteString(id.Name)
	}
	return "(" + b.String() + ")." + f.Name.Name
}
