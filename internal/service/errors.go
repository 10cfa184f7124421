package service

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/kindred-match/kindred/internal/runs"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// errorDomain is the domain of every google.rpc.ErrorInfo.
const errorDomain = "kindred"

// reason says why a request failed. Reasons are part of the API: they stay.
type reason string

// The reasons; see reasons for their codes and meanings.
const (
	reasonInvalidField      reason = "INVALID_FIELD"
	reasonLimitExceeded     reason = "LIMIT_EXCEEDED"
	reasonPageToken         reason = "PAGE_TOKEN_INVALID"
	reasonRequestReused     reason = "REQUEST_ID_REUSED"
	reasonMeasure           reason = "MEASURE_NOT_OFFERED"
	reasonEpoch             reason = "EPOCH_NOT_ISSUED"
	reasonTruncated         reason = "CHANGES_TRUNCATED"
	reasonNoDistrict        reason = "DISTRICT_NOT_FOUND"
	reasonNoTag             reason = "TAG_NOT_FOUND"
	reasonNoPartner         reason = "PARTNER_NOT_FOUND"
	reasonNoOpportunity     reason = "OPPORTUNITY_NOT_FOUND"
	reasonNoStudent         reason = "STUDENT_NOT_FOUND"
	reasonNoSeat            reason = "SEAT_NOT_FOUND"
	reasonNoRun             reason = "RUN_NOT_FOUND"
	reasonNoPlacement       reason = "PLACEMENT_NOT_FOUND"
	reasonNotFound          reason = "NOT_FOUND"
	reasonEtag              reason = "ETAG_MISMATCH"
	reasonConcurrentChanges reason = "CONCURRENT_CHANGES"
	reasonInUse             reason = "IN_USE"
	reasonNotOffered        reason = "OPPORTUNITY_NOT_OFFERED"
	reasonFull              reason = "NO_SEAT_LEFT"
	reasonAlreadyHeld       reason = "SEAT_ALREADY_HELD"
	reasonAlreadyPlaced     reason = "ALREADY_PLACED"
	reasonNotEligible       reason = "NOT_ELIGIBLE"
	reasonRunState          reason = "RUN_STATE"
	reasonRunOutOfDate      reason = "RUN_OUT_OF_DATE"
	reasonUnauthenticated   reason = "UNAUTHENTICATED"
	reasonDraining          reason = "DRAINING"
	reasonCancelled         reason = "CANCELLED"
	reasonDeadline          reason = "DEADLINE_EXCEEDED"
	reasonDiskFull          reason = "DISK_FULL"
	reasonInternal          reason = "INTERNAL"
)

// reasons is the whole table of reasons: the code of each, and the message
// where the error has none of its own.
var reasons = map[reason]struct {
	code    codes.Code
	message string
}{
	reasonInvalidField:      {codes.InvalidArgument, "the request breaks a rule; its field violations say where"},
	reasonLimitExceeded:     {codes.InvalidArgument, "the request is over a limit; see GetServerInfo"},
	reasonPageToken:         {codes.InvalidArgument, "the page token does not belong to this request; begin without one"},
	reasonRequestReused:     {codes.InvalidArgument, "the request id was used for another request; use a new one"},
	reasonMeasure:           {codes.InvalidArgument, "the district does not offer the measure; see GetSettings"},
	reasonEpoch:             {codes.OutOfRange, "the epoch has not been issued"},
	reasonTruncated:         {codes.FailedPrecondition, "the change log no longer reaches back that far; note the epoch of GetServerInfo, list the catalogue, and go on from that epoch"},
	reasonNoDistrict:        {codes.NotFound, "no such district; it exists from its first write on"},
	reasonNoTag:             {codes.NotFound, "no such tag"},
	reasonNoPartner:         {codes.NotFound, "no such partner"},
	reasonNoOpportunity:     {codes.NotFound, "no such opportunity"},
	reasonNoStudent:         {codes.NotFound, "no such student"},
	reasonNoSeat:            {codes.NotFound, "no such reservation, or it has expired"},
	reasonNoRun:             {codes.NotFound, "no such run"},
	reasonNoPlacement:       {codes.NotFound, "the student has no placement"},
	reasonNotFound:          {codes.NotFound, "not found"},
	reasonEtag:              {codes.Aborted, "it was changed since it was read; read it again"},
	reasonConcurrentChanges: {codes.Aborted, "it is being changed by others; try again"},
	reasonInUse:             {codes.FailedPrecondition, "it is in use"},
	reasonNotOffered:        {codes.FailedPrecondition, "the opportunity is not published"},
	reasonFull:              {codes.FailedPrecondition, "no seat is left at the opportunity or with its partner"},
	reasonAlreadyHeld:       {codes.AlreadyExists, "the student already holds a seat there"},
	reasonAlreadyPlaced:     {codes.FailedPrecondition, "already placed"},
	reasonNotEligible:       {codes.FailedPrecondition, "the opportunity is not eligible for the student"},
	reasonRunState:          {codes.FailedPrecondition, "the run is not in a state for this"},
	reasonRunOutOfDate:      {codes.FailedPrecondition, "the draft is out of date; create the run again"},
	reasonUnauthenticated:   {codes.Unauthenticated, "a bearer token or a client certificate that the server knows must be given"},
	reasonDraining:          {codes.Unavailable, "the server is stopping; try again elsewhere"},
	reasonCancelled:         {codes.Canceled, "the caller went away"},
	reasonDeadline:          {codes.DeadlineExceeded, "the deadline passed"},
	reasonDiskFull:          {codes.ResourceExhausted, "the server's disk is full, and nothing was changed; make room there and try again"},
	reasonInternal:          {codes.Internal, "the server failed; its log says why"},
}

