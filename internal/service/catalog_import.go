package service

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func (c *catalogService) ImportCatalog(
	stream grpc.ClientStreamingServer[kindredv1.ImportCatalogRequest, kindredv1.ImportCatalogResponse],
) error {
	ctx, stop := c.streamContext(stream.Context())
	defer stop()
	im, err := c.receiveImport(stream)
	if err != nil {
		return err
	}
	if err := im.checkManyTags(ctx, c.Service); err != nil {
		return err
	}
	if err := im.v.err(); err != nil {
		return err
	}
	answer, err := c.writeImport(ctx, im)
	if err != nil {
		return located(causeOf(ctx, err), im.path)
	}
	return stream.SendAndClose(answer)
}

// receiveImport reads an import to its end, so that all its findings can be
// told; from the first finding on it keeps no rows.
func (c *catalogService) receiveImport(
	stream grpc.ClientStreamingServer[kindredv1.ImportCatalogRequest, kindredv1.ImportCatalogResponse],
) (*catalogImport, error) {
	var im *catalogImport
	for {
		m, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && im == nil:
			return nil, invalid("header", "must be the first message")
		case errors.Is(err, io.EOF):
			return im, nil
		case err != nil:
			return nil, err
		case im == nil:
			im, err = newImport(m.GetHeader())
		case m.GetRows() == nil:
			err = invalid("rows", "must be in all messages but the first")
		default:
			err = im.add(m.GetRows())
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c *catalogService) writeImport(ctx context.Context, im *catalogImport) (*kindredv1.ImportCatalogResponse, error) {
	w := store.Write{
		Mutations:   im.mutations(),
		CloseOthers: im.header.GetReplace(),
		Refresh:     statisticsOf,
	}
	do := func(rq store.Request) (store.Receipt, error) {
		return c.Store.Write(ctx, im.header.GetDistrict(), rq, w)
	}
	answer := func(r store.Receipt) *kindredv1.ImportCatalogResponse {
		return &kindredv1.ImportCatalogResponse{
			Epoch:         uint64(r.Epoch),
			Tags:          int32(len(im.tags)),
			Partners:      int32(len(im.partners)),
			Opportunities: int32(len(im.opportunities)),
		}
	}
	if im.header.GetRequestId() == "" {
		return carryOut(c.Service, im.header, do, answer)
	}
	d, err := im.digest()
	if err != nil {
		return nil, err
	}
	return carryOutOnce(store.Request{ID: im.header.GetRequestId(), Digest: d, Now: c.Now()}, do, answer)
}

// catalogImport is what was received of an import.
type catalogImport struct {
	header        *kindredv1.ImportCatalogHeader
	v             violations
	tags          []*matcher.Tag
	partners      []*matcher.Partner
	opportunities []*matcher.Opportunity
	rows          [3]importRows // of tags, partners, opportunities
	manyTags      []int         // opportunities whose tags only the vocabulary can count
}

// importRows is what was seen of one kind of rows.
type importRows struct {
	path string
	n    int
	ids  map[string]struct{}
	sum  hash.Hash // of the rows, however they were split into messages
}

func newImport(header *kindredv1.ImportCatalogHeader) (*catalogImport, error) {
	if header == nil {
		return nil, invalid("header", "must be the first message")
	}
	im := &catalogImport{header: header}
	im.v.id("header.district", header.GetDistrict())
	if id := header.GetRequestId(); id != "" && !validRequestID(id) {
		im.v.add("header.request_id", ruleRequestID)
	}
	for i, path := range []string{"tags", "partners", "opportunities"} {
		im.rows[i] = importRows{path: "rows." + path, ids: map[string]struct{}{}, sum: sha256.New()}
	}
	return im, im.v.err()
}

// add checks and keeps rows. What is wrong with them is kept too; an error is
// returned when it makes no sense to go on.
func (im *catalogImport) add(rows *kindredv1.ImportCatalogRows) error {
	total := len(rows.GetTags()) + len(rows.GetPartners()) + len(rows.GetOpportunities())
	for i := range im.rows {
		total += im.rows[i].n
	}
	if total > MaxImportRows {
		return limitExceeded("rows", MaxImportRows, "in one import")
	}
	for _, row := range rows.GetTags() {
		report, err := im.next(0, row, row.GetTag())
		if err != nil {
			return err
		}
		t := tagOf(row)
		t.Check(report)
		keep(&im.tags, &t, &im.v)
	}
	for _, row := range rows.GetPartners() {
		report, err := im.next(1, row, row.GetPartner())
		if err != nil {
			return err
		}
		p := partnerOf(row, report)
		p.Check(report)
		keep(&im.partners, &p, &im.v)
	}
	for _, row := range rows.GetOpportunities() {
		report, err := im.next(2, row, row.GetOpportunity())
		if err != nil {
			return err
		}
		o := opportunityOf(row, report)
		if len(o.Tags) > matcher.MaxOwnTags {
			im.manyTags = append(im.manyTags, len(im.opportunities))
		} else {
			o.Check(nil, report)
		}
		keep(&im.opportunities, &o, &im.v)
	}
	return nil
}

// keep adds a row unless there are findings: nothing will be written then.
func keep[T any](rows *[]*T, row *T, v *violations) {
	if v.count == 0 {
		*rows = append(*rows, row)
	} else {
		*rows = nil
	}
}

// next begins a row: it counts it, digests it, and finds its id listed twice.
// It returns where to report on it.
func (im *catalogImport) next(kind int, row proto.Message, id string) (matcher.Report, error) {
	r := &im.rows[kind]
	report := im.v.under(fmt.Sprintf("%s[%d]", r.path, r.n))
	if _, twice := r.ids[id]; twice {
		report([]string{"tag", "partner", "opportunity"}[kind], ruleTwice)
	}
	r.ids[id] = struct{}{}
	r.n++
	if im.header.GetRequestId() == "" {
		return report, nil
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(row)
	if err != nil {
		return nil, fmt.Errorf("digest a row: %w", err)
	}
	r.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(body))))
	r.sum.Write(body)
	return report, nil
}

