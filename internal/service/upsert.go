package service

import (
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/kindred-match/kindred/store"
)

// upsertRequest is a request that writes one resource.
type upsertRequest interface {
	writeRequest
	GetUpdateMask() *fieldmaskpb.FieldMask
	GetEtag() string
}

// upsert is how one kind of resource is written. Row is the resource as the API
// has it, Domain as the matcher and the store have it.
type upsert[Row, Answer proto.Message, Domain any] struct {
	path   string                                 // of the row in the request
	row    Row                                    // what to write
	kept   func() (Row, store.Revision, error)    // what is there, or store.ErrNotFound
	parse  func(Row, *violations) (Domain, error) // checks the row
	put    func(store.Request, Domain, store.Revision) (store.Receipt, error)
	answer func(Domain, store.Receipt) Answer
}

// do writes the resource. Under a mask it reads what is there, merges and
// writes on the condition that nobody else wrote meanwhile, a few times over
// unless the caller gave the etag.
func (u upsert[Row, Answer, Domain]) do(s *Service, req upsertRequest) (Answer, error) {
	var none Answer
	var v violations
	if !u.row.ProtoReflect().IsValid() {
		return none, invalid(u.path, ruleGiven)
	}
	fields := maskOf(req.GetUpdateMask(), u.row, &v)
	etag := revisionOf(req.GetEtag(), &v)
	if err := v.err(); err != nil {
		return none, err
	}
	if fields == nil {
		return u.once(s, req, u.row, etag)
	}
	for range maxAttempts {
		answer, err := u.merged(s, req, fields, etag)
		if etag != 0 || !errors.Is(err, store.ErrConflict) {
			return answer, err
		}
	}
	return none, refuse(reasonConcurrentChanges, "")
}

func (u upsert[Row, Answer, Domain]) merged(
	s *Service, req upsertRequest, fields mask, etag store.Revision,
) (Answer, error) {
	var none Answer
	kept, revision, err := u.kept()
	if errors.Is(err, store.ErrNotFound) { // new: the mask is not looked at
		return u.once(s, req, u.row, etag)
	}
	if err != nil {
		return none, err
	}
	if etag == 0 {
		etag = revision
	}
	fields.apply(kept, u.row)
	return u.once(s, req, kept, etag)
}

func (u upsert[Row, Answer, Domain]) once(s *Service, req upsertRequest, row Row, revision store.Revision) (Answer, error) {
	var none Answer
	var v violations
	d, err := u.parse(row, &v)
	if err != nil {
		return none, err
	}
	if err := v.err(); err != nil {
		return none, err
	}
	answer, err := carryOut(s, req,
		func(rq store.Request) (store.Receipt, error) { return u.put(rq, d, revision) },
		func(r store.Receipt) Answer { return u.answer(d, r) })
	return answer, located(err, func(int) string { return u.path })
}
