package rivals

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/kindred-match/kindred/bench/dataset"
)

// bleveField is the field of the tags.
const bleveField = "tag"

// bleveRival is an index of one segment on disk.
type bleveRival struct {
	index   bleve.Index
	queries []*bleveQuery
}

// openBleve builds the index unless the folder has it.
func openBleve(ctx context.Context, folder, digest string, f *dataset.Flat) (Rival, error) {
	at, stamp := filepath.Join(folder, "index"), filepath.Join(folder, "digest")
	if built, err := os.ReadFile(stamp); err != nil || string(built) != digest {
		if err := os.RemoveAll(at); err != nil {
			return nil, err
		}
		if err := buildBleve(ctx, at, f); err != nil {
			return nil, err
		}
		if err := os.WriteFile(stamp, []byte(digest), 0o644); err != nil {
			return nil, err
		}
	}
	x, err := bleve.Open(at)
	if err != nil {
		return nil, err
	}
	b := &bleveRival{index: x}
	for _, query := range f.Queries {
		b.queries = append(b.queries, &bleveQuery{query})
	}
	return b, nil
}

func buildBleve(ctx context.Context, at string, f *dataset.Flat) (err error) {
	x, err := bleve.New(at, mapping.NewIndexMapping())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	const size = 10_000
	batch := x.NewBatch()
	for d, list := range f.Documents {
		one := document.NewDocument(strconv.Itoa(d))
		one.AddField(bleveTags(list))
		if err := batch.IndexAdvanced(one); err != nil {
			return err
		}
		if batch.Size() == size || d == len(f.Documents)-1 {
			if err := x.Batch(batch); err != nil {
				return err
			}
			batch.Reset()
		}
	}
	advanced, err := x.Advanced()
	if err != nil {
		return err
	}
	s, ok := advanced.(*scorch.Scorch)
	if !ok {
		return errors.New("bleve's index is no scorch, which could be merged")
	}
	return s.ForceMerge(ctx, nil)
}

// bleveTags is a field whose terms have weights as frequencies.
type bleveTags []dataset.Posting

func (bleveTags) Name() string                        { return bleveField }
func (bleveTags) ArrayPositions() []uint64            { return nil }
func (bleveTags) Options() index.FieldIndexingOptions { return index.IndexField }
func (bleveTags) Analyze()                            {}
func (bleveTags) Value() []byte                       { return nil }
func (bleveTags) NumPlainTextBytes() uint64           { return 0 }
func (t bleveTags) Size() int                         { return 8 * len(t) }
func (bleveTags) EncodedFieldType() byte              { return 't' }
func (t bleveTags) AnalyzedLength() int               { return len(t) }

func (t bleveTags) AnalyzedTokenFrequencies() index.TokenFrequencies {
	all := make(index.TokenFrequencies, len(t))
	for _, p := range t {
		term := strconv.Itoa(int(p.Tag))
		one := &index.TokenFreq{Term: []byte(term)}
		one.SetFrequency(int(p.Weight))
		all[term] = one
	}
	return all
}

// bleveQuery ranks by the sum of weight times frequency, which bleve's own
// queries can't.
type bleveQuery struct{ tags []dataset.Posting }

func (q *bleveQuery) Searcher(ctx context.Context, r index.IndexReader, _ mapping.IndexMapping, _ search.SearcherOptions) (search.Searcher, error) {
	s := &bleveSearcher{}
	for _, p := range q.tags {
		reader, err := r.TermFieldReader(ctx, strconv.AppendInt(nil, int64(p.Tag), 10), bleveField, true, false, false)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		l := &bleveList{reader: reader, weight: float64(p.Weight)}
		s.lists = append(s.lists, l)
		if err := l.next(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// bleveList is a term's postings; at is the one it stands at, nil at the end.
type bleveList struct {
	reader index.TermFieldReader
	weight float64
	own    index.TermFieldDoc
	at     *index.TermFieldDoc
}

func (l *bleveList) next() (err error) {
	l.own.ID = l.own.ID[:0]
	l.at, err = l.reader.Next(&l.own)
	return err
}

// bleveSearcher goes through the lists a document at a time.
type bleveSearcher struct {
	lists []*bleveList
	id    index.IndexInternalID
}

func (s *bleveSearcher) Next(ctx *search.SearchContext) (*search.DocumentMatch, error) {
	var least index.IndexInternalID
	for _, l := range s.lists {
		if l.at != nil && (least == nil || bytes.Compare(l.at.ID, least) < 0) {
			least = l.at.ID
		}
	}
	if least == nil {
		return nil, nil
	}
	s.id = append(s.id[:0], least...)
	match := ctx.DocumentMatchPool.Get()
	match.IndexInternalID = append(match.IndexInternalID[:0], s.id...)
	for _, l := range s.lists {
		if l.at != nil && bytes.Equal(l.at.ID, s.id) {
			match.Score += l.weight * float64(l.at.Freq)
			if err := l.next(); err != nil {
				return nil, err
			}
		}
	}
	return match, nil
}

func (s *bleveSearcher) Advance(*search.SearchContext, index.IndexInternalID) (*search.DocumentMatch, error) {
	return nil, errors.New("nothing advances in a ranking of all")
}

func (s *bleveSearcher) Close() error {
	var errs []error
	for _, l := range s.lists {
		errs = append(errs, l.reader.Close())
	}
	return errors.Join(errs...)
}

func (s *bleveSearcher) Count() (n uint64) {
	for _, l := range s.lists {
		n += l.reader.Count()
	}
	return n
}

func (*bleveSearcher) Weight() float64            { return 1 }
func (*bleveSearcher) SetQueryNorm(float64)       {}
func (*bleveSearcher) Min() int                   { return 0 }
func (*bleveSearcher) Size() int                  { return 0 }
func (*bleveSearcher) DocumentMatchPoolSize() int { return 1 }

func (b *bleveRival) Modes() []string { return []string{"linear"} }

func (b *bleveRival) rank(ctx context.Context, query, k int) (*bleve.SearchResult, error) {
	return b.index.SearchInContext(ctx, bleve.NewSearchRequestOptions(b.queries[query], k, 0, false))
}

func (b *bleveRival) Pass(ctx context.Context, _ string, k int) ([]time.Duration, error) {
	return timed(len(b.queries), func(query int) error {
		_, err := b.rank(ctx, query, k)
		return err
	})
}

func (b *bleveRival) Answers(ctx context.Context, _ string, k int) ([][]Hit, error) {
	return collected(len(b.queries), func(query int) ([]Hit, error) {
		found, err := b.rank(ctx, query, k)
		if err != nil {
			return nil, err
		}
		var hits []Hit
		for _, h := range found.Hits {
			d, err := strconv.Atoi(h.ID)
			if err != nil {
				return nil, err
			}
			hits = append(hits, Hit{d, h.Score})
		}
		return hits, nil
	})
}

func (b *bleveRival) Close() error { return b.index.Close() }