// checkManyTags checks the opportunities that name more tags than one may have
// but may name some by synonyms.
func (im *catalogImport) checkManyTags(ctx context.Context, s *Service) error {
	if len(im.manyTags) == 0 || im.v.count > 0 {
		return nil
	}
	listed, err := s.allTags(ctx, im.header.GetDistrict())
	if err != nil {
		return err
	}
	var tags []matcher.Tag
	for _, t := range listed {
		if _, anew := im.rows[0].ids[t.ID]; !anew {
			tags = append(tags, t)
		}
	}
	for _, t := range im.tags {
		tags = append(tags, *t)
	}
	vocabulary, err := matcher.NewVocabulary(tags)
	if err != nil {
		return nil // the store says what is wrong between tags, and where
	}
	for _, i := range im.manyTags {
		im.opportunities[i].Check(vocabulary, im.v.under(fmt.Sprintf("%s[%d]", im.rows[2].path, i)))
	}
	return nil
}

func (im *catalogImport) mutations() []store.Mutation {
	ms := make([]store.Mutation, 0, len(im.tags)+len(im.partners)+len(im.opportunities))
	for _, t := range im.tags {
		ms = append(ms, store.Mutation{PutTag: t})
	}
	for _, p := range im.partners {
		ms = append(ms, store.Mutation{PutPartner: p})
	}
	for _, o := range im.opportunities {
		ms = append(ms, store.Mutation{PutOpportunity: o})
	}
	return ms
}

// path is the path of the row that became the mutation at the index.
func (im *catalogImport) path(index int) string {
	for i := range im.rows {
		if r := &im.rows[i]; index < r.n {
			return fmt.Sprintf("%s[%d]", r.path, index)
		}
		index -= im.rows[i].n
	}
	return "rows"
}

func (im *catalogImport) digest() ([sha256.Size]byte, error) {
	header, err := digest(im.header, "request_id")
	if err != nil {
		return header, err
	}
	sum := header[:]
	for i := range im.rows {
		sum = im.rows[i].sum.Sum(sum)
	}
	return sha256.Sum256(sum), nil
}
