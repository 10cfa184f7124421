package service

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// TestTheAPIKeepsItsPromises: every request names its district, every write
// takes a request id, every update a mask and an etag, every list pages.
func TestTheAPIKeepsItsPromises(t *testing.T) {
	reads := []string{"Get", "List", "Watch", "Match", "BatchMatch", "StreamMatches", "Explain", "Diff"}
	for _, file := range []protoreflect.FileDescriptor{
		kindredv1.File_kindred_v1_match_proto, kindredv1.File_kindred_v1_catalog_proto, kindredv1.File_kindred_v1_student_proto,
		kindredv1.File_kindred_v1_placement_proto, kindredv1.File_kindred_v1_system_proto,
	} {
		methods := file.Services().Get(0).Methods()
		for i := range methods.Len() {
			m := methods.Get(i)
			var want []string
			switch name := string(m.Name()); {
			case strings.HasPrefix(name, "List"):
				want = []string{"district", "page_size", "page_token"}
			case strings.HasPrefix(name, "Upsert"), strings.HasPrefix(name, "Update"):
				want = []string{"district", "request_id", "update_mask", "etag"}
			case slices.ContainsFunc(reads, func(verb string) bool { return strings.HasPrefix(name, verb) }):
				want = []string{"district"}
			case strings.HasPrefix(name, "Delete"):
				want = []string{"district", "request_id", "etag"}
			default:
				want = []string{"district", "request_id"}
			}
			request := m.Input()
			switch m.Name() { // the district is in a message of theirs
			case "ImportCatalog":
				request = request.Fields().ByName("header").Message()
			case "StreamMatches":
				request = request.Fields().ByName("match").Message()
			}
			for _, field := range want {
				if request.Fields().ByName(protoreflect.Name(field)) == nil {
					t.Errorf("%s has no %s", request.FullName(), field)
				}
			}
		}
	}
}