// sentinels gives the errors of the store, and those of contexts, their
// reasons; the first that fits counts.
var sentinels = []struct {
	err    error
	reason reason
}{
	{context.Canceled, reasonCancelled},
	{context.DeadlineExceeded, reasonDeadline},
	{store.ErrClosed, reasonDraining},
	{store.ErrRequestReused, reasonRequestReused},
	{store.ErrConflict, reasonEtag},
	{store.ErrInUse, reasonInUse},
	{store.ErrEpoch, reasonEpoch},
	{store.ErrTruncated, reasonTruncated},
	{store.ErrNotOffered, reasonNotOffered},
	{store.ErrFull, reasonFull},
	{store.ErrAlreadyHeld, reasonAlreadyHeld},
	{store.ErrAlreadyPlaced, reasonAlreadyPlaced},
	{store.ErrOutOfDate, reasonRunOutOfDate},
	{store.ErrDiskFull, reasonDiskFull},
	{runs.ErrNoDraft, reasonRunState},
	{runs.ErrNoStudent, reasonNoStudent},
	{runs.ErrNoOpportunity, reasonNoOpportunity},
	{store.ErrNotFound, reasonNotFound},
	{store.ErrInvalid, reasonInvalidField},
}

var errDraining = refuse(reasonDraining, "")

// failure is an error with a reason.
type failure struct {
	reason  reason
	message string // empty: that of the reason
	fields  []violation
	limit   int    // of a limit that was exceeded
	codes   string // of the rules of eligibility that fail, separated by commas
	// stands is what stands in the way of a draft.
	stands []obstacle
}

// obstacle is something that is otherwise than a request needs it.
type obstacle struct{ kind, subject, text string }

func (f *failure) Error() string {
	message := f.message
	if message == "" {
		message = reasons[f.reason].message
	}
	return message
}

// refuse is an error for a reason. With an empty message it has the reason's.
func refuse(r reason, message string) error { return &failure{reason: r, message: message} }

// invalid is the error for one field that breaks a rule.
func invalid(field, rule string) error {
	var v violations
	v.add(field, rule)
	return v.err()
}

// limitExceeded is the error for a field that asks for more than the limit.
func limitExceeded(field string, limit int, of string) error {
	rule := fmt.Sprintf("must be at most %d %s", limit, of)
	rule = strings.TrimSuffix(rule, " ")
	return &failure{
		reason:  reasonLimitExceeded,
		message: field + ": " + rule,
		fields:  []violation{{field, rule}},
		limit:   limit,
	}
}

// missing turns the store's ErrNotFound into an error for the reason; other
// errors stay.
func missing(err error, r reason) error {
	if errors.Is(err, store.ErrNotFound) {
		return refuse(r, "")
	}
	return err
}

// statusOf is the status for an error: no other place knows codes. What has no
// reason is internal and tells the caller nothing more.
func statusOf(ctx context.Context, err error) *status.Status {
	if err == nil {
		return status.New(codes.OK, "")
	}
	if f := failureOf(ctx, err); f != nil {
		return f.status()
	}
	if st, ok := status.FromError(err); ok {
		return withReason(st)
	}
	return (&failure{reason: reasonInternal}).status()
}

