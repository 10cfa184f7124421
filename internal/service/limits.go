package service

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// What requests may ask for. GetServerInfo reports these, and the API's
// comments name them.
const (
	// MaxK is the most candidates of one ranking, DefaultK how many there are
	// where nothing is said.
	MaxK     = 200
	DefaultK = 10
	// MaxBatchItems is the most students of one batch.
	MaxBatchItems = 1000
	// MaxWriteRows is the most rows of one write of preferences and the like.
	MaxWriteRows = 10_000
	// MaxImportRows is the most rows of one import of a catalogue.
	MaxImportRows = 2_000_000
	// MaxPageSize is the most that a page holds, DefaultPageSize what it holds
	// where nothing is said.
	MaxPageSize     = 1000
	DefaultPageSize = 100
	// MaxMessageBytes is the largest message that the server reads.
	MaxMessageBytes = 16 << 20
	// RequestIDLife is for how long the store keeps request ids.
	RequestIDLife = 24 * time.Hour
	// MaxHold is the longest reservation of a seat, MinHold the shortest,
	// DefaultHold how long it is where nothing is said.
	MaxHold     = 7 * 24 * time.Hour
	MinHold     = time.Second
	DefaultHold = 15 * time.Minute
)

const (
	// maxViolations keeps a status small enough for the trailers that carry it.
	maxViolations = 20
	// maxPageBytes ends a page early, so that clients with the usual limit of
	// 4 MiB can read it.
	maxPageBytes = 2 << 20
	// maxAttempts is how often a write under a mask is tried again when others
	// changed the resource meanwhile.
	maxAttempts = 8
	// watchBatch is how many changes one message of WatchChanges has at most.
	watchBatch = 1000
)

func limits() *kindredv1.Limits {
	return &kindredv1.Limits{
		MaxK:            MaxK,
		DefaultK:        DefaultK,
		MaxTags:         matcher.MaxOwnTags,
		MaxListItems:    matcher.MaxListItems,
		MaxBatchItems:   MaxBatchItems,
		MaxWriteRows:    MaxWriteRows,
		MaxImportRows:   MaxImportRows,
		MaxPageSize:     MaxPageSize,
		DefaultPageSize: DefaultPageSize,
		MaxMessageBytes: MaxMessageBytes,
		RequestIdLife:   durationpb.New(RequestIDLife),
		MaxHold:         durationpb.New(MaxHold),
		DefaultHold:     durationpb.New(DefaultHold),

		MaxRunCandidates: runs.MaxCandidates,
		MaxRunSeeds:      runs.MaxSeeds,
	}
}
