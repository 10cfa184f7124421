package sqlstore_test

import (
	"context"
	"testing"

	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
	"github.com/kindred-match/kindred/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{}) },
		storetest.ShortLog(8, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{KeepChanges: 8}) }))
}

func TestCrash(t *testing.T) {
	storetest.Crash(t, func(ctx context.Context, dir string) (store.Store, error) {
		return sqlstore.Open(ctx, sqlstore.Options{Dir: dir})
	})
}