// failureOf finds the reason of an error; nil if it has none.
func failureOf(ctx context.Context, err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if v, ok := errors.AsType[*store.Violation](err); ok {
		return &failure{
			reason:  reasonInvalidField,
			message: v.Field + ": " + v.Rule,
			fields:  []violation{{v.Field, v.Rule}},
		}
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return &failure{reason: s.reason}
		}
	}
	if _, ok := status.FromError(err); !ok && ctx.Err() != nil {
		// The store was interrupted and says so in its own words.
		return failureOf(context.Background(), ctx.Err())
	}
	return nil
}

func (f *failure) status() *status.Status {
	info := &errdetails.ErrorInfo{Reason: string(f.reason), Domain: errorDomain}
	if f.limit > 0 {
		info.Metadata = map[string]string{"limit": strconv.Itoa(f.limit)}
	}
	if f.codes != "" {
		info.Metadata = map[string]string{"codes": f.codes}
	}
	details := []protoadapt.MessageV1{info}
	if len(f.fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range f.fields {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: v.field, Description: v.rule})
		}
		details = append(details, bad)
	}
	if len(f.stands) > 0 {
		failed := &errdetails.PreconditionFailure{}
		for _, o := range f.stands {
			failed.Violations = append(failed.Violations,
				&errdetails.PreconditionFailure_Violation{Type: o.kind, Subject: o.subject, Description: o.text})
		}
		details = append(details, failed)
	}
	return attach(status.New(reasons[f.reason].code, f.Error()), details...)
}

// withReason gives a status of gRPC's own (a method that isn't there, say) the
// name of its code as the reason.
func withReason(st *status.Status) *status.Status {
	for _, d := range st.Details() {
		if _, ok := d.(*errdetails.ErrorInfo); ok {
			return st
		}
	}
	name := code.Code(st.Code()).String()
	return attach(st, &errdetails.ErrorInfo{Reason: name, Domain: errorDomain})
}

// attach adds details. It can fail only on what is not a message; the status
// counts more than its details.
func attach(st *status.Status, details ...protoadapt.MessageV1) *status.Status {
	if with, err := st.WithDetails(details...); err == nil {
		return with
	}
	return st
}

func isInternal(st *status.Status) bool {
	return st.Code() == codes.Internal || st.Code() == codes.Unknown || st.Code() == codes.ResourceExhausted // the disk
}

// itemStatus is a status as the item of a batch or stream has it.
func itemStatus(ctx context.Context, err error) *kindredv1.Status {
	st := statusOf(ctx, err)
	item := &kindredv1.Status{Code: int32(st.Code()), Message: st.Message()}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			item.Reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				item.Violations = append(item.Violations,
					&kindredv1.FieldViolation{Field: v.GetField(), Description: v.GetDescription()})
			}
		}
	}
	return item
}

// Blame is what a failed call is to be put down to.
type Blame int

// The blames.
const (
	ServerBlamed  Blame = iota // the server failed
	WayBlamed                  // it can't be reached, or is stopping: trying again may do
	RequestBlamed              // no such request can be answered
	StateBlamed                // the request was sound, but things stand otherwise
)

// Refusal tells a client what a call's error says, field by field, and what is
// to blame.
func Refusal(err error) (string, Blame) {
	st := status.Convert(err)
	// Of a wrapped error, Convert would take the whole text for the message.
	var of interface{ GRPCStatus() *status.Status }
	if errors.As(err, &of) {
		st = of.GRPCStatus()
	}
	message := st.Message()
	for _, d := range st.Details() {
		bad, ok := d.(*errdetails.BadRequest)
		if !ok {
			continue
		}
		for _, v := range bad.GetFieldViolations() {
			message += fmt.Sprintf("\n  %s: %s", v.GetField(), v.GetDescription())
		}
	}
	switch st.Code() {
	case codes.InvalidArgument, codes.NotFound, codes.OutOfRange, codes.PermissionDenied, codes.Unauthenticated:
		return message, RequestBlamed
	case codes.AlreadyExists, codes.FailedPrecondition, codes.Aborted:
		return message, StateBlamed
	case codes.Unavailable:
		return message, WayBlamed
	default:
		return message, ServerBlamed
	}
}
