package sqlstore_test

import (
	"testing"

	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
	"github.com/kindred-match/kindred/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{}) },
		storetest.ShortLog(8, func(t *testing.T) store.Store { return openStore(t, sqlstore.Options{KeepChanges: 8}) }))
}
