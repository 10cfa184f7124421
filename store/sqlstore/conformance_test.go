package sqlstore_test

import (
	"context"
	"flag"
	"testing"

	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
	"github.com/kindred-match/kindred/store/storetest"
)

var (
	histories = flag.Int("histories", 6, "how many histories of clients that reserve, place and publish at once are checked")
	crashes   = flag.Int("crashes", 6, "how often a process that writes is killed")
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{}) },
		storetest.ShortLog(8, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{KeepChanges: 8}) }),
		storetest.Histories(*histories))
}

func TestCrash(t *testing.T) { storetest.Crash(t, *crashes, openDir) }

func TestCrashRuns(t *testing.T) { storetest.CrashRuns(t, *crashes, openDir) }

func openDir(ctx context.Context, dir string) (store.Store, error) {
	return sqlstore.Open(ctx, sqlstore.Options{Dir: dir})
}
