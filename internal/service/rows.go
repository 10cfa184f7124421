package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// list gives a page of rows and the token of the next one.
func (k rowsOf[P, T]) list(ctx context.Context, s *Service, req pageRequest, f store.RowFilter) ([]P, string, error) {
	var v violations
	v.optionalID("student", f.Student)
	v.optionalID("opportunity", f.Opportunity)
	if err := v.err(); err != nil {
		return nil, "", err
	}
	p, err := pageOf(req)
	if err != nil {
		return nil, "", err
	}
	rows, next, err := s.Store.ListRows(ctx, req.GetDistrict(), k.kind, f, p.cursor, p.limit)
	switch {
	case errors.Is(err, store.ErrInvalid): // all else has been checked
		return nil, "", wrongPageToken()
	case err != nil:
		return nil, "", missing(err, reasonNoDistrict)
	}
	kept := *k.in(&rows)
	if len(kept) == 0 {
		return nil, "", s.known(ctx, req.GetDistrict())
	}
	page := make([]P, len(kept))
	for i := range kept {
		page[i] = k.render(&kept[i])
	}
	return page, p.key.token(next), nil
}

// rowsRequest is a request that writes rows of one kind.
type rowsRequest[P any] interface {
	writeRequest
	GetClear() []*kindredv1.RowScope
	GetDelete() []P
	GetUpsert() []P
}

// writeRows writes rows of one kind.
func writeRows[P, T any, Answer proto.Message](
	ctx context.Context, s *Service, k rowsOf[P, T], req rowsRequest[P], answer func(sequence uint64) Answer,
) (Answer, error) {
	var none Answer
	w, err := k.write(req)
	if err != nil {
		return none, err
	}
	done, err := carryOut(s, req, func(rq store.Request) (store.Receipt, error) {
		return s.Store.WriteRows(ctx, req.GetDistrict(), rq, w)
	}, func(r store.Receipt) Answer { return answer(r.Sequence) })
	return done, k.located(missing(err, reasonNoDistrict))
}

// located is located for rows, whose fields the store names with their kind.
func (k rowsOf[P, T]) located(err error) error {
	if v, ok := errors.AsType[*store.Violation](err); ok {
		err = &store.Violation{Index: v.Index, Field: strings.TrimPrefix(v.Field, string(k.kind)+"."), Rule: v.Rule}
	}
	return located(err, func(i int) string { return fmt.Sprintf("upsert[%d]", i) })
}

func (k rowsOf[P, T]) write(req rowsRequest[P]) (store.RowsWrite, error) {
	var w store.RowsWrite
	if len(req.GetClear())+len(req.GetDelete())+len(req.GetUpsert()) > MaxWriteRows {
		return w, limitExceeded("upsert", MaxWriteRows, "rows in one request")
	}
	var v violations
	for i, c := range req.GetClear() {
		path := fmt.Sprintf("clear[%d]", i)
		v.optionalID(path+".student", c.GetStudent())
		v.optionalID(path+".opportunity", c.GetOpportunity())
		if k.kind == store.RowReserves && c.GetStudent() != "" {
			v.add(path+".student", "must be empty: a reserve has none")
		}
		w.Clear = append(w.Clear, store.RowScope{
			Kind:   k.kind,
			Filter: store.RowFilter{Student: c.GetStudent(), Opportunity: c.GetOpportunity()},
		})
	}
	for i, row := range req.GetDelete() {
		key := k.key(row, v.under(fmt.Sprintf("delete[%d]", i)))
		*k.in(&w.Delete) = append(*k.in(&w.Delete), key)
	}
	for i, row := range req.GetUpsert() {
		parsed := k.parse(row, v.under(fmt.Sprintf("upsert[%d]", i)))
		*k.in(&w.Put) = append(*k.in(&w.Put), parsed)
	}
	return w, v.err()
}
