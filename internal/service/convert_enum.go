package service

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kindred-match/kindred/internal/runs"
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
	objectives = hyphenated[kindredv1.Objective, place.Objective]{enum[kindredv1.Objective, place.Objective]{
		"OBJECTIVE_", kindredv1.Objective_value, kindredv1.Objective_name,
	}}
	keeps = hyphenated[kindredv1.Keep, place.Keep]{enum[kindredv1.Keep, place.Keep]{
		"KEEP_", kindredv1.Keep_value, kindredv1.Keep_name,
	}}
	priorityRules = enum[kindredv1.PriorityRule, place.PriorityRule]{
		"PRIORITY_RULE_", kindredv1.PriorityRule_value, kindredv1.PriorityRule_name,
	}
	reserveOrders = enum[kindredv1.ReserveOrder, place.ReserveOrder]{
		"RESERVE_ORDER_", kindredv1.ReserveOrder_value, kindredv1.ReserveOrder_name,
	}
	runStates = enum[kindredv1.RunState, store.RunState]{
		"RUN_STATE_", kindredv1.RunState_value, kindredv1.RunState_name,
	}
	runSteps = enum[kindredv1.RunStep, store.Step]{
		"RUN_STEP_", kindredv1.RunStep_value, kindredv1.RunStep_name,
	}
	findingKinds = enum[kindredv1.FindingKind, runs.FindingKind]{
		"FINDING_KIND_", kindredv1.FindingKind_value, kindredv1.FindingKind_name,
	}
	placementReasons = enum[kindredv1.PlacementReason, string]{
		"PLACEMENT_REASON_", kindredv1.PlacementReason_value, kindredv1.PlacementReason_name,
	}
	placementHows = enum[kindredv1.PlacementHow, string]{
		"PLACEMENT_HOW_", kindredv1.PlacementHow_value, kindredv1.PlacementHow_name,
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

// hyphenated is an enum whose domain's names have hyphens.
type hyphenated[E protoreflect.Enum, S ~string] struct{ enum[E, S] }

func (e hyphenated[E, S]) domain(value E, field string, report matcher.Report) S {
	return S(strings.ReplaceAll(string(e.enum.domain(value, field, report)), "_", "-"))
}

func (e hyphenated[E, S]) number(name S) int32 {
	return e.enum.number(S(strings.ReplaceAll(string(name), "-", "_")))
}
