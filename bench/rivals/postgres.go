package rivals

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kindred-match/kindred/bench/dataset"
)

// postgres is a server of its own in a temporary folder.
type postgres struct {
	folder  string
	process *exec.Cmd
	client  *pgx.Conn
	queries []postgresQuery
}

type postgresQuery struct {
	tags    []int32
	weights []float64
}

// Sums are in float8, which is exact here (all are below 2^53) and much faster
// than numeric, which the sum of bigint would be.
const postgresRank = `
SELECT document, sum(impact * q.weight) AS units
FROM unnest($1::int[], $2::float8[]) AS q(tag, weight) JOIN posting USING (tag)
GROUP BY document ORDER BY units DESC, document LIMIT $3`

func openPostgres(ctx context.Context, _, _ string, f *dataset.Flat) (Rival, error) {
	p := &postgres{}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if err := p.load(ctx, f); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for _, list := range f.Queries {
		var q postgresQuery
		for _, x := range list {
			q.tags, q.weights = append(q.tags, x.Tag), append(q.weights, float64(x.Weight))
		}
		p.queries = append(p.queries, q)
	}
	return p, nil
}

// start makes a cluster and waits until it answers. PostgreSQL refuses to run
// as root: then it runs as the user that its package made.
func (p *postgres) start(ctx context.Context) error {
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(programs) == 0 {
		return errors.Join(err, errors.New("postgresql is not installed"))
	}
	bin := slices.Max(programs)
	if p.folder, err = socketFolder(); err != nil {
		return err
	}
	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		if as.Credential, err = postgresUser(); err != nil {
			return err
		}
		if err := os.Chown(p.folder, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			return err
		}
	}
	data := filepath.Join(p.folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--no-sync", "--auth", "trust", "--username", "bench", "--pgdata", data)
	initdb.SysProcAttr, initdb.Dir = as, p.folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	args := []string{"-D", data, "-k", p.folder}
	for _, setting := range []string{
		"listen_addresses=", "fsync=off", "shared_buffers=1GB", "work_mem=256MB", "maintenance_work_mem=512MB",
		"max_parallel_workers_per_gather=0", "jit=off", "max_wal_size=4GB", "autovacuum=off", "random_page_cost=1.1",
	} {
		args = append(args, "-c", setting)
	}
	p.process = exec.CommandContext(ctx, filepath.Join(bin, "postgres"), args...)
	p.process.SysProcAttr, p.process.Dir = as, p.folder
	if err := p.process.Start(); err != nil {
		return err
	}
	return p.connect(ctx)
}

func postgresUser() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// connect tries until the server has started.
func (p *postgres) connect(ctx context.Context) (err error) {
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for range 300 {
		if p.client, err = pgx.Connect(ctx, "host="+p.folder+" user=bench dbname=postgres"); err == nil {
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (p *postgres) load(ctx context.Context, f *dataset.Flat) error {
	if _, err := p.client.Exec(ctx, `CREATE TABLE posting (tag int NOT NULL, document int NOT NULL, impact float8 NOT NULL)`); err != nil {
		return err
	}
	document, at := 0, -1
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		for at++; document < len(f.Documents); document, at = document+1, 0 {
			if list := f.Documents[document]; at < len(list) {
				return []any{list[at].Tag, int32(document), float64(list[at].Weight)}, nil
			}
		}
		return nil, nil
	})
	if _, err := p.client.CopyFrom(ctx, pgx.Identifier{"posting"}, []string{"tag", "document", "impact"}, rows); err != nil {
		return err
	}
	for _, statement := range []string{
		`CREATE INDEX posting_tag ON posting (tag) INCLUDE (document, impact)`,
		`CLUSTER posting USING posting_tag`,
		`VACUUM (ANALYZE) posting`,
	} {
		if _, err := p.client.Exec(ctx, statement); err != nil {
			return err
		}
	}
	_, err := p.client.Prepare(ctx, "rank", postgresRank)
	return err
}

func (p *postgres) Modes() []string { return []string{"sql"} }

func (p *postgres) rank(ctx context.Context, query, k int) ([]Hit, error) {
	q := &p.queries[query]
	rows, err := p.client.Query(ctx, "rank", q.tags, q.weights, k)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Hit, error) {
		var document int32
		var h Hit
		err := row.Scan(&document, &h.Score)
		h.Document = int(document)
		return h, err
	})
}

func (p *postgres) Pass(ctx context.Context, _ string, k int) ([]time.Duration, error) {
	return timed(len(p.queries), func(query int) error {
		_, err := p.rank(ctx, query, k)
		return err
	})
}

func (p *postgres) Answers(ctx context.Context, _ string, k int) ([][]Hit, error) {
	return collected(len(p.queries), func(query int) ([]Hit, error) { return p.rank(ctx, query, k) })
}

func (p *postgres) Close() error {
	var errs []error
	if p.client != nil {
		errs = append(errs, p.client.Close(context.Background()))
	}
	if p.process != nil && p.process.Process != nil {
		errs = append(errs, p.process.Process.Signal(os.Interrupt))
		_ = p.process.Wait() // how a server ends that was told to is its affair
	}
	if p.folder != "" {
		errs = append(errs, os.RemoveAll(p.folder))
	}
	return errors.Join(errs...)
}
