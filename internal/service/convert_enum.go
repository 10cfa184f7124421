package service

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// enum maps values of the API's enums to the domain's names and back: the name
// of a value is its domain's name in capitals behind the name of the enum.
// Number 0, unspecified, is the empty name.
type enum[E protoreflect.Enum, S ~string] struct {
	prefix  string
	numbers map[string]int32
	names   map[int32]string
}

var (
	partnerKinds = enum[kindredv1.PartnerKind, matcher.PartnerKind]{
		"PARTNER_KIND_", kindredv1.PartnerKind_value, kindredv1.PartnerKind_name,
	}
	opportunityKinds = enum[kindredv1.OpportunityKind, matcher.OpportunityKind]{
		"OPPORTUNITY_KIND_", kindredv1.OpportunityKind_value, kindredv1.OpportunityKind_name,
	}
	statuses = enum[kindredv1.OpportunityStatus, matcher.Status]{
		"OPPORTUNITY_STATUS_", kindredv1.OpportunityStatus_value, kindredv1.OpportunityStatus_name,
	}
	minPolicies = enum[kindredv1.MinPolicy, matcher.MinPolicy]{
		"MIN_POLICY_", kindredv1.MinPolicy_value, kindredv1.MinPolicy_name,
	}
	measures = enum[kindredv1.Measure, matcher.Measure]{
		"MEASURE_", kindredv1.Measure_value, kindredv1.Measure_name,
	}
	changeKinds = enum[kindredv1.ChangeKind, store.Kind]{
		"CHANGE_KIND_", kindredv1.ChangeKind_value, kindredv1.ChangeKind_name,
	}
	lockActions = enum[kindredv1.LockAction, place.Action]{
		"LOCK_ACTION_", kindredv1.LockAction_value, kindredv1.LockAction_name,
	}
)

// domain returns the domain's name of a value, and reports a number that the
// API doesn't have.
func (e enum[E, S]) domain(value E, field string, report matcher.Report) S {
	if value.Number() == 0 {
		return ""
	}
	name, ok := e.names[int32(value.Number())]
	if !ok {
		report(field, "must be a value of its enum")
		return ""
	}
	return S(strings.ToLower(strings.TrimPrefix(name, e.prefix)))
}

// number returns the number of the value with the domain's name.
func (e enum[E, S]) number(name S) int32 {
	return e.numbers[e.prefix+strings.ToUpper(string(name))]
}
