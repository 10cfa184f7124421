package service

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/store"
)

// writeRequest is a request that a retry must not carry out twice.
type writeRequest interface {
	proto.Message
	GetDistrict() string
	GetRequestId() string
}

const ruleRequestID = "must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000"

// validRequestID reports whether id may be a request id: a UUID in its usual
// form of 36 characters.
func validRequestID(id string) bool {
	return len(id) == 36 && uuid.Validate(id) == nil
}

// carryOut carries out a write and gives its answer; a retry of a request that
// was carried out gets the answer of then.
func carryOut[R proto.Message](
	s *Service, req writeRequest, do func(store.Request) (store.Receipt, error), answer func(store.Receipt) R,
) (R, error) {
	var none R
	id := req.GetRequestId()
	if id == "" {
		receipt, err := do(store.Request{Now: s.Now()})
		if err != nil {
			return none, err
		}
		return answer(receipt), nil
	}
	if !validRequestID(id) {
		return none, invalid("request_id", ruleRequestID)
	}
	d, err := digest(req, "request_id")
	if err != nil {
		return none, err
	}
	return carryOutOnce(store.Request{ID: id, Digest: d, Now: s.Now()}, do, answer)
}

// carryOutOnce is carryOut for a request with an id and its digest.
func carryOutOnce[R proto.Message](
	rq store.Request, do func(store.Request) (store.Receipt, error), answer func(store.Receipt) R,
) (R, error) {
	var none R
	rq.Respond = func(r store.Receipt) ([]byte, error) { return proto.Marshal(answer(r)) }
	receipt, err := do(rq)
	switch {
	case err != nil:
		return none, err
	case !receipt.Replayed:
		return answer(receipt), nil
	}
	replayed := none.ProtoReflect().New().Interface().(R)
	return replayed, proto.Unmarshal(receipt.Response, replayed)
}

// known makes sure that a district exists, for requests to which it may not be
// new.
func (s *Service) known(ctx context.Context, district string) error {
	_, err := s.Store.Head(ctx, district)
	return missing(err, reasonNoDistrict)
}

// missingIn is missing, but for a district that doesn't exist it says so.
func (s *Service) missingIn(ctx context.Context, district string, err error, r reason) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := s.known(ctx, district); err != nil {
		return err
	}
	return refuse(r, "")
}
